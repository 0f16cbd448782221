"""Besides: what stands beside a row in an aggregate's condition, apart from the rest of the condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression.nodes import And, Beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.expression.nodes import Aggregate, Node


def conjuncts(where: Node | None) -> tuple[Node, ...]:
    """Return the conditions that must all be true where a condition must be."""
    if where is None:
        return ()
    if not isinstance(where, And):
        return (where,)
    return tuple(one for each in where.items for one in conjuncts(each))


def apart(where: Node | None) -> tuple[tuple[Node, ...], tuple[Beside, ...]]:
    """Return the conditions on a row itself, and those on what stands beside it."""
    found = conjuncts(where)
    besides = tuple(each for each in found if isinstance(each, Beside))
    return tuple(each for each in found if not isinstance(each, Beside)), besides


def columns_beside(one: Aggregate) -> Iterator[tuple[str, str, bool]]:
    """Yield table and column of all that stand in Beside nodes, and whether they join rows."""
    for each in apart(one.where)[1]:
        yield one.table, each.day, False
        yield each.table, each.date, False
        for column in each.same:
            yield one.table, column, True
            yield each.table, column, True
