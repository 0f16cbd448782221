"""Signals: after, then, without, at least so many, over tables with dates, joined or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.expression.types import Kind, Type
from tests.strategies.values import moved

if TYPE_CHECKING:
    import datetime

    from tests.strategies.drawing import Draw
    from tests.strategies.expressions import Expressions

SPANS = (14, 15, 30, 13, 1, 0, 2, 16, 29, 60, 365, 36_500)
"""Days; a book's dates lie so far apart, or a day more or less."""
JOINING = {Kind.TEXT, Kind.CHOICE, Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.BOOL}


def signal(write: Expressions, parameters: dict[str, Any], as_of: datetime.date) -> dict[str, Any]:
    """Return a signal over tables that have dates, of which there must be one."""
    draw, tables = write.draw, list(write.sight.orders)
    tables = [each for each in tables if each in write.sight.tables]
    first = draw.one(tables)
    found: dict[str, Any] = {"after": _rows(write, first)}
    form = draw.one(["without", "then", "at_least", "after"])
    second = first
    if form in {"without", "then"}:
        second = draw.one(tables)
        found[form] = _rows(write, second)
    elif form == "at_least":
        found["at_least"] = _number(draw, parameters, (2, 1, 3), (Kind.INTEGER,))
    if form != "after":
        found["within_days"] = _number(draw, parameters, SPANS, (Kind.INTEGER, Kind.DAYS))
        if (same := _same(write, first, second)) and draw.chance(60):
            found["same"] = same[0] if len(same) == 1 and draw.chance(50) else same
    if draw.chance(35):
        found["for_days"] = _number(draw, parameters, SPANS, (Kind.INTEGER, Kind.DAYS))
    if draw.chance(5):
        found["valid_from"] = moved(as_of, draw.one([0, 1]))
    if draw.chance(5):
        found["valid_to"] = max(moved(as_of, draw.one([0, -1])), found.get("valid_from", as_of))
    return found


def _rows(write: Expressions, table: str) -> str:
    draw = write.draw
    rows = write.filtered(table, draw.whole(0, 1)) if draw.chance(40) else table
    dates = [name for name, of in write.sight.tables[table].items() if of.kind is Kind.DATE]
    return f"{rows}.{draw.one(dates)}" if draw.chance(25) else rows


def _same(write: Expressions, first: str, second: str) -> list[str]:
    one, other = write.sight.tables[first], write.sight.tables[second]
    shared = [name for name, of in one.items() if _joins(of, other.get(name))]
    return write.draw.some(shared, 80)


def _joins(of: Type, other: Type | None) -> bool:
    if other is None or of.kind is not other.kind or of.kind not in JOINING:
        return False
    return of.kind is not Kind.CHOICE or bool(set(of.choices) & set(other.choices))


def _number(
    draw: Draw, parameters: dict[str, Any], usual: tuple[int, ...], kinds: tuple[Kind, ...]
) -> Any:
    """Return a number, or a parameter that holds one as well as what stands here may be."""
    least = min(usual)
    fitting = [
        name
        for name, each in parameters.items()
        if each["type"] in kinds and each["value"] >= least
    ]
    return draw.one(fitting) if fitting and draw.chance(25) else draw.one(usual)
