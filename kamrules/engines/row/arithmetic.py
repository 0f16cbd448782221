"""Arithmetic that the generated function calls: rounding, decay, and values as a book would store them."""

from __future__ import annotations

from kamrules.expression.types import DIGITS
from kamrules.show import EPOCH, LAST, round_away

HUGE = 2.0**53
LIMIT = float(10**DIGITS)


def rounded(value: float, scale: float) -> float:
    """Return the value rounded half away from zero to 1/scale (nodes.Function.ROUND)."""
    scaled = value * scale
    return value if abs(scaled) >= HUGE else round_away(scaled) / scale


def decayed(age: float, half_life: float) -> float | None:
    """Return what is left of 1 after an age (nodes.Function.DECAY)."""
    if half_life <= 0:
        return None
    return 1.0 if age <= 0 else rounded(0.5 ** (age / half_life), 1e6)


def stored_units(value: float, scale: float) -> int | None:
    """Return a double in whole units of 1/scale, half away from zero; None beyond 18 digits."""
    scaled = value * scale
    return round_away(scaled) if -LIMIT < scaled < LIMIT else None


def stored_day(value: float) -> int | None:
    """Return days since 1970-01-01, rounded likewise; None outside the years 1 to 9999."""
    found = stored_units(value, 1.0)
    return found if found is not None and 1 <= found + EPOCH <= LAST else None
