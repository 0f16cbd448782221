"""The least that a box must still cost before a question can hold, and which levers it depends on.

A score that has to reach a threshold costs what the cheapest gains cost (a fractional knapsack over its
groups, so never more than the truth); conditions cost what they cost alone; parts without common levers
add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.workbench.nearest.gains import INFINITY, SLACK, Gains
from kamrules.workbench.nearest.lines import segments
from kamrules.workbench.nearest.needs import Atom, Need, Reach, Together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.workbench.nearest.levers import Box
    from kamrules.workbench.nearest.lines import Corner, Group
    from kamrules.workbench.nearest.ranges import Range


@dataclass(frozen=True, slots=True)
class View:
    """A box as needs see it: whether each atom may be so, the criteria's points, what each lever has cost."""

    atoms: Mapping[int, bool]
    points: tuple[Range, ...]
    paid: Mapping[int, float]
    boxes: list[Box]


class Least:
    """The least costs of one account's levers."""

    def __init__(self, gains: Gains) -> None:
        self.gains = gains
        self.structure = gains.structure
        self.levers = gains.levers

    def beyond(self, boxes: list[Box]) -> float:
        """Return what has to be spent beyond the cheapest values of the boxes; infinity: it cannot be."""
        return self._extra(self.structure.need, self._view(boxes, boxes))[0]

    def _view(self, boxes: list[Box], around: list[Box]) -> View:
        """Return how needs see some boxes; `around`: the boxes whose cheapest values have been paid for."""
        flags, points = self.gains.probe(boxes)
        atoms = {id(a): flag for a, flag in zip(self.structure.atoms, flags, strict=True)}
        paid = {
            index: each.cost(each.nearest(around[index])) for index, each in self.levers.items()
        }
        return View(atoms, points, paid, around)

    def _extra(self, need: Need, view: View) -> tuple[float, frozenset[int]]:
        """Return the extra cost of a need, and the levers over which it may be spread."""
        match need:
            case Atom():
                levers = frozenset(
                    self.gains.usable[c]
                    for c in self.structure.reads[id(need)]
                    if c in self.gains.usable
                )
                if not view.atoms[id(need)]:
                    return INFINITY, levers
                already = sum(view.paid[each] for each in sorted(levers))
                return max(0.0, self.gains.atom_cost[id(need)] - already), levers
            case Reach():
                return self._reach(need, view)
            case Together(parts=parts, count=count):
                some = [self._extra(each, view) for each in parts]
                some.sort(key=lambda each: each[0])
                touched = frozenset().union(*(each[1] for each in some))
                if count <= 0 or not some:
                    return 0.0, touched
                if count < len(some):
                    return some[count - 1][0], touched
                return _apart(some), touched

    def failing(self, corner: list[Box], boxes: list[Box]) -> list[int] | None:
        """Return the levers of which one has to take another value than in the corner, best first.

        `corner` holds a box's cheapest values. None: no need fails there that is known of.
        """
        return self._failing(
            self.structure.need, self._view(corner, boxes), self._view(boxes, boxes)
        )

    def _failing(self, need: Need, corner: View, box: View) -> list[int] | None:
        match need:
            case Atom():
                if corner.atoms[id(need)]:
                    return None
                return sorted(
                    self.gains.usable[c]
                    for c in self.structure.reads[id(need)]
                    if c in self.gains.usable
                )
            case Reach():
                return self._short(need, corner)
            case Together(parts=parts, count=count):
                some = [self._failing(each, corner, box) for each in parts]
                lacking = [
                    (each, levers)
                    for each, levers in zip(parts, some, strict=True)
                    if levers is not None
                ]
                if len(some) - len(lacking) >= count:
                    return None
                if count == len(some):
                    return min((levers for _, levers in lacking), key=len)
                ranked = sorted(
                    ((cost, place) for place, (each, _) in enumerate(lacking)
                     if (cost := self._extra(each, box)[0]) < INFINITY)
                )  # fmt: skip
                chosen = [one for _, place in ranked for one in lacking[place][1]]
                return list(dict.fromkeys(chosen))

    def _short(self, reach: Reach, view: View) -> list[int] | None:
        """Return the levers of a score that is short of its threshold, best first."""
        groups = self.gains.at(reach, view.boxes)
        if self.gains.balance(reach, view.points) >= -SLACK:
            return None
        alone = self.gains.alone(reach)
        ranked = []
        for each in groups:
            spent = sum(view.paid[one] for one in each.levers)
            steepest = max((s for s, _ in segments(each.line, spent, INFINITY)), default=0.0)
            for one in each.levers:
                useless = len(each.levers) > 1 and alone[one] <= SLACK
                key = (steepest <= 0, useless, view.paid[one] > 0, -steepest, -alone[one], one)
                ranked.append(key)
        return [each[-1] for each in sorted(ranked)]

    def _reach(self, reach: Reach, view: View) -> tuple[float, frozenset[int]]:
        groups = self.gains.at(reach, view.boxes)
        touched = frozenset(one for each in self.gains.groups[id(reach)] for one in each.levers)
        cost = self._filled(reach, groups, view)
        return cost, touched

    def _filled(self, reach: Reach, groups: list[Group], view: View) -> float:
        """Return the cost of what the groups still have to gain, the cheapest first."""
        total = SLACK
        open_ones: list[Corner] = []
        for group in groups:
            cap = sum(self.gains.gain(reach, each, view.points[each]) for each in group.members)
            spent = sum(view.paid[each] for each in group.levers)
            now = min(cap, group.gain(spent))
            total += now
            if cap > now:
                open_ones += segments(group.line, spent, cap)
        if total >= 0:
            return 0.0
        cost = 0.0
        for slope, amount in sorted(open_ones, reverse=True):
            if slope <= 0:
                break
            if total + amount >= 0:
                return cost - total / slope
            total += amount
            cost += amount / slope
        return INFINITY


def _apart(some: list[tuple[float, frozenset[int]]]) -> float:
    """Return the cost of parts that must all be: of those without common levers the sum."""
    total, used = 0.0, frozenset[int]()
    for cost, levers in reversed(some):
        if not levers & used:
            total += cost
            used |= levers
    return total
