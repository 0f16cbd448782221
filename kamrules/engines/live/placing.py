"""Placing: class, tier, phase and strategy as rules of the network (docs/semantics.md).

The row engine writes the same as a chain of tests (kamrules.engines.row.placement); here every way in which a
class or tier can come about is a rule of its own, and at most one of them fires.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.program import Hit
from kamrules.decision import Move
from kamrules.engines.live.formula import Concluded, Known, Measured, all_of, any_of
from kamrules.engines.live.network import none_of
from kamrules.engines.live.truth import concluded
from kamrules.expression.nodes import Comparison, StepValue
from kamrules.expression.types import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import Class, Gate, Path, Phase, Program, Strategy, Tier
    from kamrules.engines.live.formula import Formula
    from kamrules.engines.live.network import Network
    from kamrules.engines.live.truth import Truth

SEVERAL = "class_fault=several"
NO_CLASS = "class_fault=none"


class Placing:
    """Writes the rules of one program into a network."""

    def __init__(self, program: Program, network: Network, truth: Truth) -> None:
        self.program = program
        self.network = network
        self.truth = truth

    def write_gates(self, gates: Sequence[Gate]) -> None:
        """Write when each gate is met, and when it is unmet."""
        for gate in gates:
            self.network.conclude(concluded(gate.address, "met"), self.truth.holds(gate.when))
            self.network.conclude(concluded(gate.address, "unmet"), self.truth.fails(gate.when))

    def _before(self, step: str, value: str | None, known: Sequence[str]) -> Formula:
        """Return that the class or tier before was that one, or with None that none was known."""
        node = StepValue(step, Type(Kind.CHOICE, tuple(known)))
        if value is None:
            return Known(self.truth.quantities.number(node), known=False)
        number = self.truth.quantities.against(node, value)
        return Measured(number, Comparison.EQUAL, value)

    # class

    def write_class(self) -> None:
        """Write the class and how it came about, or what is at fault."""
        for path in self.program.paths:
            self.write_gates(path.gates)
            met = all_of(Concluded(concluded(gate.address, "met")) for gate in path.gates)
            self.network.conclude(f"{path.address}=open", met)
        holds = {each.id: self._named(each, "true") for each in self.program.classes}
        self._write_direct(holds)
        for each in self.program.classes:
            gone = self.truth.fails(each.stay if each.stay is not None else each.when)
            self.network.conclude(f"{each.address}=gone", gone)
            self._write_by_memory(each)
        known = [each.id for each in self.program.classes]
        for each in self.program.classes:
            self._write_result(
                each.id, Move.PLACED,
                all_of((self._before("class_before", None, known), Concluded(_placed(each.id)))),
            )  # fmt: skip

    def _named(self, each: Class, state: str) -> Formula:
        return self.network.named(f"{each.address}={state}", self.truth.holds(each.when))

    def _write_direct(self, holds: dict[str, Formula]) -> None:
        """Write `placed=<class>`: the class without memory, at most one; and the ruleset's faults."""
        for name, formula in holds.items():
            # even a short one is a conclusion: whether it was not concluded is asked
            self.network.conclude(_right(name), formula)
        names = list(holds)
        for number, name in enumerate(names):
            first = self.program.class_hit is Hit.FIRST
            others = names[:number] if first else [each for each in names if each != name]
            alone = none_of(tuple(_right(each) for each in others))
            self.network.conclude(_placed(name), all_of((Concluded(_right(name)), alone)))
        if self.program.class_hit is Hit.UNIQUE:
            for number, name in enumerate(names[1:], start=1):
                seen = any_of(Concluded(_right(each)) for each in names[:number])
                self.network.conclude(SEVERAL, all_of((Concluded(_right(name)), seen)))
        if names:
            fails = [self.truth.fails(each.when) for each in self.program.classes]
            self.network.conclude(NO_CLASS, all_of(fails))

    def _write_result(self, name: str, move: Move, formula: Formula) -> None:
        self.network.conclude((concluded("class", name), concluded("class_move", move)), formula)

    def _write_by_memory(self, origin: Class) -> None:
        """Write what becomes of an account that was in a class before."""
        classes = self.program.classes
        before = self._before("class_before", origin.id, [each.id for each in classes])
        gone = Concluded(f"{origin.address}=gone")
        stays = Concluded(gone.name, held=False)
        nowhere = none_of((*(_placed(each.id) for each in classes), SEVERAL, NO_CLASS))
        self._write_result(origin.id, Move.HELD, all_of((before, nowhere, stays)))
        for each in classes:
            right = all_of((before, Concluded(_placed(each.id))))
            if each.id == origin.id:
                self._write_result(each.id, Move.STAYED, right)
            elif each.level < origin.level:
                self._write_result(each.id, Move.DOWN, all_of((right, gone)))
                self._write_result(origin.id, Move.HELD, all_of((right, stays)))
            else:
                self._write_ways_up(origin, each, right)

    def _write_ways_up(self, origin: Class, right: Class, formula: Formula) -> None:
        """Write the first open path up that does not go beyond the class that is right."""
        levels = {each.id: each.level for each in self.program.classes}
        ways: list[Path] = [
            each for each in self.program.paths
            if each.origin == origin.id and origin.level < levels[each.target] <= right.level
        ]  # fmt: skip
        for number, each in enumerate(ways):
            shut = none_of(tuple(f"{one.address}=open" for one in ways[:number]))
            opened = Concluded(f"{each.address}=open")
            self._write_result(each.target, Move.UP, all_of((formula, opened, shut)))
        shut = none_of(tuple(f"{one.address}=open" for one in ways))
        self._write_result(origin.id, Move.HELD, all_of((formula, shut)))

    # tier

    def write_tier(self) -> None:
        """Write the tier and how it came about."""
        tiers = self.program.tiers
        for number, tier in enumerate(tiers):
            self.write_gates(tier.gates)
            met = [Concluded(concluded(gate.address, "met")) for gate in tier.gates]
            below = [Concluded(_reached(tiers[number - 1]))] if number else []
            self.network.conclude(_reached(tier), all_of((*below, *met)))
            lost = (self.truth.fails(gate.stay or gate.when) for gate in tier.gates)
            self.network.conclude(_lost(tier), any_of(lost))
        known = [each.id for each in tiers]
        for number, tier in enumerate(tiers):
            before = self._before("tier_before", tier.id, known)
            self._write_tier_from(number, before)
            highest = all_of((Concluded(_reached(tier)), self._no_more(number)))
            fresh = self._before("tier_before", None, known)
            self._write_tier(tier, Move.PLACED, all_of((fresh, highest)))

    def _no_more(self, number: int) -> Formula:
        """Return that the tier above was not reached."""
        return none_of(
            tuple(_reached(each) for each in self.program.tiers[number + 1 : number + 2])
        )

    def _write_tier(self, tier: Tier, move: Move, formula: Formula) -> None:
        self.network.conclude((concluded("tier", tier.id), concluded("tier_move", move)), formula)

    def _write_tier_from(self, number: int, before: Formula) -> None:
        """Write what becomes of an account that had reached the tier of that number before."""
        tiers = self.program.tiers
        tier = tiers[number]
        for place, each in enumerate(tiers[: number + 1]):
            kept = none_of(tuple(_lost(one) for one in tiers[:place]))
            falls = all_of((before, Concluded(_lost(each)), kept))
            if place:
                self._write_tier(tiers[place - 1], Move.DOWN, falls)
            else:
                self.network.conclude(concluded("tier_move", Move.DOWN), falls)
        keeps = all_of((before, none_of(tuple(_lost(each) for each in tiers[: number + 1]))))
        reached = Concluded(_reached(tier))
        short = Concluded(reached.name, held=False)
        self._write_tier(tier, Move.HELD, all_of((keeps, short)))
        self._write_tier(tier, Move.STAYED, all_of((keeps, reached, self._no_more(number))))
        for above in tiers[number + 1 : number + 2]:
            self._write_tier(above, Move.UP, all_of((keeps, Concluded(_reached(above)))))

    # phase and strategy

    def write_first(self, step: str, rules: Sequence[Phase | Strategy], hit: Hit) -> None:
        """Write the first rule whose `when` is true, or with Hit.UNIQUE the only one."""
        names = [f"{each.address}=true" for each in rules]
        for name, each in zip(names, rules, strict=True):
            self.network.conclude(name, self.truth.holds(each.when))
        for number, (name, each) in enumerate(zip(names, rules, strict=True)):
            others = names[:number] if hit is Hit.FIRST else [one for one in names if one != name]
            alone = all_of((Concluded(name), none_of(tuple(others))))
            self.network.conclude(concluded(step, each.id), alone)


def _right(name: str) -> str:
    return f"class_right={name}"


def _placed(name: str) -> str:
    return f"class_placed={name}"


def _reached(tier: Tier) -> str:
    return f"{tier.address}=reached"


def _lost(tier: Tier) -> str:
    return f"{tier.address}=lost"
