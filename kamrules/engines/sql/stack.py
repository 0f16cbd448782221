"""Stack: named columns over a relation, each standing on the ones it reads; a projection a storey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.tree import column, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.engines.sql.tree import Sql


class Stack:
    """Columns in the making over a relation that has `ground` columns.

    A column stands one storey above the highest that it reads, and every storey is one projection over
    the one below, so nothing is worked out twice however often it is read. DuckDB leaves out what
    nobody reads.
    """

    def __init__(self, ground: Iterable[str] = ()) -> None:
        self._level: dict[str, int] = dict.fromkeys(ground, 0)
        self._storeys: list[list[tuple[str, Sql]]] = []
        self._written: dict[str, str] = {}

    def lay(self, name: str) -> exp.Column:
        """Add a column that the relation below has, and return it."""
        self._level[name] = 0
        return column(name)

    def add(self, name: str, item: Sql) -> exp.Column:
        """Add a column of a name of our own, and return it."""
        level = self.level(item)
        while len(self._storeys) <= level:
            self._storeys.append([])
        self._storeys[level].append((name, item))
        self._level[name] = level + 1
        return column(name)

    def keep(self, item: Sql) -> Sql:
        """Return a column or constant that holds the value, so that it can be read more than once."""
        if isinstance(item, exp.Column | exp.Literal | exp.Boolean | exp.Null):
            return item
        key = item.sql(copy=False)
        if key not in self._written:
            name = f"t{len(self._written)}"
            self.add(name, item)
            self._written[key] = name
        return column(self._written[key])

    def level(self, item: Sql) -> int:
        """Return the storey on which everything that a tree reads is there."""
        return max((self._level[each.name] for each in item.find_all(exp.Column)), default=0)

    def select(self, wanted: Iterable[Sql], below: exp.Select | str) -> exp.Select:
        """Return a select of the wanted trees over the relation below.

        Only what the wanted ones need is written.
        """
        wanted = list(wanted)
        needed = self._needed(wanted)
        top = below
        for storey in self._storeys:
            items = [named(item.copy(), name) for name, item in storey if name in needed]
            if items:
                top = exp.Select(expressions=[exp.Star(), *items]).from_(_relation(top), copy=False)
        return exp.Select(expressions=wanted).from_(_relation(top), copy=False)

    def storeys_of(self, wanted: Iterable[str]) -> tuple[list[list[tuple[str, Sql]]], set[str]]:
        """Return the columns that some are made of, with their trees, storey by storey from below, and the
        columns of the relation below that are read in the end.
        """
        found = set(wanted)
        storeys = []
        for storey in reversed(self._storeys):
            made = [(name, item) for name, item in storey if name in found]
            found -= {name for name, _ in made}
            found |= {each.name for _, item in made for each in item.find_all(exp.Column)}
            storeys.append(made)
        return [each for each in reversed(storeys) if each], found

    def traced(self, wanted: Iterable[str]) -> tuple[list[tuple[str, Sql]], set[str]]:
        """Return the columns that some are made of, with their trees and each behind those that it reads, and
        the columns of the relation below that are read in the end.
        """
        storeys, found = self.storeys_of(wanted)
        return [each for storey in storeys for each in storey], found

    def _needed(self, wanted: Iterable[Sql]) -> set[str]:
        found = {each.name for item in wanted for each in item.find_all(exp.Column)}
        for storey in reversed(self._storeys):
            for name, item in storey:
                if name in found:
                    found |= {each.name for each in item.find_all(exp.Column)}
        return found


def _relation(below: exp.Select | str) -> exp.Expression:
    if isinstance(below, str):
        return exp.to_table(below, quoted=True)
    return below.subquery("s", copy=False)
