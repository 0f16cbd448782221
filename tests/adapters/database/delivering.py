"""Deliveries as a run makes them: output tables of DuckDB's, staged, then committed or abandoned."""

from __future__ import annotations

import datetime
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from kamrules.contracts import Run, Target
from tests.adapters.opening import PLUGINS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.adapters.database.places import Place

DAY = datetime.date(2026, 6, 30)
RUN = Run("kam", "1.2", "d1gest", DAY, "book.toml", None)
DECISIONS = """SELECT 'C-' || i AS account_id, 'Ünï "' || i AS name, DATE '2026-06-30' AS as_of,
    CASE WHEN i % 3 = 0 THEN 'key' WHEN i % 3 = 1 THEN '' END AS class, i / 7.0::DOUBLE AS worth,
    i::BIGINT AS actions
    FROM range({n}) t(i)"""
ACTIONS = """SELECT 'C-' || (i // 2) AS account_id, (i % 2 + 1)::BIGINT AS rank, 'call' AS action,
    'a, "b" ''c''' || chr(10) || '\\.' AS title, DATE '2026-07-01' AS due_on, NULL::DATE AS free_on
    FROM range({n}) t(i)"""


def output(connection: Any, accounts: int = 10, **more: str) -> dict[str, Any]:
    """Return output tables as relations of the connection; two actions for each of half the accounts."""
    queries = {"decisions": DECISIONS.format(n=accounts), "actions": ACTIONS.format(n=accounts)}
    return {name: connection.sql(query) for name, query in {**queries, **more}.items()}


def target(place: Place, mode: str = "replace", run: Run = RUN, **options: Any) -> Target:
    """Return where to deliver to."""
    folder = place.folder or Path()
    return Target(place.uri, run, mode, options=options, folder=folder)  # type: ignore[arg-type]


@contextmanager
def staged(target: Target, accounts: int = 10, **more: str) -> Iterator[Any]:
    """Give a delivery whose output is staged, and abandon it at the end, as a run does."""
    sink = PLUGINS.sinks[target.scheme]
    connection = duckdb.connect()
    delivery = sink(target)
    try:
        delivery.stage(output(connection, accounts, **more), connection)
        yield delivery
    finally:
        delivery.abandon()
        connection.close()


def deliver(target: Target, accounts: int = 10, **more: str) -> None:
    """Deliver output."""
    with staged(target, accounts, **more) as delivery:
        delivery.commit()


def counts(place: Place, *tables: str) -> Mapping[str, int]:
    """Return the rows of the output tables in a database."""
    names = tables or ("kam_decisions", "kam_actions", "kam_runs")
    return {each: place.rows(f"SELECT count(*) FROM {each}")[0][0] for each in names}
