"""Bounds: which arithmetic can leave the range of doubles, found by interval arithmetic on magnitudes.

Engines must turn infinity and NaN into unknown (docs/semantics.md); a test for that on every operation
would cost more than the operation. Stored values have at most 18 digits, so for nearly every
expression it can be proved that nothing overflows, and only the rest is guarded.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kamrules.expression.nodes import (
    AccountColumn,
    Aggregate,
    Aggregation,
    Arithmetic,
    AsOf,
    Call,
    Constant,
    Function,
    If,
    Negate,
    Operator,
    PluginCall,
    RowColumn,
    StepValue,
)
from kamrules.expression.types import DIGITS, PLACES, Kind, Type
from kamrules.expression.walk import with_children

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.expression.nodes import Node

SMALLEST = 5e-324
LARGEST = sys.float_info.max
SAFE = 1e300
ROUNDING = 2.0**-53


@dataclass(frozen=True, slots=True)
class Bounds:
    """Every value, where not 0, has a magnitude from `least` to `most`."""

    least: float
    most: float


ANYTHING = Bounds(SMALLEST, LARGEST)


def stored(kind: Kind) -> Bounds:
    """Return the bounds of a value as books store it."""
    if kind is Kind.DATE:
        return Bounds(1.0, 4e6)
    unit = 10.0 ** -PLACES[kind]
    return Bounds(unit, unit * 10.0**DIGITS)


def marked(node: Node, steps: Mapping[str, Bounds]) -> tuple[Node, Bounds]:
    """Return the tree with every `may_overflow` settled, and the bounds of its value."""
    bounds: dict[int, Bounds] = {}

    def visit(each: Node) -> Node:
        copy = with_children(each, visit)
        if isinstance(copy, Arithmetic):
            found = _arithmetic(copy, bounds[id(copy.left)], bounds[id(copy.right)])
            overflows = found.most > SAFE
            copy = replace(copy, may_overflow=overflows)
            found = ANYTHING if overflows else found
        else:
            found = _other(copy, bounds, steps)
        bounds[id(copy)] = found
        kept.append(copy)
        return copy

    kept: list[Node] = []  # keeps the ids in `bounds` from being reused
    root = visit(node)
    return root, bounds[id(root)]


def _arithmetic(node: Arithmetic, left: Bounds, right: Bounds) -> Bounds:
    match node.operator:
        case Operator.ADD | Operator.SUBTRACT:
            # the difference of doubles is a multiple of the smaller one's last binary digit
            least, most = min(left.least, right.least) * ROUNDING, left.most + right.most
        case Operator.MULTIPLY:
            least, most = left.least * right.least, left.most * right.most
        case Operator.DIVIDE:
            # what is divided by nothing but 0 is unknown, whatever its bounds
            least = left.least / right.most if right.most else left.least
            most = _quotient(left.most, right.least)
    return Bounds(max(least, SMALLEST), most)


def _quotient(most: float, least: float) -> float:
    return most / least if least > most / LARGEST else float("inf")


def _other(node: Node, bounds: Mapping[int, Bounds], steps: Mapping[str, Bounds]) -> Bounds:
    match node:
        case Constant(value=value, type=Type() as kind) if kind.numeric:
            size = abs(float(value))
            return Bounds(size or LARGEST, size)
        case AsOf():
            return stored(Kind.DATE)
        case AccountColumn(type=of) | RowColumn(type=of):
            return stored(of.kind) if of.numeric else ANYTHING
        case StepValue(address=address):
            return steps.get(address, ANYTHING)
        case Aggregate():
            return _aggregate(node)
        case Negate(item=item):
            return bounds[id(item)]
        case Call():
            return _call(node, [bounds[id(each)] for each in node.arguments])
        case PluginCall(type=of) if of.kind is Kind.DATE:
            return stored(of.kind)
        case If(then=then, otherwise=otherwise):
            return _union([bounds[id(then)], bounds[id(otherwise)]])
        case _:
            return ANYTHING


def _aggregate(node: Aggregate) -> Bounds:
    if node.function in {Aggregation.COUNT, Aggregation.DISTINCT}:
        return Bounds(1.0, 10.0**DIGITS)
    if not node.type.numeric:
        return ANYTHING
    found = stored(node.type.kind)
    if node.function is Aggregation.MEAN:
        # the mean of an integer column is a number with more places than the column has
        return Bounds(10.0 ** -(6 + DIGITS), 10.0**DIGITS)
    if node.function is Aggregation.SUM:
        return Bounds(1e-6, 10.0**DIGITS)
    return found


def _call(node: Call, arguments: list[Bounds]) -> Bounds:
    if node.function is Function.ROUND:
        return Bounds(min(1e-6, arguments[0].least), arguments[0].most + 1.0)
    if node.function is Function.DECAY:
        return Bounds(1e-6, 1.0)
    return _union(arguments)


def _union(parts: list[Bounds]) -> Bounds:
    return Bounds(min(each.least for each in parts), max(each.most for each in parts))
