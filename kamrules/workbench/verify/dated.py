"""Dated: that a signal has a date exactly when it holds, for terms that read either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.compiler.signals import is_date_of_signal
from kamrules.expression.nodes import Arithmetic, AsOf, Constant, Operator, StepValue
from kamrules.expression.walk import below
from kamrules.workbench.verify.links import strict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.compiler.program import Program
    from kamrules.expression.nodes import Node
    from kamrules.workbench.verify.links import Link
    from kamrules.workbench.verify.terms import Term


def dated(terms: Sequence[Term], program: Program) -> Iterator[Link]:
    """Yield the links between terms made of the date of a signal and the term of the signal itself."""
    steps = {each.address: each.value for each in program.facts if each.signal is not None}
    places = {each.name: number for number, each in enumerate(terms)}
    for fact in program.facts:
        if not is_date_of_signal(fact):
            continue
        days = _names(fact.address, steps)
        for holds in _names(fact.address.removesuffix(".date"), steps) & places.keys():
            for number, term in enumerate(terms):
                read = {each.address for each in _values(term.node)}
                if read & days:
                    yield _together(number, places[holds], sure=_sure(term.node, days))


def _names(address: str, steps: dict[str, Node]) -> set[str]:
    """Return the addresses of a fact: its own, and that of the aggregate whose value it is."""
    value = steps.get(address)
    return {address, value.address} if isinstance(value, StepValue) else {address}


def _values(node: Node) -> Iterator[StepValue]:
    """Yield the steps without whose values a term is unknown."""
    yield from (each for each in (node, *strict(node)) if isinstance(each, StepValue))


def _sure(node: Node, days: set[str]) -> bool:
    """Whether a term is known whenever the day is: it is made of nothing else that may be unknown."""
    for each in below(node):
        match each:
            case Arithmetic(operator=operator) if operator is not Operator.DIVIDE:
                continue
            case StepValue(address=address) if address in days:
                continue
            case AsOf() | Constant():
                continue
            case _:
                return False
    return True


def _together(day: int, holds: int, *, sure: bool) -> Link:
    """Return that a term of a date is known only where its signal holds; `sure`: and everywhere there."""

    def fits(boxes: Sequence[Any]) -> bool:
        (_, _, unknown, known), states = boxes[day], boxes[holds]
        if known and True in states:
            return True
        return bool(unknown and (not sure or not states <= {True}))

    return fits
