"""Tuning: that what is proved of a ruleset stays so wherever in its range a parameter is set.

A parameter moves the constants that terms are compared with. What can be proved depends only on the order
in which these stand, so the range is cut where two of them meet, and each point and stretch is tried once.
Parameters are moved one at a time, the others staying as written.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kamrules.compiler.parts import changed, trees
from kamrules.engines.row.question import conditions_of, steps_of
from kamrules.expression.nodes import Constant
from kamrules.expression.types import Kind
from kamrules.expression.walk import below, with_children
from kamrules.workbench.verify.cells import Prover
from kamrules.workbench.verify.claims import claims
from kamrules.workbench.verify.terms import PLACES, Terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.compiler.program import Parameter, Program
    from kamrules.expression.nodes import Node
    from kamrules.workbench.verify.claims import Claim

WHOLE = {Kind.INTEGER, Kind.DAYS, Kind.DATE}
CLOSE = 1e-9
PARTS = ("facts", "scores", "classes", "paths", "tiers", "phases", "strategies", "actions", "aggregates",
         "book_steps", "gaps")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tuned:
    """A claim that does not hold where a parameter has this value."""

    parameter: Parameter
    value: float
    claim: Claim
    program: Program


def with_value(program: Program, name: str, value: float) -> Program:
    """Return the program with another value of a parameter that conditions name."""

    def put(node: Node) -> Node:
        if isinstance(node, Constant) and node.parameter == name:
            return replace(node, value=value)
        return with_children(node, put)

    moved: dict[str, Any] = {
        part: tuple(changed(each, put) for each in getattr(program, part)) for part in PARTS
    }
    return replace(program, **moved)


def ranged(program: Program) -> list[Parameter]:
    """Return the parameters with a range."""
    return [
        each for each in program.parameters
        if each.type.numeric and each.low is not None and each.high is not None
        and each.low < each.high
    ]  # fmt: skip


@dataclass(slots=True)
class Tuning:
    """Moves parameters of a program in force on a date."""

    program: Program
    today: int
    columns: tuple[str, ...]
    read: dict[str, list[Claim]] = field(init=False)

    def __post_init__(self) -> None:
        self.read = {}
        for claim in claims(self.program):
            for name in self._parameters(claim) if claim.never else ():
                self.read.setdefault(name, []).append(claim)

    def readers(self, parameter: Parameter) -> list[Claim]:
        """Return the claims that no account may break and that read the parameter."""
        return self.read.get(parameter.id, [])

    def _parameters(self, claim: Claim) -> set[str]:
        """Return the ids of all parameters that decide about a claim."""
        steps = steps_of(self.program, claim.question)
        parts: list[object] = [*conditions_of(claim.question)]
        parts += [each for each in self.program.facts if each.address in steps]
        parts += [each for each in self.program.aggregates if each.address in steps]
        parts += [each for each in self.program.scores if each.address in steps]
        for step, rules in (("class", (self.program.classes, self.program.paths)),
                            ("tier", (self.program.tiers,)), ("phase", (self.program.phases,)),
                            ("strategy", (self.program.strategies,))):  # fmt: skip
            if step in steps:
                parts += [one for some in rules for one in some]
        nodes = (node for each in parts for node in _nodes(each))
        return {each.parameter for each in nodes if isinstance(each, Constant) and each.parameter}

    def broken(self, parameter: Parameter, readers: Sequence[Claim]) -> Iterator[Tuned]:
        """Yield the claims that cannot be proved somewhere in the parameter's range, once each."""
        waiting = {each.address + each.told for each in readers}
        for value in self.values(parameter):
            if not waiting:
                return
            program = with_value(self.program, parameter.id, value)
            prover = Prover.of(program, self.today, self.columns)
            for claim in claims(program):
                name = claim.address + claim.told
                if name in waiting and not prover.impossible(claim.question):
                    waiting.discard(name)
                    yield Tuned(parameter, value, claim, program)

    def values(self, parameter: Parameter) -> list[float]:
        """Return where to try a parameter: both ends, each value at which constants meet, and between."""
        assert parameter.low is not None
        assert parameter.high is not None
        low, high = float(parameter.low), float(parameter.high)
        points = {low, high, *self._meetings(parameter.id, low, high)}
        ordered = sorted(points)
        middles = [(a + b) / 2 for a, b in pairwise(ordered) if b - a > CLOSE * max(1.0, abs(b))]
        found = sorted({*ordered, *middles})
        if parameter.type.kind in WHOLE:
            found = sorted(
                {float(each) for one in found for each in (math.floor(one), math.ceil(one))}
            )
        return [each for each in found if low <= each <= high]

    def _meetings(self, name: str, low: float, high: float) -> Iterator[float]:
        """Yield where two constants of a term meet; each is a straight line in the parameter."""
        starts, ends = (self._held(name, value) for value in (low, high))
        for term, first in starts.items():
            last = ends.get(term, ())
            lines = {
                (a, (b - a) / (high - low)) for (a, _), (b, _) in zip(first, last, strict=False)
            }
            whole = any(one for _, one in first)
            # the ends of what a score, a share or a count can be are constants too
            lines |= {(0.0, 0.0), (1.0, 0.0), (100.0, 0.0)}
            for a, slope in lines:
                for b, other in lines:
                    if slope <= other:
                        continue
                    for gap in (0.0, 1.0, -1.0) if whole else (0.0,):
                        at = low + (b - a + gap) / (slope - other)
                        if low < at < high:
                            yield at

    def _held(self, name: str, value: float) -> dict[str, list[tuple[float, bool]]]:
        """Return for each term the constants it is held against, in the order written."""
        program = with_value(self.program, name, value)
        terms = Terms(program, self.today, PLACES)
        for claim in claims(program):
            if claim.never:
                terms.question(claim.question)
        found: dict[str, list[tuple[float, bool]]] = {}
        for term, bound in terms.held:
            whole = terms.terms[term].type.kind in WHOLE
            found.setdefault(term, []).append((bound, whole))
        return found


def _nodes(part: object) -> Iterator[Node]:
    for tree in trees(part):
        yield from below(tree)
