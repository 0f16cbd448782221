"""Walking: the value of a tree and the truth of a condition, node by node; slow and plain.

It serves explanations, where every value on the way is shown, and checks the generated function in
tests: the two share nothing but the nodes' definitions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

from kamrules.compiler.program import Logic
from kamrules.engines.row.arithmetic import decayed, rounded
from kamrules.expression.nodes import (
    Among,
    And,
    Arithmetic,
    Call,
    Compare,
    Comparison,
    Constant,
    Function,
    If,
    IsUnknown,
    Negate,
    Node,
    Not,
    Operator,
    Or,
    PluginCall,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kamrules.compiler.program import Condition

COMPARISONS: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUAL: lambda a, b: a == b,
    Comparison.NOT_EQUAL: lambda a, b: a != b,
    Comparison.LESS: lambda a, b: a < b,
    Comparison.LESS_EQUAL: lambda a, b: a <= b,
    Comparison.GREATER: lambda a, b: a > b,
    Comparison.GREATER_EQUAL: lambda a, b: a >= b,
}


class Names(Protocol):
    """Where the values of names come from."""

    def value(self, node: Node) -> Any:  # noqa: ANN401  a value of any type
        """Return the value of a name, a constant or the date of the run."""


def value(node: Node, names: Names) -> Any:  # noqa: ANN401, C901  one case a node
    """Return the value of a tree, None when it is unknown."""
    match node:
        case And(items=items):
            return all_of(value(each, names) for each in items)
        case Or(items=items):
            return any_of(value(each, names) for each in items)
        case Not(item=item):
            return negation(value(item, names))
        case IsUnknown(item=item):
            return value(item, names) is None
        case Compare(comparison=comparison, left=left, right=right):
            one, other = value(left, names), value(right, names)
            return None if one is None or other is None else COMPARISONS[comparison](one, other)
        case Among(item=item, constants=constants):
            one = value(item, names)
            return None if one is None else one in [each.value for each in constants]
        case Negate(item=item):
            one = value(item, names)
            return None if one is None else -one
        case Arithmetic():
            return _arithmetic(node.operator, value(node.left, names), value(node.right, names))
        case If(condition=condition, then=then, otherwise=otherwise):
            return value(then if value(condition, names) is True else otherwise, names)
        case Call(function=function, arguments=arguments):
            return _call(function, arguments, names)
        case PluginCall(function=lent, arguments=arguments):
            return lent.value(*(value(each, names) for each in arguments))
        case _:
            return names.value(node)


def _arithmetic(operator: Operator, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    match operator:
        case Operator.ADD:
            result = left + right
        case Operator.SUBTRACT:
            result = left - right
        case Operator.MULTIPLY:
            result = left * right
        case Operator.DIVIDE:
            if right == 0:
                return None
            result = left / right
    return result if math.isfinite(result) else None


def _call(function: Function, arguments: tuple[Node, ...], names: Names) -> Any:  # noqa: ANN401
    values = [value(each, names) for each in arguments]
    if function is Function.COALESCE:
        return next((each for each in values if each is not None), None)
    if None in values:
        return None
    match function:
        case Function.ABS:
            return abs(values[0])
        case Function.CLAMP:
            return max(values[1], min(values[0], values[2]))
        case Function.DECAY:
            return decayed(values[0], values[1])
        case Function.ROUND:
            places = arguments[1]
            return rounded(
                values[0], 10.0 ** int(float(places.value)) if isinstance(places, Constant) else 1.0
            )
        case _:
            return (min if function is Function.MIN else max)(values)


def truth(condition: Condition, names: Names) -> bool | None:
    """Return whether a condition holds: True, False or None for unknown."""
    members = (truth(each, names) for each in condition.members)
    match condition.logic:
        case Logic.EXPRESSION:
            found = None if condition.expression is None else value(condition.expression, names)
            return found if isinstance(found, bool) else None
        case Logic.ALL:
            return all_of(members)
        case Logic.ANY:
            return any_of(members)
        case Logic.NOT:
            return negation(next(members))
        case Logic.AT_LEAST:
            found = list(members)
            if found.count(True) >= condition.needed:
                return True
            return None if found.count(True) + found.count(None) >= condition.needed else False


def all_of(values: Iterable[bool | None]) -> bool | None:
    """Kleene's and."""
    found = list(values)
    return False if False in found else None if None in found else True


def any_of(values: Iterable[bool | None]) -> bool | None:
    """Kleene's or."""
    found = list(values)
    return True if True in found else None if None in found else False


def negation(one: bool | None) -> bool | None:  # noqa: FBT001  a value, not a switch
    """Kleene's not."""
    return None if one is None else not one
