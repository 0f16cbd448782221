"""One output table as a select over what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.tree import column, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.engines.sql.tree import Sql

CORE = "core"
"""The relation with a row an account: all that was decided about it."""
KEY, NUMBER = "key", "number"
"""Columns of tables with many rows an account: what a list held, and the number of the rule meant by it."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output table: its columns, and the storeys of further columns below them that they read.

    A storey is a projection over the one below, the first over the core; one that unnests a list gives an
    account many rows.
    """

    columns: tuple[tuple[str, Sql], ...]
    storeys: tuple[tuple[tuple[str, Sql], ...], ...] = ()

    def only(self, *names: str) -> Output:
        """Return the table with these columns and what they need."""
        columns = tuple(each for each in self.columns if each[0] in names)
        read = _read(columns)
        storeys = []
        for storey in reversed(self.storeys):
            # what is unnested stays: it makes the rows
            kept = tuple((name, tree) for name, tree in storey if name in read or _unnests(tree))
            read |= _read(kept)
            storeys.append(kept)
        return Output(columns, tuple(reversed(storeys)))

    def reads(self) -> set[str]:
        """Return the columns of the core that it reads."""
        below = [item for storey in self.storeys for item in storey]
        return _read([*self.columns, *below]) - {name for name, _ in below}

    def select(self) -> exp.Select:
        """Return the table as a select over the core."""
        source: exp.Expression = exp.to_table(CORE, quoted=True)
        below: list[Sql] = [column(name) for name in sorted(self.reads())]
        for storey in self.storeys:
            if storey:
                items = [*below, *(named(tree.copy(), name) for name, tree in storey)]
                made = exp.Select(expressions=items).from_(source, copy=False)
                source, below = made.subquery("s", copy=False), [exp.Star()]
        items = [named(tree.copy(), name) for name, tree in self.columns]
        return exp.Select(expressions=items).from_(source, copy=False)


def _read(items: Iterable[tuple[str, Sql]]) -> set[str]:
    return {each.name for _, tree in items for each in tree.find_all(exp.Column)}


def _unnests(tree: Sql) -> bool:
    return any(each.name == "unnest" for each in tree.find_all(exp.Anonymous))
