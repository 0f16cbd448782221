"""Folding: the value of arithmetic between constants, for bounds that must be fixed numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression.nodes import Arithmetic, Constant, Negate, Operator

if TYPE_CHECKING:
    from kamrules.expression.nodes import Node


def folded(node: Node) -> float | None:
    """Return the number that a tree of constants comes to; None when it is not fixed."""
    match node:
        case Constant(value=float() | int() as value) if not isinstance(value, bool):
            return float(value)
        case Negate(item=item):
            found = folded(item)
            return None if found is None else -found
        case Arithmetic():
            left, right = folded(node.left), folded(node.right)
            if left is None or right is None:
                return None
            return _calculated(node.operator, left, right)
        case _:
            return None


def _calculated(operator: Operator, left: float, right: float) -> float | None:
    match operator:
        case Operator.ADD:
            return left + right
        case Operator.SUBTRACT:
            return left - right
        case Operator.MULTIPLY:
            return left * right
        case Operator.DIVIDE:
            return left / right if right else None
