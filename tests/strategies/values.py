"""Values as books hold them: each kind of column in each physical form, with its edges."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from kamrules.expression.types import PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.expression.types import Type
    from tests.strategies.drawing import Draw

DAY = datetime.timedelta(days=1)
FORMS: dict[Kind, tuple[str, ...]] = {
    Kind.MONEY: ("double", "decimal", "bigint"),
    Kind.SHARE: ("double", "decimal", "bigint"),
    Kind.SCORE: ("double", "decimal", "bigint"),
    Kind.NUMBER: ("double", "decimal", "bigint"),
    Kind.INTEGER: ("bigint", "double", "decimal"),
    Kind.DAYS: ("bigint", "double", "decimal"),
    Kind.DATE: ("date",),
    Kind.TEXT: ("text",),
    Kind.CHOICE: ("text",),
    Kind.BOOL: ("bool",),
}
"""The physical forms in which a column of each kind can come."""

USUAL: dict[Kind, tuple[float, ...]] = {
    Kind.MONEY: (0, 1, 100, 50, 1000, 999, 1_000_000, -1),
    Kind.SHARE: (0, 0.5, 0.2, 0.25, 1, 0.05, 0.1),
    Kind.SCORE: (0, 50, 40, 70, 100, 99.5),
    Kind.NUMBER: (0, 1, 2, 3, 2.5, 10, -1, 0.1),
    Kind.INTEGER: (0, 1, 2, 3, 5, 10, -1),
    Kind.DAYS: (0, 1, 14, 30, 90, 365, -1),
}
"""Values that rules and books share, so that comparisons meet their bounds and ranks tie."""

TEXTS = (
    "a", "b", "", "A", "ä", "a\u0308", "中文", "😀", "👨\u200d👩", "o'brien", 'say "x"', "back\\slash",
    "a\nb", "\t", " ", " a", "a ", "1", "01", "1.0", "NULL", "null", "true", "%", "a_b", "{a}", "{{", "=1+1",
    "a, b", "a; b", "\ufeffa", "\u202ea", "ß", "ss", "ﬁ", "İ", "\u00a0", "--", "/*", "$1", "?", ":a", "\x7f",
    "\x01", "\uffff", "\U0010ffff",
)  # fmt: skip
CHOICES = (
    "gold",
    "silver",
    "Ünï",
    "o'brien",
    'say "x"',
    "中文",
    "😀",
    "Gold",
    "a b",
    "unknown",
    "true",
    "1",
    "back\\slash",
)

BIG = (
    2**53 - 1, 2**53, 2**53 + 1, 10**12 - 1, 10**12, 10**14 - 1, 10**14, 10**15, 10**18 - 1, 10**18,
    -(10**18 - 1), -(10**18), 2**63 - 1, -(2**63), -1, 7,
)  # fmt: skip
DECIMALS = tuple(
    Decimal(each)
    for each in (
        "0.00005", "0.00004999", "-0.00005", "0.0000005", "-0.0000005", "0.0000015", "99999999999999.9999",
        "99999999999999.99995", "999999999999.999999", "999999999999.9999995", "1234567.12345678", "0.5",
        "-0.5", "1.5", "2.5", "100000000000000000000", "-99999999999999.9999", "0.33333333", "33.33",
    )
)  # fmt: skip


def _doubles(places: int) -> tuple[float, ...]:
    """Return doubles at the edges: halves of the last place, limits of digits, what is no number."""
    unit = 10.0**-places
    halves = [unit * each for each in (0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 1000000.5)]
    limit = 10.0 ** (18 - places)
    edges = [limit, -limit, math.nextafter(limit, 0), limit - 1, limit / 2, limit / 3]
    strange = [
        -0.0,
        0.1,
        1 / 3,
        1.005,
        2.675,
        5e-324,
        1e-9,
        1e300,
        -1e308,
        math.nan,
        math.inf,
        -math.inf,
    ]
    return (*halves, *edges, *strange, 2.0**53 - 1, 2.0**53, 2.0**53 + 2, 4503599627370497.5)


def pool(draw: Draw, of: Type, form: str, as_of: datetime.date) -> list[Any]:
    """Return what a column of this type and form holds in one case: usual values, edges, None."""
    if of.kind is Kind.BOOL:
        return [None, True, False]
    if of.kind is Kind.DATE:
        return [None, *_dates(draw, as_of)]
    if of.kind is Kind.TEXT:
        extra = draw.any(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
        )
        return [None, "a", "b", *_few(draw, TEXTS, 4), extra]
    if of.kind is Kind.CHOICE:
        return [None, *of.choices, *_few(draw, (*TEXTS, *CHOICES), 1)]
    usual = [_as(form, each) for each in USUAL[of.kind]]
    if form == "bigint":
        return [None, *usual, *_few(draw, BIG, 2), draw.whole(-(2**63), 2**63 - 1)]
    if form == "decimal":
        return [None, *usual, *_few(draw, DECIMALS, 3)]
    random = draw.any(st.floats(width=64))
    return [None, *usual, *_few(draw, _doubles(PLACES[of.kind]), 3), random]


def _few(draw: Draw, items: Sequence[Any], most: int) -> list[Any]:
    return draw.many(0, most, lambda: draw.one(items))


def _as(form: str, value: float) -> Any:
    if form == "bigint":
        return int(value)
    return Decimal(str(value)) if form == "decimal" else float(value)


def _dates(draw: Draw, as_of: datetime.date) -> list[datetime.date]:
    near = [moved(as_of, days) for days in (0, -1, 1, -14, -30, -90, -365, 30)]
    far = (
        datetime.date.min,
        datetime.date.max,
        datetime.date(1970, 1, 1),
        datetime.date(2024, 2, 29),
    )
    anywhere = draw.whole(1, datetime.date.max.toordinal())
    return [*near, *_few(draw, far, 2), datetime.date.fromordinal(anywhere)]


def moved(day: datetime.date, days: int) -> datetime.date:
    """Return the date so many days later, at most the last and at least the first one there is."""
    number = min(max(day.toordinal() + days, 1), datetime.date.max.toordinal())
    return datetime.date.fromordinal(number)


def quoted(text: str) -> str | None:
    """Return the text as a literal, None when the language has no way to write it."""
    if "\n" in text or ("'" in text and '"' in text) or not text.isprintable():
        return None
    return f'"{text}"' if "'" in text else f"'{text}'"
