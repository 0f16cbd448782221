"""A real CRM export, 85 companies and 8,800 deals with its dirt, decided by kam as of 2017-12-31."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.commands import start

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "crm-sales-opportunities"
BOOK = Path(__file__).parent / "crm_sales" / "book.toml"

pytestmark = pytest.mark.skipif(
    not (DATA / "sales_pipeline.csv").exists(),
    reason="the CRM export is not there: ../shared/data/crm-sales-opportunities beside the repository",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with the export, the book file, and the results of a run."""
    folder = tmp_path_factory.mktemp("crm")
    for path in (*DATA.glob("*.csv"), BOOK):
        shutil.copy(path, folder)
    told = start(*RUN, cwd=folder)
    assert told.status == 0, told.err
    (folder / "told.txt").write_text(told.err, encoding="utf-8")
    return folder


RUN = ("run", "book.toml", "--out", "results", "--format", "csv", "--state", "state.db")


@pytest.fixture(scope="module")
def report(folder):
    return json.loads((folder / "results" / "run.json").read_text(encoding="utf-8"))


def rows(folder, table):
    with (folder / "results" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_deals_without_an_account_show_in_the_quality_report_and_in_the_summary(folder, report):
    quality = {each["table"]: each for each in report["quality"]["tables"]}
    deals = quality["opportunities"]
    assert deals["rows_read"] == 8_800
    assert deals["rows_kept"] == 8_800 - 1_425
    (problem,) = (each for each in deals["problems"] if each["code"] == "KR640")
    assert problem["count"] == 1_425
    orders = quality["orders"]
    assert (orders["rows_kept"], orders["rows_left_out"]) == (4_238, 0)
    assert quality["accounts"]["rows_kept"] == 85
    assert "1,425 of 8,800 rows" in (folder / "told.txt").read_text(encoding="utf-8")


def test_nothing_but_deals_without_an_account_is_wrong_once_the_book_file_maps_the_misspellings(
    report,
):
    problems = [each for table in report["quality"]["tables"] for each in table["problems"]]
    assert [each["code"] for each in problems] == ["KR640"]


def counted(report, what):
    return {each["id"]: each["accounts"] for each in report["counts"][what] if each["accounts"]}


def test_all_85_companies_are_ordinary_customers_with_all_the_revenue_of_won_deals(report):
    assert report["accounts"] == 85
    assert counted(report, "classes") == {"ordinary": 85}
    assert counted(report, "tiers") == {"vendor": 85}
    revenue = {each["id"]: each["revenue"] for each in report["counts"]["classes"]}
    assert revenue["ordinary"] == 10_005_534


def test_with_a_threshold_for_this_size_of_business_the_largest_buyers_are_key_accounts(folder):
    words = ("--set", "key_revenue=250_000", "--out", "tuned")
    told = start(*RUN[:2], *words, "--format", "csv", cwd=folder)
    assert told.status == 0, told.err
    with (folder / "tuned" / "decisions.csv").open(encoding="utf-8", newline="") as file:
        key = {each["account_id"] for each in csv.DictReader(file) if each["class"] == "key"}
    assert {"Kan-code", "Konex"} <= key
    assert len(key) < 10


def test_every_account_is_decided_once_with_a_class(folder):
    decided = rows(folder, "decisions")
    assert len({each["account_id"] for each in decided}) == len(decided) == 85
    assert {each["as_of"] for each in decided} == {"2017-12-31"}
    assert all(each["class"] for each in decided)
    assert not any(each["fault"] for each in decided)


def test_each_action_has_a_reason_an_owner_and_a_due_date(folder, report):
    proposed = [each for each in rows(folder, "actions") if each["status"] == "proposed"]
    assert len(proposed) == report["counts"]["actions"]["kept"] >= 85
    assert all(
        each["reason"] and each["owner"] and each["due_on"] > "2017-12-31" for each in proposed
    )


def test_the_same_run_twice_writes_the_same_bytes(folder):
    before = {path.name: path.read_bytes() for path in (folder / "results").glob("*.csv")}
    assert start(*RUN, cwd=folder).status == 0
    assert {path.name: path.read_bytes() for path in (folder / "results").glob("*.csv")} == before


def test_explain_tells_the_class_of_the_run_and_why(folder):
    best = next(each for each in rows(folder, "decisions") if each["account_id"] == "Kan-code")
    told = start("explain", "book.toml", "Kan-code", "--json", cwd=folder)
    assert told.status == 0, told.err
    explained = json.loads(told.out)["decision"]
    assert (explained["class"], explained["tier"] or "") == (best["class"], best["tier"])
    assert explained["facts"]["revenue_12m"] == 341_455
    tree = start("explain", "book.toml", "Kan-code", cwd=folder).out
    assert "revenue_12m 341,455" in tree


def test_inspect_lists_what_the_export_lacks_and_finds_the_problem(folder):
    told = start("inspect", "book.toml", cwd=folder)
    assert told.status == 1, told.err
    assert "1,425 of 8,800 rows" in told.out
    lacking = told.out.split("whole tables: ")[1].split("information level 1")[0]
    assert {"contacts", "activities"} <= set(lacking.replace(",", " ").split())
    assert "unused: year_established, subsidiary_of" in told.out


def test_a_later_run_with_the_same_state_holds_actions_in_cooldown(folder):
    told = start(*RUN, "--as-of", "2018-01-05", cwd=folder)
    assert told.status == 0, told.err
    held = [each for each in rows(folder, "actions") if each["status"] == "cooldown"]
    assert held
    assert all(each["free_on"] > "2018-01-05" for each in held)
