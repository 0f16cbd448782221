"""The dates of a backtest: from one to another, so many days, weeks, months or years apart."""

from __future__ import annotations

import calendar
import datetime
import re

from kamrules.diagnostics import Diagnostic, UsageError

_EVERY = re.compile(r"([1-9]\d{0,3})([dwmy])")
MONTHS = {"m": 1, "y": 12}
DAYS = {"d": 1, "w": 7}


def dates(first: datetime.date, last: datetime.date, every: str) -> list[datetime.date]:
    """Return the dates from first to last; months and years keep the day, or take the month's last.

    Raises UsageError (KR827) when the step is none, or the end comes before the beginning.
    """
    step = _EVERY.fullmatch(every.strip())
    if step is None:
        mend = "write it as 3m, or 30d; w is for weeks, y for years"
        raise UsageError(Diagnostic("KR827", f"`{every}` is no time between two dates", help=mend))
    if last < first:
        raise UsageError(
            Diagnostic("KR827", f"the last date, {last}, comes before the first, {first}")
        )
    number, unit = int(step.group(1)), step.group(2)
    found = []
    current = first
    while current <= last:
        found.append(current)
        later = _after(first, number * len(found), unit)
        if later is None:
            break
        current = later
    return found


def _after(day: datetime.date, number: int, unit: str) -> datetime.date | None:
    """Return the date so many units later, None beyond the last year."""
    if unit in DAYS:
        ordinal = day.toordinal() + number * DAYS[unit]
        return (
            None if ordinal > datetime.date.max.toordinal() else datetime.date.fromordinal(ordinal)
        )
    months = day.year * 12 + day.month - 1 + number * MONTHS[unit]
    year, month = divmod(months, 12)
    if year > datetime.MAXYEAR:
        return None
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
