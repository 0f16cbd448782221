"""Rising: more of a fact declared better (worse) never lowers (raises) a score, the class or the tier."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kamrules.compiler.program import Condition, Logic
from kamrules.engines.layout import Layout
from kamrules.engines.row.question import Every, Holds, Question, Some, asked, steps_of
from kamrules.expression.nodes import AccountColumn, Compare, Comparison, Constant, StepValue
from kamrules.expression.types import ACCOUNTS, NUMBER, SCORE
from kamrules.show import show
from kamrules.workbench.nearest.asking import translated
from kamrules.workbench.nearest.crossings import Crossings
from kamrules.workbench.nearest.levers import GRIDS, point
from kamrules.workbench.nearest.measured import NUMBERS, Inputs
from kamrules.workbench.nearest.possible import spans
from kamrules.workbench.verify.direction import Directions, Way, turned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kamrules.compiler.program import Program
    from kamrules.expression.types import Type
    from kamrules.workbench.verify.cells import Prover
    from kamrules.workbench.verify.witness import Facts, Witnesses

CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Rising:
    """A fact of which more is declared better (or worse): its address, name and type."""

    address: str
    name: str
    type: Type
    better: bool
    aliases: frozenset[str]

    @property
    def written(self) -> str:
        """The address of the fact or column as authors write it."""
        if self.address.startswith("fact."):
            return self.address
        return f"table.{ACCOUNTS}.column.{self.name}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that must not be lowered: a score, or a question that goes on to hold."""

    falls: str
    climbs: str
    score: str | None = None
    question: Question | None = None


def rising_of(program: Program) -> Iterator[Rising]:
    """Yield the facts and columns that say which way is better."""
    for column in program.tables[ACCOUNTS].columns.values():
        if column.changing.rising is not None:
            address = f"{ACCOUNTS}.{column.name}"
            better = column.changing.rising == "better"
            yield Rising(address, column.name, column.type, better, frozenset({address}))
    for fact in program.facts:
        if fact.changing.rising is not None:
            aliases = {fact.address}
            if isinstance(fact.value, StepValue):
                aliases.add(fact.value.address)
            if isinstance(fact.value, AccountColumn):
                aliases.add(f"{ACCOUNTS}.{fact.value.name}")
            better = fact.changing.rising == "better"
            yield Rising(fact.address, fact.id, fact.type, better, frozenset(aliases))


def standings(program: Program) -> Iterator[Standing]:
    """Yield all that a rising fact must not lower."""
    for score in program.scores:
        yield Standing(f"lowers score `{score.id}`", f"raises score `{score.id}`", score.address)
    for level in sorted({each.level for each in program.classes})[1:]:
        high = [each for each in program.classes if each.level >= level]
        lowest = min(high, key=lambda each: each.level)
        always = Condition("class", Logic.ALL, "")
        question: Question = Some(tuple(Holds(each.when or always) for each in high))
        name = f"class `{lowest.id}`"
        yield Standing(f"takes it below {name}", f"takes it up to {name}", question=question)
    gates: list[Question] = []
    for tier in program.tiers:
        gates += [Holds(each.when) for each in tier.gates]
        name = f"tier `{tier.id}`"
        question = Every(tuple(gates))
        yield Standing(f"takes it below {name}", f"takes it up to {name}", question=question)


@dataclass(slots=True)
class Checking:
    """Checks one rising fact against one standing."""

    program: Program
    prover: Prover
    witnesses: Witnesses

    def proved(self, rising: Rising, standing: Standing) -> bool:
        """Return whether the fact provably never lowers (worse: never raises) it."""
        directions = Directions(self.program, rising.aliases, self.prover.span)
        wanted = {Way.STILL, Way.UP if rising.better else Way.DOWN}
        if standing.score is not None:
            return directions.of(StepValue(standing.score, SCORE)) in wanted
        assert standing.question is not None
        if directions.question(standing.question) in wanted:
            return True
        # it may still hold for how conditions hang together: `a or b` where b takes over from a
        move = directions.of if rising.better else lambda node: turned(directions.of(node))
        return self.prover.never_falls(standing.question, move) is True

    def untrue(self, rising: Rising, standing: Standing) -> tuple[Facts, str] | None:
        """Return an account for which it is not so, and what happens to it; None when none was found."""
        trial = _Trial(self, rising, standing)
        for facts in self.witnesses.examples:
            found = trial.lowered(facts)
            if found is not None:
                return dict(facts), found
        if standing.question is not None:
            searched = self.witnesses.searched(standing.question)
            if searched is not None:
                found = trial.lowered(searched)
                if found is not None:
                    return searched, found
        return None


class _Trial:
    """Lets one fact of an account take each value at which something may turn, and sees what falls."""

    def __init__(self, checking: Checking, rising: Rising, standing: Standing) -> None:
        witnesses = checking.witnesses
        columns = witnesses.inputs.columns
        own = frozenset({rising.name}) if rising.address.startswith("fact.") else frozenset[str]()
        measured = Inputs.of(checking.program, columns, own, priced=False)
        self.today = witnesses.today
        self.witnesses = witnesses
        self.inputs = measured
        self.rising = rising
        self.standing = standing
        addresses = [each.address for each in measured.facts]
        self.place = next((n for n, one in enumerate(addresses) if one in rising.aliases), None)
        layout = Layout(tuple(addresses), ())
        if standing.score is not None:
            node = StepValue(standing.score, SCORE)
            self._score = spans(measured.program, layout, [node])
            bound = Compare(Comparison.GREATER_EQUAL, node, Constant(0.0, NUMBER))
            question: Question = Holds(Condition("", Logic.EXPRESSION, "", expression=bound))
        else:
            assert standing.question is not None
            question = translated(standing.question, measured)
            self._holds = asked(measured.program, layout, question)
        self.crossings = Crossings(measured.program, steps_of(measured.program, question), question)

    def lowered(self, facts: Mapping[str, Any]) -> str | None:
        """Return what falls when the fact rises for an account, as a sentence; None when nothing does."""
        if self.place is None:
            return None
        values = self.witnesses.measured(facts, self.inputs)
        before: tuple[float, float] | None = None
        for value in self._steps(values):
            values[self.place] = value
            stands = self._stands(values)
            if stands is None:
                continue
            stands = stands if self.rising.better else -stands
            if before is not None and stands < before[1] - CLOSE:
                return self._told(before[0], value)
            before = (value, stands)
        return None

    def _steps(self, values: list[Any]) -> list[float]:
        """Return the values that the fact takes, rising: all at which something turns, and beside them."""
        assert self.place is not None
        fact = self.inputs.facts[self.place]
        names = [each.address for each in self.inputs.facts]
        turns = self.crossings.of(dict(zip(names, values, strict=True)), self.today)
        # as finely as people tell values apart, so that what is told shows the step
        unit = GRIDS.get(fact.type.kind, 1.0)
        found = set()
        for each in turns.get(fact.address, ()):
            near = round(each / unit) * unit
            found |= {near - unit, near, near + unit}
        if fact.least is not None:
            found = {each for each in found if each >= fact.least}
        ordered = sorted(found)
        middles = [(a + b) / 2 for a, b in pairwise(ordered) if unit < 1]
        return sorted({*ordered, *middles})

    def _stands(self, values: list[Any]) -> float | None:
        if self.standing.score is None:
            return float(self._holds(values, (), self.today, None, None))
        boxes = [
            point(each, numeric=fact.type.kind in NUMBERS)
            for fact, each in zip(self.inputs.facts, values, strict=True)
        ]
        low, _, unknown, known = self._score(boxes, self.today, None, None)[0]
        return None if unknown or not known else low

    def _told(self, before: float, after: float) -> str:
        kind = self.rising.type
        values = [show(each, kind) for each in (before, after)]
        moved = self.standing.falls if self.rising.better else self.standing.climbs
        return f"going from {values[0]} to {values[1]} {moved}"
