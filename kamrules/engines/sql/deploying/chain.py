"""Chain: named columns over a relation, each standing on the ones it reads, as CTEs that people read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.stack import Stack
from kamrules.engines.sql.tree import column, named, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.engines.sql.deploying.names import Names
    from kamrules.engines.sql.tree import Sql

PLAIN = (exp.Column, exp.Literal, exp.Boolean, exp.Null)


@dataclass(slots=True)
class Laid:
    """A column in the making: what it is, and what a reader is told of it."""

    name: str
    item: Sql
    about: str


@dataclass(slots=True)
class Storey:
    """Columns that can be worked out together, of one section; `joined` are tables beside the one below."""

    section: str
    columns: list[Laid] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)


class Chain(Stack):
    """Columns over a relation: a CTE for every section on every level, so that nothing is written twice.

    `section` is the one that is being written, `part` and `ending` name what has no name of its own.
    """

    def __init__(self, names: Names) -> None:
        super().__init__()
        self.names = names
        self.section = "facts"
        self.part = "value"
        self.ending = "part"
        self.order: list[str] = []
        self._sections: dict[tuple[int, str], Storey] = {}

    def add(self, name: str, item: Sql, about: str = "") -> exp.Column:
        """Add a column under a name as near to `name` as can be, and return it."""
        own = self.names.new(name)
        self._put(self.level(item), Laid(own, item, about))
        return column(own)

    def put(self, name: str, item: Sql) -> exp.Column:
        """Add a column under this very name, which nothing else may have, and return it."""
        self._put(self.level(item), Laid(name, item, ""))
        return column(name)

    def join(self, relation: str, level: int, columns: Iterable[tuple[str, Sql, str]]) -> None:
        """Add columns that stand in another relation with a row an account; names are given as they are."""
        storey = self._storey(level)
        storey.joined.append(relation)
        for name, item, about in columns:
            self._put(level, Laid(name, item, about))

    def _storey(self, level: int) -> Storey:
        return self._sections.setdefault((level, self.section), Storey(self.section))

    def _put(self, level: int, laid: Laid) -> None:
        self._storey(level).columns.append(laid)
        self._level[laid.name] = level + 1
        self.order.append(laid.name)

    def keep(self, item: Sql) -> Sql:
        """Return a column or constant that holds the value, so that it can be read more than once."""
        if isinstance(item, PLAIN):
            return item
        key = item.sql(copy=False, comments=False)
        if key not in self._written:
            self._written[key] = self.add(f"{self.part}_{self.ending}", item).name
        return column(self._written[key])

    def storeys(self) -> list[tuple[int, Storey]]:
        """Return the storeys from the lowest up, with their levels."""
        sections = list(dict.fromkeys(section for _, section in self._sections))
        keys = sorted(self._sections, key=lambda key: (key[0], sections.index(key[1])))
        return [(level, self._sections[level, section]) for level, section in keys]

    def levels(self, wanted: Iterable[str] | None = None) -> list[tuple[int, Storey]]:
        """Return one storey a level; only with what the wanted columns stand on, if any are named."""
        found: dict[int, Storey] = {}
        needed = None if wanted is None else self.needed(wanted)
        for level, storey in self.storeys():
            kept = [each for each in storey.columns if needed is None or each.name in needed]
            read = {one.table for each in kept for one in each.item.find_all(exp.Column)}
            if kept:
                here = found.setdefault(level, Storey(f"level_{level + 1}"))
                here.columns += kept
                here.joined += [each for each in storey.joined if each in read]
        return list(found.items())

    def needed(self, wanted: Iterable[str]) -> set[str]:
        """Return the names of all columns that the wanted ones stand on, themselves among them."""
        found = set(wanted)
        for _, storey in reversed(self.storeys()):
            for each in storey.columns:
                if each.name in found:
                    found |= {one.name for one in each.item.find_all(exp.Column)}
        return found


def over(below: str, storey: Storey, key: str) -> exp.Select:
    """Return a storey as a select over the relation below; joined ones share the column `key` with it."""
    star = exp.Column(this=exp.Star(), table=exp.to_identifier(below, quoted=True))
    items = [told(named(each.item.copy(), each.name), each.about) for each in storey.columns]
    if storey.joined:
        for read in (one for each in items for one in each.find_all(exp.Column)):
            if not read.table:
                read.set("table", exp.to_identifier(below, quoted=True))
    select = exp.Select(expressions=[star, *items]).from_(table_of((below,)))
    for each in storey.joined:
        on = exp.EQ(this=column(key, below), expression=column(key, each))
        select = select.join(table_of((each,)), on=on, join_type="left", copy=False)
    return select


def told(item: Sql, about: str) -> Sql:
    """Return an item with what a reader is told of it, as a comment that nothing in it can end."""
    if about:
        item.add_comments([" " + harmless(about)])
    return item


def harmless(about: str) -> str:
    """Return an author's words on one line, with no sign that begins or ends a comment."""
    line = " ".join("".join(each if each.isprintable() else " " for each in about).split())
    while any(sign in line for sign in ("*/", "/*", "--")):
        line = line.replace("*/", "* /").replace("/*", "/ *").replace("--", "- -")
    return line
