"""Columns: one column of a source as Spark holds it, exact, and a test for what cannot be read.

As kamrules.engines.sql.columns says it for DuckDB; tests hold the two to the same outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.engines.sql.columns import (
    FALSE,
    NOT_A_CHOICE,
    NOT_A_DATE,
    NOT_A_VALUE,
    TOO_LONG,
    TRUE,
    WIDEST,
)
from kamrules.expression.types import DIGITS, PLACES, Kind
from pyspark.sql import functions as f
from pyspark.sql import types as t

from kamrules_spark.dates import date_of_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from kamrules.book import ColumnMap
    from kamrules.expression.types import Type
    from pyspark.sql import Column

    Problem = Callable[[Column], Column]

_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
_ENDLESS = r"(?i)^\s*([+-]?inf(inity)?|[+-]?nan)\s*$"
_EXACT = 10**15


@dataclass(frozen=True, slots=True)
class Stored:
    """A column as the program reads it.

    `problem` makes of the item, kept under a name, the code of what is wrong with a value (as in
    kamrules.engines.sql.columns), NULL where nothing is; it is None when nothing can be. `raw` is what the
    source holds, as text.
    """

    item: Column
    problem: Problem | None
    raw: Column


def stored(raw: Column, came_as: t.DataType, of: Type, how: ColumnMap) -> Stored:
    """Return how a source's column is stored as a column of the vocabulary."""
    shown = as_text(raw, came_as)
    mapped = bool(how.values or how.unknown or how.constant is not None or how.format)
    if mapped or not _native(came_as, of):
        item, problem = _from_text(_looked_up(shown, how), of, how)
    else:
        item, problem = _from_native(raw, came_as, of, how)
    return Stored(item, problem, shown)


def as_text(raw: Column, came_as: t.DataType) -> Column:
    """Return a source's column as text; a whole number in a column of doubles loses its `.0`."""
    if isinstance(came_as, t.StringType):
        return raw
    if not isinstance(came_as, t.FloatType | t.DoubleType):
        return raw.cast("string")
    wide = raw.cast("double")
    size = f.abs(wide)
    even = (wide == f.rint(wide)) & (size < f.lit(float(_EXACT)))
    # Java would write 12345678.5 with an exponent
    plain = f.regexp_replace(
        wide.try_cast("decimal(38, 22)").cast("string"), r"(\.[0-9]+?)0+$", "$1"
    )
    near = (size >= f.lit(1e-4)) & (size < f.lit(1e16))
    found = f.when(even, wide.try_cast("bigint").cast("string"))
    if isinstance(came_as, t.DoubleType):
        found = found.when(near, plain)
    return found.otherwise(_with_exponent(raw.cast("string")))


def _with_exponent(written: Column) -> Column:
    """Return what Java writes of a double as C does: 1e+300, 1.5e-07, inf, nan."""
    for pattern, instead in (
        (r"\.0E", "E"),
        (r"E([0-9])$", "e+0$1"),
        (r"E([0-9]+)$", "e+$1"),
        (r"E-([0-9])$", "e-0$1"),
        (r"E-", "e-"),
        ("Infinity", "inf"),
        ("NaN", "nan"),
    ):
        written = f.regexp_replace(written, pattern, instead)
    return written


def _native(came_as: t.DataType, of: Type) -> bool:
    """Return whether the source's type says what the column is, so that no text needs to be read."""
    if of.numeric and of.kind is not Kind.DATE:
        return isinstance(came_as, t.NumericType)
    match of.kind:
        case Kind.DATE:
            return isinstance(came_as, t.DateType | t.TimestampType | t.TimestampNTZType)
        case Kind.BOOL:
            return isinstance(came_as, t.BooleanType)
        case _:
            return True


def _looked_up(given: Column, how: ColumnMap) -> Column:
    """Return a text by the mapping's words: unknown ones first, then what texts stand for."""
    if how.constant is not None:
        return f.lit(how.constant)
    if not how.unknown and not how.values:
        return given
    branches = [(given.isin(*how.unknown), f.lit(None).cast("string"))] if how.unknown else []
    branches += [(given == f.lit(old), f.lit(new)) for old, new in how.values.items()]
    found = f.when(*branches[0])
    for condition, value in branches[1:]:
        found = found.when(condition, value)
    return found.otherwise(given)


def _from_native(
    raw: Column, came_as: t.DataType, of: Type, how: ColumnMap
) -> tuple[Column, Problem | None]:
    if of.kind in {Kind.TEXT, Kind.CHOICE}:
        return _plain(as_text(raw, came_as), of)
    if of.kind is Kind.BOOL:
        return raw, None
    if of.kind is Kind.DATE:
        return _within(_date(raw, came_as)), _lost(raw.isNotNull(), NOT_A_DATE)
    places = PLACES[of.kind]
    if isinstance(came_as, t.FloatType | t.DoubleType):
        wide = raw.cast("double")
        given = wide if how.times is None else wide * f.lit(float(how.times))
        item = _of_double(given, places)
    elif how.times is not None:
        item = _times(raw, how.times, places)
    elif isinstance(came_as, t.DecimalType):
        if came_as.scale <= places and came_as.precision - came_as.scale <= DIGITS - places:
            return raw.cast(_decimal(places)), None
        item = raw.try_cast(_decimal(places))
    else:
        item = raw.try_cast(_decimal(places))
    return item, _lost(raw.isNotNull(), TOO_LONG)


def _from_text(given: Column, of: Type, how: ColumnMap) -> tuple[Column, Problem | None]:
    if of.kind in {Kind.TEXT, Kind.CHOICE}:
        return _plain(given, of)
    known = f.trim(given) != f.lit("")
    if of.kind is Kind.DATE:
        return date_of_text(given, how.format), _lost(known, NOT_A_DATE)
    if of.kind is Kind.BOOL:
        low = f.lower(f.trim(given))
        item = f.when(low.isin(*TRUE), f.lit(True)).when(low.isin(*FALSE), f.lit(False))  # noqa: FBT003
        return item, _lost(known, NOT_A_VALUE)
    places = PLACES[of.kind]
    number = given.rlike(_NUMBER)
    written = f.when(number, given)
    item = written.try_cast(_decimal(places))
    if how.times is not None:
        item = _times(written, how.times, places)
    code = f.when(number | given.rlike(_ENDLESS), f.lit(TOO_LONG)).otherwise(f.lit(NOT_A_VALUE))
    return item, lambda kept: f.when(known & kept.isNull(), code)


def _plain(given: Column, of: Type) -> tuple[Column, Problem | None]:
    if of.kind is Kind.TEXT:
        return given, None
    among = given.isin(*of.choices)
    return f.when(among, given), lambda _: f.when(~among, f.lit(NOT_A_CHOICE))


def _lost(known: Column, code: int) -> Problem:
    return lambda kept: f.when(known & kept.isNull(), f.lit(code))


def _decimal(places: int) -> t.DecimalType:
    return t.DecimalType(DIGITS, places)


def _of_double(given: Column, places: int) -> Column:
    """Return a double in whole units, halves away from zero; NULL for what is not finite or too long."""
    scaled = given * f.lit(10.0**places) if places else given
    size = f.abs(scaled)
    # what has no fraction any more would lose digits on its way through text
    units = f.when(size >= f.lit(float(2**53)), scaled).otherwise(f.signum(scaled) * _rounded(size))
    whole = f.when(f.abs(units) < f.lit(float(10**DIGITS)), units).try_cast("bigint")
    exact = whole.cast(t.DecimalType(DIGITS, 0))
    if not places:
        return exact
    unit = f.lit(f"{10.0**-places:.{places}f}").cast(t.DecimalType(places + 1, places))
    return (exact * unit).cast(_decimal(places))


def _rounded(size: Column) -> Column:
    down = size - size % f.lit(1.0)
    return down + f.when(size - down >= f.lit(0.5), f.lit(1.0)).otherwise(f.lit(0.0))


def _times(given: Column, factor: Decimal, places: int) -> Column:
    """Return a number times the mapping's factor, exactly, with the type's places."""
    digits = max(-int(factor.as_tuple().exponent), 0)
    width = max(len(f"{abs(factor):f}".replace(".", "")), digits + 1)
    room = WIDEST - 1 - width
    if digits + 12 > WIDEST or room < DIGITS:
        return _of_double(given.try_cast("double") * f.lit(float(factor)), places)
    # so wide that the product keeps all its places
    exact = given.try_cast(t.DecimalType(room, min(12, WIDEST - 1 - digits)))
    product = exact * f.lit(f"{factor:f}").cast(t.DecimalType(width, digits))
    return product.try_cast(_decimal(places))


def _date(raw: Column, came_as: t.DataType) -> Column:
    if isinstance(came_as, t.TimestampType):
        # its day in UTC, whatever the session's time zone is
        days = f.floor(f.unix_micros(raw) / f.lit(86_400_000_000))
        return f.date_from_unix_date(days.cast("int"))
    return raw if isinstance(came_as, t.DateType) else raw.cast("date")


def _within(date: Column) -> Column:
    first, last = (f.lit(each).cast("date") for each in ("0001-01-01", "9999-12-31"))
    return f.when((date >= first) & (date <= last), date)
