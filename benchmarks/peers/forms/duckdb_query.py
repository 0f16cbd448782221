"""One DuckDB query by hand, Parquet to Parquet: nested layers, whole-number ranks, words only at the end.

Tried for the best three of 25 ranks, seconds of processor a million accounts: `list_aggregate(.., 'max',
3)` 0.25; three times `greatest`, the last best masked by CASE 0.28, by bits 0.23; a bitonic network of
`greatest` and `least` 0.58; sorting a list 1.17. Words picked from a constant list of ENUM take 0.07 for
three columns, from one of VARCHAR 0.17, by CASE 0.26.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from benchmarks.peers.lowering import COUNT, layers
from benchmarks.peers.rules import ACTIONS, AS_OF, CLASSES, SCORES, TIERS, TOP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Sql:
    """DuckDB's expressions."""

    guards = False

    def constant(self, value):
        if isinstance(value, float):
            return f"{value!r}e0"
        return f"'{value}'" if isinstance(value, str) else str(value)

    def name(self, name):
        return f'"{name}"'

    def binary(self, operator, left, right):
        if operator == "/":
            return f"({left}::DOUBLE / {right}::DOUBLE)"
        return f"({left} {'=' if operator == '==' else operator} {right})"

    def every(self, items):
        return " AND ".join(items)

    def some(self, items):
        return f"({' OR '.join(items)})"

    def choose(self, condition, then, otherwise):
        return f"CASE WHEN {condition} THEN {then} ELSE {otherwise} END"

    def total(self, items):
        return f"({' + '.join(items)})"

    def days(self, name):
        return f"(DATE '{AS_OF}' - {name})"

    def half_up(self, item):
        return f"floor({item} + 0.5e0)::INTEGER"


def query(book: Path) -> str:
    """Return the query that decides a file of accounts."""
    form = Sql()
    found = layers(form)
    sql = f"SELECT * FROM '{book}'"
    for layer in found:
        items = ", ".join(f"{value} AS {form.name(name)}" for name, value in layer)
        sql = f"SELECT *, {items} FROM ({sql})"
    keys = ", ".join(name for name, _ in found[-1])
    sql = f"SELECT *, list_aggregate([{keys}], 'max', {TOP}) AS best FROM ({sql})"
    number = f"{form.name('class')} + 1"
    items = ["account_id", "name", f"{_word(CLASSES, number)} AS class"]
    items += [f"{_word(TIERS, 'level')} AS tier", *SCORES]
    for rank in range(1, TOP + 1):
        key = f"best[{rank}]"
        word = _word(reversed(ACTIONS), f"{key} % {COUNT} + 1")
        priority = f"{key} // {COUNT} / 1000e0"
        items += [
            f"CASE WHEN {key} >= 0 THEN {word} END AS action_{rank}",
            f"CASE WHEN {key} >= 0 THEN {priority} END AS priority_{rank}",
        ]
    return f"SELECT {', '.join(items)} FROM ({sql})"


def _word(words: Iterable[str], number: str) -> str:
    """Return a word by its number from 1 on: a constant list of ENUM is written as fast as small numbers."""
    listed = ", ".join(f"'{each}'" for each in words)
    return f"([{listed}]::ENUM({listed})[])[{number}]"


def run(book: Path, out: Path, threads: int) -> None:
    """Decide a file of accounts into another."""
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads}").fetchall()
        connection.execute(f"COPY ({query(book)}) TO '{out}' (FORMAT parquet)").fetchall()


def copy(book: Path, out: Path, threads: int) -> None:
    """Copy a file, for orientation."""
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads}").fetchall()
        connection.execute(f"COPY (FROM '{book}') TO '{out}' (FORMAT parquet)").fetchall()
