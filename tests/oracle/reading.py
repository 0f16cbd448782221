"""Reads values as they come from outside into what a book stores; written from docs/semantics.md alone."""

from __future__ import annotations

import datetime
import math
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamrules.expression.types import Type

PLACES = {"money": 4, "share": 6, "score": 6, "number": 6, "integer": 0, "days": 0}
TOO_LONG = 10**18
EPOCH = datetime.date(1970, 1, 1)

Stored = int | str | bool | None
Value = float | str | bool | None


def half_away(exact: Fraction) -> int:
    """Return the whole number nearest to the exact one, halves away from zero."""
    whole = math.floor(abs(exact) + Fraction(1, 2))
    return -whole if exact < 0 else whole


def stored(raw: object, of: Type) -> Stored:
    """Return what a book stores for a raw value: whole units, days since 1970, text or bool."""
    if raw is None:
        return None
    kind = of.kind.value
    if kind == "bool":
        return raw if isinstance(raw, bool) else None
    if kind == "text":
        return raw if isinstance(raw, str) else None
    if kind == "choice":
        return raw if isinstance(raw, str) and raw in of.choices else None
    if kind == "date":
        return _day(raw)
    return _units(raw, PLACES[kind])


def _day(raw: object) -> int | None:
    if isinstance(raw, str):
        try:
            raw = datetime.date.fromisoformat(raw)
        except ValueError:
            return None
    if isinstance(raw, datetime.datetime):
        raw = raw.date()
    return (raw - EPOCH).days if isinstance(raw, datetime.date) else None


def _units(raw: object, places: int) -> int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        units = raw * 10**places
    elif isinstance(raw, float):
        scaled = raw * float(10**places)
        if not math.isfinite(scaled):
            return None
        units = half_away(Fraction(scaled))
    elif isinstance(raw, str | Decimal):
        try:
            exact = Decimal(raw)
        except InvalidOperation:
            return None
        if not exact.is_finite() or exact.adjusted() > 40:
            return None
        with localcontext() as context:
            context.prec = 2000
            context.Emin = -999_999
            shifted = exact.scaleb(places)
            units = int(shifted.to_integral_value(rounding=ROUND_HALF_UP))
    else:
        return None
    return units if abs(units) < TOO_LONG else None


def opened(value: Stored, of: Type) -> Value:
    """Return the value that an expression sees of a stored one."""
    if value is None or isinstance(value, str | bool):
        return value
    places = PLACES.get(of.kind.value, 0)
    return float(value) / float(10**places)
