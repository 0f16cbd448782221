"""The search: the cheapest changes of measured facts for which a question holds, best first.

A node of the search is a box: for each measured fact the values that it may still take. Its bound is the cost
of its cheapest values; boxes for which the question cannot hold are dropped. Boxes are taken from the
cheapest on, so the first whose cheapest values make the question hold has the cheapest answer there is.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from kamrules.workbench.nearest.buying import Buying
from kamrules.workbench.nearest.drawn import drawn, nearer
from kamrules.workbench.nearest.least import Least
from kamrules.workbench.nearest.levers import point, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.workbench.nearest.gains import Gains
    from kamrules.workbench.nearest.levers import Box, Lever

INFINITY = float("inf")
CLOSE = 1e-9
MOST_CHOICES = 6
LONG = 20
"""After so many boxes without an answer it is worth looking how far each lever can go at all."""
OFTEN = 5
MOST_MISSED = 8
"""From every so many-th box on, an answer is built by buying what is lacking."""
WITHIN = 0.001
"""An answer is the cheapest to within this share of its cost: smooth trade-offs have no last digit."""


@dataclass(slots=True)
class Asked:
    """A question about one account, as the search asks it: `holds` of values, `may` of boxes.

    `gains` has one item for each branch of what the question needs: an answer is in at least one of them.
    """

    holds: Callable[[list[Any]], bool]
    may: Callable[[list[Box]], bool]
    still: list[Box]
    present: list[Any]
    gains: Sequence[Callable[[Sequence[Lever], float], Gains]]


@dataclass(frozen=True, slots=True)
class Found:
    """The cheapest values found, their cost, and what nothing that would do can cost less than."""

    values: tuple[Any, ...]
    cost: float
    floor: float = 0.0

    @property
    def proved(self) -> bool:
        """Whether nothing cheaper exists, to within WITHIN of the cost."""
        return self.floor >= self.cost * (1 - WITHIN) - CLOSE


@dataclass(slots=True)
class Search:
    """One search; `looked` counts the boxes looked at, `gave_up` tells that some were left."""

    asked: Asked
    most: int
    looked: int = 0
    tried: int = 0
    gave_up: bool = False
    missed: int = 0
    least: Least = field(init=False)
    buying: Buying = field(init=False)

    def run(self, usable: Sequence[Lever], limit: float = INFINITY) -> Found | None:
        """Return the cheapest values when only some levers are used, None where there are none.

        `limit`: what costs as much or more is of no interest.
        """
        order = self._order(usable)
        if order is None:
            return None
        best = self._single(order, limit)
        floor = INFINITY
        branches = len(self.asked.gains)
        for number, gains in enumerate(self.asked.gains):
            ceiling = limit if best is None else best.cost
            stop = self.looked + (self.most - self.looked) // (branches - number)
            found, bound = self._branch(order, ceiling, gains, stop)
            best, floor = found or best, min(floor, bound)
        self.gave_up = floor < INFINITY
        if best is None and self.gave_up:
            best = self._drawn(order, limit)
        return None if best is None else replace(best, floor=min(floor, best.cost))

    def _drawn(self, order: Sequence[Lever], limit: float) -> Found | None:
        """Return the cheapest of some answers that are drawn by chance."""
        best: Found | None = None
        for values in drawn(self.asked.present, order, self.asked.holds):
            cost = sum(each.cost(values[each.index]) for each in order)
            if cost < (limit if best is None else best.cost):
                best = Found(tuple(values), cost)
        return best

    def _branch(
        self,
        order: Sequence[Lever],
        ceiling: float,
        gains: Callable[[Sequence[Lever], float], Gains],
        stop: int,
    ) -> tuple[Found | None, float]:
        """Return the cheapest values of a branch below the ceiling, and what all others there cost at least.

        That is infinity when all was looked at, so that nothing is cheaper.
        """
        best: Found | None = None
        heap = self._start(order, ceiling, gains)
        number = count(1)
        popped = 0
        while heap:
            if popped == LONG and ceiling == INFINITY and self._trimmed(order):
                heap = self._start(order, ceiling, gains)
            bound, _, cost, boxes = heapq.heappop(heap)
            if bound >= self._enough(ceiling):
                break
            if self.looked >= stop:
                return best, bound
            found = self._cheapest(boxes, order)
            if found is not None:
                # its own cost may be above its bound: something cheaper may still wait
                if found.cost < ceiling:
                    best, ceiling = found, found.cost
                continue
            popped += 1
            repaired = self._made(boxes, order, popped, first=ceiling == INFINITY)
            if repaired is not None and repaired.cost < ceiling:
                best, ceiling = repaired, repaired.cost
                if bound >= self._enough(ceiling):
                    break
            for bound, price, child in self._children(boxes, order, cost, ceiling):
                heapq.heappush(heap, (bound, next(number), price, child))
        return best, INFINITY

    def _start(
        self,
        order: Sequence[Lever],
        ceiling: float,
        gains: Callable[[Sequence[Lever], float], Gains],
    ) -> list[tuple[float, int, float, list[Box]]]:
        """Return the first box, of all that the levers can be, and work out what they gain."""
        top = list(self.asked.still)
        for each in order:
            top[each.index] = each.whole()
        found = gains(order, ceiling)
        self.least, self.buying, self.missed = Least(found), Buying(found), 0
        return [(0.0, 0, 0.0, top)]

    def _trimmed(self, order: Sequence[Lever]) -> bool:
        """Take from levers the ends in which the question can never hold; tell whether there were any."""
        boxes = list(self.asked.still)
        for each in order:
            boxes[each.index] = each.whole()
        found = False
        for each in order:
            if not each.numeric:
                continue
            for part in each.ends():
                boxes[each.index] = part
                self.looked += 1
                if self.asked.may(boxes):
                    continue
                found = each.without(part) or found
            boxes[each.index] = each.whole()
        return found

    @staticmethod
    def _enough(ceiling: float) -> float:
        return ceiling * (1 - WITHIN) - CLOSE if ceiling < INFINITY else INFINITY

    def _made(
        self, boxes: list[Box], order: Sequence[Lever], popped: int, *, first: bool
    ) -> Found | None:
        """Return an answer that is built from a box; tried at every box as long as there is none at all."""
        eager = first and self.missed < MOST_MISSED
        found = self._repaired(boxes, order) if eager or popped % OFTEN == 1 else None
        if found is None and first:
            found = self._other_end(boxes, order)
        self.missed += found is None
        return found

    def _repaired(self, boxes: list[Box], order: Sequence[Lever]) -> Found | None:
        """Return what buying the scores' lack from a box's cheapest values on comes to."""
        values = list(self.asked.present)
        for each in order:
            values[each.index] = each.nearest(boxes[each.index])
        self.tried += 1
        found = self.buying.repaired(values, boxes, self.asked.holds)
        if found is None:
            return None
        cost = sum(each.cost(found[each.index]) for each in order)
        return self._needed(Found(tuple(found), cost), order)

    def _other_end(self, boxes: list[Box], order: Sequence[Lever]) -> Found | None:
        """Return what comes of going to the other end with one lever whose values all cost the same."""
        values = list(self.asked.present)
        for each in order:
            values[each.index] = each.nearest(boxes[each.index])
        for each in order:
            if not each.numeric or not (each.flat or each.present is None):
                continue
            low, high, _, known = boxes[each.index]
            kept = values[each.index]
            for end in (low, high) if known and kept is not None else ():
                values[each.index] = end
                self.tried += 1
                if end != kept and self.asked.holds(values):
                    cost = sum(one.cost(values[one.index]) for one in order)
                    return self._needed(Found(tuple(values), cost), order)
            values[each.index] = kept
        return None

    def _needed(self, found: Found, order: Sequence[Lever]) -> Found:
        """Return the same without the changes that it holds without, the dearest taken back first."""
        values = list(found.values)
        changed = [each for each in order if values[each.index] != each.present]
        for each in sorted(changed, key=lambda one: -one.cost(values[one.index])):
            kept, values[each.index] = values[each.index], each.present
            self.tried += 1
            if not self.asked.holds(values):
                values[each.index] = kept
        self._modest(values, changed)
        cost = sum(each.cost(values[each.index]) for each in changed)
        return Found(tuple(values), cost)

    def _modest(self, values: list[Any], changed: Sequence[Lever]) -> None:
        """Take the most modest of the values that cost the same."""
        for each in changed:
            if values[each.index] == each.present:
                continue
            kept, failed = values[each.index], None
            for value in each.modest():
                values[each.index] = value
                self.tried += 1
                if value == kept or self.asked.holds(values):
                    break
                failed = value
            else:
                values[each.index] = kept
            if failed is not None and each.numeric and each.present is None:
                nearer(values, each, self.asked.holds, failed)

    def _cheapest(self, boxes: list[Box], order: Sequence[Lever]) -> Found | None:
        values = list(self.asked.present)
        cost = 0.0
        for each in order:
            value = values[each.index] = each.nearest(boxes[each.index])
            cost += each.cost(value)
        self.tried += 1
        if not self.asked.holds(values):
            return None
        return self._needed(Found(tuple(values), cost), order)

    def _children(
        self, boxes: list[Box], order: Sequence[Lever], cost: float, ceiling: float
    ) -> list[tuple[float, float, list[Box]]]:
        """Return the parts of a box, each with its bound and cost, split where the bounds rise most."""
        best: list[tuple[float, float, list[Box]]] | None = None
        rise = -1.0
        for chosen in self._choices(boxes, order):
            parts = self._split(boxes, chosen, order, cost, ceiling)
            if not parts:
                return []
            lowest = min(each[0] for each in parts)
            if (
                best is None
                or lowest > rise + CLOSE
                or (lowest > rise - CLOSE and len(parts) < len(best))
            ):
                best, rise = parts, lowest
        return best or []

    def _split(
        self, boxes: list[Box], chosen: Lever, order: Sequence[Lever], cost: float, ceiling: float
    ) -> list[tuple[float, float, list[Box]]]:
        own = chosen.cost(chosen.nearest(boxes[chosen.index]))
        found = []
        for part in chosen.split(boxes[chosen.index]):
            price = cost - own + chosen.cost(chosen.nearest(part))
            if price >= self._enough(ceiling):
                continue
            child = list(boxes)
            child[chosen.index] = part
            self._tighten(child, order, price, ceiling)
            self.looked += 1
            if not self.asked.may(child):
                continue
            bound = price + self.least.beyond(child)
            if bound < self._enough(ceiling):
                found.append((bound, price, child))
        return found

    def _tighten(
        self, boxes: list[Box], order: Sequence[Lever], price: float, ceiling: float
    ) -> None:
        """Take out of each box what costs too much beside the others' cheapest values."""
        if ceiling == INFINITY:
            return
        for each in order:
            box = boxes[each.index]
            own = each.cost(each.nearest(box))
            part = each.within(box, ceiling - price + own)
            if part is not None:
                boxes[each.index] = part

    def _choices(self, boxes: list[Box], order: Sequence[Lever]) -> list[Lever]:
        """Return the levers worth splitting: some of those of which one has to take another value."""
        open_ones = [each for each in order if not settled(boxes[each.index])]
        corner = list(boxes)
        for each in order:
            value = each.nearest(boxes[each.index])
            corner[each.index] = point(value, numeric=each.numeric)
        failing = self.least.failing(corner, boxes)
        if failing is not None:
            by_index = {each.index: each for each in open_ones}
            return [by_index[each] for each in failing if each in by_index][:MOST_CHOICES]
        moved = [each for each in open_ones if each.cost(each.nearest(boxes[each.index])) > 0]
        undecided = [each for each in open_ones if each not in moved]
        return [*undecided[:1], *moved[-1:]]

    def _order(self, usable: Sequence[Lever]) -> list[Lever] | None:
        """Return the levers that matter, those first without which it cannot be; None if it cannot be."""
        boxes = list(self.asked.still)
        for each in usable:
            boxes[each.index] = each.whole()
        self.looked += 1
        if not self.asked.may(boxes):
            return None
        needed: list[Lever] = []
        others: list[Lever] = []
        for each in usable:
            boxes[each.index] = each.still()
            self.looked += 1
            (others if self.asked.may(boxes) else needed).append(each)
            if not each.numeric and each in others:
                boxes[each.index] = each.whole() - each.still()
                if not boxes[each.index] or not self.asked.may(boxes):
                    others.remove(each)  # it has to stay as it is
                    boxes[each.index] = each.still()
                    continue
            boxes[each.index] = each.whole()
        return [*needed, *others]

    def _single(self, order: Sequence[Lever], limit: float) -> Found | None:
        """Return the cheapest change of one fact alone that is enough, as a first ceiling."""
        best: Found | None = None
        for each in order:
            ceiling = limit if best is None else best.cost
            boxes = list(self.asked.still)
            boxes[each.index] = each.whole()
            self.looked += 1
            if not self.asked.may(boxes):
                continue
            heap: list[tuple[float, int, Box]] = [(0.0, 0, each.whole())]
            number = count(1)
            while heap and self.looked < self.most:
                cost, _, box = heapq.heappop(heap)
                if cost >= ceiling:
                    break
                values = list(self.asked.present)
                values[each.index] = each.nearest(box)
                self.tried += 1
                if self.asked.holds(values):
                    best = Found(tuple(values), each.cost(values[each.index]))
                    break
                if settled(box):
                    continue
                for part in each.split(box):
                    boxes[each.index] = part
                    self.looked += 1
                    if self.asked.may(boxes):
                        heapq.heappush(heap, (each.cost(each.nearest(part)), next(number), part))
        return best
