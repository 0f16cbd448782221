"""`kamrules sql`: a ruleset as views, in five dialects, on stdout or in a file."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from kamrules.cli.commands.sql import DIALECTS
from kamrules.engines.sql.deploying import DIALECTS as WRITTEN
from tests.commands import run


def test_the_dialects_offered_are_those_that_can_be_written():
    assert list(DIALECTS) == list(WRITTEN)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_kam_is_written_in_every_dialect_and_reads_back_as_three_views(dialect):
    told = run("sql", "kam", "--dialect", dialect, "--schema", "crm", "--prefix", "marts.kam")
    assert (told.status, told.err) == (0, "")
    found = [each for each in sqlglot.parse(told.out, dialect=dialect) if each is not None]
    views = [each.this for each in found if isinstance(each, exp.Create)]
    names = [f"{each.db}.{each.name}".lower() for each in views]
    # Spark takes no view as deep as this: it stands on others of its name and a number
    kept = [each for each in names if not each.rpartition("_")[2].isdigit()]
    assert kept == ["marts.kam_facts", "marts.kam_decisions", "marts.kam_actions"]
    assert (names == kept) == (dialect != "spark")
    read = {
        each.name.lower()
        for one in found
        for each in one.find_all(exp.Table)
        if each.db.lower() == "crm"
    }
    assert {"accounts", "orders", "contacts"} <= read
    if dialect == "bigquery":
        # so long may a view's text be there
        assert all(len(each) < 256 * 1024 for each in told.out.split("CREATE OR REPLACE VIEW"))


def test_a_shipped_ruleset_without_much_in_it_is_short_and_told_by_the_rules_it_comes_from():
    told = run("sql", "pyramid", "--dialect", "duckdb", "--as-of", "2026-06-30")
    assert told.out.startswith("-- kamrules pyramid ")
    assert "-- for duckdb; the date of the run is 2026-06-30" in told.out
    assert "/* class" in told.out
    assert "CURRENT_DATE" not in told.out


def test_the_text_can_be_written_to_a_file(tmp_path):
    out = tmp_path / "new" / "pyramid.sql"
    told = run("sql", "pyramid", "--dialect", "spark", "--out", out)
    assert (told.status, told.out, told.err) == (0, "", f"the views are in {out}\n")
    assert out.read_text() == run("sql", "pyramid", "--dialect", "spark").out


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    told = run("sql", "pyramid", "--dialect", "spark", "--out", tmp_path)
    assert told.status == 4
    assert "error[KR802]" in told.err


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        ((), "KR812", "--dialect"),
        (("--dialect", "oracle"), "KR812", "`oracle` is not one of"),
        (("--dialect", "spark", "--source", "orders"), "KR812", "write it as orders=erp.invoices"),
        (("--dialect", "spark", "--source", "order=x"), "KR872", "did you mean `orders`?"),
        (("--dialect", "spark", "--without", "order"), "KR872", "did you mean `orders`?"),
        (("--dialect", "spark", "--without", "accounts"), "KR872", "it says which accounts there are"),
        (("--dialect", "spark", "--without", "accounts.sits"), "KR872", "did you mean `accounts.sites`?"),
        (("--dialect", "spark", "--schema", "a.b.c.d"), "KR874", "`a.b.c.d` is no name"),
        (("--dialect", "spark", "--prefix", "x" * 60), "KR874", "longer than the 63 bytes"),
        (("--dialect", "spark", "--as-of", "June"), "KR812", "write it as 2026-06-30"),
        (("--dialect", "spark", "--lang", "fr"), "KR804", "no texts in `fr`"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told(words, code, what):
    told = run("sql", "kam", *words)
    assert told.status == 2
    assert told.out == ""
    assert f"error[{code}]" in told.err
    assert what in told.err


def test_titles_are_in_the_language_asked_for():
    assert "围绕" in run("sql", "kam", "--dialect", "duckdb", "--lang", "zh").out
