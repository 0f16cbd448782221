"""Holes and overlaps between intervals, against a look at every point."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from kamrules.compiler.intervals import cover
from kamrules.expression.types import Interval

BOUNDS = st.none() | st.integers(0, 6).map(float)
INTERVALS = st.builds(
    Interval, low=BOUNDS, low_closed=st.booleans(), high=BOUNDS, high_closed=st.booleans()
)
LINE = Interval(None, low_closed=False, high=None, high_closed=False)
POINTS = [each / 2 for each in range(-2, 15)]  # every bound, and a point between any two


@dataclass
class Reports:
    codes: list[str] = field(default_factory=list)

    def report(self, code, *_args, **_more):
        self.codes.append(code)


def reported(intervals, whole, **more):
    found = Reports()
    cover(found, [(each, ("at",)) for each in intervals], whole, "line", "path", **more)
    return set(found.codes)


@given(st.lists(INTERVALS, max_size=4))
def test_a_hole_is_reported_exactly_when_some_point_lies_in_no_interval(intervals):
    hole = any(not any(each.holds(point) for each in intervals) for point in POINTS)
    if "KR401" not in reported(intervals, LINE):
        assert ("KR400" in reported(intervals, LINE)) == hole


@given(st.lists(INTERVALS, max_size=4))
def test_an_overlap_is_reported_exactly_when_some_point_lies_in_two_intervals(intervals):
    filled = [each for each in intervals if any(each.holds(point) for point in POINTS)]
    overlap = any(sum(each.holds(point) for each in filled) > 1 for point in POINTS)
    assert ("KR401" in reported(intervals, None)) == overlap


@given(INTERVALS)
def test_an_interval_in_which_nothing_lies_is_reported(interval):
    empty = not any(interval.holds(point) for point in POINTS)
    assert ("KR406" in reported([interval], None)) == empty


def test_whole_numbers_leave_no_hole_between_two_and_three():
    steps = [
        Interval(None, low_closed=False, high=2.0, high_closed=True),
        Interval(3.0, low_closed=True, high=None, high_closed=False),
    ]
    assert reported(steps, LINE) == {"KR400"}
    assert reported(steps, LINE, whole_numbers=True) == set()
