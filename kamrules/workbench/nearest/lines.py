"""Lines: how much a group of criteria can gain for how much cost, as concave lines through corners."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Corner = tuple[float, float]
"""A cost, and what can be gained for it."""


@dataclass(slots=True)
class Group:
    """Criteria of a score that share levers: what they can gain at most for a price, as a concave line."""

    members: list[int]
    levers: list[int]
    line: list[Corner]
    values: dict[float, Any] | None = None
    """For one lever alone: its value at each corner of the line, by cost."""

    def value(self, cost: float) -> Any:  # noqa: ANN401  a value of the lever's type
        """Return the value that a price buys; only with `values`."""
        assert self.values is not None
        previous = self.line[0]
        for each in self.line[1:]:
            if cost <= each[0]:
                start, end = self.values[previous[0]], self.values[each[0]]
                if cost == each[0] or isinstance(start, str | bool) or start is None:
                    return end
                if isinstance(end, str | bool) or end is None:
                    return end
                return start + (cost - previous[0]) / (each[0] - previous[0]) * (end - start)
            previous = each
        return self.values[previous[0]]

    def gain(self, cost: float) -> float:
        """Return the most that can be gained for a price."""
        return gain_at(self.line, cost)


def gain_at(line: Sequence[Corner], cost: float) -> float:
    """Return the gain that a line gives for a cost."""
    previous = line[0]
    for each in line[1:]:
        if cost <= each[0]:
            share = (cost - previous[0]) / (each[0] - previous[0])
            return previous[1] + share * (each[1] - previous[1])
        previous = each
    return previous[1]


def segments(line: list[Corner], spent: float, cap: float) -> list[Corner]:
    """Return (gain for each unit of cost, gain) of the parts of a line beyond what is spent, up to a cap."""
    found = []
    for (x0, g0), (x1, g1) in pairwise(line):
        if x1 <= spent or x1 <= x0:
            continue
        slope = (g1 - g0) / (x1 - x0)
        start = g0 + slope * (max(spent, x0) - x0)
        gain = min(g1, cap) - start
        if gain > 0 and slope > 0:
            found.append((slope, gain))
    return found


def concave(corners: list[Corner]) -> list[Corner]:
    """Return the least concave line above points of rising cost and gain."""
    best: dict[float, float] = {}
    for cost, gain in corners:
        best[cost] = max(gain, best.get(cost, gain))
    line: list[Corner] = []
    for cost, gain in sorted(best.items()):
        while len(line) >= 2 and _turns_up(line[-2], line[-1], (cost, gain)):
            line.pop()
        line.append((cost, gain))
    return line


def _turns_up(a: Corner, b: Corner, c: Corner) -> bool:
    return (b[1] - a[1]) * (c[0] - a[0]) <= (c[1] - a[1]) * (b[0] - a[0])
