"""Trees of a program as their author wrote them: with what became a step of its own put back in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.parts import functions_of
from kamrules.expression.calls import type_of
from kamrules.expression.nodes import Node, OfBook, StepValue
from kamrules.expression.walk import with_children

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamrules.compiler.program import Program


def compared(program: Program) -> Mapping[str, OfBook]:
    """Return the whole-book functions of a program by the addresses of their values."""
    return {
        f"{step.address}.{function}": OfBook(
            function, step.item, type_of(function, step.summed), summed=step.summed
        )
        for step in program.book_steps
        for function in functions_of(step)
    }


def as_written(program: Program) -> Callable[[Node], Node]:
    """Return a function from a tree to one without steps of aggregates and whole-book functions.

    `canonical` of what it gives is what the author reads; names of facts stay names.
    """
    lifted: dict[str, Node] = {each.address: each.aggregate for each in program.aggregates}
    lifted |= compared(program)

    def written(node: Node) -> Node:
        if isinstance(node, StepValue) and node.address in lifted:
            return written(lifted[node.address])
        return with_children(node, written)

    return written
