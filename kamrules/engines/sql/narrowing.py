"""Narrowing: tables with only the rows that stand beside others as aggregates want, before these sum them up.

A table is read once for all that is asked of its rows: which of them are at hand, and which count as others.
What is neither stays behind, so that the windows over what is left are small.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.sql.aggregates import over_rows, rows_beside
from kamrules.engines.sql.beside import Side, counted, stands
from kamrules.engines.sql.columns import exact_of
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    boolean,
    column,
    is_true,
    named,
    null,
    rows_of,
    sql,
)
from kamrules.engines.sql.values import sql_type
from kamrules.expression.besides import apart, conjuncts
from kamrules.expression.nodes import Aggregation, RowColumn
from kamrules.expression.types import ACCOUNT_ID, Kind
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kamrules.compiler.program import AggregateStep
    from kamrules.engines.sql.aggregates import Outer
    from kamrules.engines.sql.staging import Staged
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Aggregate, Beside, Node
    from kamrules.expression.types import Table

    Tests = tuple[Node, ...]
    OuterOf = Callable[[Iterable[Node]], Outer]

NARROWED, MARKED = "narrowed", "marked"


def tables_of(one: Aggregate) -> set[str]:
    """Return the tables that an aggregate reads; it is unknown where the book lacks one of them."""
    return {one.table, *(each.table for each in apart(one.where)[1])}


class Narrowing:
    """Writes the rows that some steps take, all of which have something to stand beside.

    `outer_of` gives what filters read of the account.
    """

    def __init__(
        self,
        connection: Any,  # noqa: ANN401  DuckDB's
        related: Mapping[str, Staged],
        tables: Mapping[str, Table],
        as_of: int,
        outer_of: OuterOf,
    ) -> None:
        self.connection = connection
        self.related = related
        self.tables = tables
        self.as_of = as_of
        self.outer_of = outer_of
        self.marked: dict[str, _Marked] = {}

    def tables_for(
        self, steps: Iterable[AggregateStep]
    ) -> Iterator[tuple[Staged, list[AggregateStep]]]:
        """Yield tables that have only the rows that some of the steps take, and these, which then take all.

        A table is gone as soon as the next one is asked for.
        """
        groups: dict[tuple[str, Node | None], list[AggregateStep]] = {}
        for each in steps:
            groups.setdefault((each.aggregate.table, each.aggregate.where), []).append(each)
        for (table, where), some in groups.items():
            self._note(table, where, some)
        for one in self.marked.values():
            self.connection.execute(
                f'CREATE TEMP TABLE "{one.relation}" AS {sql(one.select(self.as_of, self.outer_of))}'
            )
        for (table, where), some in groups.items():
            select = self._narrowed(table, where)
            self.connection.execute(f'CREATE TEMP VIEW "{NARROWED}" AS {sql(select)}')
            taking = [replace(each, aggregate=replace(each.aggregate, where=None)) for each in some]
            yield replace(self.related[table], relation=NARROWED), taking
            self.connection.execute(f'DROP VIEW "{NARROWED}"')
        for one in self.marked.values():
            self.connection.execute(f'DROP TABLE "{one.relation}"')

    def _of(self, table: str) -> _Marked:
        if table not in self.marked:
            self.marked[table] = _Marked(self.related[table], self.tables[table])
        return self.marked[table]

    def _note(self, table: str, where: Node | None, steps: Iterable[AggregateStep]) -> None:
        """Note what is asked of the rows at hand, and of those beside them."""
        tests, besides = apart(where)
        here = self._of(table)
        here.mark(tests)
        here.read.update(name for each in steps for name in _taken(each.aggregate, here.table))
        for one in besides:
            others = self._of(one.table)
            others.mark(conjuncts(one.where))
            here.read.add(one.day)
            others.read.add(one.date)
            here.shared.update(one.same)
            others.shared.update(one.same)

    def _narrowed(self, table: str, where: Node | None) -> exp.Select:
        """Return the rows of a table that a condition takes, with what a staged table has."""
        tests, besides = apart(where)
        here = self._of(table)
        columns, test = here.columns, here.mark(tests)
        accounts = rows_of(here.relation).select(column(ACCOUNT_ID), copy=False)
        accounts = accounts.where(test.copy(), copy=False)
        rows: exp.Expression = exp.to_table(here.relation, quoted=True)
        for one in besides:
            other = self._of(one.table)
            left = Side(table, rows, test, here.day(one.day), here.keys(one))
            right = Side(
                one.table,
                exp.to_table(other.relation, quoted=True),
                other.mark(conjuncts(one.where)),
                other.day(one.date),
                other.keys(one),
            )
            found = counted(one, left, right, columns, accounts.copy())
            rows, test = found.subquery("counted", copy=False), stands(one)
        items = [*map(column, columns), named(boolean(True), "kept")]  # noqa: FBT003
        return exp.Select(expressions=items).from_(rows, copy=False).where(test, copy=False)


def _taken(one: Aggregate, table: Table) -> Iterator[str]:
    """Yield the columns of which an aggregate takes values."""
    if one.column is not None:
        yield one.column
    if one.item is not None:
        yield from (each.name for each in below(one.item) if isinstance(each, RowColumn))
    if one.function in {Aggregation.FIRST, Aggregation.LAST} and table.order is not None:
        yield table.order


@dataclass(slots=True)
class _Marked:
    """The rows of a table that count for something, with a mark for everything they may count for.

    `read` are columns of which values are wanted, `shared` those that must be equal to others'.
    """

    staged: Staged
    table: Table
    marks: dict[Tests, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)

    @property
    def relation(self) -> str:
        """The name of the rows' relation."""
        return f"{MARKED}_{self.staged.relation}"

    @property
    def columns(self) -> list[str]:
        """The names of its columns."""
        own = [own for name, (own, _, _) in self.staged.columns.items() if name in self.read]
        shared = [_shared(name) for name in self.table.columns if name in self.shared]
        return [ACCOUNT_ID, *own, *shared, *self.marks.values()]

    def mark(self, tests: Tests) -> Sql:
        """Return the mark of rows for which all tests are true."""
        return column(self.marks.setdefault(tests, f"counts_{len(self.marks)}"))

    def day(self, name: str) -> Sql:
        """Return a date of the row, unknown where the book does not fill it."""
        found = self.staged.columns.get(name)
        return null("double") if found is None else column(found[0])

    def keys(self, one: Beside) -> tuple[Sql, ...]:
        """Return what rows must share, as it is compared."""
        return tuple(column(_shared(name)) for name in one.same)

    def select(self, as_of: int, outer_of: OuterOf) -> exp.Select:
        """Return the rows that have a mark."""
        outer = outer_of(each for tests in self.marks for each in tests)
        stack, values = over_rows(self.staged, as_of, outer)
        marks = {
            name: is_true(all_of(values.value(each) for each in tests))
            for tests, name in self.marks.items()
        }
        made = {_shared(name): self._key(name) for name in self.shared} | marks
        items = [named(made[each], each) if each in made else column(each) for each in self.columns]
        rows = stack.select(items, rows_beside(self.staged, outer)).subquery("m", copy=False)
        found = exp.Select(expressions=[exp.Star()]).from_(rows, copy=False)
        return found.where(any_of(map(column, marks)), copy=False)

    def _key(self, name: str) -> Sql:
        of = self.table.columns[name].type
        found = self.staged.columns.get(name)
        if found is None:
            plain = not of.numeric or of.kind is Kind.DATE
            return null(sql_type(of) if plain else "bigint")
        own, form, _ = found
        return exact_of(column(own), form, of)


def _shared(name: str) -> str:
    return f"with_{name}"
