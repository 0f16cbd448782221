"""Rows: related rows that make up wanted aggregates, so that a case becomes an account to decide."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kamrules.expression.nodes import (
    OPPOSITE,
    TURNED,
    AccountColumn,
    Aggregation,
    Among,
    And,
    Arithmetic,
    AsOf,
    Call,
    Compare,
    Comparison,
    Constant,
    Function,
    IsUnknown,
    Negate,
    Not,
    Operator,
    Or,
    RowColumn,
    StepValue,
)
from kamrules.expression.types import PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kamrules.compiler.program import Program
    from kamrules.expression.nodes import Aggregate, Node
    from kamrules.expression.types import Type


@dataclass(slots=True)
class _Column:
    """What a row's column has to be: within bounds, one of some values, none of others."""

    type: Type
    low: float = -math.inf
    high: float = math.inf
    among: set[Any] | None = None
    without: set[Any] = field(default_factory=set)

    @property
    def unit(self) -> float:
        return 10.0 ** -PLACES[self.type.kind] if self.type.numeric else 1.0

    def value(self) -> Any:  # noqa: ANN401
        """Return a value that will do, None when there is none."""
        if self.among is not None:
            left = sorted(self.among - self.without, key=str)
            return left[0] if left else None
        if self.type.kind is Kind.BOOL:
            return next((each for each in (True, False) if each not in self.without), None)
        if self.type.kind is Kind.CHOICE:
            return next((each for each in self.type.choices if each not in self.without), None)
        if not self.type.numeric:
            return next(each for each in ("A", "B", "C", "D") if each not in self.without)
        return self._number()

    def _number(self) -> float | None:
        if self.low > self.high:
            return None
        value = self.high if math.isfinite(self.high) else self.low
        if not math.isfinite(value):
            value = 1.0
        step = -self.unit if math.isfinite(self.high) else self.unit
        while value in self.without:
            value += step
        return value if self.low <= value <= self.high else None


@dataclass(slots=True)
class RowMaker:
    """Makes rows that an aggregate counts; `known` gives the values of columns and steps of the account."""

    program: Program
    known: Mapping[str, Any]
    today: int

    def row(self, aggregate: Aggregate, value: Any = None) -> dict[str, Any] | None:  # noqa: ANN401
        """Return a row for which the filter is true, with `value` in the column taken; None: too hard."""
        columns: dict[str, _Column] = {}
        if aggregate.where is not None and not self._true(aggregate.where, columns, wanted=True):
            return None
        order = self.program.tables[aggregate.table].order
        row = {name: each.value() for name, each in columns.items()}
        if any(each is None for each in row.values()):
            return None
        if aggregate.column is not None and value is not None:
            row[aggregate.column] = value
        elif aggregate.column is not None and aggregate.column not in row:
            kind = self.program.tables[aggregate.table].columns[aggregate.column].type
            row[aggregate.column] = _Column(kind).value()
        if order is not None:
            row.setdefault(order, float(self.today - 1))
        return row

    def fitting(self, conditions: Sequence[Node]) -> dict[str, Any] | None:
        """Return a row for which the conditions are true, None where that is too hard."""
        columns: dict[str, _Column] = {}
        if not all(self._true(each, columns, wanted=True) for each in conditions):
            return None
        row = {name: each.value() for name, each in columns.items()}
        return None if any(each is None for each in row.values()) else row

    @staticmethod
    def any_value(kind: Type) -> Any:  # noqa: ANN401
        """Return some value of a type."""
        return _Column(kind).value()

    def _true(  # noqa: C901  one case a node
        self, node: Node, columns: dict[str, _Column], *, wanted: bool
    ) -> bool:
        """Narrow the columns so that the node is as wanted; tell whether that is understood."""
        match node:
            case And(items=items) | Or(items=items):
                if isinstance(node, And) is wanted:
                    return all(self._true(each, columns, wanted=wanted) for each in items)
                return any(self._true(each, columns, wanted=wanted) for each in items)
            case Not(item=item):
                return self._true(item, columns, wanted=not wanted)
            case IsUnknown(item=RowColumn(name=name, type=kind)):
                if not wanted:
                    columns.setdefault(name, _Column(kind))
                return True
            case RowColumn(name=name, type=kind):
                columns.setdefault(name, _Column(kind)).among = {wanted}
                return True
            case Among(item=RowColumn(name=name, type=kind), constants=constants):
                column = columns.setdefault(name, _Column(kind))
                values = {each.value for each in constants}
                if wanted:
                    column.among = values if column.among is None else column.among & values
                else:
                    column.without |= values
                return True
            case Compare():
                return self._compare(node, columns, wanted=wanted)
            case Call(function=Function.COALESCE, arguments=(first, *_)):
                return self._true(first, columns, wanted=wanted)
            case _:
                return self.value(node) is wanted

    def _compare(self, node: Compare, columns: dict[str, _Column], *, wanted: bool) -> bool:
        left, right, sign = node.left, node.right, node.comparison
        if not isinstance(left, RowColumn):
            left, right, sign = right, left, TURNED[sign]
        if not isinstance(left, RowColumn):
            return self._through(node, columns, wanted=wanted)
        bound = self.value(right)
        if bound is None:
            return False
        _narrow(
            columns.setdefault(left.name, _Column(left.type)),
            sign if wanted else OPPOSITE[sign],
            bound,
        )
        return True

    def _through(self, node: Compare, columns: dict[str, _Column], *, wanted: bool) -> bool:
        """Narrow the column in `as_of - column <= 90` and `column - x <= y`."""
        for side, other, sign in (
            (node.left, node.right, node.comparison), (node.right, node.left, TURNED[node.comparison]),
        ):  # fmt: skip
            bound = self.value(other)
            if bound is None or not isinstance(side, Arithmetic):
                continue
            asked = sign if wanted else OPPOSITE[sign]
            match side:
                case Arithmetic(operator=Operator.SUBTRACT, left=first, right=RowColumn() as row):
                    start = self.value(first)
                    if start is not None:
                        column = columns.setdefault(row.name, _Column(row.type))
                        _narrow(column, TURNED[asked], start - bound)
                        return True
                case Arithmetic(operator=Operator.SUBTRACT, left=RowColumn() as row, right=last):
                    end = self.value(last)
                    if end is not None:
                        _narrow(columns.setdefault(row.name, _Column(row.type)), asked, bound + end)
                        return True
        return False

    def value(self, node: Node) -> Any:  # noqa: ANN401
        """Return what a node without row columns is for the account, None when unknown or hard to tell."""
        match node:
            case Constant(value=value):
                return value
            case AsOf():
                return float(self.today)
            case AccountColumn(name=name):
                return self.known.get(f"accounts.{name}")
            case StepValue(address=address):
                return self.known.get(address)
            case Negate(item=item):
                one = self.value(item)
                return None if one is None else -one
            case Arithmetic(left=left, right=right, operator=operator):
                a, b = self.value(left), self.value(right)
                if a is None or b is None or (operator is Operator.DIVIDE and not b):
                    return None
                return _calculated(operator, a, b)
            case Call(function=Function.COALESCE, arguments=arguments):
                return next((v for each in arguments if (v := self.value(each)) is not None), None)
            case _:
                return None


def _calculated(operator: Operator, a: float, b: float) -> float:
    made: dict[Operator, Callable[[], float]] = {
        Operator.ADD: lambda: a + b,
        Operator.SUBTRACT: lambda: a - b,
        Operator.MULTIPLY: lambda: a * b,
        Operator.DIVIDE: lambda: a / b,
    }
    return made[operator]()


def _narrow(column: _Column, sign: Comparison, bound: Any) -> None:  # noqa: ANN401
    match sign:
        case Comparison.EQUAL:
            column.among = {bound} if column.among is None else column.among & {bound}
        case Comparison.NOT_EQUAL:
            column.without.add(bound)
        case Comparison.GREATER:
            column.low = max(column.low, bound + column.unit)
        case Comparison.GREATER_EQUAL:
            column.low = max(column.low, bound)
        case Comparison.LESS:
            column.high = min(column.high, bound - column.unit)
        case Comparison.LESS_EQUAL:
            column.high = min(column.high, bound)


COUNTED = {Aggregation.COUNT, Aggregation.DISTINCT}
