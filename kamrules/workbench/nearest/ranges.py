"""What the generated bounds call: arithmetic of ranges, curves, scales, scores and placements.

A range of numbers is (low, high, may be unknown, may be known); where it is never known, low and high are 0.
Everything errs on one side: what is possible is never ruled out.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import ScaleStep
    from kamrules.expression.types import Interval

INFINITY = float("inf")
ANYTHING = "..."
"""Stands for a text that is known, and is none of those that rules name."""
ANY = object()
"""In a set of texts: any text at all, one that rules name too."""
SLACK = 1e-9
"""Sums of weights in another order differ by less."""

Range = tuple[float, float, bool, bool]
Truth = tuple[bool, bool, bool]
"""May be true, may be false, may be unknown."""


def product(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """Return the bounds of [a, b] times [c, d]."""
    if a == b and c == d:
        both = a * c
        return (both, both) if both == both else (0.0, 0.0)  # noqa: PLR0124  nan is 0 times infinity
    ends = [x * y for x in (a, b) for y in (c, d)]
    ends = [0.0 if each != each else each for each in ends]  # noqa: PLR0124  nan is 0 times infinity
    return min(ends), max(ends)


def quotient(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """Return the bounds of [a, b] over [c, d] without its zero."""
    if c == d and c:
        return (a / c, b / c) if c > 0 else (b / c, a / c)
    if c > 0 or d < 0:
        ends = [x / y for x in (a, b) for y in (c, d)]
        return min(ends), max(ends)
    if c == 0 == d:
        return 0.0, 0.0
    if c == 0 and a >= 0:
        return a / d, INFINITY if b > 0 else 0.0
    if c == 0 and b <= 0:
        return -INFINITY if a < 0 else 0.0, b / d
    return -INFINITY, INFINITY


def hull(a: Range, b: Range) -> Range:
    """Return the range of a value that is one or the other."""
    if not a[3]:
        return b[0], b[1], a[2] or b[2], b[3]
    if not b[3]:
        return a[0], a[1], a[2] or b[2], True
    return min(a[0], b[0]), max(a[1], b[1]), a[2] or b[2], True


def first_known(a: Range, b: Range) -> Range:
    """Return the range of the first of two values that is known."""
    if not a[2]:
        return a
    if not a[3]:
        return b
    low, high, _, _ = hull((a[0], a[1], False, True), b)
    return low, high, b[2], True


def on_curve(curve: Sequence[tuple[float, float]], x: float) -> float:
    """Return the points at x, as every engine works them out."""
    if x <= curve[0][0]:
        return curve[0][1]
    if x > curve[-1][0]:
        return curve[-1][1]
    for (x0, p0), (x1, p1) in itertools.pairwise(curve):
        if x <= x1:
            return p0 + (p1 - p0) * ((x - x0) / (x1 - x0))
    return curve[-1][1]


def curve_range(
    curve: Sequence[tuple[float, float]], low: float, high: float
) -> tuple[float, float]:
    """Return the fewest and the most points between two values."""
    if low == high:
        points = on_curve(curve, low)
        return points, points
    ends = [on_curve(curve, low), on_curve(curve, high)]
    ends += [p for x, p in curve if low < x < high]
    return min(ends), max(ends)


def scale_range(scale: Sequence[ScaleStep], low: float, high: float) -> tuple[float, float]:
    """Return the fewest and the most points that a scale of intervals gives between two values."""
    found = []
    for step in scale:
        if step.interval is None:
            found.append(step.points)
            return min(found), max(found)
        if meets(step.interval, low, high):
            found.append(step.points)
            if step.interval.holds(low) and step.interval.holds(high):
                return min(found), max(found)
    found.append(0.0)
    return min(found), max(found)


def scale_choices(scale: Sequence[ScaleStep], values: Sequence[Any]) -> tuple[float, float]:
    """Return the fewest and the most points that a scale of choices gives for some of them."""
    found = []
    for value in values:
        if value is None:
            continue
        if value is ANY:
            found += [0.0, *(step.points for step in scale)]
            continue
        found.append(
            next((s.points for s in scale if s.choices is None or value in s.choices), 0.0)
        )
    return (min(found), max(found)) if found else (0.0, 0.0)


def meets(interval: Interval, low: float, high: float) -> bool:
    """Whether an interval has a value between two others."""
    if interval.low is not None and not (
        high >= interval.low if interval.low_closed else high > interval.low
    ):
        return False
    return interval.high is None or (
        low <= interval.high if interval.high_closed else low < interval.high
    )


def mean_of(weights: Sequence[float], points: Sequence[Range]) -> Range:
    """Return the range of a score: the weighted mean of the points that are known."""
    up_low = up_high = sure = 0.0
    maybe = []
    for weight, (low, high, unknown, known) in zip(weights, points, strict=True):
        if not known or not weight:
            continue
        if unknown:
            maybe.append((weight, low, high))
        else:
            up_low += weight * low
            up_high += weight * high
            sure += weight
    if not maybe:
        if not sure:
            return 0.0, 0.0, True, False
        return up_low / sure - SLACK, up_high / sure + SLACK, False, True
    if not sure:
        return min(e[1] for e in maybe) - SLACK, max(e[2] for e in maybe) + SLACK, True, True
    high = _best(up_high, sure, sorted(((h, w) for w, _, h in maybe), reverse=True))
    low = -_best(-up_low, sure, sorted(((-least, w) for w, least, _ in maybe), reverse=True))
    return low - SLACK, high + SLACK, False, True


def _best(total: float, weight: float, more: Sequence[tuple[float, float]]) -> float:
    """Return the greatest mean that taking in some more points gives."""
    for points, its_weight in more:
        if points * weight <= total:
            break
        total += its_weight * points
        weight += its_weight
    return total / weight


def bands_of(bands: Sequence[tuple[str, Interval]], value: Range) -> frozenset[str | None]:
    """Return the bands in which a score may lie."""
    low, high, unknown, known = value
    found: set[str | None] = {None} if unknown else set()
    if known:
        found |= {name for name, interval in bands if meets(interval, low, high)}
        if not any(i.holds(low) and i.holds(high) for _, i in bands):
            found.add(None)
    return frozenset(found)


def equal(a: frozenset[Any], b: frozenset[Any]) -> Truth:
    """Whether two values, each one of some, may be the same."""
    one, two = a - {None}, b - {None}
    known = bool(one and two)
    open_ = ANY in one or ANY in two
    # two texts that no rule names may be the same, or not
    vague = open_ or (ANYTHING in one and ANYTHING in two)
    return (
        known and (open_ or not one.isdisjoint(two)),
        known and (vague or len(one | two) > 1),
        None in a or None in b,
    )


def at_least(needed: int, members: Sequence[Truth]) -> Truth:
    """Whether at least that many conditions may be true."""
    may = sum(t for t, _, _ in members)
    must = sum(not f and not u for _, f, u in members)
    may_known = sum(t or u for t, _, u in members)
    must_known = sum(not f for _, f, _ in members)
    true, false = may >= needed, must_known < needed
    return true, false, must < needed <= may_known and any(u for _, _, u in members)
