"""Functions of plug-ins in bounds: asked where few arguments are possible, else taken to give anything."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Any

from kamrules.expression.plugged import WITHIN
from kamrules.expression.types import Kind
from kamrules.workbench.nearest.ranges import ANY, ANYTHING

if TYPE_CHECKING:
    from kamrules.expression.plugged import PluginFunction

MOST = 64
"""So many combinations of arguments are asked at most."""
FARTHEST = sys.float_info.max
TRUTH = (True, False, None)

Box = tuple[Any, ...] | frozenset[Any]
"""What a value may be: a range, a truth, or a set of texts (kamrules.workbench.nearest.pieces)."""


def answers(one: PluginFunction, *boxes: Box) -> Any:  # noqa: ANN401  a box
    """Return what a function may give for any of the arguments: a range, a truth or a set of texts."""
    possible = [_values(each) for each in boxes]
    known = [each for each in possible if each is not None]
    if any(not each - {None} for each in known):
        return _box(one, {None})
    count = 1
    for each in known:
        count *= len(each)
    if len(known) < len(possible) or count > MOST:
        return _open(one)
    return _box(one, {one.value(*each) for each in itertools.product(*known)})


def _values(box: Box) -> set[Any] | None:
    """Return the values in a box, None when they are too many to ask for each."""
    if isinstance(box, frozenset):
        return None if ANYTHING in box or ANY in box else set(box)
    if len(box) == 3:
        return {value for value, may in zip(TRUTH, box, strict=True) if may}
    low, high, unknown, known = box
    found = {None} if unknown else set()
    if not known:
        return found
    return found | {low} if low == high else None


def _box(one: PluginFunction, values: set[Any]) -> Any:  # noqa: ANN401
    """Return values as a box."""
    if one.returns.kind is Kind.BOOL:
        return tuple(each in values for each in TRUTH)
    if one.returns.kind is Kind.TEXT:
        return frozenset(values)
    known = [each for each in values if each is not None]
    if not known:
        return 0.0, 0.0, True, False
    return min(known), max(known), None in values, True


def _open(one: PluginFunction) -> Any:  # noqa: ANN401
    """Return the box of anything that the function may give."""
    if one.returns.kind is Kind.BOOL:
        return True, True, True
    if one.returns.kind is Kind.TEXT:
        return frozenset({ANY, None})
    low, high = WITHIN.get(one.returns.kind, (-FARTHEST, FARTHEST))
    return low, high, True, True
