"""What is proposed for the sample book when its tables, columns and choices carry a CRM's names."""

from __future__ import annotations

import shutil

import pytest

from kamrules import Book
from kamrules.engines.sql import read_accounts
from tests.commands import run
from tests.workbench.mapping.books import RENAMED, renamed, scored

NAMES = {
    "salesforce": "Salesforce", "hubspot": "HubSpot", "dynamics": "Dynamics 365", "odoo": "Odoo",
    "tryton": "Tryton", "bottlecrm": "BottleCRM",
}  # fmt: skip


@pytest.mark.parametrize("crm", RENAMED)
def test_what_is_sure_is_right_and_nearly_all_is_found(crm, sample, proposed, tmp_path):
    truth = renamed(sample, tmp_path, crm)
    proposal = proposed(tmp_path)
    score = scored(proposal.suggestion, truth)
    precision = score.right / (score.right + len(score.wrong))
    recall = len(score.found) / len(truth.columns)
    told = f"{crm}: {score.right} sure and right, {len(score.wrong)} wrong, recall {recall:.1%}"
    print(told)  # noqa: T201  the figures are asked for
    assert proposal.suggestion.crm == NAMES[crm]
    assert precision >= 0.95, score.wrong
    assert recall >= 0.95, set(truth.columns) - score.found
    assert proposal.has_accounts


@pytest.mark.parametrize("crm", RENAMED)
def test_the_proposed_book_says_of_each_account_what_it_says_under_its_own_names(
    crm, sample, program, plugins, tmp_path, monkeypatch
):
    export, plain = tmp_path / "export", tmp_path / "plain"
    export.mkdir()
    plain.mkdir()
    renamed(sample, export, crm)
    for table in RENAMED[crm]["tables"]:
        shutil.copy(sample / f"{table}.csv", plain)
    monkeypatch.chdir(tmp_path)
    told = run("inspect", "export", "--suggest", "--out", "book.toml")
    assert (told.status, told.out) == (0, "")
    ours, theirs = (
        list(read_accounts(program, Book.read(book), open_source=plugins.open_source))
        for book in ("plain", "book.toml")
    )
    assert len(ours) == len(theirs) >= 150
    compared = 0
    for one, other in zip(ours, theirs, strict=True):
        for before, after in pairs_of(one, other):
            for column, value in before.items():
                if value is not None and not isinstance(value, list):
                    compared += 1
                    assert after.get(column) == value, f"{one['account_id']}: {column}"
    assert compared > 4_000


def pairs_of(one, other):
    """Yield an account and then its rows, each beside what the other book says of it."""
    yield one, other
    for name, rows in one.items():
        if isinstance(rows, list):
            yield from zip(rows, other[name], strict=True)


def test_odoo_keeps_companies_and_people_in_one_table(proposed, tmp_path):
    (tmp_path / "res_partner.csv").write_text(
        "id,name,is_company,parent_id,country_id,user_id\n"
        + "".join(f"{n},Company {chr(64 + n)},t,,Germany,2\n" for n in range(1, 20))
        + "".join(f"{n},Person {n},f,{n % 19 + 1},Germany,2\n" for n in range(20, 60)),
        encoding="utf-8",
    )
    (tmp_path / "crm_lead.csv").write_text(
        "id,partner_id,expected_revenue,date_deadline,won_status,create_date\n"
        + "".join(f"{n},{n % 19 + 1},{n}000,2026-03-01,pending,2026-01-01\n" for n in range(1, 40)),
        encoding="utf-8",
    )
    tables = {each.table: each for each in proposed(tmp_path).suggestion.tables}
    assert tables["accounts"].only == {"is_company": ("t",)}
    assert tables["contacts"].only == {"is_company": ("f",)}
    assert (tables["accounts"].key.column, tables["contacts"].key.column) == ("id", "parent_id")


def test_without_that_column_the_table_fills_one_table_only(proposed, tmp_path):
    (tmp_path / "res_partner.csv").write_text(
        "id,name,parent_id,country_id\n" + "".join(f"{n},Co {n},,DE\n" for n in range(9)),
        encoding="utf-8",
    )
    assert [each.table for each in proposed(tmp_path).suggestion.tables] == ["accounts"]
