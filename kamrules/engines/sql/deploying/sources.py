"""Sources: the warehouse's tables as CTEs with the vocabulary's columns, typed and exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.book import ColumnMap
from kamrules.engines.sql.columns import FALSE, TRUE
from kamrules.engines.sql.deploying.chain import told
from kamrules.engines.sql.tree import (
    all_of,
    binary,
    call,
    cast,
    column,
    is_known,
    is_one_of,
    named,
    null,
    table_of,
    text,
    when,
)
from kamrules.expression.types import ACCOUNT_ID, PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.book import BookTable
    from kamrules.engines.sql.deploying.dialects import Dialect
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.types import Table, Type

UNITS = "_units"
"""Ends the name of a column that is held in whole units of its last place, to be summed exactly."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table of the warehouse.

    `name` is its path (database, schema, name); `columns` tells how the vocabulary's columns that it has
    are filled; `account` is its column with the account's id; `only` as in a book file.
    """

    table: Table
    name: tuple[str, ...]
    columns: Mapping[str, ColumnMap]
    account: str
    only: Mapping[str, tuple[str, ...]]

    @staticmethod
    def of(table: Table, name: tuple[str, ...], book: BookTable | None, lacks: set[str]) -> Source:
        """Return the table as a book file maps it, or with the vocabulary's own columns."""
        found = {}
        for each in table.columns:
            how = ColumnMap(column=each) if book is None else book.mapped(each)
            if how is not None and each not in lacks and each != ACCOUNT_ID:
                found[each] = how
        if book is None:
            return Source(table, name, found, ACCOUNT_ID, {})
        how = book.mapped(ACCOUNT_ID)
        account = book.account if how is None or how.column is None else how.column
        return Source(table, name, found, account, book.only)

    def select(
        self,
        dialect: Dialect,
        used: Mapping[str, str],
        units: Mapping[str, str],
        as_of: Mapping[str, Sql],
    ) -> exp.Select:
        """Return the rows that have an account's id.

        `used` gives the columns that are read, and their names here; `units` those that are summed, in
        whole units; `as_of` what stands beside every row.
        """
        key = call("nullif", cast(column(self.account), "text"), text(""))
        items = [named(key, ACCOUNT_ID)]
        for name in self.columns:
            of = self.table.columns[name].type
            if name in used:
                item = named(_valued(dialect, self.columns[name], of), used[name])
                items.append(told(item, self.table.columns[name].about))
            if name in units:
                items.append(named(_units(dialect, self.columns[name], of), units[name]))
        items += [named(item.copy(), name) for name, item in as_of.items()]
        select = exp.Select(expressions=items).from_(table_of(self.name), copy=False)
        tests = [_kept(name, values) for name, values in self.only.items()]
        return select.where(all_of([is_known(key.copy()), *tests]), copy=False)


def _kept(name: str, values: tuple[str, ...]) -> Sql:
    held: Sql = cast(column(name), "text")
    if "" in values:
        held = call("coalesce", held, text(""))
    return is_one_of(held, map(text, values))


def _given(how: ColumnMap) -> Sql:
    """Return what the warehouse holds, or what the book file's words make of it."""
    if how.constant is not None or how.column is None:
        return text(how.constant or "")
    raw: Sql = column(how.column)
    if not how.values and not how.unknown:
        return raw
    written = cast(raw, "text")
    branches = []
    if how.unknown:
        branches.append((is_one_of(written, map(text, how.unknown)), null("text")))
    branches += [
        (binary(exp.EQ, written.copy(), text(old)), text(new)) for old, new in how.values.items()
    ]
    return when(branches, written.copy())


def _is_text(how: ColumnMap) -> bool:
    return bool(how.values or how.unknown) or how.constant is not None or how.column is None


def _units(dialect: Dialect, how: ColumnMap, of: Type) -> Sql:
    raw = _given(how)
    if _is_text(how):
        raw = cast(call("nullif", call("trim", raw), text("")), "decimal(38, 12)")
    if how.times is not None:
        raw = binary(exp.Mul, raw, dialect.decimal(how.times))
    return dialect.units(raw, PLACES[of.kind])


def _valued(dialect: Dialect, how: ColumnMap, of: Type) -> Sql:
    """Return a column as expressions see it."""
    match of.kind:
        case Kind.DATE:
            return dialect.days(dialect.date(_given(how)))
        case Kind.BOOL:
            return _truth(_given(how)) if _is_text(how) else cast(_given(how), "boolean")
        case Kind.TEXT:
            return cast(_given(how), "text")
        case Kind.CHOICE:
            held = cast(_given(how), "text")
            return when([(is_one_of(held, map(text, of.choices)), held.copy())])
        case _:
            return dialect.value(_units(dialect, how, of), PLACES[of.kind])


def _truth(given: Sql) -> Sql:
    low = call("lower", call("trim", given))
    return when(
        [
            (is_one_of(low, map(text, TRUE)), exp.true()),
            (is_one_of(low.copy(), map(text, FALSE)), exp.false()),
        ]
    )
