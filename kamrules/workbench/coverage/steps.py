"""Steps: the lines of each criterion's scale, the stretches of its curve, and the bands of each score."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from kamrules.compiler.as_written import as_written
from kamrules.expression import canonical
from kamrules.expression.nodes import (
    Among,
    And,
    Compare,
    Comparison,
    Constant,
    IsUnknown,
    Not,
    StepValue,
)
from kamrules.expression.text import number
from kamrules.expression.types import SCORE, Interval
from kamrules.workbench.coverage.items import Item, Part, line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kamrules.compiler.program import Criterion, Program, ScaleStep
    from kamrules.expression.nodes import Node


def steps(program: Program) -> Iterator[Item]:
    """Yield every step of a program: an account falls into the one that gives its points, or its band."""
    written = as_written(program)
    for score in program.scores:
        for one in score.criteria:
            yield from _curve(one, written) if one.curve else _scale(one, written)
        value = StepValue(score.address, SCORE)
        for band in score.bands:
            test = inside(value, band.interval)
            yield Item(
                Part.STEPS, "band", f"{score.address}.band.{band.id}", canonical(test),
                line_of(score.place), test,
            )  # fmt: skip


def _scale(one: Criterion, written: Callable[[Node], Node]) -> Iterator[Item]:
    taken: list[Node] = []
    for place, line in enumerate(one.scale):
        test = _line(one.value, line)
        text = "anything else"
        if line.interval is not None or line.choices is not None:
            text = canonical(written(test))
        yield Item(
            Part.STEPS, "scale", f"{one.address}.scale[{place}]",
            f"{text}: {_points(line.points)}", line_of(one.place), _first(test, taken),
        )  # fmt: skip
        taken.append(test)


def _line(value: Node, line: ScaleStep) -> Node:
    """Return whether a line holds a value, whatever stands above it."""
    if line.interval is not None:
        return inside(value, line.interval)
    if line.choices is not None:
        return Among(value, tuple(Constant(each, value.type) for each in line.choices))
    return Not(IsUnknown(value))


def _first(test: Node, taken: list[Node]) -> Node:
    """Return whether a test holds, and none of those before it does."""
    return And((*(Not(each) for each in taken), test)) if taken else test


def _curve(one: Criterion, written: Callable[[Node], Node]) -> Iterator[Item]:
    """Yield the stretches of a curve between its points; the outer two reach as far as values do."""
    stretches = list(pairwise(one.curve))
    for place, ((x0, p0), (x1, p1)) in enumerate(stretches):
        low = x0 if place else None
        high = x1 if place + 1 < len(stretches) else None
        test = inside(one.value, Interval(low, low_closed=False, high=high, high_closed=True))
        yield Item(
            Part.STEPS, "curve", f"{one.address}.curve[{place}]",
            f"{canonical(written(test))}: {number(p0)} to {_points(p1)}", line_of(one.place), test,
        )  # fmt: skip


def inside(value: Node, interval: Interval) -> Node:
    """Return whether a value lies in an interval, as a tree."""
    tests: list[Node] = []
    if interval.low is not None:
        over = Comparison.GREATER_EQUAL if interval.low_closed else Comparison.GREATER
        tests.append(Compare(over, value, Constant(interval.low, value.type)))
    if interval.high is not None:
        under = Comparison.LESS_EQUAL if interval.high_closed else Comparison.LESS
        tests.append(Compare(under, value, Constant(interval.high, value.type)))
    if not tests:
        return Not(IsUnknown(value))
    return tests[0] if len(tests) == 1 else And(tuple(tests))


def _points(points: float) -> str:
    return f"{number(points)} point{'' if points == 1 else 's'}"
