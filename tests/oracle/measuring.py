"""Points and means: what a criterion gives, and what criteria come to together."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tests.oracle.expression import number

if TYPE_CHECKING:
    from kamrules.compiler.program import Criterion
    from tests.oracle.reading import Value


def inside(value: float, interval: Any) -> bool:
    """Return whether the value lies in the interval."""
    low, high = interval.low, interval.high
    if low is not None and (value < low or (value == low and not interval.low_closed)):
        return False
    return high is None or value < high or (value == high and interval.high_closed)


def points_of(criterion: Criterion, value: Value) -> float | None:
    """Return the points of a known value, None of an unknown one."""
    if value is None:
        return None
    if criterion.curve:
        return on_curve(criterion.curve, number(value))
    for step in criterion.scale:
        if step.interval is not None:
            if inside(number(value), step.interval):
                return step.points
        elif step.choices is None or value in step.choices:
            return step.points
    return 0.0


def on_curve(curve: tuple[tuple[float, float], ...], x: float) -> float:
    """Return the points that the curve gives to x."""
    if x <= curve[0][0]:
        return curve[0][1]
    for (x0, p0), (x1, p1) in itertools.pairwise(curve):
        if x <= x1:
            return p0 + (p1 - p0) * ((x - x0) / (x1 - x0))
    return curve[-1][1]


def weighted(parts: list[tuple[float, float]]) -> float | None:
    """Return the mean of the points, weighted, None when the weights sum to nothing."""
    total = weights = 0.0
    for weight, points in parts:
        total += weight * points
        weights += weight
    return None if weights == 0 else total / weights
