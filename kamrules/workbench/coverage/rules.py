"""Rules at work: what is true of an account when a class, gate, criterion, action or other rule is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression.nodes import And, Compare, Comparison, Constant, IsUnknown, Not, StepValue
from kamrules.expression.types import TEXT
from kamrules.workbench.coverage.items import Item, Part, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import Condition, Program
    from kamrules.expression.nodes import Node


def rules(program: Program, *, memory: bool = True) -> Iterator[Item]:
    """Yield every rule that accounts should reach, with what is true when it is at work.

    A class, tier, phase or strategy comes out; a path is taken; a gate is met; a criterion's value is
    known; an action's condition is true. Without `memory` no path can be taken, and none is yielded.
    """
    placed = (
        ("class", program.classes), ("tier", program.tiers),
        ("phase", program.phases), ("strategy", program.strategies),
    )  # fmt: skip
    for kind, some in placed:
        for each in some:
            yield _rule(kind, each, _is(kind, each.id))
        if kind == "class" and memory:
            for path in program.paths:
                taken = And((_is("class_before", path.origin), _is("class", path.target)))
                yield _rule("path", path, taken)
    for owners in (program.paths, program.tiers):
        for owner in owners:
            yield from (_rule("gate", gate, gate.when) for gate in owner.gates)
    for score in program.scores:
        yield from (_rule("criterion", each, Not(IsUnknown(each.value))) for each in score.criteria)
    yield from (_rule("action", each, each.when) for each in program.actions)


def _rule(kind: str, rule: object, what: Condition | Node) -> Item:
    address: str = getattr(rule, "address")  # noqa: B009  any kind of rule has one
    return Item(Part.RULES, kind, address, "", line_of(getattr(rule, "place", None)), what)


def _is(step: str, name: str) -> Node:
    return Compare(Comparison.EQUAL, StepValue(step, TEXT), Constant(name, TEXT))
