"""Buying: from values that fall short to values that do, by what gains most for its cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.workbench.nearest.gains import INFINITY, SLACK, Gains
from kamrules.workbench.nearest.levers import point, settled
from kamrules.workbench.nearest.lines import segments
from kamrules.workbench.nearest.needs import Reach, reaches_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.workbench.nearest.levers import Box
    from kamrules.workbench.nearest.ranges import Range

MOST_REPAIRS = 8


class Buying:
    """Makes answers out of values that fall short; what it makes is good, and mostly the best."""

    def __init__(self, gains: Gains) -> None:
        self.gains = gains
        self.levers = gains.levers

    def repaired(
        self, values: list[Any], boxes: list[Box], holds: Callable[[list[Any]], bool]
    ) -> list[Any] | None:
        """Return values that hold, by buying what scores lack where it is cheapest; None if that fails."""
        values = list(values)
        for _ in range(MOST_REPAIRS):
            corner = list(self.gains.still)
            for index, each in self.levers.items():
                corner[index] = point(values[index], numeric=each.numeric)
            points = self.gains.probe(corner)[1]
            short = next(
                (
                    r
                    for r in reaches_of(self.gains.structure.need)
                    if self.gains.balance(r, points) < 0
                ),
                None,
            )
            if short is None or not (
                self._buy(short, points, values, boxes) or self._buy_one(short, values, boxes)
            ):
                return values if holds(values) else None
        return values if holds(values) else None

    def _buy_one(self, reach: Reach, values: list[Any], boxes: list[Box]) -> bool:
        """Change the one value by which a score gains most for the cost; every lever and cut is tried."""
        corner = [
            point(values[index], numeric=self.levers[index].numeric)
            if index in self.levers
            else box
            for index, box in enumerate(self.gains.still)
        ]
        balance = self.gains.balance(reach, self.gains.probe(corner)[1])
        best: tuple[float, int, Any] | None = None
        for index in {one for each in self.gains.groups[id(reach)] for one in each.levers}:
            lever = self.levers[index]
            if settled(boxes[index]) or values[index] != lever.present:
                continue
            for value in lever.stops():
                cost = lever.cost(value)
                if value == lever.present or cost > self.gains.ceiling:
                    continue
                trial = list(corner)
                trial[index] = point(value, numeric=lever.numeric)
                gain = self.gains.balance(reach, self.gains.probe(trial)[1]) - balance
                worth = min(gain, -balance) / cost
                if gain > SLACK and (best is None or worth > best[0]):
                    best = (worth, index, value)
        if best is None:
            return False
        values[best[1]] = best[2]
        return True

    def _buy(
        self, reach: Reach, points: tuple[Range, ...], values: list[Any], boxes: list[Box]
    ) -> bool:
        """Change values where a score gains most for the cost, until it reaches its threshold."""
        total = self.gains.balance(reach, points)
        offers = []
        for group in self.gains.at(reach, boxes):
            if group.values is None or settled(boxes[group.levers[0]]):
                continue
            lever = self.levers[group.levers[0]]
            spent = lever.cost(values[lever.index])
            for slope, gain in segments(group.line, spent, INFINITY):
                offers.append((slope, gain, id(group), group, lever))
        bought = False
        spending: dict[int, float] = {}
        for slope, gain, key, group, lever in sorted(offers, key=lambda each: (-each[0], each[2])):
            if total >= 0:
                break
            taken = min(gain, -total)
            start = spending.get(key, lever.cost(values[lever.index]))
            spending[key] = start + taken / slope
            if lever.flat or lever.present is None:  # one price for any value
                value = group.value(INFINITY)
            else:
                value = group.value(spending[key])
                if lever.numeric:
                    value = lever.beyond(value)
            values[lever.index] = value
            total += taken
            bought = True
        return bought and total >= -SLACK
