"""What an author of a book file gets from `bottlecrm:`, from a running BottleCRM."""

from __future__ import annotations

import duckdb
import pytest
from kamrules import DataError
from kamrules.book import Book, BookTable
from kamrules.secrets import masked

from kamrules_bottlecrm.source import list_tables, open_table
from kamrules_bottlecrm.tables import TABLES


@pytest.fixture
def read(crm, monkeypatch):
    """Return a function that gives the rows of a table as dicts."""
    monkeypatch.setenv("BOTTLECRM_URL", crm.url)
    monkeypatch.setenv("BOTTLECRM_TOKEN", crm.token)

    def rows(location, **options):
        found = open_table(
            BookTable("any", f"bottlecrm:{location}", options=options), duckdb.connect()
        )
        return [dict(zip(found.columns, each, strict=True)) for each in found.fetchall()]

    return rows


def test_every_record_comes_once_whatever_the_length_of_a_page(read, crm):
    counted = {
        "accounts": len(crm.accounts()),
        "contacts": crm.get("/api/contacts/?limit=1")["count"],
        "deals": crm.get("/api/opportunities/?limit=1")["opportunities_count"],
        "invoices": crm.get("/api/invoices/?limit=1")["count"],
        "cases": crm.get("/api/cases/?limit=1")["cases_count"],
    }
    assert all(counted.values())
    for name, count in counted.items():
        identity = "account_id" if name == "accounts" else "id"
        whole = read(name)
        assert len({each[identity] for each in whole}) == count
        for page in (1, 3, count):
            again = read(name, page=page)
            assert sorted(map(str, again)) == sorted(map(str, whole))


def test_accounts_that_are_closed_come_too(read, crm):
    first, *_ = crm.accounts().values()
    crm.patch(f"/api/accounts/{first['id']}/", {"is_active": False})
    rows = read("accounts", page=2)
    assert {each["account_id"] for each in rows if each["is_active"] == "false"} == {first["id"]}
    assert len(rows) == len(crm.accounts())


def test_an_account_has_its_people_by_name_and_its_custom_fields(read, crm):
    field = {
        "target_model": "Account",
        "key": "potential",
        "label": "Potential",
        "field_type": "number",
    }
    crm.post("/api/custom-fields/", field)
    account = crm.accounts()["Sapling Academy"]
    crm.patch(f"/api/accounts/{account['id']}/", {"custom_fields": {"potential": 750_000}})
    row = next(each for each in read("accounts") if each["account_id"] == account["id"])
    assert row["custom_fields.potential"] == "750000.0"
    assert row["assigned_to"] == ", ".join(
        each["user_details"]["name"] for each in account["assigned_to"]
    )
    assert row["annual_revenue"] == account["annual_revenue"]
    assert row["created_at"] == account["created_at"][:10]


def test_a_person_known_at_several_accounts_is_a_contact_of_each(read, crm):
    shared = max(
        crm.get("/api/contacts/?limit=100")["results"],
        key=lambda each: len(each["linked_accounts"]),
    )
    rows = [each for each in read("contacts") if each["id"] == shared["id"]]
    assert len(rows) > 1
    assert {each["account_id"] for each in rows} == {
        each["id"] for each in shared["linked_accounts"]
    }
    assert {each["name"] for each in rows} == {f"{shared['first_name']} {shared['last_name']}"}


def test_the_day_of_a_deal_is_expected_while_it_is_open_and_decided_afterwards(read):
    for each in read("deals"):
        settled = each["stage_kind"] in ("won", "lost")
        assert (each["decided_on"], each["expected_on"]) == (
            (each["closed_on"], None) if settled else (None, each["closed_on"])
        )


def test_what_was_logged_on_an_account_or_on_its_deals_comes_with_the_account(read, crm):
    account = crm.accounts()["Sapling Academy"]["id"]
    deal = crm.get("/api/opportunities/?limit=1")["opportunities"][0]
    call = {
        "kind": "call",
        "direction": "inbound",
        "occurred_at": "2026-11-02T09:30:00Z",
        "outcome": "connected",
    }
    crm.post("/api/interactions/", {**call, "account": account})
    crm.post(
        "/api/interactions/", {**call, "kind": "meeting", "outcome": "", "opportunity": deal["id"]}
    )
    found = {each["account_id"]: each for each in read("interactions", page=1)}
    assert set(found) == {account, deal["account"]["id"]}
    assert found[account]["occurred_at"] == "2026-11-02"
    assert found[account]["direction"] == "inbound"
    assert found[deal["account"]["id"]]["outcome"] is None


def test_a_table_without_a_record_has_its_columns(read):
    assert read("interactions") == []
    found = open_table(BookTable("any", "bottlecrm:interactions"), duckdb.connect())
    assert {"account_id", "occurred_at", "kind"} <= set(found.columns)


def test_the_url_may_stand_in_the_book_file(read, crm, monkeypatch):
    monkeypatch.delenv("BOTTLECRM_URL")
    assert len(read(f"{crm.url}/accounts")) == len(read("accounts", url=crm.url)) == 10
    monkeypatch.setenv("WHERE", crm.url)
    assert len(read("${env:WHERE}/accounts")) == 10


def test_its_tables_are_listed_as_from_names_them():
    assert list_tables(BookTable("any", "bottlecrm:")) == [f"bottlecrm:{name}" for name in TABLES]
    named = list_tables(BookTable("any", "bottlecrm:https://crm.example.com"))
    assert named[0] == "bottlecrm:https://crm.example.com/accounts"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            'from = "bottlecrm:deels"',
            r"KR622.*no table `deels`(.|\n)*from = (.|\n)*did you mean `deals`\?",
        ),
        ('from = "bottlecrm:tasks"', r"KR622.*no table `tasks`"),
        ('from = "bottlecrm:deals"\noptions = { pages = 3 }', r"KR632(.|\n)*did you mean `page`\?"),
        ('from = "bottlecrm:deals"\noptions = { page = "3" }', "KR633.*whole number from 1 to 500"),
        ('from = "bottlecrm:deals"\noptions = { tries = 0 }', "KR633.*whole number from 1 to 20"),
        (
            'from = "bottlecrm:http://crm.example.com/deals"',
            r"KR728.*token read by anyone(.|\n)*https",
        ),
        ('from = "bottlecrm:ftp://crm.example.com/deals"', "KR728.*the URL of BottleCRM is none"),
        ('from = "bottlecrm:https://me@crm.example.com/deals"', "KR728.*more than where it is"),
        ('from = "bottlecrm:deals"\noptions = { url = "${env:NOWHERE_AT_ALL}" }', "KR708.*not set"),
    ],
)
def test_what_is_wrong_in_a_book_file_is_told_at_its_line(written, told, tmp_path, monkeypatch):
    monkeypatch.setenv("BOTTLECRM_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BOTTLECRM_TOKEN", "bcrm_pat_of_this_test")
    (tmp_path / "book.toml").write_text(f"[table.accounts]\n{written}\n")
    table = Book.read(tmp_path).accounts
    with pytest.raises(DataError, match=told) as error:
        open_table(table, duckdb.connect())
    assert "book.toml:" in str(error.value)
    assert "bcrm_pat" not in masked(str(error.value))


def test_another_version_of_bottlecrm_at_the_url_is_told(read, crm):
    with pytest.raises(DataError, match=r"KR724.*status 404(.|\n)*the URL of BottleCRM itself\?"):
        read(f"{crm.url}/api/deals")


def test_a_wrong_token_is_told_and_not_shown(read, monkeypatch):
    monkeypatch.setenv("BOTTLECRM_TOKEN", "bcrm_pat_that_nobody_has_made")
    with pytest.raises(DataError, match=r"KR720.*does not know the token") as told:
        read("deals")
    assert "nobody_has_made" not in str(told.value)


def test_a_token_without_the_scope_is_told_with_what_it_may_not(read, narrow, monkeypatch):
    monkeypatch.setenv("BOTTLECRM_TOKEN", narrow)
    assert len(read("accounts")) == 10
    with pytest.raises(DataError, match=r"KR720.*may not read `/api/opportunities/`") as told:
        read("deals")
    assert narrow not in str(told.value)


def test_nothing_at_the_url_is_told_after_the_tries_wanted(read):
    with pytest.raises(DataError, match=r"KR721.*nothing listens there, after 2 tries"):
        read("http://127.0.0.1:9/deals", tries=2)
