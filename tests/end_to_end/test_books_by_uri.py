"""Books that are no book file: standard input, a URI, a workbook; by the installed command."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess

import duckdb
import openpyxl
import pytest
from backports import zstd

from tests.commands import COMMAND, environment, start
from tests.end_to_end.scene import RULES

ACCOUNTS = "account_id,name,rating\nA,Acme,gold\nB,Bölt,silver\nC,,\n"
ORDERS = "account_id,date,amount\nA,2026-02-01,700\nA,2026-03-01,800.5\nB,2026-01-15,20\n"
GIVEN = ("--ruleset", "rules.toml", "--as-of", "2026-06-30", "--quiet")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    duckdb.read_csv(str(tmp_path / "accounts.csv")).write_parquet(str(tmp_path / "a.parquet"))
    told = start("run", "accounts.csv", *GIVEN, "--out", "wanted", cwd=tmp_path)
    assert told.status == 0, told.err
    return tmp_path


def fed(folder, content, *words):
    """Start a command with bytes on its standard input."""
    done = subprocess.run([str(COMMAND), *words], cwd=folder, input=content, capture_output=True,
                          env=environment(), check=False)  # fmt: skip
    return done.returncode, done.stderr.decode()


def decisions(folder, out):
    return (folder / out / "decisions.parquet").read_bytes()


def contents(folder):
    rows = [line.split(",") for line in ACCOUNTS.splitlines()]
    lines = [json.dumps(dict(zip(rows[0], (cell or None for cell in row), strict=True)))
             for row in rows[1:]]  # fmt: skip
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "one.xlsx")
    plain = {
        "csv": ACCOUNTS.encode(),
        "jsonl": "\n".join(lines).encode(),
        "parquet": (folder / "a.parquet").read_bytes(),
        "xlsx": (folder / "one.xlsx").read_bytes(),
    }
    packed = {f"{form}.gz": gzip.compress(plain[form]) for form in ("csv", "jsonl")}
    return plain | packed | {"csv.zst": zstd.compress(plain["csv"])}


@pytest.mark.parametrize(
    "form", ["csv", "jsonl", "parquet", "xlsx", "csv.gz", "jsonl.gz", "csv.zst"]
)
def test_standard_input_is_decided_as_the_file_would_be_whatever_its_form(form, folder):
    content = contents(folder)[form]
    for book in ("-", f"{form.partition('.')[0]}:-"):
        status, err = fed(folder, content, "run", book, *GIVEN, "--out", "out")
        assert status == 0, err
        assert decisions(folder, "out") == decisions(folder, "wanted")


def test_a_table_of_a_book_file_can_come_from_standard_input_and_is_read_more_than_once(folder):
    (folder / "book.toml").write_text(
        '[table.accounts]\nfrom = "csv:accounts.csv"\n[table.orders]\nfrom = "csv:-"\n'
    )
    words = ("run", "book.toml", *GIVEN, "--ways", "--out", "out")
    status, err = fed(folder, ORDERS.encode(), *words)
    assert status == 0, err
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "book.toml").unlink()
    told = start("run", ".", *GIVEN, "--ways", "--out", "again", cwd=folder)
    assert told.status == 0, told.err
    assert decisions(folder, "out") == decisions(folder, "again")


def test_two_tables_cannot_both_be_standard_input(folder):
    (folder / "book.toml").write_text(
        '[table.accounts]\nfrom = "csv:-"\n[table.orders]\nfrom = "jsonl:-"\n'
    )
    status, err = fed(folder, b"", "run", "book.toml", *GIVEN)
    assert status == 4
    assert "standard input is table `accounts` already, and can be no other" in err
    assert "book.toml:4:8" in err


def test_standard_input_without_a_table_in_it_is_told(folder):
    status, err = fed(folder, b"", "run", "-", *GIVEN)
    assert (status, err) == (2, "error[KR652]: standard input is empty\n")
    status, err = fed(folder, b"", "run", "csv:-", *GIVEN)
    assert (status, err.splitlines()[0]) == (4, "error[KR652]: standard input is empty")
    main, other = pty.openpty()
    try:
        done = subprocess.run([str(COMMAND), "run", "-", *GIVEN], cwd=folder, stdin=other,
                              capture_output=True, env=environment(), check=False, timeout=60)  # fmt: skip
    finally:
        os.close(main)
        os.close(other)
    assert done.returncode == 2
    assert b"standard input is a terminal, so there is no table in it" in done.stderr


def test_standard_input_that_is_cut_off_is_told(folder):
    status, err = fed(folder, gzip.compress(ACCOUNTS.encode())[:-9], "run", "-", *GIVEN)
    assert status == 4
    assert "`standard input` ends too early" in err


@pytest.mark.parametrize("book", ["csv:accounts.csv", "parquet:a.parquet", "csv:acc*.csv"])
def test_a_uri_is_a_book_of_accounts_alone(book, folder):
    told = start("run", book, *GIVEN, "--out", "out", cwd=folder)
    assert told.status == 0, told.err
    assert decisions(folder, "out") == decisions(folder, "wanted")
    assert json.loads((folder / "out" / "run.json").read_text())["book"]["file"] == book
    told = start("explain", book, "A", *GIVEN[:4], cwd=folder)
    assert (told.status, "Call Acme" in told.out) == (0, True), told.err


@pytest.mark.parametrize(
    ("book", "status", "part"),
    [
        ("csv:acounts.csv", 4, "did you mean `accounts.csv`?"),
        ("cvs:accounts.csv", 4, 'did you mean "csv:accounts.csv"?'),
        ("acounts.csv", 2, "there is no file or folder `acounts.csv`"),
        ("s3://bucket/accounts", 4, 'as in from = "parquet:s3://bucket/accounts"'),
        ("sqlite:///crm.db?table=accounts", 4, "crm.db"),
        (
            "postgresql://me:hunter22@localhost/crm?table=accounts",
            2,
            "a password stands here in clear",
        ),
    ],
)
def test_a_uri_that_leads_nowhere_is_told(book, status, part, folder):
    told = start("run", book, *GIVEN, cwd=folder)
    assert told.status == status, told.err
    assert part in told.err
    assert "hunter22" not in told.err


def workbook(folder, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, text in sheets.items():
        sheet = book.create_sheet(title)
        for line in text.splitlines():
            sheet.append([float(cell) if cell.replace(".", "").isdigit() else cell or None
                          for cell in line.split(",")])  # fmt: skip
    book.save(folder / "crm.xlsx")


def test_a_workbook_is_decided_as_the_folder_of_its_sheets_would_be(folder):
    workbook(folder, Accounts=ACCOUNTS, Orders=ORDERS, Notes="hello\nthere,you")
    (folder / "crm").mkdir()
    (folder / "crm" / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    (folder / "crm" / "orders.csv").write_text(ORDERS)
    for book, out in [("crm", "one"), ("crm.xlsx", "two"), ("xlsx:crm.xlsx", "three")]:
        told = start("run", book, *GIVEN, "--out", out, cwd=folder)
        assert told.status == 0, told.err
    assert decisions(folder, "one") == decisions(folder, "two") == decisions(folder, "three")
    assert decisions(folder, "one") != decisions(folder, "wanted")


def test_results_written_as_a_workbook_are_the_same_bytes_every_time(folder):
    for out in ("one", "two"):
        told = start("run", "accounts.csv", *GIVEN, "--format", "xlsx", "--out", out, cwd=folder)
        assert told.status == 0, told.err
    first, second = ((folder / out / "kamrules.xlsx").read_bytes() for out in ("one", "two"))
    assert first == second


def test_a_guess_at_an_encoding_stops_no_run_and_stands_in_its_report(folder):
    (folder / "accounts.csv").write_bytes(ACCOUNTS.encode("cp1252"))
    told = start("run", "accounts.csv", *GIVEN[:4], "--out", "out", cwd=folder)
    assert told.status == 0, told.err
    assert "accounts: `accounts.csv` is not UTF-8 and was read as cp1252" in told.err
    assert "[KR650]" in told.err
    assert decisions(folder, "out") == decisions(folder, "wanted")
    report = json.loads((folder / "out" / "run.json").read_text())
    (problem,) = report["quality"]["tables"][0]["problems"]
    assert (problem["code"], problem["count"], report["quality"]["values_unknown"]) == (
        "KR650",
        0,
        0,
    )
    told = start("inspect", "accounts.csv", "--ruleset", "rules.toml", cwd=folder)
    assert (told.status, "[KR650]" in told.out) == (0, True), told.err
