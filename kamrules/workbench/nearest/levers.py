"""Levers: the measured facts of an account that can be changed, how far, and at what cost."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.expression.types import PLACES, Kind
from kamrules.workbench.nearest.measured import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.workbench.nearest.measured import MeasuredFact

STEPS = {
    Kind.SHARE: 0.05,
    Kind.SCORE: 5.0,
    Kind.NUMBER: 1.0,
    Kind.INTEGER: 1.0,
}
"""What counts as one step of a change where the author does not say."""
CLOCKS = {Kind.DAYS, Kind.DATE}
"""One visit sets a clock back, however long it has run: without a step a change has one price."""
GRIDS = {Kind.MONEY: 1.0, Kind.SHARE: 0.001, Kind.SCORE: 0.1, Kind.NUMBER: 0.01}
"""How finely values are told between the points at which something changes; others are whole."""
FARTHEST = {Kind.MONEY: 1e12, Kind.NUMBER: 1e9, Kind.INTEGER: 1e6, Kind.DAYS: 36_500.0}
YEARS_BACK, YEARS_AHEAD = 36_500, 3_650

Box = Any
"""(low, high, may be unknown, may be known) for a number, else a frozenset of values."""


@dataclass(slots=True)
class Lever:
    """A measured fact of one account that may take other values.

    `rate` is the cost of one unit of the fact; `learning` that of finding out what is unknown, or of another
    choice. `cuts` are the values at which something may change, rising: between two of them all is smooth.
    """

    index: int
    fact: MeasuredFact
    present: Any
    rate: float
    learning: float
    low: float
    high: float
    grid: float
    cuts: list[float]
    values: tuple[Any, ...] = ()
    flat: bool = False

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.fact.type.kind in NUMBERS

    def whole(self) -> Box:
        """Return the box of everything it may become."""
        if not self.numeric:
            return frozenset(self.values)
        return (self.low, self.high, self.present is None, True)

    def still(self) -> Box:
        """Return the box of what it is now."""
        return point(self.present, numeric=self.numeric)

    def nearest(self, box: Box) -> Any:  # noqa: ANN401  a value of any type
        """Return the cheapest value in a box."""
        if not self.numeric:
            return self.present if self.present in box else min(box, key=self.values.index)
        low, high, unknown, _ = box
        if self.present is None:
            return None if unknown else low
        return min(max(self.present, low), high)

    def cost(self, value: Any) -> float:  # noqa: ANN401
        """Return what it costs to bring it to a value."""
        if value == self.present:
            return 0.0
        if self.flat or self.present is None or not self.numeric:
            return self.learning
        return abs(float(value) - float(self.present)) * self.rate

    def within(self, box: Box, budget: float) -> Box | None:
        """Return the part of a box that the budget can pay, None when there is none."""
        if self.flat or not self.numeric or self.present is None:
            if self.learning <= budget:
                return box
            return self.still() if self.nearest(box) == self.present else None
        reach = budget / self.rate
        low, high = max(box[0], self.present - reach), min(box[1], self.present + reach)
        return (low, high, False, True) if low <= high else None

    def split(self, box: Box) -> list[Box]:
        """Return parts of a box that together are all of it; the first holds the cheapest value."""
        if not self.numeric:
            return self._split_values(box)
        low, high, unknown, known = box
        if unknown:
            return [self.still(), (low, high, False, known)]
        present = self.present
        if present is not None and low <= present <= high:
            parts = [self.still()]
            if self.next_above(present) <= high:
                parts.append((self.next_above(present), high, False, True))
            if self.next_below(present) >= low:
                parts.append((low, self.next_below(present), False, True))
            return parts
        return self._split_range(low, high, rising=present is None or present < low)

    def _split_values(self, box: Box) -> list[Box]:
        if self.present in box and len(box) > 1:
            return [self.still(), box - {self.present}]
        return [frozenset({each}) for each in sorted(box, key=self.values.index)]

    def _split_range(self, low: float, high: float, *, rising: bool) -> list[Box]:
        """Cut a range that the present value lies outside of, at the next cut or in the middle."""
        start, end = bisect_right(self.cuts, low), bisect_right(self.cuts, high)
        if start < end:  # the cuts are the first values of new stretches
            cut = self.cuts[start] if rising else self.cuts[end - 1]
        else:
            cut = self.on_grid(low + (high - low) / 2)
            if not low < cut <= high:
                cut = self.next_above(low)
        below = (low, min(max(self.next_below(cut), low), high), False, True)
        above = (min(cut, high), high, False, True)
        return [below, above] if rising else [above, below]

    def on_grid(self, value: float) -> float:
        """Return the value that is told for one: on the grid."""
        return (
            round(value / self.grid) * self.grid if self.grid >= 1 else round(value, self._digits)
        )

    @property
    def _digits(self) -> int:
        return max(0, round(-math.log10(self.grid)))

    def stops(self) -> tuple[Any, ...]:
        """Return the values at which something changes, and the farthest ones where that costs no more."""
        if not self.numeric:
            return self.values
        ends = (self.low, self.high) if self.flat or self.present is None else ()
        return (*self.cuts, *ends)

    def modest(self) -> list[Any]:
        """Return the values of one price, the most modest first: near what it is, else the lowest."""
        if self.fact.type.kind is Kind.CHOICE:
            order = self.fact.type.choices
            here = order.index(self.present) if self.present in order else -1
            return sorted(order, key=lambda each: abs(order.index(each) - here))
        if not self.numeric or not (self.flat or self.present is None):
            return []
        if self.present is None and not self.fact.past:
            return sorted(self.stops())
        # what begins does so on the last day that there can be
        start = self.high if self.present is None else float(self.present)
        short = [self.next_below(each) for each in self.cuts]
        return sorted((*self.stops(), *short), key=lambda each: abs(each - start))

    def ends(self) -> list[Box]:
        """Return the stretches from each cut outwards that do not hold the present value, widest first."""
        here = self.present
        above = [cut for cut in self.cuts if here is None or cut > here]
        below = [] if here is None else [cut for cut in reversed(self.cuts) if cut <= here]
        return [(cut, self.high, False, True) for cut in above] + [
            (self.low, self.next_below(cut), False, True) for cut in below if cut > self.low
        ]

    def without(self, part: Box) -> bool:
        """Take an end out of what it may become; tell whether that left less."""
        low, high = part[:2]
        if low > self.low and high >= self.high >= low:
            self.high = max(self.next_below(low), self.low)
        elif high < self.high and low <= self.low <= high:
            self.low = min(self.next_above(high), self.high)
        else:
            return False
        self.cuts = [cut for cut in self.cuts if self.low < cut <= self.high]
        return True

    def beyond(self, value: float) -> float:
        """Return the first value that is looked at from one on, away from the present one."""
        if value == self.present or value in self.cuts:
            return value
        if self.present is None or value > self.present:
            found = self.on_grid(math.ceil(value / self.grid - 1e-9) * self.grid)
            return min(found, self.high)
        found = self.on_grid(math.floor(value / self.grid + 1e-9) * self.grid)
        return max(found, self.low)

    def next_above(self, value: float) -> float:
        """Return the next value that is looked at above one."""
        found = self.on_grid((math.floor(value / self.grid + 1e-9) + 1) * self.grid)
        place = bisect_right(self.cuts, value)
        return min(found, self.cuts[place]) if place < len(self.cuts) else found

    def next_below(self, value: float) -> float:
        """Return the next value that is looked at below one: the last one before a cut included."""
        found = self.on_grid((math.ceil(value / self.grid - 1e-9) - 1) * self.grid)
        if value in self.cuts:
            return max(found, self._unit_below(value))
        return found

    def _unit_below(self, value: float) -> float:
        places = PLACES[self.fact.type.kind]
        return round(value - 10.0**-places, places)


def point(value: Any, *, numeric: bool) -> Box:  # noqa: ANN401
    """Return the box of one value."""
    if not numeric:
        return frozenset({value})
    return (0.0, 0.0, True, False) if value is None else (value, value, False, True)


def lever(  # noqa: PLR0913, PLR0917  what a lever is made of
    index: int, fact: MeasuredFact, present: Any, crossings: Iterable[float], today: int,  # noqa: ANN401
    named: Sequence[Any], *, within: tuple[float, float] | None = None,
) -> Lever:  # fmt: skip
    """Return the lever of a fact of an account.

    `crossings` are values at which a comparison, a curve or a scale changes; `named` the values with
    which a text is tried; `within` the least and the greatest number it can be, where that is not as usual.
    """
    kind = fact.type.kind
    said = fact.changing
    learning = said.cost or (float(fact.info_level) if present is None else 1.0)
    if kind not in NUMBERS:
        return Lever(
            index, fact, present, 0.0, learning, 0.0, 0.0, 1.0, [], _values(fact, present, named)
        )
    low, high = within or reach(fact, present, today)
    if present is not None and said.changeable == "up":
        low = present
    if present is not None and said.changeable == "down":
        high = present
    places = PLACES[kind]
    cuts = set()
    for each in crossings:
        units = math.floor(each * 10**places + 1e-6)
        for unit in (units, units + 1):
            value = unit / 10**places
            if low < value <= high:
                cuts.add(value)
    if kind in {Kind.INTEGER, Kind.DAYS, Kind.DATE}:
        cuts = {float(int(each)) for each in cuts}
    flat = kind in CLOCKS and said.step is None
    rate = (said.cost or 1.0) / (said.step or _step(kind, present, cuts))
    grid = GRIDS.get(kind, 1.0)
    return Lever(index, fact, present, rate, learning, low, high, grid, sorted(cuts), flat=flat)


def _step(kind: Kind, present: float | None, cuts: set[float]) -> float:
    """Return what counts as a step: of money a tenth of what there is, or a hundredth of what is asked."""
    if kind in STEPS or kind in CLOCKS:
        return STEPS.get(kind, 1.0)
    asked = max((abs(each) for each in cuts), default=0.0)
    return max(abs(present or 0.0) / 10, asked / 100, 1.0)


def reach(fact: MeasuredFact, present: float | None, today: int) -> tuple[float, float]:
    """Return the least and the greatest number that a fact can usually be."""
    kind = fact.type.kind
    match kind:
        case Kind.SHARE:
            low, high = 0.0, 1.0
        case Kind.SCORE:
            low, high = 0.0, 100.0
        case Kind.DATE:
            low = float(today - YEARS_BACK)
            ahead = not fact.past and (present is None or present > today)
            high = float(today + YEARS_AHEAD) if ahead else float(today)
        case _:
            high = FARTHEST[kind]
            low = fact.least if fact.least is not None else -high
            if fact.least is None and (present is None or present >= 0):
                low = max(low, 0.0)
    if present is not None:
        low, high = min(low, present), max(high, present)
    return low, high


def _values(fact: MeasuredFact, present: Any, named: Sequence[Any]) -> tuple[Any, ...]:  # noqa: ANN401
    """Return the values that a choice, a yes or no, or a text may take, the present one first."""
    match fact.type.kind:
        case Kind.BOOL:
            known: tuple[Any, ...] = (True, False)
        case Kind.CHOICE:
            known = fact.type.choices
        case _:
            known = tuple(named)
    return tuple(dict.fromkeys((present, *known)))


def settled(box: Box) -> bool:
    """Whether a box has one value only."""
    if isinstance(box, frozenset):
        return len(box) == 1
    low, high, unknown, known = box
    return not known or (not unknown and low == high)
