"""Evaluates a typed tree, one node at a time, as the docstrings of its nodes say and nothing else."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kamrules.expression import nodes
from kamrules.expression.types import BOOL, DATE, NUMBER, TEXT, Column, Table, Type
from tests.oracle.reading import EPOCH, TOO_LONG, Stored, Value, half_away, opened, stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.expression.nodes import Node

BEYOND = 2.0**53
MOST = 1.7976931348623157e308
FIRST = (datetime.date.min - EPOCH).days
LAST = (datetime.date.max - EPOCH).days


@dataclass
class World:
    """All that an expression can look at: facts as JSON, the day, earlier steps, the row at hand."""

    facts: Mapping[str, Any]
    as_of: datetime.date
    tables: Mapping[str, Table]
    steps: Mapping[str, Value] = field(default_factory=dict)
    row: Mapping[str, Any] | None = None

    def at(self, row: Mapping[str, Any]) -> World:
        """Return the same world while looking at one row."""
        return World(self.facts, self.as_of, self.tables, self.steps, row)


def evaluate(
    node: Node,
    facts: Mapping[str, Any],
    as_of: datetime.date,
    *,
    tables: Mapping[str, Table] | None = None,
    steps: Mapping[str, Value] | None = None,
) -> Value:
    """Return the value of a typed tree: a float for every number (days since 1970 for a date), else
    bool or str; None is unknown.

    `facts` is JSON-like: account columns at the top, related tables as lists of objects; a missing key is
    unknown, or a table that the book lacks. `tables` tells the columns' types (aggregates of a column read
    them there; without it they are guessed from the aggregate's own type). Results of other steps come from
    `steps`, or else from `facts` under their address (`facts["score.attractiveness"] = 71`).
    """
    given = {address: _plain(value) for address, value in (steps or {}).items()}
    return value_of(node, World(facts, as_of, tables or {}, _Steps(facts, given)))


class _Steps(dict[str, Value]):
    """Results of other steps, looked for among the facts where none are given."""

    def __init__(self, facts: Mapping[str, Any], given: Mapping[str, Value]) -> None:
        super().__init__(given)
        self.facts = facts

    def __missing__(self, address: str) -> Value:
        return _plain(self.facts.get(address))


def _plain(value: object) -> Value:
    if isinstance(value, datetime.date):
        return float((value - EPOCH).days)
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value  # type: ignore[return-value]


def value_of(node: Node, world: World) -> Value:
    """Return the node's value in this world."""
    match node:
        case nodes.Constant():
            return _plain(node.value)
        case nodes.AsOf():
            return float((world.as_of - EPOCH).days)
        case nodes.AccountColumn():
            return opened(stored(world.facts.get(node.name), node.type), node.type)
        case nodes.RowColumn():
            assert world.row is not None
            return opened(stored(world.row.get(node.name), node.type), node.type)
        case nodes.StepValue():
            return world.steps[node.address]
        case nodes.Aggregate():
            return _aggregate(node, world)
        case nodes.Arithmetic():
            return _arithmetic(node, value_of(node.left, world), value_of(node.right, world))
        case nodes.Negate():
            item = value_of(node.item, world)
            return None if item is None else -number(item)
        case nodes.Call():
            return _call(node, [value_of(each, world) for each in node.arguments])
        case nodes.PluginCall():
            return _of_plugin(node, [value_of(each, world) for each in node.arguments])
        case nodes.If():
            if value_of(node.condition, world) is True:
                return value_of(node.then, world)
            return value_of(node.otherwise, world)
        case nodes.Compare():
            return _compare(node, value_of(node.left, world), value_of(node.right, world))
        case nodes.Among():
            item = value_of(node.item, world)
            if item is None:
                return None
            return any(item == _plain(each.value) for each in node.constants)
        case nodes.IsUnknown():
            return value_of(node.item, world) is None
        case nodes.And():
            return kleene_and([value_of(each, world) for each in node.items])
        case nodes.Or():
            return kleene_or([value_of(each, world) for each in node.items])
        case nodes.Not():
            return kleene_not(value_of(node.item, world))
    raise AssertionError(node)


def number(value: Value) -> float:
    """Return the value, which the types say is a number."""
    assert isinstance(value, float), value
    return value


def kleene_and(items: Sequence[Value]) -> bool | None:
    """False beats unknown beats true."""
    if any(each is False for each in items):
        return False
    return None if any(each is None for each in items) else True


def kleene_or(items: Sequence[Value]) -> bool | None:
    """True beats unknown beats false."""
    if any(each is True for each in items):
        return True
    return None if any(each is None for each in items) else False


def kleene_not(item: Value) -> bool | None:
    """Unknown stays unknown."""
    return None if item is None else not item


def _arithmetic(node: nodes.Arithmetic, left: Value, right: Value) -> float | None:
    if left is None or right is None:
        return None
    a, b = number(left), number(right)
    if node.operator == "+":
        result = a + b
    elif node.operator == "-":
        result = a - b
    elif node.operator == "*":
        result = a * b
    elif b == 0:
        return None
    else:
        result = a / b
    return result if math.isfinite(result) else None


def _compare(node: nodes.Compare, left: Value, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    if node.comparison == "==":
        return left == right
    if node.comparison == "!=":
        return left != right
    a, b = number(left), number(right)
    if node.comparison == "<":
        return a < b
    if node.comparison == "<=":
        return a <= b
    if node.comparison == ">":
        return a > b
    return a >= b


def _call(node: nodes.Call, arguments: Sequence[Value]) -> Value:
    if node.function == "coalesce":
        return next((each for each in arguments if each is not None), None)
    if any(each is None for each in arguments):
        return None
    values = [number(each) for each in arguments]
    if node.function == "abs":
        return abs(values[0])
    if node.function == "min":
        return min(values)
    if node.function == "max":
        return max(values)
    if node.function == "clamp":
        x, low, high = values
        return max(low, min(x, high))
    if node.function == "decay":
        return _decay(values[0], values[1])
    return _round(values[0], int(values[1]))


def _of_plugin(node: nodes.PluginCall, arguments: Sequence[Value]) -> Value:
    """Ask the Python form; what it raises, or gives that is no value of its kind, is unknown."""
    if any(each is None for each in arguments):
        return None
    try:
        found = node.function.python(*(_plain(each) for each in arguments))
    except Exception:  # noqa: BLE001  a stranger's code may raise anything
        return None
    kind = node.function.returns.kind.value
    if kind == "text":
        return found if _encodes(found) else None
    if kind == "bool":
        return found if found is True or found is False else None
    if found is True or found is False or not isinstance(found, int | float):
        return None
    if abs(found) > MOST or found != found:
        return None
    found = float(found)
    if kind in {"integer", "days", "date"} and found != math.floor(found):
        return None
    if kind == "score" and not 0 <= found <= 100:
        return None
    if kind == "date" and not FIRST <= found <= LAST:
        return None
    return 0.0 if found == 0 else found


def _encodes(found: object) -> bool:
    try:
        return isinstance(found, str) and found.encode() is not None
    except UnicodeEncodeError:
        return False


def _round(x: float, places: int) -> float:
    t = x * float(10**places)
    if not abs(t) < BEYOND:
        return x
    return float(half_away(Fraction(t))) / float(10**places)


def _decay(age: float, half_life: float) -> float | None:
    """What is left of 1, worked out to 60 digits."""
    if half_life <= 0:
        return None
    if age <= 0:
        return 1.0
    halvings = age / half_life
    if halvings > 100:
        return 0.0
    whole = int(halvings)
    with localcontext() as context:
        context.prec = 60
        part = Decimal(2) ** Decimal(halvings - whole) if halvings > whole else Decimal(1)
        return _round(float(1 / (part * 2**whole)), 6)


def _aggregate(node: nodes.Aggregate, world: World) -> Value:
    rows = world.facts.get(node.table)
    if rows is None:
        return None
    if node.where is not None:
        rows = [row for row in rows if value_of(node.where, world.at(row)) is True]
    function = node.function.value
    if node.item is not None:
        of = node.item.type
        worked_out = [stored(_dated(value_of(node.item, world.at(row)), of), of) for row in rows]
        return _of_numbers(function, [int(each) for each in worked_out if each is not None], of)
    if node.column is None:
        return float(len(rows)) if function == "count" else bool(rows)
    column = _column(node, world)
    read = [(stored(row.get(node.column), column.type), row) for row in rows]
    known = [(value, row) for value, row in read if value is not None]
    values = [value for value, _ in known]
    if function == "any":
        return any(value is True for value in values)
    if function == "count":
        return float(len(values))
    if function == "distinct":
        return float(len(set(values)))
    if function in {"first", "last"}:
        return opened(_at_an_end(function, known, node.table, world), column.type)
    return _of_numbers(function, [int(each) for each in values], column.type)


def _dated(value: Value, of: Type) -> object:
    """Return a number of days as the date it stands for, rounded to whole days; others as they are."""
    if value is None or of.kind.value != "date":
        return value
    days = half_away(Fraction(number(value)))
    inside = (datetime.date.min - EPOCH).days <= days <= (datetime.date.max - EPOCH).days
    return EPOCH + datetime.timedelta(days=days) if inside else None


def _of_numbers(function: str, values: Sequence[int], of: Type) -> float | None:
    if function == "sum":
        total = sum(values)
        return None if abs(total) >= TOO_LONG else number(opened(total, of))
    if not values:
        return None
    if function == "min":
        return number(opened(min(values), of))
    if function == "max":
        return number(opened(max(values), of))
    total = sum(values)
    if abs(total) >= TOO_LONG:
        return None
    return number(opened(total, of)) / float(len(values))


def _at_an_end(
    function: str, known: Sequence[tuple[Stored, Mapping[str, Any]]], table: str, world: World
) -> Stored:
    order = _order(table, known, world)
    dated = [(stored(row.get(order.name), order.type), value) for value, row in known]
    dated = [each for each in dated if each[0] is not None]
    if not dated:
        return None
    end = min if function == "first" else max
    return end(dated)[1]


def _column(node: nodes.Aggregate, world: World) -> Column:
    assert node.column is not None
    if node.table in world.tables:
        return world.tables[node.table].columns[node.column]
    if node.function.value not in {"count", "distinct"}:
        return Column(node.column, node.type)
    # without a vocabulary the values themselves tell, as far as they are told apart
    values = [row.get(node.column) for row in world.facts.get(node.table) or ()]
    like = next((each for each in values if each is not None), None)
    guesses = {bool: BOOL, int: NUMBER, float: NUMBER, datetime.date: DATE}
    return Column(node.column, guesses.get(type(like), TEXT))


def _order(table: str, known: Sequence[tuple[Stored, Mapping[str, Any]]], world: World) -> Column:
    if table in world.tables:
        found = world.tables[table]
        assert found.order is not None
        return found.columns[found.order]
    names = {
        name for _, row in known for name, value in row.items() if isinstance(value, datetime.date)
    }
    assert len(names) <= 1, "give `tables`: it is not clear which date orders the rows"
    return Column(next(iter(names), ""), DATE)
