"""Atoms: the smallest conditions, below and, or, not, any and at_least, wherever rules ask one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.as_written import as_written
from kamrules.compiler.program import Logic
from kamrules.compiler.signals import rule_of
from kamrules.expression import canonical
from kamrules.expression.nodes import And, Call, Constant, If, Not, Or
from kamrules.expression.types import Kind
from kamrules.expression.walk import below, children
from kamrules.workbench.coverage.items import Item, Part, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import Condition, Program
    from kamrules.diagnostics import Place
    from kamrules.expression.nodes import Node

    Asking = tuple[str, str, Place | None, Node]
    """Where a tree stands (the kind of its rule, its address and place), and the tree."""


def atoms(program: Program) -> Iterator[Item]:
    """Yield every atom of a program once: comparisons, `in`, `is unknown`, and facts that are yes or no.

    Conditions of `if` count wherever they stand. What filters the rows of a table asks something of each
    row, not of an account, and does not count.
    """
    written = as_written(program)
    signals = {each.address: each.signal.text for each in program.facts if each.signal is not None}
    seen = set()
    for kind, address, place, tree in _trees(program):
        for node in _smallest(tree):
            text = signals.get(address) or canonical(written(node))
            if (address, text) not in seen:
                seen.add((address, text))
                yield Item(Part.ATOMS, kind, address, text, line_of(place), node)


def _trees(program: Program) -> Iterator[Asking]:
    for fact in program.facts:
        yield rule_of(fact)[0], fact.address, fact.place, fact.value
    for score in program.scores:
        for one in score.criteria:
            yield "criterion", one.address, one.place, one.value
    for kind, when in _conditions(program):
        yield from _leaves(kind, when)
    for action in program.actions:
        yield "action", f"{action.address}.priority", action.place, action.priority


def _conditions(program: Program) -> Iterator[tuple[str, Condition | None]]:
    """Yield the conditions of all rules in the order in which they are decided."""
    for one in program.classes:
        yield from (("class", one.when), ("class", one.stay))
    for owners in (program.paths, program.tiers):
        for owner in owners:
            for gate in owner.gates:
                yield from (("gate", gate.when), ("gate", gate.stay))
    for kind, rules in (
        ("phase", program.phases), ("strategy", program.strategies), ("action", program.actions),
    ):  # fmt: skip
        for each in rules:
            yield kind, each.when


def _leaves(kind: str, condition: Condition | None) -> Iterator[Asking]:
    if condition is None:
        return
    if condition.logic is Logic.EXPRESSION and condition.expression is not None:
        yield kind, condition.address, condition.place, condition.expression
    for each in condition.members:
        yield from _leaves(kind, each)


def _smallest(node: Node) -> Iterator[Node]:
    """Yield the atoms of a tree. What a condition is made of by `coalesce` or `if` is asked apart."""
    match node:
        case And() | Or() | Not():
            for each in children(node):
                yield from _smallest(each)
        case Constant():
            return
        case Call() | If() if node.type.kind is Kind.BOOL:
            for each in children(node):
                yield from _smallest(each)
        case _:
            if node.type.kind is Kind.BOOL:
                yield node
            yield from _within(node)


def _within(node: Node) -> Iterator[Node]:
    """Yield the atoms of conditions inside a value."""
    for each in below(node):
        if isinstance(each, If):
            yield from _smallest(each.condition)
