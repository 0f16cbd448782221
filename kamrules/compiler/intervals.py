"""Intervals side by side: whether they leave a hole or overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression.types import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.draft import Draft

INFINITY = float("inf")


def _start(interval: Interval) -> tuple[float, int]:
    """Return a sortable start: at equal bounds the closed one begins earlier."""
    if interval.low is None:
        return (-INFINITY, 0)
    return (interval.low, 0 if interval.low_closed else 1)


def _end(interval: Interval) -> tuple[float, int]:
    """Return a sortable end, in the terms of `_start`: the first point that is no longer inside."""
    if interval.high is None:
        return (INFINITY, 1)
    return (interval.high, 1 if interval.high_closed else 0)


def _whole(interval: Interval) -> Interval:
    """Return the interval over whole numbers as [low, high)."""
    low, high = interval.low, interval.high
    if low is not None:
        low = float(-(-low // 1)) if interval.low_closed else float(low // 1 + 1)
    if high is not None:
        high = float(high // 1 + 1) if interval.high_closed else float(-(-high // 1))
    return Interval(low, low_closed=True, high=high, high_closed=False)


def cover(
    draft: Draft,
    spans: Sequence[tuple[Interval, tuple[str | int, ...]]],
    whole: Interval | None,
    what: str,
    *path: str | int,
    whole_numbers: bool = False,
) -> None:
    """Report overlaps of the intervals (KR401) and, unless `whole` is None, holes in it (KR400)."""
    if whole_numbers:
        spans = [(_whole(interval), at) for interval, at in spans]
    spans = sorted(spans, key=lambda each: (_start(each[0]), _end(each[0])))
    reached = _start(whole) if whole is not None else None
    before: Interval | None = None
    for interval, at in spans:
        start, end = _start(interval), _end(interval)
        if end <= start:
            draft.report("KR406", f"nothing lies in {shown(interval)}", *at)
            continue
        if before is not None and start < _end(before):
            draft.report("KR401", f"{shown(interval)} and {shown(before)} overlap", *at)
        elif reached is not None and start > reached:
            draft.report("KR400", f"no {what} holds {_hole(reached, start)}", *path)
        if reached is not None:
            reached = max(reached, end)
        if before is None or end > _end(before):
            before = interval
    if whole is not None and reached is not None and reached < _end(whole):
        draft.report("KR400", f"no {what} holds {_hole(reached, _end(whole))}", *path)


def shown(interval: Interval) -> str:
    """Return the interval as an author writes it."""
    left = "[" if interval.low_closed or interval.low is None else "("
    right = "]" if interval.high_closed or interval.high is None else ")"
    low = "" if interval.low is None else _number(interval.low)
    high = "" if interval.high is None else _number(interval.high)
    return f"{left}{low}..{high}{right}"


def _number(value: float) -> str:
    return f"{value:_.0f}" if value == int(value) else f"{value:g}"


def _hole(start: tuple[float, int], end: tuple[float, int]) -> str:
    """Return the stretch between an end and the next start."""
    if start[0] == end[0]:
        return f"exactly {_number(start[0])}"
    low = None if start[0] == -INFINITY else start[0]
    high = None if end[0] == INFINITY else end[0]
    return shown(Interval(low, low_closed=start[1] == 0, high=high, high_closed=end[1] == 1))
