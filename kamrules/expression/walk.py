"""Walking typed trees: the children of a node, a copy with other children, and all nodes below one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.expression.nodes import (
    Aggregate,
    Among,
    And,
    Arithmetic,
    Beside,
    Call,
    Compare,
    If,
    IsUnknown,
    Negate,
    Not,
    OfBook,
    Or,
    PluginCall,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kamrules.expression.nodes import Node


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below, in the order written."""
    match node:
        case Arithmetic() | Compare():
            return (node.left, node.right)
        case Negate() | IsUnknown() | Not():
            return (node.item,)
        case OfBook():
            return node.numbers
        case Among():
            return (node.item, *node.constants)
        case And() | Or():
            return node.items
        case Call() | PluginCall():
            return node.arguments
        case If():
            return (node.condition, node.then, node.otherwise)
        case Aggregate():
            return tuple(each for each in (node.where, node.item) if each is not None)
        case Beside():
            return () if node.where is None else (node.where,)
        case _:
            return ()


def with_children(node: Node, change: Callable[[Node], Node]) -> Node:  # noqa: C901  one case a node
    """Return the node with every direct child as `change` makes it; itself where none is another."""
    match node:
        case Arithmetic() | Compare():
            left, right = change(node.left), change(node.right)
            if left is node.left and right is node.right:
                return node
            return replace(node, left=left, right=right)
        case Negate() | IsUnknown() | Not() | Among():
            item = change(node.item)
            return node if item is node.item else replace(node, item=item)
        case OfBook():
            numbers = _changed(node.numbers, change)
            if numbers is node.numbers:
                return node
            summed = numbers[0] if node.summed is not None else None
            return replace(node, item=numbers[-1], summed=summed)
        case And() | Or():
            items = _changed(node.items, change)
            return node if items is node.items else replace(node, items=items)
        case Call() | PluginCall():
            arguments = _changed(node.arguments, change)
            return node if arguments is node.arguments else replace(node, arguments=arguments)
        case If():
            asked = (node.condition, node.then, node.otherwise)
            parts = _changed(asked, change)
            if parts is asked:
                return node
            return replace(node, condition=parts[0], then=parts[1], otherwise=parts[2])
        case Aggregate() | Beside():
            return _of_rows(node, change)
        case _:
            return node


def _of_rows(node: Aggregate | Beside, change: Callable[[Node], Node]) -> Node:
    where = None if node.where is None else change(node.where)
    if isinstance(node, Beside):
        return node if where is node.where else replace(node, where=where)
    item = None if node.item is None else change(node.item)
    if where is node.where and item is node.item:
        return node
    return replace(node, where=where, item=item)


def _changed(nodes: tuple[Node, ...], change: Callable[[Node], Node]) -> tuple[Node, ...]:
    found = tuple(change(each) for each in nodes)
    return nodes if all(new is old for new, old in zip(found, nodes, strict=True)) else found


def below(node: Node) -> Iterator[Node]:
    """Yield the node and every node below it, parents first, in the order written."""
    yield node
    for child in children(node):
        yield from below(child)
