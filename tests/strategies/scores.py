"""Scores: criteria with scales, curves and policies for the unknown, and bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.expression.types import BOOL, Kind, Type
from tests.strategies.toml import Inline
from tests.strategies.values import USUAL

if TYPE_CHECKING:
    from tests.strategies.drawing import Draw
    from tests.strategies.expressions import Expressions

POINTS = (0, 100, 50, 70, 33, 12.5, 0.1, 66.7)
WEIGHTS = (1, 10, 35, 0, 0.1, 3, 1000, 33.3)


def criterion(write: Expressions, score: str) -> dict[str, Any]:
    """Return one criterion of a score."""
    draw = write.draw
    kinds = (
        Kind.NUMBER, Kind.MONEY, Kind.SHARE, Kind.SCORE, Kind.INTEGER, Kind.DAYS, Kind.CHOICE,
        Kind.BOOL, Kind.TEXT,
    )  # fmt: skip
    held = [of for of in write.sight.names.values() if of.kind in kinds]
    of = draw.one(held) if held and draw.chance(70) else Type(draw.one(kinds[:6]))
    of, text = _measured(write, of)
    found: dict[str, Any] = {"score": score, "weight": draw.one(WEIGHTS), "value": text}
    if of.kind in USUAL and draw.chance(45):
        found["curve"] = _curve(draw, of)
    else:
        found["scale"] = _scale(draw, of)
    unknown = draw.one(["redistribute", "zero", 40, 100, None])
    if unknown is not None:
        found["unknown"] = unknown
    return found


def _measured(write: Expressions, of: Type) -> tuple[Type, str]:
    """Return an expression to measure, and its very type."""
    draw = write.draw
    names = write.sight.of(of)
    if names and (of.kind not in {*USUAL, Kind.BOOL} or draw.chance(50)):
        return of, draw.one(names)
    if of.kind in {Kind.INTEGER, Kind.DAYS} or (of.kind is Kind.MONEY and names):
        return of, write.number(of.kind, draw.whole(1, 3), typed=True)
    if of.kind in {Kind.NUMBER, Kind.SHARE, Kind.SCORE}:
        # whatever the mixture of plain numbers comes to, this is a number
        return Type(Kind.NUMBER), f"({write.number(of.kind, draw.whole(1, 3))}) * 1.5"
    return BOOL, write.bool(draw.whole(1, 2))


def _curve(draw: Draw, of: Type) -> list[list[float]]:
    xs = draw.some(sorted(USUAL[of.kind]), 60) or [0]
    return [[x, draw.one(POINTS)] for x in xs]


def _scale(draw: Draw, of: Type) -> list[Inline]:
    if of.kind not in USUAL:
        return _words(draw, of)
    low, high = (0.0, 100.0) if of.kind is Kind.SCORE else (None, None)
    texts = stretches(draw, of.kind, low, high)
    lines = [Inline({"in": each, "points": draw.one(POINTS)}) for each in texts]
    if draw.chance(30):
        lines = draw.some(lines, 60)
        lines.append(Inline({"points": draw.one(POINTS)}))
    elif draw.chance(30):
        lines = draw.shuffled(lines)
    return lines


def _words(draw: Draw, of: Type) -> list[Inline]:
    values: list[Any] = list(of.choices) or ["a", "b", "中文", ""]
    if of.kind is Kind.BOOL:
        values = [True, False]
    values = draw.shuffled(values)
    lines = []
    while values:
        size = draw.whole(1, len(values))
        lines.append(Inline({"in": values[:size], "points": draw.one(POINTS)}))
        values = values[size:]
    if of.kind is Kind.TEXT or draw.chance(30):
        lines = [*lines[:-1], Inline({"points": draw.one(POINTS)})]
    return lines


def stretches(draw: Draw, kind: Kind, low: float | None, high: float | None) -> list[str]:
    """Return intervals that cover everything from low to high side by side, in rising order."""
    inner = [
        each
        for each in sorted(USUAL[kind])
        if (low is None or each > low) and (high is None or each < high)
    ]
    cuts = draw.some(inner, 50)
    left = "[" if low is None else f"[{number(kind, low)}"
    texts = []
    for cut in cuts:
        # a bound belongs to one side or the other; between 1 and 2 there is no whole number
        shut = kind is not Kind.INTEGER and draw.chance(50)
        texts.append(f"{left}..{number(kind, cut)}{']' if shut else ')'}")
        left = f"{'(' if shut else '['}{number(kind, cut)}"
    texts.append(f"{left}..]" if high is None else f"{left}..{number(kind, high)}]")
    return texts


def number(kind: Kind, value: float) -> str:
    """Return a bound as an author writes it in an interval."""
    if kind is Kind.DAYS:
        return f"{value:.0f}d"
    return f"{value:.0f}" if value == int(value) else repr(value)


def bands(draw: Draw, ids: list[str]) -> dict[str, str]:
    """Return bands that cover a score, each with an id of its own."""
    texts = stretches(draw, Kind.SCORE, 0.0, 100.0)
    return dict(zip(ids, draw.shuffled(texts), strict=False))
