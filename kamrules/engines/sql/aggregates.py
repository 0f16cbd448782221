"""Aggregates: one pass over a related table for all aggregates that can be worked out by then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.columns import Form, total_of, units_of, value_of, value_of_total
from kamrules.engines.sql.stack import Stack
from kamrules.engines.sql.tree import (
    all_of,
    binary,
    call,
    cast,
    column,
    double,
    is_known,
    is_null,
    named,
    null,
    rows_of,
    when,
    whole,
)
from kamrules.engines.sql.values import Values, sql_type
from kamrules.expression.nodes import AccountColumn, Aggregation, StepValue
from kamrules.expression.types import ACCOUNT_ID, Kind
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.compiler.program import AggregateStep
    from kamrules.engines.sql.staging import Staged
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Aggregate, Node
    from kamrules.expression.types import Table

EDGES = {Aggregation.FIRST: "arg_min", Aggregation.LAST: "arg_max"}
ROWS = "rows"
NEVER_UNKNOWN = {Aggregation.COUNT, Aggregation.ANY, Aggregation.DISTINCT}


@dataclass(frozen=True, slots=True)
class Outer:
    """What filters of rows read of the account: `select` gives account_id and columns for every account,
    and `places` the trees over these. There is no select where nothing is read.
    """

    select: exp.Select | None
    places: Mapping[tuple[str, str], Sql]


def rounds(steps: Iterable[AggregateStep]) -> list[list[AggregateStep]]:
    """Return the steps so that each round reads only earlier ones."""
    left, found = list(steps), []
    while left:
        waiting = {each.address for each in left}
        ready = [each for each in left if not _read_steps(each) & waiting]
        found.append(ready)
        left = [each for each in left if each.address not in {one.address for one in ready}]
    return found


def _read_steps(step: AggregateStep) -> set[str]:
    return {node.address for node in below(step.aggregate) if isinstance(node, StepValue)}


def outer_names(trees: Iterable[Node]) -> dict[tuple[str, str], Node]:
    """Return what aggregates, or filters of rows, read of the account itself."""
    found: dict[tuple[str, str], Node] = {}
    for tree in trees:
        for node in below(tree):
            if isinstance(node, AccountColumn):
                found["account", node.name] = node
            elif isinstance(node, StepValue):
                found["step", node.address] = node
    return found


def aggregate(
    steps: list[AggregateStep], staged: Staged, table: Table, as_of: int, outer: Outer
) -> exp.Select:
    """Return a select with one row an account that has rows: account_id, the steps' values, `rows`."""
    stack, values = over_rows(staged, as_of, outer)
    maker = _Maker(stack, values, staged, table)
    raw = [maker.raw(each) for each in steps]
    inner = stack.select(
        [column(ACCOUNT_ID), *(column(name) for name in sorted(maker.reads))],
        rows_beside(staged, outer),
    )
    grouped = exp.Select(
        expressions=[
            column(ACCOUNT_ID),
            *(named(each, f"x{number}") for number, each in enumerate(raw)),
            named(exp.Count(this=exp.Star()), ROWS),
        ]
    ).from_(inner.subquery("r", copy=False), copy=False)
    grouped = grouped.group_by(column(ACCOUNT_ID), copy=False)
    finished = [
        named(maker.finished(each, column(f"x{number}")), own_name(each))
        for number, each in enumerate(steps)
    ]
    return exp.Select(expressions=[column(ACCOUNT_ID), *finished, column(ROWS)]).from_(
        grouped.subquery("g", copy=False), copy=False
    )


def over_rows(staged: Staged, as_of: int, outer: Outer) -> tuple[Stack, Values]:
    """Return a stack over the rows that rows_beside gives, and what writes trees over it."""
    stack = Stack([ACCOUNT_ID, *(own for own, _, _ in staged.columns.values())])
    values = Values(stack, as_of)
    for place, tree in outer.places.items():
        for each in tree.find_all(exp.Column):
            stack.lay(each.name)
        values.places[place] = tree
    for name in staged.columns:
        kept = staged.value(name, stack.keep)
        if kept is not None:
            values.places["row", name] = kept
    return stack, values


def own_name(step: AggregateStep) -> str:
    """Return the name of a step's column."""
    return "a" + step.address.rpartition(".")[2]


def place_of(step: AggregateStep, rows: Sql, found: Sql | None = None) -> Sql:
    """Return a step's value for any account; `rows` is NULL for one without rows.

    `found` is where the step's column is, by default under its own name.
    """
    found = column(own_name(step)) if found is None else found
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


def rows_beside(staged: Staged, outer: Outer) -> exp.Select:
    """Return a table's rows of accounts, each beside what filters read of its account."""
    source = (
        rows_of(staged.relation).select(exp.Star(), copy=False).where(staged.usable, copy=False)
    )
    if outer.select is None:
        return source
    left, right = column(ACCOUNT_ID, "l"), column(ACCOUNT_ID, "o")
    return (
        exp.Select(expressions=[exp.Column(this=exp.Star(), table=exp.to_identifier("l")),
                                *(named(column(each.alias_or_name, "o"), each.alias_or_name)
                                  for each in outer.select.expressions if each.alias_or_name != ACCOUNT_ID)])
        .from_(source.subquery("l", copy=False), copy=False)
        .join(outer.select.subquery("o", copy=False), on=exp.EQ(this=left, expression=right),
              join_type="left", copy=False)
    )  # fmt: skip


class _Maker:
    """Writes the aggregates of one table."""

    def __init__(self, stack: Stack, values: Values, staged: Staged, table: Table) -> None:
        self.stack = stack
        self.values = values
        self.staged = staged
        self.table = table
        self.reads: set[str] = set()

    def raw(self, step: AggregateStep) -> Sql:
        """Return a step as an aggregate over the rows, not yet as a value."""
        one = step.aggregate
        tests = [] if one.where is None else [self._test(one.where)]
        item = self._item(one)
        match one.function:
            case Aggregation.COUNT:
                found: Sql = exp.Count(this=exp.Star() if item is None else item)
            case Aggregation.ANY:
                found = exp.Count(this=exp.Star())
            case Aggregation.DISTINCT:
                found = exp.Count(this=exp.Distinct(expressions=[item]))
            case Aggregation.SUM | Aggregation.MEAN:
                found = exp.Sum(this=item)
            case Aggregation.FIRST | Aggregation.LAST:
                return self._edge(one, item, tests)
            case _:
                found = (exp.Min if one.function is Aggregation.MIN else exp.Max)(this=item)
        return _filtered(found, tests) if one.function is not Aggregation.MEAN else self._mean(
            found, item, tests
        )  # fmt: skip

    def _mean(self, found: Sql, item: Sql | None, tests: list[Sql]) -> Sql:
        count = exp.Count(this=item.copy() if item is not None else exp.Star())
        return call(
            "struct_pack",
            exp.PropertyEQ(this=exp.to_identifier("total"), expression=_filtered(found, tests)),
            exp.PropertyEQ(
                this=exp.to_identifier("count"),
                expression=_filtered(count, [each.copy() for each in tests]),
            ),
        )

    def _edge(self, one: Aggregate, item: Sql | None, tests: list[Sql]) -> Sql:
        own = self.staged.columns.get(str(self.table.order))
        if own is None or item is None:
            return exp.Min(this=null(sql_type(one.type)))
        date = self._read(own[0])
        known = [is_known(date), is_known(item.copy())]
        order = call("row", date.copy(), item.copy())
        return _filtered(call(EDGES[one.function], item, order), [*tests, *known])

    def _test(self, where: Node) -> Sql:
        kept = self.stack.keep(self.values.value(where))
        self.reads |= {each.name for each in kept.find_all(exp.Column)}
        return kept.copy()

    def _read(self, own: str) -> Sql:
        self.reads.add(own)
        return column(own)

    def _item(self, one: Aggregate) -> Sql | None:
        """Return what is taken of a row, as stored; what the book lacks is unknown in every row."""
        if one.item is not None:
            kept = self.stack.keep(self.values.value(one.item))
            item = self.stack.keep(units_of(kept, one.item.type))
            self.reads |= {each.name for each in item.find_all(exp.Column)}
            return item.copy()
        if one.column is None:
            return None
        found = self.staged.columns.get(one.column)
        if found is None:
            of = self.table.columns[one.column].type
            return null("bigint" if of.numeric else sql_type(of))
        own, form, of = found
        if one.function in {Aggregation.SUM, Aggregation.MEAN}:
            return total_of(self._read(own), form)
        return self._read(own)

    def _form(self, one: Aggregate) -> Form:
        if one.item is not None:
            return Form.DAYS if one.item.type.kind is Kind.DATE else Form.UNITS
        found = self.staged.columns.get(str(one.column))
        return Form.WHOLE if found is None else found[1]

    def finished(self, step: AggregateStep, raw: Sql) -> Sql:
        """Return a step's value from its aggregate."""
        one = step.aggregate
        if one.function in {Aggregation.COUNT, Aggregation.DISTINCT}:
            return cast(raw, "double")
        if one.function is Aggregation.ANY:
            return binary(exp.GT, raw, whole(0))
        if one.item is not None:
            of = one.item.type
        elif one.column is not None:
            of = self.table.columns[one.column].type
        else:
            raise TypeError(one)
        form = self._form(one)
        match one.function:
            case Aggregation.SUM:
                return value_of_total(call("coalesce", raw, whole(0)), form, of)
            case Aggregation.MEAN:
                total: Sql = exp.Dot(
                    this=exp.Paren(this=raw), expression=exp.to_identifier("total")
                )
                rows = exp.Dot(
                    this=exp.Paren(this=raw.copy()), expression=exp.to_identifier("count")
                )
                known = value_of_total(total, form, of)
                count = call("nullif", cast(rows, "double"), double(0.0))
                return binary(exp.Div, known, count)
            case _:
                if one.item is not None:
                    return value_of(cast(raw, "double"), form, of)
                if of.numeric and form is not Form.PLAIN and str(one.column) in self.staged.columns:
                    return value_of(raw, form, of)
                return cast(raw, sql_type(of))


def _filtered(found: Sql, tests: list[Sql]) -> Sql:
    if not tests:
        return found
    return exp.Filter(this=found, expression=exp.Where(this=all_of(tests)))
