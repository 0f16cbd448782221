"""What knowing an unknown fact is worth: what it could change, and how much of what is open it would close.

The values at which rules turn cut what a fact may be into stretches. The row engine decides one value of
each; where a stretch could still bring something else about, as ranges tell, it is cut further until either
that has come out or nothing can. So what knowing the fact could change is all that it can, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.engines.row import Compact, engine_of
from kamrules.engines.row.generate import generate
from kamrules.engines.row.question import Every
from kamrules.expression.nodes import StepValue
from kamrules.expression.types import ACCOUNTS, PLACES, TEXT
from kamrules.show import EPOCH
from kamrules.workbench.nearest.asking import kept
from kamrules.workbench.nearest.crossings import Crossings
from kamrules.workbench.nearest.levers import lever, point, reach
from kamrules.workbench.nearest.measured import NUMBERS, Inputs
from kamrules.workbench.nearest.possible import spans

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping

    from kamrules.compiler.program import Program
    from kamrules.decision import Decision, Earlier, Gap
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.workbench.nearest.levers import Lever

    Before = tuple[str | None, str | None]

PLACED = {"class": "class_", "tier": "tier", "phase": "phase", "strategy": "strategy"}
MOST_BOXES = 400
"""So many ranges of one fact are looked at; what only more of them would tell apart is not found."""


class Knowing:
    """Works out what gaps are worth for the accounts of one program."""

    def __init__(self, program: Program, columns: tuple[str, ...]) -> None:
        gaps = frozenset(each.fact for each in program.gaps)
        self.inputs = Inputs.of(program, columns, gaps)
        made = self.inputs.program
        self.places = {each.name: n for n, each in enumerate(self.inputs.facts)}
        self.decide: Callable[..., tuple[object, ...]] = generate(made, self.inputs.layout)
        steps = frozenset(made.order)
        self.crossings = Crossings(made, steps, Every(()))
        self.parts = [each for each in PLACED if each in made.order]
        nodes = [StepValue(each, TEXT) for each in self.parts]
        self.spans = spans(made, self.inputs.layout, nodes)

    def worth(
        self, fact: str, values: list[Any], today: int, before: Before
    ) -> tuple[tuple[str, ...], float] | None:
        """Return what could come out differently, and the share of what is open that is closed on average."""
        place = self.places.get(fact)
        if place is None or values[place] is not None:
            return None
        trying = _Trying(self, place, values, today, before)
        one = self._lever(place, values, today)
        widths = [_open(trying.decided(each)) for each in _stops(one)]
        if not widths:
            return None
        if one.numeric:
            trying.complete(one)
        now = trying.now
        varied = tuple(
            part for part, some in zip(self.parts, trying.found, strict=True)
            if some - {getattr(now, PLACED[part])}
        )  # fmt: skip
        open_now = _open(now)
        closed = (open_now - sum(widths) / len(widths)) / open_now if open_now else 0.0
        return varied, round(max(closed, 0.0), 6)

    def _lever(self, place: int, values: list[Any], today: int) -> Lever:
        """Return what the fact may be; what is worked out may lie beyond what a column holds."""
        fact = self.inputs.facts[place]
        known = dict(zip(self.inputs.layout.account, values, strict=True))
        turns = self.crossings.of(known, today).get(fact.address, set())
        named = self.crossings.texts(fact.address)
        within = None
        if fact.type.kind in NUMBERS and not fact.address.startswith(f"{ACCOUNTS}."):
            low, high = reach(fact, None, today)
            if fact.least is None:
                low = min([low, *(each - 1 for each in turns)])
            if not fact.past:
                high = max([high, *(each + 1 for each in turns)])
            within = low, high
        return lever(place, fact, None, turns, today, named, within=within)


class _Trying:
    """Tries values of one unknown fact of one account, and keeps what came out."""

    def __init__(
        self, knowing: Knowing, place: int, values: list[Any], today: int, before: Before
    ) -> None:
        self.knowing = knowing
        self.place = place
        self.values = list(values)
        self.when = (today, *before)
        self.found: list[set[Any]] = [set() for _ in knowing.parts]
        self.now = self.decided(None)

    def decided(self, value: Any) -> Compact:  # noqa: ANN401  a value of any type
        """Return what is decided with a value of the fact."""
        self.values[self.place] = value
        made = Compact._make(self.knowing.decide(self.values, (), *self.when, {}))
        for part, some in zip(self.knowing.parts, self.found, strict=True):
            some.add(getattr(made, PLACED[part]))
        return made

    def complete(self, one: Lever) -> None:
        """Try further values of a number until no other can bring anything else about."""
        facts = zip(self.values, self.knowing.inputs.facts, strict=True)
        boxes = [point(value, numeric=fact.type.kind in NUMBERS) for value, fact in facts]
        unit = 10.0 ** -PLACES.get(one.fact.type.kind, 0)
        waiting = [(one.low, one.high)]
        for _ in range(MOST_BOXES):
            if not waiting:
                return
            low, high = waiting.pop()
            boxes[self.place] = (low, high, False, True)
            may = self.knowing.spans(boxes, *self.when)
            if self._nothing_new(may):
                continue
            for value in (low, high):
                self.decided(value)
            if high - low > unit / 2 and not self._nothing_new(may):
                waiting += _halves(low, high, one.cuts, unit)

    def _nothing_new(self, may: tuple[Any, ...]) -> bool:
        return all(some <= found for some, found in zip(may, self.found, strict=True))


def _stops(one: Lever) -> list[Any]:
    """Return one value of each stretch between those at which something turns."""
    if one.numeric:
        return [one.low, *one.cuts]
    return [each for each in one.values if each is not None]


def _halves(low: float, high: float, cuts: list[float], unit: float) -> list[tuple[float, float]]:
    """Cut a range in two at the middle one of the values at which something turns, else in its middle."""
    inside = [each for each in cuts if low < each <= high]
    middle = inside[len(inside) // 2] if inside else low + round((high - low) / 2 / unit) * unit
    middle = min(max(middle, low + unit), high)
    return [(low, max(low, middle - unit)), (middle, high)]


def _open(decided: Compact) -> float:
    """Return how much all scores leave open together."""
    return sum(
        high - low for _, low, high, _ in decided.scores if low is not None and high is not None
    )


def with_values(  # noqa: PLR0913  what one answer depends on
    program: Program,
    decision: Decision,
    facts: Mapping[str, Any],
    *,
    earlier: Earlier | None = None,
    cutoffs: Cutoffs | None = None,
    strict: bool = True,
) -> Decision:
    """Return a decision whose gaps say what knowing them is worth, the worthiest for its level first.

    A gap that could change class or tier counts 1, and what it narrows adds to that; the sum over the
    information level ranks them.
    """
    if not decision.gaps:
        return decision
    engine = engine_of(program)
    current = engine.slice(decision.as_of)[0]
    columns = engine.preparer.layout.account
    knowing: Knowing = kept(current, "knowing", lambda: Knowing(current, columns))
    prepared = engine.prepare(facts, strict=strict)
    compact = engine.compact(prepared, decision.as_of, earlier, cutoffs)
    values = knowing.inputs.values(prepared, compact)
    before = (None, None) if earlier is None else (earlier.class_, earlier.tier)
    today = _day(decision.as_of)
    found = []
    for each in decision.gaps:
        worth = knowing.worth(each.fact, values, today, before)
        if worth is not None:
            found.append(each.model_copy(update={"may_change": worth[0], "narrows": worth[1]}))
        else:
            found.append(each)
    return decision.model_copy(update={"gaps": tuple(sorted(found, key=_rank))})


def _rank(gap: Gap) -> float:
    decisive = any(each in gap.may_change for each in ("class", "tier"))
    return -(decisive + (gap.narrows or 0.0)) / gap.info_level


def _day(as_of: datetime.date) -> int:
    return as_of.toordinal() - EPOCH
