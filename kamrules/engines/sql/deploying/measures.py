"""Measures: aggregates over a related table, a column each, a row an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.deploying.chain import told
from kamrules.engines.sql.deploying.dialects import double
from kamrules.engines.sql.deploying.sources import UNITS
from kamrules.engines.sql.deploying.values import cast_double
from kamrules.engines.sql.tree import (
    all_of,
    binary,
    call,
    column,
    is_known,
    is_null,
    is_true,
    named,
    null,
    table_of,
    when,
    whole,
)
from kamrules.engines.sql.values import sql_type
from kamrules.expression.nodes import Aggregation
from kamrules.expression.types import ACCOUNT_ID, DIGITS, PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.compiler.program import AggregateStep
    from kamrules.engines.sql.deploying.values import WrittenValues
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Aggregate
    from kamrules.expression.types import Table, Type

COUNTED = "rows_counted"
"""The column that says how many rows an account has in a table."""


class Measuring:
    """Writes the aggregates of one related table over the chain of its rows."""

    def __init__(self, values: WrittenValues, table: Table) -> None:
        self.values = values
        self.chain = values.chain
        self.table = table

    def measured(self, step: AggregateStep) -> Sql:
        """Return an aggregate's value for the accounts that have rows."""
        one = step.aggregate
        test = None if one.where is None else self.chain.keep(self.values.value(one.where))
        match one.function:
            case Aggregation.COUNT if one.item is None and one.column is None:
                return cast_double(_count(test, None))
            case Aggregation.COUNT:
                return cast_double(_count(test, self._item(one)))
            case Aggregation.ANY:
                return binary(exp.GT, _count(test, None), whole(0))
            case Aggregation.DISTINCT:
                item = _filtered(test, self._item(one))
                return cast_double(exp.Count(this=exp.Distinct(expressions=[item])))
            case Aggregation.SUM:
                return self._sum(one, test)
            case Aggregation.MEAN:
                rows = call("nullif", _count(test, self._item(one)), whole(0))
                return binary(exp.Div, self._sum(one, test), rows)
            case Aggregation.FIRST | Aggregation.LAST:
                return self._edge(one, test)
            case _:
                return self._extreme(one, test)

    def _of(self, one: Aggregate) -> Type:
        if one.item is not None:
            return one.item.type
        return self.table.columns[str(one.column)].type

    def _item(self, one: Aggregate) -> Sql:
        """Return what is taken of a row: a column, or whole units of what is worked out for the row."""
        if one.item is not None:
            return self._units(one)
        of = self._of(one)
        found = self.values.places.get(("row", str(one.column)))
        return null(sql_type(of)) if found is None else found.copy()

    def _units(self, one: Aggregate) -> Sql:
        """Return what is worked out for a row as a column of its type would be stored, in whole units."""
        assert one.item is not None
        return self.values.units(self.values.value(one.item), one.item.type.kind)

    def _sum(self, one: Aggregate, test: Sql | None) -> Sql:
        """Return an exact sum as a double, unknown beyond the digits that a sum may have."""
        places = PLACES[self._of(one).kind]
        name = f"{one.column}{UNITS}"
        if one.item is None and ("row", name) not in self.values.places:
            return null("double") if one.function is Aggregation.MEAN else _nothing(test)
        taken = self._units(one) if one.item is not None else self.values.places["row", name].copy()
        summed: Sql = call("coalesce", exp.Sum(this=_filtered(test, taken)), whole(0))
        fits = binary(exp.LT, call("abs", summed), whole(10**DIGITS))
        return when([(fits, self.values.dialect.value(summed.copy(), places))])

    def _extreme(self, one: Aggregate, test: Sql | None) -> Sql:
        kind = exp.Min if one.function is Aggregation.MIN else exp.Max
        found: Sql = kind(this=_filtered(test, self._item(one)))
        if one.item is None:
            return found
        places = PLACES[one.item.type.kind]
        units = cast_double(found)
        return binary(exp.Div, units, whole(10**places)) if places else units

    def _edge(self, one: Aggregate, test: Sql | None) -> Sql:
        """Return the value of the first or last row: the rows that count are numbered by their date."""
        date = self.values.places.get(("row", str(self.table.order)))
        of = self._of(one)
        if date is None or ("row", str(one.column)) not in self.values.places:
            return null(sql_type(of))
        item = self._item(one)
        counts = [is_known(date.copy()), is_known(item.copy())]
        if test is not None:
            counts.insert(0, is_true(test.copy()))
        among = self.chain.add(f"{one.column}_counts", all_of(counts))
        down = one.function is Aggregation.LAST
        by = self.values.dialect.ordered(
            item.copy(), is_text=not of.numeric and of.kind is not Kind.BOOL
        )
        order = [
            exp.Ordered(this=each, desc=down, nulls_first=not down) for each in (date.copy(), by)
        ]
        place = exp.Window(
            this=exp.RowNumber(), partition_by=[column(ACCOUNT_ID), among.copy()],
            order=exp.Order(expressions=order),
        )  # fmt: skip
        numbered = self.chain.add(f"{one.column}_place", place)
        here = all_of([among, binary(exp.EQ, numbered, whole(1))])
        if of.kind is not Kind.BOOL:
            return exp.Max(this=when([(here, item)]))
        # some warehouses have no greatest of true and false
        truth = exp.Max(this=when([(here, when([(item, whole(1))], whole(0)))]))
        return binary(exp.EQ, truth, whole(1))


def select(measures: Mapping[str, tuple[Sql, str]], rows: str) -> exp.Select:
    """Return a select with one row an account that has rows: measures by name, and what is told of them."""
    items = [told(named(item, name), about) for name, (item, about) in measures.items()]
    items.append(named(exp.Count(this=exp.Star()), COUNTED))
    found = exp.Select(expressions=[column(ACCOUNT_ID), *items])
    return found.from_(table_of((rows,)), copy=False).group_by(column(ACCOUNT_ID), copy=False)


def for_any(step: AggregateStep, found: Sql, rows: Sql) -> Sql:
    """Return a measure for every account, also one without rows."""
    match step.aggregate.function:
        case Aggregation.COUNT | Aggregation.DISTINCT:
            return call("coalesce", found, double(0.0))
        case Aggregation.ANY:
            return call("coalesce", found, exp.false())
        case Aggregation.SUM:
            # a sum can be unknown with rows: when it is too long
            return when([(is_null(rows), double(0.0))], found)
        case _:
            return found


def _nothing(test: Sql | None) -> Sql:
    del test
    return double(0.0)


def _count(test: Sql | None, item: Sql | None) -> Sql:
    if test is None:
        return exp.Count(this=exp.Star() if item is None else item)
    return exp.Count(this=_filtered(test, whole(1) if item is None else item))


def _filtered(test: Sql | None, item: Sql) -> Sql:
    return item if test is None else when([(test.copy(), item)])
