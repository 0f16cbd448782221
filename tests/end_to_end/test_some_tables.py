"""`kamrules run --tables`: only some of a run's tables are written, and nothing else of it changes."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from kamrules.diagnostics import UsageError
from kamrules.run import Order, run_book
from tests.commands import run
from tests.end_to_end.scene import scene


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Make a small book's folder the current one."""
    monkeypatch.chdir(tmp_path)
    return scene(tmp_path)


def done(out, *words):
    """Run over the book; return run.json and the rows of each file."""
    told = run("run", "book.toml", "--ruleset", "rules.toml", "--out", out, *words)
    assert told.status == 0, told.err
    report = json.loads(Path(out, "run.json").read_text(encoding="utf-8"))
    return report, {each: duckdb.sql(f"FROM '{out}/{each}'").fetchall() for each in report["files"]}


def test_the_tables_that_are_asked_for_are_those_of_a_whole_run():
    whole, everything = done("all")
    some, found = done("some", "--tables", "gates, decisions")
    assert found == {each: everything[each] for each in ("decisions.parquet", "gates.parquet")}
    assert some["counts"] == whole["counts"]
    assert some["quality"] == whole["quality"]


def test_a_run_of_some_tables_remembers_everything():
    told = []
    for number, words in enumerate(((), ("--tables", "scores"))):
        state = ("--state", f"{number}.db")
        done(f"first{number}", *state, *words)
        told.append(done(f"second{number}", *state, "--as-of", "2026-07-15")[1])
    assert told[0] == told[1]
    assert "cooldown" in str(told[0])


def test_an_unknown_table_is_named_with_the_nearest_one():
    told = run(
        "run", "book.toml", "--ruleset", "rules.toml", "--out", "new", "--tables", "decisions,gate"
    )
    assert told.status == 2
    assert "KR858" in told.err
    assert "`gate`" in told.err
    assert "did you mean `gates`?" in told.err
    assert not Path("new").exists()


def test_an_order_names_tables_too():
    made = run_book(Order(Path("book.toml"), Path("new"), ruleset="rules.toml", tables=("gaps",)))
    assert made.report["files"] == ["gaps.parquet"]
    with pytest.raises(UsageError, match="KR858"):
        run_book(Order(Path("book.toml"), Path("new"), ruleset="rules.toml", tables=("gap",)))
