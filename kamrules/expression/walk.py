"""Walking typed trees: the children of a node, a copy with other children, and all nodes below one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.expression.nodes import (
    Aggregate,
    Among,
    And,
    Arithmetic,
    Call,
    Compare,
    If,
    IsUnknown,
    Negate,
    Not,
    OfBook,
    Or,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kamrules.expression.nodes import Node


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below, in the order written."""
    match node:
        case Arithmetic() | Compare():
            return (node.left, node.right)
        case Negate() | IsUnknown() | Not() | OfBook():
            return (node.item,)
        case Among():
            return (node.item, *node.constants)
        case And() | Or():
            return node.items
        case Call():
            return node.arguments
        case If():
            return (node.condition, node.then, node.otherwise)
        case Aggregate():
            return tuple(each for each in (node.where, node.item) if each is not None)
        case _:
            return ()


def with_children(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return a copy in which every direct child is what `change` makes of it."""
    match node:
        case Arithmetic() | Compare():
            return replace(node, left=change(node.left), right=change(node.right))
        case Negate() | IsUnknown() | Not() | Among() | OfBook():
            return replace(node, item=change(node.item))
        case And() | Or():
            return replace(node, items=tuple(change(each) for each in node.items))
        case Call():
            return replace(node, arguments=tuple(change(each) for each in node.arguments))
        case If():
            return replace(
                node,
                condition=change(node.condition),
                then=change(node.then),
                otherwise=change(node.otherwise),
            )
        case Aggregate():
            where = None if node.where is None else change(node.where)
            return replace(node, where=where, item=None if node.item is None else change(node.item))
        case _:
            return node


def below(node: Node) -> Iterator[Node]:
    """Yield the node and every node below it, parents first, in the order written."""
    yield node
    for child in children(node):
        yield from below(child)
