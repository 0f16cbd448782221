"""How the dates of a column are written."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamrules.workbench.mapping.seen import Column

_ISO = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})([ T].*)?", re.DOTALL)
_DAYS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y%m%d", "%d %b %Y",
    "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y",
    "%Y年%m月%d日",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", ", %H:%M", "T%H:%M:%S")
_ENOUGH = 0.9
_MOST = 400
_FIRST, _LAST = 1850, 2150


@dataclass(frozen=True, slots=True)
class DateForm:
    """How dates are written: strptime's format, None for 2026-01-31; `share` of the values that are such.

    `other` is the format by which they can be read as well, day and month the other way round.
    """

    format: str | None
    share: float
    other: str | None = None


def form_of_dates(column: Column) -> DateForm | None:
    """Return how the dates of a column are written, None when it holds none."""
    if column.type == "DATE" or column.type.startswith("TIMESTAMP"):
        return DateForm(None, 1.0)
    if not column.known or not (
        column.textual or column.type.endswith("INT") or column.type == "INTEGER"
    ):
        return None
    some = [text for text, _ in column.counts.most_common(_MOST)]
    iso = sum(_iso(text) for text in some) / len(some)
    if iso >= _ENOUGH:
        return DateForm(None, iso)
    found = []
    for days in _DAYS:
        for time in _TIMES:
            form = days + time
            if not _reads(some[0], form) and not _reads(some[-1], form):
                continue
            share = sum(_reads(text, form) for text in some) / len(some)
            if share >= _ENOUGH:
                found.append(DateForm(form, share))
    if not found:
        return None
    found.sort(key=lambda each: -each.share)
    best = found[0]
    turned = next(
        (each.format for each in found[1:] if each.share == best.share and _turned(best, each)),
        None,
    )
    return DateForm(best.format, best.share, turned)


def _iso(text: str) -> bool:
    found = _ISO.fullmatch(text)
    if found is None:
        return False
    try:
        datetime.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return False
    return True


def _reads(text: str, form: str) -> bool:
    try:
        found = datetime.datetime.strptime(text.strip(), form)  # noqa: DTZ007  a day has no zone
    except ValueError:
        return False
    return _FIRST <= found.year <= _LAST and ("%Y%m%d" not in form or len(text.strip()) >= 8)


def _turned(one: DateForm, other: DateForm) -> bool:
    return one.format is not None and other.format is not None and (
        sorted(re.findall(r"%(.)", one.format)) == sorted(re.findall(r"%(.)", other.format))
    )  # fmt: skip


def latest(column: Column) -> datetime.date | None:
    """Return the last of the days in a column, None when it holds no dates."""
    form = form_of_dates(column)
    if form is None:
        return None
    found = [day for text in column.counts if (day := _day(text, form.format)) is not None]
    return max(found, default=None)


def _day(text: str, form: str | None) -> datetime.date | None:
    try:
        if form is not None:
            return datetime.datetime.strptime(text.strip(), form).date()  # noqa: DTZ007
        found = _ISO.fullmatch(text)
        return datetime.date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
