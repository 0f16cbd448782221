"""Showing a value to people: one way for every engine and language (docs/semantics.md)."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING

from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from kamrules.expression.types import Type

EPOCH = datetime.date(1970, 1, 1).toordinal()
LAST = datetime.date.max.toordinal()
WORDS = {
    "en": {"unknown": "unknown", "yes": "yes", "no": "no", "large": "too large"},
    "zh": {"unknown": "未知", "yes": "是", "no": "否", "large": "过大"},
}


def words_of(language: str) -> dict[str, str]:
    """Return what stands for values that are no figures; `zh-Hans` counts as `zh`."""
    return WORDS.get(language) or WORDS.get(language.partition("-")[0]) or WORDS["en"]


DIGITS = {
    Kind.MONEY: 0,
    Kind.SHARE: 1,
    Kind.SCORE: 1,
    Kind.NUMBER: 2,
    Kind.INTEGER: 0,
    Kind.DAYS: 0,
}
"""Digits shown behind the point, at most; those of a share are digits of its percentage."""


def show(value: float | str | bool | None, kind: Type, language: str = "en") -> str:  # noqa: FBT001
    """Return a value as engines hold it (a date as days since 1970-01-01) as people read it."""
    words = words_of(language)
    if value is None:
        return words["unknown"]
    if isinstance(value, str):
        return kind.label(value)
    if isinstance(value, bool):
        return words["yes" if value else "no"]
    if kind.kind is Kind.DATE:
        return shown_date(value) or words["unknown"]
    scaled = value * 1000.0 if kind.kind is Kind.SHARE else value * 10.0 ** DIGITS[kind.kind]
    if not abs(scaled) < 1e18:
        return words["large"]
    return _grouped(round_away(scaled), DIGITS[kind.kind]) + (
        "%" if kind.kind is Kind.SHARE else ""
    )


def shown_date(days: float) -> str | None:
    """Return a number of days since 1970-01-01 as a date; None outside the years 1 to 9999."""
    ordinal = math.floor(days) + EPOCH if abs(days) < 1e9 else 0
    return datetime.date.fromordinal(ordinal).isoformat() if 1 <= ordinal <= LAST else None


def round_away(value: float) -> int:
    """Return the nearest whole number, halves away from zero, as C's round does."""
    whole = math.trunc(value)
    rest = value - whole
    if rest >= 0.5:
        return whole + 1
    return whole - 1 if rest <= -0.5 else whole


def _grouped(scaled: int, digits: int) -> str:
    whole, fraction = divmod(abs(scaled), 10**digits)
    text = f"{whole:,}"
    if digits and fraction:
        text += "." + f"{fraction:0{digits}d}".rstrip("0")
    return f"-{text}" if scaled < 0 else text
