"""Needs: what a question asks for, taken apart, so that its least cost can be told before searching.

The parts are atoms (a condition on facts) and scores that have to reach a threshold; they combine as the
conditions do. See `least.py` for what they cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.compiler.program import Logic
from kamrules.engines.row.question import Every, Holds, Lacks, Question, Some
from kamrules.expression.folding import folded
from kamrules.expression.nodes import (
    And,
    Call,
    Compare,
    Comparison,
    Constant,
    Function,
    Node,
    Not,
    Or,
    StepValue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import Class, Condition, Program

UP = {Comparison.GREATER, Comparison.GREATER_EQUAL}
TURNED = {
    Comparison.LESS: Comparison.GREATER,
    Comparison.LESS_EQUAL: Comparison.GREATER_EQUAL,
    Comparison.GREATER: Comparison.LESS,
    Comparison.GREATER_EQUAL: Comparison.LESS_EQUAL,
}
OPPOSITE = {
    Comparison.LESS: Comparison.GREATER_EQUAL,
    Comparison.LESS_EQUAL: Comparison.GREATER,
    Comparison.GREATER: Comparison.LESS_EQUAL,
    Comparison.GREATER_EQUAL: Comparison.LESS,
}
DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Atom:
    """The node has to be true (or false)."""

    node: Node
    wanted: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """The score has to reach a threshold from below (`above`) or from above."""

    score: str
    threshold: float
    above: bool


@dataclass(frozen=True, slots=True)
class Together:
    """At least `count` of the parts have to be so."""

    parts: tuple[Need, ...]
    count: int


Need = Atom | Reach | Together
NOTHING = Together((), 0)


def need_of(
    program: Program, question: Question, class_before: str | None, tier_before: str | None
) -> Need:
    """Return what a question needs at least; what is hard to tell is left out."""
    return _Taking(program, class_before, tier_before).question(question)


class _Taking:
    def __init__(self, program: Program, class_before: str | None, tier_before: str | None) -> None:
        self.program = program
        self.before = class_before
        self.tier_before = tier_before
        self.facts = {each.address: each.value for each in program.facts}

    def question(self, question: Question) -> Need:
        match question:
            case Holds(condition=condition):
                return self.condition(condition, wanted=True, depth=0)
            case Lacks():
                return NOTHING
            case Every(parts=parts):
                return _all([self.question(each) for each in parts])
            case Some(parts=parts):
                return _any([self.question(each) for each in parts])

    def condition(self, condition: Condition | None, *, wanted: bool, depth: int) -> Need:
        if condition is None or depth > DEEPEST:
            return NOTHING
        if condition.logic is Logic.EXPRESSION:
            if condition.expression is None:
                return NOTHING
            return self.node(condition.expression, wanted=wanted, depth=depth + 1)
        if condition.logic is Logic.NOT:
            return self.condition(condition.members[0], wanted=not wanted, depth=depth + 1)
        parts = [self.condition(each, wanted=wanted, depth=depth + 1) for each in condition.members]
        needed = {Logic.ALL: len(parts), Logic.ANY: 1}.get(condition.logic, condition.needed)
        if not wanted:
            needed = len(parts) - needed + 1
        return Together(tuple(parts), needed) if parts else NOTHING

    def node(self, node: Node, *, wanted: bool, depth: int) -> Need:
        if depth > DEEPEST:
            return NOTHING
        match node:
            case And(items=items) | Or(items=items):
                parts = [self.node(each, wanted=wanted, depth=depth + 1) for each in items]
                return _all(parts) if isinstance(node, And) is wanted else _any(parts)
            case Not(item=item):
                return self.node(item, wanted=not wanted, depth=depth + 1)
            case StepValue(address=address) if address in self.facts:
                return self.node(self.facts[address], wanted=wanted, depth=depth + 1)
            case Call(
                function=Function.COALESCE, arguments=(first, Constant(value=bool() as rest))
            ) if rest is not wanted:
                return self.node(first, wanted=wanted, depth=depth + 1)
            case Compare():
                return self._compare(node, wanted=wanted, depth=depth)
            case _:
                return Atom(node, wanted)

    def _compare(self, node: Compare, *, wanted: bool, depth: int) -> Need:
        left, right, comparison = node.left, node.right, node.comparison
        if isinstance(right, StepValue) and not isinstance(left, StepValue):
            left, right, comparison = right, left, TURNED.get(comparison, comparison)
        if not isinstance(left, StepValue):
            return Atom(node, wanted)
        if left.address == "class" and isinstance(right, Constant):
            if (comparison is Comparison.EQUAL) is wanted:
                return self._class(str(right.value), depth)
            return Atom(node, wanted)
        if left.address == "tier" and isinstance(right, Constant):
            if (comparison is Comparison.EQUAL) is wanted:
                return self._tier(str(right.value), depth)
            return Atom(node, wanted)
        bound = folded(right) if right.type.numeric else None
        scored = left.address.count(".") == 1 and left.address.startswith("score.")
        if scored and bound is not None and comparison in TURNED:
            kept = comparison if wanted else OPPOSITE[comparison]
            return _all([Reach(left.address, bound, kept in UP), Atom(node, wanted)])
        return Atom(node, wanted)

    def _class(self, wanted: str, depth: int) -> Need:
        classes = {each.id: each for each in self.program.classes}
        if wanted not in classes:
            return NOTHING
        if self.before not in classes:
            return self._when(classes[wanted], depth)
        here = classes[self.before].level
        target = classes[wanted].level
        if target <= here:
            return NOTHING
        right = [self._when(each, depth) for each in classes.values() if each.level >= target]
        ways = [
            _all([self.condition(gate.when, wanted=True, depth=depth + 1) for gate in path.gates])
            for path in self.program.paths
            if path.origin == self.before and path.target == wanted
        ]
        return _all([_any(right), _any(ways)])

    def _tier(self, wanted: str, depth: int) -> Need:
        """Return the gates of a tier and of all below it, which are needed to come up to it."""
        levels = {each.id: each.level for each in self.program.tiers}
        here = levels.get(self.tier_before or "", 0)
        if levels.get(wanted, 0) <= here:
            return NOTHING
        gates = [g for t in self.program.tiers if t.level <= levels[wanted] for g in t.gates]
        return _all([self.condition(each.when, wanted=True, depth=depth + 1) for each in gates])

    def _when(self, each: Class, depth: int) -> Need:
        return self.condition(each.when, wanted=True, depth=depth + 1)


def _all(parts: Sequence[Need]) -> Need:
    return Together(tuple(parts), len(parts)) if len(parts) != 1 else parts[0]


def _any(parts: Sequence[Need]) -> Need:
    if not parts:
        return NOTHING
    return Together(tuple(parts), 1) if len(parts) != 1 else parts[0]


def atoms_of(need: Need) -> list[Atom]:
    """Return all atoms of a need."""
    match need:
        case Atom():
            return [need]
        case Together(parts=parts):
            return [one for each in parts for one in atoms_of(each)]
        case _:
            return []


def reaches_of(need: Need) -> list[Reach]:
    """Return all scores that have to reach a threshold."""
    match need:
        case Reach():
            return [need]
        case Together(parts=parts):
            return [one for each in parts for one in reaches_of(each)]
        case _:
            return []


def branches_of(need: Need, most: int = 6) -> list[Need]:
    """Return needs of which at least one is met wherever the need is, up to so many.

    A choice is taken apart where scores are among it: each of its parts by itself has sharper bounds than the
    cheapest of them. Atoms and scores stay the same objects.
    """
    if not isinstance(need, Together) or not reaches_of(need):
        return [need]
    inside = [branches_of(each, most) for each in need.parts]
    if need.count == len(need.parts):
        found: list[tuple[Need, ...]] = [()]
        for part, some in zip(need.parts, inside, strict=True):
            chosen = some if len(found) * len(some) <= most else [part]
            found = [(*before, each) for before in found for each in chosen]
        return [_all(each) for each in found]
    either = [each for some in inside for each in some]
    return either if need.count == 1 and len(either) <= most else [need]
