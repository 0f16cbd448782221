"""A run of some tables only: they hold what they hold in a run of all, and the rest stays the same."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp

from kamrules.engines import DUCKDB
from kamrules.engines.sql.output import CORE, Output
from kamrules.engines.sql.tree import binary, call, column, sql, whole
from kamrules.memory import Memory
from kamrules.tables import NAMES
from tests.engines.sql.scene import DAY, decided, program, rows
from tests.engines.sql.test_results import RULES, book

pytestmark = pytest.mark.usefixtures("each_engine")

MORE = """
[action.shout]
title = "shout"
when = "money > 100"
priority = 90
owner = "seller"
due_days = 7
because = "at {name}"
excludes = ["write"]
"""
ACCOUNTS = book(("A", 120), ("B", 30), ("C", 1), ("D", None), ("E", 65))


def columns(decisions):
    """Return the columns of what was decided that are kept for the tables."""
    return {row[0] for row in decisions.connection.execute(f'DESCRIBE "{CORE}"').fetchall()}


@pytest.mark.parametrize("wanted", [*((each,) for each in NAMES), ("decisions", "gaps")])
def test_some_tables_are_what_they_are_among_all(wanted, each_engine):
    rules = program(more=RULES + MORE)
    with decided(rules, ACCOUNTS) as every:
        expected = {name: rows(every.tables[name]) for name in wanted}
        counts, kept = every.summary(), columns(every)
    with decided(rules, ACCOUNTS, tables=wanted) as some:
        assert {name: rows(each) for name, each in some.tables.items()} == expected
        assert some.summary() == counts
        if each_engine == DUCKDB:  # Polars keeps none of them
            assert columns(some) < kept


def test_what_is_remembered_does_not_depend_on_the_tables(tmp_path):
    rules = program(more=RULES + MORE)
    told = []
    for wanted in (NAMES, ("scores",)):
        with Memory.open(tmp_path / f"{len(wanted)}.db") as memory:
            found = []
            for number in range(2):
                folder = tmp_path / f"{len(wanted)}-{number}"
                folder.mkdir()
                earlier = memory.earlier(DAY, folder)
                with (
                    memory.transaction(),
                    decided(rules, ACCOUNTS, earlier=earlier, tables=wanted) as some,
                ):
                    files = some.export_state(folder)
                    found += [each.read_bytes() for each in (files.states, files.proposals)]
                    memory.record(DAY, files, ruleset="x", digest="y")
        told.append(found)
    assert told[0] == told[1]
    assert b"call" in told[0][1]


def test_without_the_table_of_actions_no_action_is_called_urgent():
    rules = program(more=RULES)
    with decided(rules, ACCOUNTS) as every:
        assert every.urgent()
    with decided(rules, ACCOUNTS, tables=("decisions",)) as some:
        assert some.urgent() == []


def test_fewer_columns_of_a_table_with_many_rows_an_account_are_as_many_rows():
    lists, count = call("unnest", column("list")), binary(exp.Add, column("item"), whole(1))
    table = Output(
        (("account_id", column("account_id")), ("more", column("more"))),
        ((("item", lists),), (("more", count), ("rest", column("item")))),
    )
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE {CORE} AS SELECT 'A' AS account_id, [1, 2, 3] AS list")
        found = [connection.sql(sql(each.select())) for each in (table, table.only("account_id"))]
        assert found[0].fetchall() == [("A", 2), ("A", 3), ("A", 4)]
        assert found[1].fetchall() == [("A",)] * 3
    assert [name for name, _ in table.only("account_id").storeys[1]] == []
