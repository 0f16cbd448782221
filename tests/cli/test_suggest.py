"""`kamrules inspect SOURCE --suggest` as users get it: a book file that works, and what is told beside it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
import tomli

from kamrules import Book
from tests.commands import run, start

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "crm-sales-opportunities"
BY_HAND = ROOT / "tests" / "end_to_end" / "crm_sales" / "book.toml"

needs_export = pytest.mark.skipif(
    not (DATA / "accounts.csv").exists(),
    reason="the CRM export is not there: ../shared/data/crm-sales-opportunities beside the repository",
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def export(here):
    """Write a small export of two tables."""
    folder = here / "export"
    folder.mkdir()
    (folder / "customers.csv").write_text(
        "customer_no,company,sector,staff\nC1,Acme,retail,50\nC2,Bolt,finance,70\nC3,Cord,retail,20\n"
    )
    (folder / "invoices.csv").write_text(
        "invoice,customer_no,invoice_date,net_amount\nR1,C1,2026-01-31,100\nR2,C2,2026-02-28,200\nR3,C1,2026-03-31,300\n"
    )
    return folder


@pytest.fixture(scope="module")
def proposed(tmp_path_factory):
    """Give the folder of the CRM export with a book file proposed for it, what is unsure taken as well."""
    folder = tmp_path_factory.mktemp("crm")
    for path in DATA.glob("*.csv"):
        shutil.copy(path, folder)
    told = start("inspect", ".", "--suggest", "--sure", "50", "--out", "book.toml", cwd=folder)
    assert (told.status, told.out) == (0, ""), told.err
    assert "0 behind a # for you to decide\nnext: kamrules inspect book.toml" in told.err
    return folder


@needs_export
def test_the_proposed_book_of_a_real_export_has_all_that_was_written_by_hand(proposed):
    book, by_hand = Book.read(proposed / "book.toml"), Book.read(BY_HAND)
    for name, table in by_hand.tables.items():
        assert book.tables[name].account == table.account
        assert book.tables[name].only == table.only
        for column, how in table.columns.items():
            assert book.tables[name].columns[column] == how, f"{name}.{column}"
    assert "employees" in book.tables["accounts"].columns


@needs_export
def test_the_proposed_book_of_a_real_export_decides_as_the_one_by_hand(proposed):
    shutil.copy(BY_HAND, proposed / "by_hand.toml")
    words = ("--as-of", "2017-12-31", "--leave-out", "--format", "csv", "--out")
    for book in ("book", "by_hand"):
        told = start("run", f"{book}.toml", *words, f"of_{book}", cwd=proposed)
        assert told.status == 0, told.err
    counted = [
        json.loads((proposed / f"of_{book}" / "run.json").read_text())["counts"]["classes"]
        for book in ("book", "by_hand")
    ]
    assert counted[0] == counted[1]


@needs_export
def test_what_is_sure_of_a_real_export_works_as_it_is(here):
    told = run("inspect", DATA, "--suggest", "--out", "book.toml")
    assert told.status == 0, told.err
    told = run("inspect", "book.toml", "--json")
    quality = json.loads(told.out)["quality"]["tables"]
    problems = {
        (each["table"], problem["code"]) for each in quality for problem in each["problems"]
    }
    assert problems == {("opportunities", "KR640")}  # deals without an account, and nothing else


@needs_export
def test_a_guessed_factor_and_orders_from_deals_are_not_live(here):
    told = run("inspect", DATA, "--suggest")
    assert told.status == 0
    live = tomli.loads(told.out)["table"]
    assert "annual_revenue" not in live["accounts"]["column"]
    assert "orders" not in live
    assert live["opportunities"]["column"]["stage"]["values"] == {
        "Won": "won", "Lost": "lost", "Engaging": "open", "Prospecting": "open",
    }  # fmt: skip
    assert '# annual_revenue = { column = "revenue", times = 1_000_000 }' in told.out
    assert "unsure (70 %)" in told.out
    assert "# as_of = 2017-12-31" in told.out
    assert "# not used: year_established (" in told.out


def test_the_file_is_written_once_and_its_paths_are_relative_to_it(here, export):
    (here / "books").mkdir()
    told = run("inspect", "export", "--suggest", "--out", "books/ours.toml")
    assert (told.status, told.out) == (0, "")
    assert told.err.endswith("next: kamrules inspect books/ours.toml\n")
    text = (here / "books" / "ours.toml").read_text()
    assert 'from = "csv:../export/customers.csv"' in text
    assert run("inspect", "books/ours.toml").status == 0
    again = run("inspect", "export", "--suggest", "--out", "books/ours.toml")
    assert (again.status, "error[KR690]" in again.err) == (2, True)
    assert (here / "books" / "ours.toml").read_text() == text


def test_the_same_source_gives_the_same_bytes(here, export):
    assert run("inspect", "export", "--suggest").out == run("inspect", "export", "--suggest").out


def test_the_proposal_is_told_as_json(here, export):
    told = run("inspect", "export", "--suggest", "--json")
    assert told.err == ""
    data = json.loads(told.out)
    tables = {each["table"]: each for each in data["tables"]}
    assert set(tables) == {"accounts", "orders"}
    assert tables["orders"]["account"]["source"] == "customer_no"
    amount = next(each for each in tables["orders"]["columns"] if each["column"] == "amount")
    assert amount["source"] == "net_amount"
    assert 0.8 <= amount["sure"] <= 1
    assert tomli.loads(data["text"])["table"]["orders"]["column"]["amount"] == "net_amount"


@pytest.mark.parametrize(
    "source", ["export/customers.csv", "export/cust*.csv", "csv:export/customers.csv"]
)
def test_one_file_a_pattern_and_a_uri_are_sources_too(here, export, source):
    told = run("inspect", source, "--suggest")
    assert told.status == 0, told.err
    assert set(tomli.loads(told.out)["table"]) == {"accounts"}


def test_the_tables_of_a_database_are_looked_at(here):
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("adbc_driver_sqlite")
    database = sqlite3.connect(here / "crm.db")
    database.executescript(
        """CREATE TABLE clients (client_no TEXT, name TEXT, country TEXT);
        INSERT INTO clients VALUES ('K1', 'Acme', 'France'), ('K2', 'Bolt', 'Spain'), ('K3', 'Cord', 'Italy');
        CREATE TABLE deals (id INTEGER, client_no TEXT, stage TEXT, amount REAL, created TEXT);
        INSERT INTO deals VALUES (1, 'K1', 'Won', 10.5, '2026-01-01'), (2, 'K2', 'Lost', 3, '2026-02-01'),
            (3, 'K3', 'New', 7, '2026-03-01');"""
    )
    database.close()
    told = run("inspect", "sqlite:///crm.db", "--suggest", "--out", "book.toml")
    assert told.status == 0, told.err
    live = tomli.loads((here / "book.toml").read_text())["table"]
    assert (live["accounts"]["account"], live["opportunities"]["account"]) == (
        "client_no",
        "client_no",
    )
    assert live["opportunities"]["column"]["stage"]["values"] == {
        "Won": "won",
        "Lost": "lost",
        "New": "open",
    }
    told = run("inspect", "book.toml")
    assert told.status == 0, told.out + told.err
    assert "3 of 3 rows in use" in told.out


def test_the_sheets_of_a_workbook_are_looked_at(here):
    import xlsxwriter

    pytest.importorskip("python_calamine")
    book = xlsxwriter.Workbook(str(here / "crm.xlsx"))
    sheets = {
        "Customers": [["Cust. No.", "Customer Name"], ["K1", "Acme"], ["K2", "Bolt"]],
        "Invoices 2025": [["Cust. No.", "Net Sales"], ["K1", 10.5], ["K2", 3], ["K1", 4]],
    }
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    book.close()
    told = run("inspect", "crm.xlsx", "--suggest", "--out", "book.toml")
    assert told.status == 0, told.err
    told = run("inspect", "book.toml")
    assert told.status == 0, told.out + told.err
    assert "orders from xlsx:crm.xlsx?sheet=Invoices%202025: 3 of 3 rows in use" in told.out


@pytest.mark.parametrize(("first", "second"), [("1.234,50", "2,5"), ("1,234.50", "2.5")])
def test_numbers_written_with_commas_are_read_by_the_proposed_options(here, first, second):
    (here / "customers.csv").write_text("customer_no;company\nC1;Acme\nC2;Bolt\n")
    (here / "invoices.csv").write_text(
        f"customer_no;invoice_date;net_amount\nC1;2026-01-31;{first}\nC2;2026-02-28;{second}\n"
    )
    assert run("inspect", ".", "--suggest", "--out", "book.toml").status == 0
    told = run("inspect", "book.toml")
    assert (told.status, "nothing wrong" in told.out) == (0, True), told.out


def test_a_book_file_is_told_what_it_leaves_open(here, export):
    (export / "book.toml").write_text(
        '[table.accounts]\nfrom = "csv:customers.csv"\naccount = "customer_no"\n'
        '[table.accounts.column]\nname = "company"\n'
    )
    told = run("inspect", "export/book.toml", "--suggest")
    assert told.status == 0, told.err
    added = tomli.loads(told.out)["table"]
    assert added["accounts"] == {"column": {"industry": "sector", "employees": "staff"}}
    assert added["orders"]["from"] == "csv:invoices.csv"
    assert added["orders"]["column"] == {"date": "invoice_date", "amount": "net_amount"}
    assert "name =" not in told.out


def test_a_book_that_lacks_nothing_that_its_source_has_is_told_so(here, export):
    (export / "invoices.csv").unlink()
    (export / "book.toml").write_text(
        '[table.accounts]\nfrom = "csv:customers.csv"\naccount = "customer_no"\n'
        '[table.accounts.column]\nname = "company"\nindustry = "sector"\nemployees = "staff"\n'
    )
    told = run("inspect", "export", "--suggest")
    assert (told.status, "# Nothing: no column" in told.out) == (0, True)


def test_a_ruleset_of_ones_own_is_what_columns_are_proposed_for(here, export):
    (here / "rules.toml").write_text(
        '[ruleset]\nname = "r"\nversion = "1"\n[table.accounts.column]\nsector = { type = "text" }\n'
        'workforce = { type = "integer", title = "Staff" }\n'
    )
    told = run("inspect", "export", "--suggest", "--ruleset", "rules.toml")
    columns = tomli.loads(told.out)["table"]["accounts"]["column"]
    assert columns["sector"] == "sector"


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_proposed(here, export):
    (export / "orders.parquet").write_bytes(b"no parquet at all")
    told = run("inspect", "export", "--suggest")
    assert told.status == 0
    assert "warning[KR623]" in told.err
    assert set(tomli.loads(told.out)["table"]) == {"accounts", "orders"}


def test_when_nothing_can_be_read_it_is_an_error(here):
    (here / "accounts.parquet").write_bytes(b"no parquet at all")
    told = run("inspect", "accounts.parquet", "--suggest")
    assert (told.status, told.out) == (4, "")
    assert "error[KR623]" in told.err


def test_names_and_values_cannot_break_out_of_the_file(here):
    (here / "customers.csv").write_text(
        'customer_no,company,"evil"\n'
        '"1","A","x\n[table.orders]\nfrom = ""csv:/etc/passwd"""\n"2","B","\x1b[2J"\n',
        encoding="utf-8",
    )
    (here / 'stages"; x.csv').write_text("a\nb\n1\n", encoding="utf-8")
    told = run("inspect", ".", "--suggest")
    assert told.status == 0, told.err
    assert set(tomli.loads(told.out)["table"]) == {"accounts"}
    assert "\x1b" not in told.out


def test_names_with_quotes_and_newlines_are_written_as_toml(here):
    (here / "customers.csv").write_text(
        'customer_no,"company ""name""","Umsatz\n(Mio)"\n1,A,1.5\n2,B,2.5\n'
    )
    told = run("inspect", ".", "--suggest", "--sure", "30")
    columns = tomli.loads(told.out)["table"]["accounts"]["column"]
    assert columns["name"] == 'company "name"'
    assert columns["annual_revenue"] == {"column": "Umsatz\n(Mio)", "times": 1_000_000}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nowhere", "--suggest"), "KR621"),
        (("*.csv", "--suggest"), "KR685"),
        (("empty", "--suggest"), "KR685"),
        (("nosuch:place", "--suggest"), "KR704"),
        (("empty", "--sure", "50"), "KR689"),
        (("empty", "--suggest", "--sure", "101"), "KR812"),
    ],
)
def test_what_cannot_be_is_named(here, words, code):
    (here / "empty").mkdir()
    told = run("inspect", *words)
    assert told.status in (2, 4)
    assert f"error[{code}]" in told.err


def test_a_password_in_clear_is_refused_and_not_shown(here):
    told = run("inspect", "postgresql://kam:hunter2-and-more@127.0.0.1:1/crm", "--suggest")
    assert told.status == 4
    assert "hunter2" not in told.out + told.err
