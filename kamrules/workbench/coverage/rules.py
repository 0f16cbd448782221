"""Rules seen at work: what the ruleset's own tests reach, and which conditions came out both ways."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.decision import GateState, Move
from kamrules.workbench.testing import tried

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kamrules.compiler import Program
    from kamrules.decision import Decision, Proof
    from kamrules.document import Ruleset
    from kamrules.workbench.testing import Tried


@dataclass(frozen=True, slots=True)
class Covered:
    """A rule (or a band of a score), where it stands, and in how many tests it was seen at work."""

    kind: str
    address: str
    place: str | None
    tests: int


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """What the tests of a ruleset reach.

    `rules` holds every class, path, gate, tier, phase, strategy, band, criterion and action. At work means:
    a class, tier, phase, strategy or band comes out; a path is taken; a gate is met; a criterion is known;
    an action's condition is true. `conditions` gives for the address of every innermost condition in how
    many tests it was true, false and unknown.
    """

    tests: int
    rules: tuple[Covered, ...]
    conditions: Mapping[str, tuple[int, int, int]]

    @property
    def missed(self) -> tuple[Covered, ...]:
        """The rules that no test saw at work."""
        return tuple(each for each in self.rules if not each.tests)

    @property
    def share(self) -> float:
        """The share of the rules that were seen at work, 0 to 1; 1 when there are none."""
        return 1 - len(self.missed) / len(self.rules) if self.rules else 1.0

    @property
    def both_ways(self) -> int:
        """How many conditions were seen true in one test and not true in another."""
        return sum(
            bool(true and (false or unknown)) for true, false, unknown in self.conditions.values()
        )


def rule_coverage(ruleset: Ruleset, program: Program) -> RuleCoverage:
    """Run the ruleset's tests and return what they reach of the program. Raises RulesetError."""
    seen: Counter[str] = Counter()
    conditions: dict[str, list[int]] = {}
    tests = 0
    for each in tried(ruleset):
        tests += 1
        seen.update(set(_seen(each)))
        for proof in _conditions(each.explanation.root):
            counts = conditions.setdefault(proof.address, [0, 0, 0])
            counts[("true", "false", "unknown").index(proof.state or "unknown")] += 1
    rules = tuple(
        Covered(kind, address, place, seen[address]) for kind, address, place in _rules(program)
    )
    found = {
        address: (counts[0], counts[1], counts[2]) for address, counts in sorted(conditions.items())
    }
    return RuleCoverage(tests, rules, found)


def _rules(program: Program) -> Iterator[tuple[str, str, str | None]]:
    """Yield everything that tests should reach: kind, address and place."""
    plain = (
        ("class", program.classes), ("path", program.paths), ("tier", program.tiers),
        ("phase", program.phases), ("strategy", program.strategies), ("action", program.actions),
    )  # fmt: skip
    for kind, rules in plain:
        for each in rules:
            yield kind, each.address, _place(each)
    for path in program.paths:
        yield from (("gate", gate.address, _place(gate)) for gate in path.gates)
    for tier in program.tiers:
        yield from (("gate", gate.address, _place(gate)) for gate in tier.gates)
    for score in program.scores:
        yield from (("criterion", each.address, _place(each)) for each in score.criteria)
        yield from (("band", f"{score.address}.band.{each.id}", None) for each in score.bands)


def _place(rule: object) -> str | None:
    place = getattr(rule, "place", None)
    return f"{place.file}:{place.line}" if place is not None else None


def _seen(one: Tried) -> Iterator[str]:
    """Yield the addresses of the rules at work in a test."""
    decision = one.explanation.decision
    for kind, name in (
        ("class", decision.class_), ("tier", decision.tier),
        ("phase", decision.phase), ("strategy", decision.strategy),
    ):  # fmt: skip
        if name is not None:
            yield f"{kind}.{name}"
    yield from _paths(one)
    yield from (address for address, state in decision.gates.items() if state is GateState.MET)
    yield from _scored(decision)
    yield from (f"action.{each.id}" for each in (*decision.actions, *decision.held_back))


def _paths(one: Tried) -> Iterator[str]:
    before, decision = one.case.model.before, one.explanation.decision
    if before is None or decision.class_move is not Move.UP:
        return
    for path in one.program.paths:
        if path.origin == before.class_ and path.target == decision.class_:
            yield path.address


def _scored(decision: Decision) -> Iterator[str]:
    for score in decision.scores:
        if score.band is not None:
            yield f"score.{score.id}.band.{score.band}"
        for criterion in score.criteria:
            if criterion.points is not None and criterion.value is not None:
                yield f"criterion.{criterion.id}"


def _conditions(proof: Proof) -> Iterator[Proof]:
    """Yield the innermost conditions of a proof."""
    if proof.kind == "condition" and not proof.children and proof.address:
        yield proof
    for each in proof.children:
        yield from _conditions(each)
