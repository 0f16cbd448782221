"""Pieces: values as source, and what can be told of them while the source is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.expression.nodes import Arithmetic, Constant, Negate, Node, Operator

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALL = 2**30
POOLED = re.compile(r"k[0-9]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A value: source that holds only while every requirement (a condition in source) does.

    `whole`: it is an int. Python compares ints with ints, and floats with floats, faster than mixed.
    """

    source: str
    needs: tuple[str, ...] = ()
    whole: bool = False


def own(*pieces: Piece) -> set[str]:
    """Return the tests that the pieces themselves are known."""
    return {f"{each.source} is not None" for each in pieces}


def simple(source: str) -> bool:
    """Return whether a source is a name or a number."""
    return source.isidentifier() or nonzero(source)


def nonzero(source: str) -> bool:
    """Return whether a source is a number that is not zero."""
    try:
        return float(source) != 0
    except ValueError:
        return False


def above_zero(source: str) -> bool:
    """Return whether a source is a number above zero."""
    try:
        return float(source) > 0
    except ValueError:
        return False


def as_whole(piece: Piece, node: Node, other: Piece) -> Piece:
    """Return the piece of a constant as an int where the other is one."""
    if other.whole and not piece.whole and isinstance(node, Constant) and int_only([node]):
        return Piece(repr(int(float(node.value))), whole=True)
    return piece


def int_only(parts: Sequence[Node]) -> bool:
    """Return whether all constants are whole and small, and nothing is multiplied."""
    return all(
        isinstance(each.value, float) and small_int(each.value)
        for each in parts
        if isinstance(each, Constant)
    ) and not any(
        isinstance(each, Arithmetic) and each.operator not in {Operator.ADD, Operator.SUBTRACT}
        for each in parts
    )


def small_int(number: float) -> bool:
    """Return whether a number is whole, and so small that an int does for it what a double does."""
    return number.is_integer() and abs(number) < SMALL


def pooled(*pieces: Piece) -> bool:
    """Return whether all are constants of the pool."""
    return all(POOLED.fullmatch(each.source) for each in pieces)


def plain(node: Node, *, whole: bool) -> str:
    """Return arithmetic of constants and the date of the run as source."""
    match node:
        case Constant(value=value):
            return repr(int(float(value)) if whole else value)
        case Negate(item=item):
            return f"(-{plain(item, whole=whole)})"
        case Arithmetic(left=left, right=right, operator=operator):
            return f"({plain(left, whole=whole)} {operator.value} {plain(right, whole=whole)})"
        case _:
            return "as_of"
