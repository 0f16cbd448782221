"""Gains: what the scores of a question can gain for what cost, by groups of criteria that share levers.

For a score to reach a threshold t, its criteria together have to gain: a known criterion counts
weight x (points - t), an unknown one nothing, and the sum must not be below 0. How much each group can
gain at most is worked out once for an account, exactly where one lever is left to settle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.workbench.nearest.levers import Box, Lever, point, settled
from kamrules.workbench.nearest.lines import Corner, Group, concave
from kamrules.workbench.nearest.needs import Atom, Need, Reach, reaches_of
from kamrules.workbench.nearest.ranges import Range

if TYPE_CHECKING:
    from kamrules.compiler.program import Criterion

INFINITY = float("inf")
SMALLEST, RATIO, MOST_BUDGETS = 0.05, 1.2, 64
SLACK = 1e-6

Probe = Callable[[list[Box]], tuple[tuple[bool, ...], tuple[Range, ...]]]
"""Whether each atom may be so in boxes, and the points of each criterion there."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What does not depend on the account: the need, its atoms and criteria, and the columns each reads."""

    need: Need
    atoms: tuple[Atom, ...]
    criteria: tuple[tuple[str, Criterion], ...]
    reads: Mapping[int, frozenset[str]]
    """By id of atom; see `columns`."""
    columns: tuple[frozenset[str], ...]
    """Of each criterion."""
    even: Callable[[int, frozenset[str]], bool]
    """Whether the value of a criterion (by its place) changes evenly with one of the columns."""


class Gains:
    """The gains of one account's levers."""

    def __init__(  # noqa: PLR0913, PLR0917  what an account's gains depend on
        self, structure: Structure, probe: Probe, still: list[Box], levers: Sequence[Lever],
        names: Sequence[str], ceiling: float,
    ) -> None:  # fmt: skip
        self.structure = structure
        self.probe = probe
        self.levers = {each.index: each for each in levers}
        self.usable = {names[each.index]: each.index for each in levers}
        self.budgets = self._prices(ceiling)
        flags, points = self._bought(still)
        budgets = self.budgets
        self.points = points
        self.atom_cost = {
            id(atom): _first(budgets, [each[index] for each in flags])
            for index, atom in enumerate(structure.atoms)
        }
        self.still = still
        self.ceiling = ceiling
        self.groups: dict[int, list[Group]] = {}
        for reach in reaches_of(structure.need):
            groups = self._groups(reach, points)
            self.groups[id(reach)] = [
                self._exact(reach, each, each.levers[0], still) if len(each.levers) == 1 else each
                for each in groups
            ]
        self.special: dict[tuple[Any, ...], Group] = {}
        self.solo: dict[int, dict[int, float]] = {}

    def _prices(self, ceiling: float) -> list[float]:
        budgets = [0.0]
        while budgets[-1] < ceiling and len(budgets) < MOST_BUDGETS:
            budgets.append(max(SMALLEST, budgets[-1] * RATIO))
        return budgets

    def _bought(self, still: list[Box]) -> tuple[list[tuple[bool, ...]], list[tuple[Range, ...]]]:
        """Return what each budget may bring about when every lever may spend it."""
        flags, points = [], []
        for budget in self.budgets:
            boxes = list(still)
            for each in self.levers.values():
                part = each.within(each.whole(), budget)
                if part is not None:
                    boxes[each.index] = part
            one, two = self.probe(boxes)
            flags.append(one)
            points.append(two)
        return flags, points

    def _groups(self, reach: Reach, points: list[tuple[Range, ...]]) -> list[Group]:
        members: list[tuple[set[int], list[int]]] = []
        for index, (score, _) in enumerate(self.structure.criteria):
            if score != reach.score:
                continue
            levers = {self.usable[c] for c in self.structure.columns[index] if c in self.usable}
            ours, others = [index], []
            for other, theirs in members:
                if levers & other:
                    levers |= other
                    ours += theirs
                else:
                    others.append((other, theirs))
            members = [*others, (levers, ours)]
        return [self._group(reach, levers, own, points) for levers, own in members]

    def _group(
        self, reach: Reach, levers: set[int], members: list[int], points: list[tuple[Range, ...]]
    ) -> Group:
        budgets = self.budgets
        gains = [sum(self.gain(reach, m, each[m]) for m in members) for each in points]
        corners = [(0.0, gains[0])]
        corners += [(budgets[k - 1], gains[k]) for k in range(1, len(gains))]
        return Group(members, sorted(levers), concave(corners))

    def at(self, reach: Reach, boxes: list[Box]) -> list[Group]:
        """Return the groups of a score, those of which one lever is left to settle with its true line."""
        found = []
        for group in self.groups[id(reach)]:
            left = [each for each in group.levers if not settled(boxes[each])]
            if len(left) != 1 or len(group.levers) == 1:
                found.append(group)
                continue
            rest = tuple(boxes[each] for each in group.levers if each != left[0])
            key = (id(reach), id(group), left[0], rest)
            if key not in self.special:
                around = list(self.still)
                for each in group.levers:
                    around[each] = boxes[each]
                self.special[key] = self._exact(reach, group, left[0], around)
            found.append(self.special[key])
        return found

    def _exact(self, reach: Reach, group: Group, lever: int, around: list[Box]) -> Group:
        """Return a group with one lever left to settle, with its true line: between the cuts all is even."""
        one = self.levers[lever]
        if one.numeric and one.present is not None and not one.flat:
            usable = frozenset(name for name, index in self.usable.items() if index == lever)
            if not all(self.structure.even(each, usable) for each in group.members):
                return group
            reachable = one.within(one.whole(), self.ceiling)
            ends = reachable[:2] if reachable is not None else ()
            tried = [v for v in (*one.cuts, *ends) if one.cost(v) <= self.ceiling + SLACK]
        elif not one.numeric:
            tried = list(one.values)
        else:
            return self._priced(reach, group, one, around)
        corners: list[Corner] = []
        values: dict[float, Any] = {}
        best: dict[float, float] = {}
        for value in (one.present, *tried):
            boxes = list(around)
            boxes[one.index] = point(value, numeric=one.numeric)
            points = self.probe(boxes)[1]
            gain = sum(self.gain(reach, each, points[each]) for each in group.members)
            cost = one.cost(value)
            if gain > best.get(cost, -INFINITY):
                best[cost], values[cost] = gain, value
            corners.append((cost, gain))
        return Group(group.members, [lever], concave(corners), values)

    def _priced(self, reach: Reach, group: Group, one: Lever, around: list[Box]) -> Group:
        """Return a group of a lever that has one price for any value, with the value that gains most."""

        def gain(box: Box) -> float:
            boxes = list(around)
            boxes[one.index] = box
            points = self.probe(boxes)[1]
            return sum(self.gain(reach, each, points[each]) for each in group.members)

        known = (one.low, one.high, False, True)
        ends = [one.low, one.high, *one.cuts]
        best = max(ends, key=lambda value: gain(point(value, numeric=True)))
        corners = [(0.0, gain(one.still())), (one.learning, gain(known))]
        values = {0.0: one.present, one.learning: best}
        return Group(group.members, [one.index], concave(corners), values)

    def gain(self, reach: Reach, member: int, points: Range) -> float:
        """Return what a criterion contributes at most to a score that has to reach a threshold."""
        weight = self.structure.criteria[member][1].weight
        low, high, unknown, known = points
        if not known:
            return 0.0
        gain = weight * ((high - reach.threshold) if reach.above else (reach.threshold - low))
        return max(gain, 0.0) if unknown else gain

    def balance(self, reach: Reach, points: tuple[Range, ...]) -> float:
        """Return what all criteria contribute together: below 0 while the threshold is out of reach."""
        groups = self.groups[id(reach)]
        return sum(self.gain(reach, m, points[m]) for each in groups for m in each.members)

    def alone(self, reach: Reach) -> dict[int, float]:
        """Return what a score gains at most when one lever moves and all others stay."""
        if id(reach) not in self.solo:
            base = self.balance(reach, self.probe(self.still)[1])
            found = {}
            for index, each in self.levers.items():
                boxes = list(self.still)
                boxes[index] = each.within(each.whole(), self.ceiling) or each.still()
                found[index] = self.balance(reach, self.probe(boxes)[1]) - base
            self.solo[id(reach)] = found
        return self.solo[id(reach)]


def _first(budgets: list[float], flags: list[bool]) -> float:
    """Return the greatest budget that is surely not enough, 0 when none is needed."""
    for index, flag in enumerate(flags):
        if flag:
            return budgets[index - 1] if index else 0.0
    return budgets[-1]
