"""What knowing an unknown fact is worth: how much it would settle, whatever it turned out to be.

The values at which rules turn cut what a fact may be into stretches in which nothing changes, so one value of
each stretch, decided by the row engine, tells of all of them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kamrules.engines.row import Compact, engine_of
from kamrules.engines.row.generate import generate
from kamrules.engines.row.question import Every
from kamrules.show import EPOCH
from kamrules.workbench.nearest.asking import kept
from kamrules.workbench.nearest.crossings import Crossings
from kamrules.workbench.nearest.levers import lever
from kamrules.workbench.nearest.measured import Inputs

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping

    from kamrules.compiler.program import Program
    from kamrules.decision import Decision, Earlier, Gap
    from kamrules.engines.cutoffs import Cutoffs

PLACED = ("class_", "tier", "phase", "strategy")
MOST_VALUES = 12


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

    def worth(
        self, fact: str, values: list[Any], today: int, before: tuple[str | None, str | None]
    ) -> tuple[tuple[str, ...], float] | None:
        """Return what could come out differently, and the share of what is open that is closed on average."""
        place = self.places.get(fact)
        if place is None or values[place] is not None:
            return None
        now = self._decided(values, today, before)
        open_now = _open(now)
        outcomes, widths = [now], []
        for value in self._stretches(place, values, today):
            changed = [*values[:place], value, *values[place + 1 :]]
            decided = self._decided(changed, today, before)
            outcomes.append(decided)
            widths.append(_open(decided))
        if not widths:
            return None
        varied = tuple(
            name.rstrip("_") for name in PLACED if len({getattr(o, name) for o in outcomes}) > 1
        )
        closed = (open_now - sum(widths) / len(widths)) / open_now if open_now else 0.0
        return varied, round(max(closed, 0.0), 6)

    def _decided(
        self, values: list[Any], today: int, before: tuple[str | None, str | None]
    ) -> Compact:
        return Compact._make(self.decide(values, (), today, *before, {}))

    def _stretches(self, place: int, values: list[Any], today: int) -> list[Any]:
        """Return one value of each stretch in which nothing changes."""
        fact = self.inputs.facts[place]
        known = dict(zip(self.inputs.layout.account, values, strict=True))
        turns = self.crossings.of(known, today).get(fact.address, ())
        one = lever(place, fact, None, turns, today, self.crossings.named.get(fact.address, ()))
        if not one.numeric:
            return [each for each in one.values if each is not None]
        ends = [one.low, *one.cuts, one.high]
        found = [each for pair in pairwise(ends) for each in (pair[0], sum(pair) / 2)]
        step = max(1, len(found) // MOST_VALUES)
        return found[::step]


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
