"""A book in a database and its decisions back into it, by the installed command."""

from __future__ import annotations

import json

import pytest

from tests.adapters.database import servers
from tests.adapters.database.places import REFERENCE, VARIABLE
from tests.commands import start
from tests.end_to_end.scene import RULES
from tests.engines.sql.postgres import free_port

BOOK = """\
[book]
name = "small"
as_of = 2026-06-30

[table.accounts]
from = "{uri}?table=customers"
account = "no"

[table.orders]
from = "{uri}"
account = "customer"
only = {{ status = "paid" }}
options = {{ table = "sales" }}
[table.orders.column]
date = "sold_on"

[sink.back]
to = "{uri}"
mode = "upsert"
options = {{ prefix = "out_" }}
"""
FILLED = (
    "CREATE TABLE customers (no varchar(9), name varchar(20), rating varchar(9))",
    "INSERT INTO customers VALUES ('A1', 'Acme', 'gold'), ('B2', 'Béta', 'silver'), ('C3', 'Gamma', NULL)",
    "CREATE TABLE sales (customer varchar(9), sold_on date, amount numeric(9, 2), status varchar(9))",
    "INSERT INTO sales VALUES ('A1', '2026-05-01', 600, 'paid'), ('A1', '2026-06-01', 700.50, 'paid')",
    "INSERT INTO sales VALUES ('B2', '2026-06-15', 20, 'paid'), ('B2', '2026-06-15', 9000, 'open')",
)
RUN = ("run", "book.toml", "--ruleset", "rules.toml", "--out", "results")


@pytest.fixture
def filled(place, tmp_path):
    """Return a database with a small CRM in it, and a book file beside."""
    place.run(*FILLED)
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "book.toml").write_text(BOOK.format(uri=place.uri), encoding="utf-8")
    return place


def ran(tmp_path, *more, **environ):
    """Run the book; whatever comes of it, nobody sees the password."""
    told = start(*RUN, *more, cwd=tmp_path, **{VARIABLE: servers.PASSWORD, **environ})
    texts = [told.out, told.err, *(each.read_text() for each in tmp_path.glob("results/run.json"))]
    assert not any(servers.PASSWORD in each for each in texts)
    return told


def test_a_crm_in_a_database_is_decided_and_gets_its_decisions(filled, tmp_path):
    # a file of SQLite takes one writer at a time, so there the two sinks come one after the other
    both = [("--to", "back", "--to", filled.uri)]
    for sinks in both if filled.kind != "sqlite" else [("--to", "back"), ("--to", filled.uri)]:
        told = ran(tmp_path, *sinks)
        assert told.status == 0, told.err
    assert ran(tmp_path, "--to", "back").status == 0
    wanted = [("A1", "key"), ("B2", "ordinary"), ("C3", "ordinary")]
    for table in ("out_decisions", "kam_decisions"):
        assert filled.rows(f"SELECT account_id, class FROM {table} ORDER BY 1") == wanted
    assert filled.rows("SELECT account_id, title FROM kam_actions") == [("A1", "Call Acme")]
    assert filled.rows("SELECT ruleset, mode FROM kam_runs") == [("small", "replace")]
    report = json.loads((tmp_path / "results/run.json").read_text())
    assert REFERENCE in json.dumps(report) or filled.kind == "sqlite"
    (orders,) = (each for each in report["quality"]["tables"] if each["table"] == "orders")
    assert (orders["rows_read"], orders["rows_filtered"]) == (4, 1)


def test_a_type_that_changed_comes_up_in_the_report_of_data_quality(filled, tmp_path):
    if filled.kind != "sqlite":
        amount = "TYPE varchar(20)" if filled.kind == "postgresql" else "varchar(20)"
        verb = "ALTER COLUMN amount" if filled.kind == "postgresql" else "MODIFY amount"
        filled.run(f"ALTER TABLE sales {verb} {amount}")
    filled.run("UPDATE sales SET amount = 'much' WHERE customer = 'B2' AND status = 'paid'")
    told = ran(tmp_path)
    assert told.status == 4
    assert "KR643" in told.err
    assert "much" in told.err
    assert ran(tmp_path, "--leave-out").status == 0


def test_a_column_that_is_gone_is_told_with_the_nearest_one(filled, tmp_path):
    filled.run("ALTER TABLE sales RENAME COLUMN sold_on TO sold_at")
    told = ran(tmp_path, "--to", "back")
    assert told.status == 4
    assert "KR851" in told.err
    assert "did you mean `sold_at`?" in told.err
    assert filled.tables() == {"customers", "sales"}


def test_a_sink_that_is_not_there_ends_the_run_before_it_writes_a_file(filled, tmp_path):
    nowhere = f"postgresql://tester:{REFERENCE}@127.0.0.1:{free_port()}/crm"
    told = ran(tmp_path, "--to", filled.uri, "--to", nowhere)
    assert told.status == 4
    assert "KR662" in told.err
    assert not (tmp_path / "results").exists()
    assert filled.tables() == {"customers", "sales"}


def test_a_password_in_clear_is_refused_and_not_repeated(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    uri = "postgresql://tester:s3cr:t%2Fp%40ss%25w%26rd@127.0.0.1:1/crm"
    (tmp_path / "book.toml").write_text(BOOK.format(uri=uri), encoding="utf-8")
    told = ran(tmp_path)
    assert told.status == 4
    assert "KR707" in told.err
    assert "s3cr" not in told.err + told.out


def test_a_password_that_is_wrong_ends_the_run_and_is_not_shown(filled, tmp_path):
    if filled.kind == "sqlite":
        return
    for sinks in ((), ("--to", "back")):
        told = ran(tmp_path, *sinks, **{VARIABLE: "wr0ng:p@ss/w0rd"})
        assert told.status == 4
        assert "KR662" in told.err
        assert ("book.toml:" in told.err) == (sinks == ())
        assert "wr0ng" not in told.err + told.out
    assert filled.tables() == {"customers", "sales"}


def test_inspect_reads_a_database_too(filled, tmp_path):
    told = start(
        "inspect",
        "book.toml",
        "--ruleset",
        "rules.toml",
        cwd=tmp_path,
        **{VARIABLE: servers.PASSWORD},
    )
    assert told.status in {0, 1}, told.err
    assert "orders" in told.out
    assert servers.PASSWORD not in told.out + told.err
