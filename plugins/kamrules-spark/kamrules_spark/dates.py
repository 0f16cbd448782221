"""Dates as texts: ISO, or as a book file's `format` says, told apart by patterns and not by Java's formats.

Java's letters mean other things than those of strftime (two digits of a year, names of months by the
machine's language), so a format becomes a pattern with groups, and these a date.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyspark.sql import functions as f

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column

_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9](\.[0-9]*)?)?"
_ZONE = r"(Z|UTC|[+-][0-9]{1,2}(:?[0-9]{2})?)"
_ISO = rf"^\s*(?!0000)[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}([ T]{_CLOCK}\s*{_ZONE}?)?\s*$"
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS = {
    "Y": r"(?!0+(?![0-9]))([0-9]{1,4})",
    "y": r"([0-9]{1,2})", "m": r"(0?[1-9]|1[0-2])", "d": r"(0?[1-9]|[12][0-9]|3[01])",
    "j": r"([0-9]{1,3})",
    "b": f"({'|'.join(each[:3] for each in MONTHS)})", "B": f"({'|'.join(MONTHS)})",
}  # fmt: skip
_PASSED = {
    "a": f"(?:{'|'.join(each[:3] for each in DAYS)})", "A": f"(?:{'|'.join(DAYS)})",
    "H": "(?:[01]?[0-9]|2[0-3])", "I": "(?:0?[1-9]|1[0-2])", "M": "(?:[0-5]?[0-9])", "S": "(?:[0-5]?[0-9])",
    "p": "(?:am|pm)", "f": "(?:[0-9]{1,9})", "Z": "(?:[a-z_/]+)", "%": "%",
}  # fmt: skip
UNREADABLE = frozenset("z")
"""A difference to UTC may move the date to another day, which no pattern tells."""


def date_of_text(given: Column, written: str | None) -> Column:
    """Return a text as a date; NULL where it is none."""
    if written is None:
        return f.when(given.rlike(_ISO), f.regexp_extract(given, "[0-9]{4}-[0-9-]+", 0)).try_cast(
            "date"
        )
    pattern, parts = pattern_of(written)
    low = f.lower(f.trim(given))
    found = {
        part: f.regexp_extract(low, pattern, number) for number, part in enumerate(parts, start=1)
    }
    year = _year(found)
    if "j" in found:
        first = f.concat(f.lpad(year, 4, "0"), f.lit("-01-01")).try_cast("date")
        date = f.date_add(first, found["j"].try_cast("int") - 1)
        date = f.when(f.year(date) == f.year(first), date)
    else:
        month, day = _month(found), found.get("d", f.lit("1"))
        text = f.concat_ws("-", f.lpad(year, 4, "0"), f.lpad(month, 2, "0"), f.lpad(day, 2, "0"))
        date = text.try_cast("date")
    return f.when(low.rlike(pattern), date)


def pattern_of(written: str) -> tuple[str, list[str]]:
    """Return a format as a pattern for texts in lower case, and which parts of a date its groups are."""
    found, parts = ["^"], []
    for field, plain in re.findall(r"%-?(.)|([^%]+)", written):
        if plain:
            # a run of blanks stands for any run of blanks
            pieces = (re.escape(each) for each in re.split(r"\s+", plain.lower()))
            found.append(r"\s+".join(pieces))
        elif field in _GROUPS and field not in parts:
            found.append(_GROUPS[field])
            parts.append(field)
        else:
            found.append(_PASSED.get(field) or _passed(_GROUPS[field]))
    return "".join((*found, "$")), parts


def _passed(group: str) -> str:
    """Return a group's pattern as one that is not kept."""
    return re.sub(r"\((?!\?)", "(?:", group)


def _year(found: dict[str, Column]) -> Column:
    if "Y" in found:
        return found["Y"]
    short = found["y"].try_cast("int")
    century = f.when(short >= 69, f.lit(1900)).otherwise(f.lit(2000))
    return (century + short).cast("string")


def _month(found: dict[str, Column]) -> Column:
    if "m" in found:
        return found["m"]
    named = found.get("b") if "b" in found else found.get("B")
    return f.lit("1") if named is None else _numbered(named, [each[:3] for each in MONTHS])


def _numbered(named: Column, months: Sequence[str]) -> Column:
    short = f.substring(named, 1, 3)
    found = f.when(short == f.lit(months[0]), f.lit("1"))
    for number, month in enumerate(months[1:], start=2):
        found = found.when(short == f.lit(month), f.lit(str(number)))
    return found
