"""Compiling: a program in force as a network for the matcher, with the quantities that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.engines.live.acting import write_actions
from kamrules.engines.live.formula import NEVER, Measured, all_of, any_of
from kamrules.engines.live.network import Network
from kamrules.engines.live.placing import Placing
from kamrules.engines.live.quantities import Quantities
from kamrules.engines.live.signals import patterns_of
from kamrules.engines.live.truth import Truth, concluded
from kamrules.expression.nodes import (
    Among,
    And,
    Compare,
    Comparison,
    IsUnknown,
    Not,
    Or,
    StepValue,
)
from kamrules.expression.types import SCORE, Kind

if TYPE_CHECKING:
    from kamrules.compiler.program import FactStep, Program, Score
    from kamrules.engines.live.formula import Formula
    from kamrules.expression.types import Interval

LOGIC = (And, Or, Not, Compare, Among, IsUnknown)


class Compiled:
    """The network of one set of rules in force.

    `settled`: numbers of the bool facts that the matcher decides; `signals`: of those that `patterns` decide,
    with the number of the pattern; `days`: of facts that are the newest day of one.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.quantities = Quantities()
        self.network = Network()
        self.truth = Truth(
            self.quantities, _chosen(program), {each.id: each.level for each in program.tiers}
        )
        self.settled = [
            number for number, each in enumerate(program.facts) if _is_logic(each)
        ]  # fmt: skip
        self.patterns = patterns_of(program)
        self.signals, self.days = self._signals()
        for number in self.signals:
            self._give(program.facts[number].address)
        self._placing = Placing(program, self.network, self.truth)
        self._write()
        self.network.settle()

    def _signals(self) -> tuple[dict[int, int], dict[int, int]]:
        """Return for facts that are a pattern's, or its newest day, the number of the pattern."""
        aggregates = self.program.aggregates
        found = {aggregates[one].address: number
                 for number, each in enumerate(self.patterns) for one in each.found}  # fmt: skip
        newest = {aggregates[one].address: number
                  for number, each in enumerate(self.patterns) for one in each.newest}  # fmt: skip
        read = {
            number: each.value.address
            for number, each in enumerate(self.program.facts)
            if isinstance(each.value, StepValue)
        }
        return (
            {number: found[address] for number, address in read.items() if address in found},
            {number: newest[address] for number, address in read.items() if address in newest},
        )

    def _give(self, address: str) -> None:
        for truth in (True, False):
            self.network.give(concluded(address, truth))
        self.truth.settled.add(address)

    def _write(self) -> None:
        program = self.program
        facts = {program.facts[number].address: program.facts[number] for number in self.settled}
        scores = {each.address: each for each in program.scores}
        for address in program.order:
            if address in facts:
                self._write_fact(facts[address])
            elif address in scores:
                self._write_bands(scores[address])
            elif address == "class":
                self._placing.write_class()
            elif address == "tier":
                self._placing.write_tier()
            elif address == "phase":
                self._placing.write_first("phase", program.phases, program.phase_hit)
            elif address == "strategy":
                self._placing.write_first("strategy", program.strategies, program.strategy_hit)
        write_actions(program, self.network, self.truth)

    def _write_fact(self, fact: FactStep) -> None:
        for truth in (True, False):
            told = self.truth.of(fact.value, truth)
            self.network.conclude(concluded(fact.address, truth), told)
        self.truth.settled.add(fact.address)

    def _write_bands(self, score: Score) -> None:
        """Write the band of a score, which is the first that holds its value."""
        node = StepValue(score.address, SCORE)

        def measured(comparison: Comparison, bound: float) -> Formula:
            return Measured(self.quantities.against(node, bound), comparison, bound)

        def inside(interval: Interval) -> Formula:
            low, high = interval.low, interval.high
            least = Comparison.GREATER_EQUAL if interval.low_closed else Comparison.GREATER
            most = Comparison.LESS_EQUAL if interval.high_closed else Comparison.LESS
            parts = [] if low is None else [measured(least, low)]
            parts += [] if high is None else [measured(most, high)]
            # without bounds it holds every known score; 0 is as good a constant as any
            return all_of(parts or [any_of((measured(Comparison.LESS, 0.0),
                                            measured(Comparison.GREATER_EQUAL, 0.0)))])  # fmt: skip

        def outside(interval: Interval) -> Formula:
            low, high = interval.low, interval.high
            below = Comparison.LESS if interval.low_closed else Comparison.LESS_EQUAL
            above = Comparison.GREATER if interval.high_closed else Comparison.GREATER_EQUAL
            parts = [NEVER] if low is None else [measured(below, low)]
            parts += [] if high is None else [measured(above, high)]
            return any_of(parts)

        for number, band in enumerate(score.bands):
            earlier = (outside(each.interval) for each in score.bands[:number])
            told = all_of((*earlier, inside(band.interval)))
            self.network.conclude(concluded(f"{score.address}.band", band.id), told)


def _chosen(program: Program) -> dict[str, list[str]]:
    found = {
        "class": [each.id for each in program.classes],
        "tier": [each.id for each in program.tiers],
        "phase": [each.id for each in program.phases],
        "strategy": [each.id for each in program.strategies],
    }
    for score in program.scores:
        found[f"{score.address}.band"] = [each.id for each in score.bands]
    return found


def _is_logic(fact: FactStep) -> bool:
    """Whether a fact is true or false by comparisons and facts like itself: what the matcher is for."""
    return fact.type.kind is Kind.BOOL and isinstance(fact.value, LOGIC)
