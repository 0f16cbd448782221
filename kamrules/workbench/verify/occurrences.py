"""Occurrences: rows with which a signal comes about on a day, so that a case becomes an account to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.expression.besides import apart
from kamrules.expression.nodes import Arithmetic, AsOf, Compare, Comparison, Constant, RowColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.expression.nodes import Aggregate, Beside, Node
    from kamrules.workbench.verify.rows import RowMaker

Made = tuple[str, dict[str, Any]]
"""A table, and a row of it."""


def occurrence(maker: RowMaker, one: Aggregate, day: float) -> list[Made] | None:
    """Return rows with which a signal comes about on the day, None when that is too hard.

    `one` is either of the signal's two aggregates. What must not stand beside its row is for the caller to
    see to.
    """
    own, besides = apart(one.where)
    complete = _complete(own)
    if complete is None:
        return None
    number, column, later = complete
    # what comes behind it is how long the signal lasts, which the engine sees to
    first = _row(maker, own[:number], column, day - later)
    if first is None:
        return None
    rows = [(one.table, first)]
    for each in besides:
        others = _others(maker, each, one.table, first)
        if others is None:
            return None
        rows += others
    return rows


def _complete(own: Sequence[Node]) -> tuple[int, str, float] | None:
    """Return the place of the condition that a signal is complete, its column, and the days from that."""
    for number, each in reversed(list(enumerate(own))):
        match each:
            case Compare(comparison=Comparison.LESS_EQUAL, left=left, right=AsOf()):
                match left:
                    case RowColumn(name=name):
                        return number, name, 0.0
                    case Arithmetic(
                        left=RowColumn(name=name), right=Constant(value=float() as later)
                    ):
                        return number, name, later
    return None


def _row(maker: RowMaker, own: Sequence[Node], date: str, day: float) -> dict[str, Any] | None:
    """Return a row of that day for which the conditions are true."""
    row = maker.fitting(own)
    if row is None:
        return None
    row[date] = day
    return row


def _others(maker: RowMaker, node: Beside, table: str, first: dict[str, Any]) -> list[Made] | None:
    """Return the rows that must stand beside the first one; both agree in the columns that they share."""
    columns = maker.program.tables[table].columns
    for each in node.same:
        if first.get(each) is None:
            first[each] = maker.any_value(columns[each].type)
    found = []
    for _ in range(node.needed):
        row = _row(maker, apart(node.where)[0], node.date, first[node.day])
        if row is None:
            return None
        found.append((node.table, {**row, **{each: first[each] for each in node.same}}))
    return found
