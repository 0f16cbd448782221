"""Shows values in messages, as the table in docs/semantics.md says."""

from __future__ import annotations

import datetime
import math
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.oracle.reading import EPOCH, Value, half_away

if TYPE_CHECKING:
    from kamrules.expression.types import Type

WORDS = {"en": ("unknown", "yes", "no", "too large"), "zh": ("未知", "是", "否", "过大")}
# kind: places after scaling, how many of them belong behind the point, sign behind
FORMS = {
    "money": (0, 0, ""),
    "share": (3, 1, "%"),
    "score": (1, 1, ""),
    "number": (2, 2, ""),
    "integer": (0, 0, ""),
    "days": (0, 0, ""),
}


def shown(value: Value, of: Type, language: str) -> str:
    """Return the value as a message shows it."""
    unknown, yes, no, large = WORDS.get(language, WORDS["en"])
    if value is None:
        return unknown
    if isinstance(value, bool):
        return yes if value else no
    if isinstance(value, str):
        return dict(zip(of.choices, of.labels, strict=False)).get(value, value)
    if of.kind.value == "date":
        return _day(value) or unknown
    scaling, places, sign = FORMS[of.kind.value]
    scaled = value * float(10**scaling)
    if not math.isfinite(scaled):
        return large
    whole = half_away(Fraction(scaled))
    if abs(whole) >= 10**18:
        return large
    before, behind = divmod(abs(whole), 10**places)
    digits = f"{before:,}"
    rest = str(behind).rjust(places, "0").rstrip("0") if places else ""
    return ("-" if whole < 0 else "") + digits + ("." + rest if rest else "") + sign


def _day(days: float) -> str | None:
    """Return the date, None outside the calendar; part of a day belongs to the day it began on."""
    try:
        return (EPOCH + datetime.timedelta(days=math.floor(days))).isoformat()
    except OverflowError:
        return None
