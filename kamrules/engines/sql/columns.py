"""Columns: one column of a source as the engine holds it, exact, and a test for what cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    call,
    cast,
    double,
    is_known,
    is_null,
    is_one_of,
    negation,
    null,
    text,
    try_cast,
    when,
    whole,
)
from kamrules.expression.types import DIGITS, PLACES, Kind
from kamrules.show import EPOCH, LAST

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.book import ColumnMap
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.types import Type

DAY_ZERO, FIRST_DAY, LAST_DAY = "1970-01-01", "0001-01-01", "9999-12-31"
WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
WIDE = frozenset({"UBIGINT", "HUGEINT", "UHUGEINT"})
SHORT = WHOLE - {"BIGINT"}
"""Types whose every value can be stored, whatever the places."""
FLOATS = frozenset({"FLOAT", "DOUBLE"})
TRUE, FALSE = ("true", "yes", "1", "t", "y"), ("false", "no", "0", "f", "n")
EXACT = 2**53
WIDEST = 38
"""Digits of DuckDB's widest decimals."""
NOT_A_VALUE, NOT_A_CHOICE, NOT_A_DATE, TOO_LONG = 643, 644, 645, 646
"""The codes of what can be wrong with a value."""


class Form(StrEnum):
    """How a stored column is held: whole units of 10**-places as a double, a whole number as it
    came, a decimal with the type's places, one whose units a double holds exactly, days since
    1970-01-01 as a double, or a text or bool."""

    UNITS = "units"
    WHOLE = "whole"
    DECIMAL = "decimal"
    NARROW = "narrow"
    DAYS = "days"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Stored:
    """A column as stored: the tree that makes it from the source, and what its problem is, if any.

    `problem` is a whole number (a code) where the source holds something that cannot be read, else
    NULL; None when that cannot be. `raw` is what the source holds, as text.
    """

    item: Sql
    form: Form
    of: Type
    problem: Sql | None
    raw: Sql


def stored(raw: Sql, came_as: str, of: Type, how: ColumnMap, *, within: bool = False) -> Stored:
    """Return how a source's column, of one of DuckDB's types, is stored as a column of the vocabulary.

    `within` says that all its values lie within what `limits_of` gives.
    """
    shown = as_text(raw, came_as)
    mapped = bool(how.values or how.unknown or how.constant is not None or how.format)
    if mapped or not _native(came_as, of):
        given = _looked_up(shown.copy(), how)
        item, form, problem = _from_text(given, of, how)
    else:
        item, form, problem = _from_native(raw, came_as, of, how, within=within)
    return Stored(item, form, of, problem, shown)


def limits_of(came_as: str, of: Type, how: ColumnMap) -> tuple[Sql, Sql] | None:
    """Return between which values, both included, a source's column needs no test at all.

    None where its values are tested, or are not, whatever they are.
    """
    mapped = how.values or how.unknown or how.constant is not None or how.format or how.times
    if mapped or not _native(came_as, of):
        return None
    if of.kind is Kind.DATE:
        return (day(FIRST_DAY), day(LAST_DAY)) if came_as == "DATE" else None
    if not of.numeric:
        return None
    places = PLACES[of.kind]
    if came_as == "BIGINT":
        limit = 10 ** (DIGITS - places) - 1
        return whole(-limit), whole(limit)
    if came_as.startswith("DECIMAL") and _fits(came_as, places):
        limit = EXACT // 10**places - 1
        return whole(-limit), whole(limit)
    return None


def day(written: str) -> Sql:
    """Return a date as a constant."""
    return cast(text(written), "date")


def as_text(raw: Sql, came_as: str) -> Sql:
    """Return a source's column as text; a whole number in a column of doubles loses its `.0`."""
    if came_as == "VARCHAR":
        return raw
    if came_as not in FLOATS:
        return cast(raw, "varchar")
    even = binary(exp.EQ, raw, call("trunc", raw.copy()))
    small = binary(exp.LT, call("abs", raw.copy()), whole(10**15))
    integer = cast(cast(raw.copy(), "bigint"), "varchar")
    return when([(all_of([even, small]), integer)], cast(raw.copy(), "varchar"))


def _as_it_is(item: Sql) -> Sql:
    return item


def value_of(item: Sql, form: Form, of: Type, keep: Callable[[Sql], Sql] = _as_it_is) -> Sql:
    """Return a stored column as expressions see it: numbers and dates as doubles.

    `keep` gives a name to what is read more than once.
    """
    if form in {Form.PLAIN, Form.DAYS}:
        return item
    places = PLACES[of.kind]
    if form is Form.NARROW:
        return cast(item, "double")
    if form is Form.DECIMAL:
        return _double_of(item, places, keep)
    if form is Form.WHOLE:
        item = cast(item, "double")
        item = binary(exp.Mul, item, double(10.0**places)) if places else item
    return binary(exp.Div, item, double(10.0**places)) if places else item


def exact_of(item: Sql, form: Form, of: Type) -> Sql:
    """Return a stored column so that equal values are equal, whichever forms they are held in."""
    if form in {Form.PLAIN, Form.DAYS}:
        return item
    places = PLACES[of.kind]
    if form in {Form.DECIMAL, Form.NARROW}:
        return _units_of_decimal(item, places)
    units = cast(item, "bigint")
    return binary(exp.Mul, units, whole(10**places)) if places and form is Form.WHOLE else units


def total_of(item: Sql, form: Form) -> Sql:
    """Return a column to be summed exactly, see value_of_total."""
    return cast(item, "bigint") if form is Form.UNITS else item


def value_of_total(item: Sql, form: Form, of: Type) -> Sql:
    """Return an exact sum as a double, NULL beyond the digits that a sum may have."""
    places = PLACES[of.kind]
    limit = 10**DIGITS if form is Form.UNITS else 10 ** (DIGITS - places)
    inside = all_of(
        [
            binary(exp.GT, item, whole(-limit)),
            binary(exp.LT, item.copy(), whole(limit)),
        ]
    )
    if form in {Form.DECIMAL, Form.NARROW}:
        found = _double_of(cast(item.copy(), f"decimal({DIGITS}, {places})"), places, _as_it_is)
    elif form is Form.UNITS:
        found = value_of(cast(cast(item.copy(), "bigint"), "double"), Form.UNITS, of)
    else:
        found = value_of(cast(item.copy(), "bigint"), Form.WHOLE, of)
    return when([(inside, found)])


def _double_of(item: Sql, places: int, keep: Callable[[Sql], Sql]) -> Sql:
    """Return double(units) / 10**places of a decimal; DuckDB's own cast does so below 2**53 units."""
    if not places:
        return cast(cast(item, "bigint"), "double")
    near = keep(cast(item, "double"))
    edge = EXACT / 10**places
    small = all_of(
        [
            binary(exp.LT, near, double(edge)),
            binary(exp.GT, near.copy(), double(-edge)),
        ]
    )
    units = cast(_units_of_decimal(item.copy(), places), "double")
    return when([(small, near.copy())], binary(exp.Div, units, double(10.0**places)))


def _units_of_decimal(item: Sql, places: int) -> Sql:
    power = cast(whole(10**places), f"decimal({places + 1}, 0)")
    wide = cast(item, f"decimal({DIGITS + places + 1}, {places})")
    return cast(binary(exp.Mul, wide, power), "bigint")


def _native(came_as: str, of: Type) -> bool:
    """Return whether the source's type says what the column is, so that no text needs to be read."""
    if of.numeric and of.kind is not Kind.DATE:
        return came_as in WHOLE | WIDE | FLOATS or came_as.startswith("DECIMAL")
    match of.kind:
        case Kind.DATE:
            return came_as == "DATE" or came_as.startswith("TIMESTAMP")
        case Kind.BOOL:
            return came_as == "BOOLEAN"
        case _:
            return True


def _fits(came_as: str, places: int) -> bool:
    """Return whether every value of a decimal type can be stored with so many places as it is."""
    width, scale = (int(each) for each in came_as[len("DECIMAL(") : -1].split(","))
    return scale <= places and width - scale <= DIGITS - places


def _looked_up(given: Sql, how: ColumnMap) -> Sql:
    """Return a text by the mapping's words: unknown ones first, then what texts stand for."""
    if how.constant is not None:
        return text(how.constant)
    branches = []
    if how.unknown:
        branches.append((is_one_of(given.copy(), map(text, how.unknown)), null("varchar")))
    branches += [
        (binary(exp.EQ, given.copy(), text(old)), text(new)) for old, new in how.values.items()
    ]
    return when(branches, given) if branches else given


def _from_native(
    raw: Sql, came_as: str, of: Type, how: ColumnMap, *, within: bool
) -> tuple[Sql, Form, Sql | None]:
    known = is_known(raw.copy())
    if of.kind in {Kind.TEXT, Kind.CHOICE}:
        return _plain(as_text(raw, came_as), of)
    if of.kind is Kind.BOOL:
        return raw, Form.PLAIN, None
    if of.kind is Kind.DATE:
        if within:
            return cast(_since_zero(raw), "double"), Form.DAYS, None
        return _days(_date(raw, came_as), known)
    factor = float(how.times) if how.times is not None else None
    if came_as in FLOATS:
        given = cast(raw, "double") if factor is None else binary(exp.Mul, raw, double(factor))
        item = _units(given, PLACES[of.kind])
        form = Form.UNITS
    elif factor is not None:
        item, form = _decimal(raw, of, how), Form.DECIMAL
    elif came_as.startswith("DECIMAL"):
        form = Form.DECIMAL
        if _fits(came_as, PLACES[of.kind]):
            return raw, Form.NARROW if within else form, None
        item = try_cast(raw, f"decimal({DIGITS}, {PLACES[of.kind]})")
    elif within or came_as in SHORT:
        return cast(raw, "bigint"), Form.WHOLE, None
    else:
        limit = 10 ** (DIGITS - PLACES[of.kind])
        inside = [binary(exp.GT, raw, whole(-limit)), binary(exp.LT, raw.copy(), whole(limit))]
        item, form = when([(all_of(inside), cast(raw.copy(), "bigint"))]), Form.WHOLE
    lost = all_of([known, is_null(item.copy())])
    return item, form, when([(lost, whole(TOO_LONG))])


def _from_text(given: Sql, of: Type, how: ColumnMap) -> tuple[Sql, Form, Sql | None]:
    if of.kind in {Kind.TEXT, Kind.CHOICE}:
        return _plain(given, of)
    known = binary(exp.NEQ, call("trim", given.copy()), text(""))
    if of.kind is Kind.DATE:
        return _days(_date_of_text(given, how.format), known)
    if of.kind is Kind.BOOL:
        low = call("lower", call("trim", given))
        true, false = exp.true(), exp.false()
        item = when(
            [
                (is_one_of(low, map(text, TRUE)), true),
                (is_one_of(low.copy(), map(text, FALSE)), false),
            ]
        )
        lost = all_of([known, is_null(item.copy())])
        return item, Form.PLAIN, when([(lost, whole(NOT_A_VALUE))])
    item = _number_of_text(given, of, how)
    lost = all_of([known, is_null(item.copy())])
    # DuckDB would read over an underscore
    number = all_of([is_known(try_cast(given.copy(), "double")), negation(_underscored(given))])
    code = when([(number, whole(TOO_LONG))], whole(NOT_A_VALUE))
    return item, Form.DECIMAL, when([(lost, code)])


def _plain(given: Sql, of: Type) -> tuple[Sql, Form, Sql | None]:
    if of.kind is Kind.TEXT:
        return given, Form.PLAIN, None
    among = is_one_of(given.copy(), map(text, of.choices))
    item = when([(among, given)], null("varchar"))
    return item, Form.PLAIN, when([(negation(among.copy()), whole(NOT_A_CHOICE))])


def _units(given: Sql, places: int) -> Sql:
    """Return a double in whole units, halves away from zero; NULL for what is not finite or too long."""
    scaled = binary(exp.Mul, given, double(10.0**places)) if places else given
    units = call("round", scaled)
    inside = binary(exp.LT, call("abs", units), double(float(10**DIGITS)))
    # + 0.0 turns minus zero into zero
    return when([(inside, binary(exp.Add, units.copy(), double(0.0)))])


def whole_units(given: Sql, places: int) -> Sql:
    """Return a double as a whole number of units of 10**-places, NULL beyond the digits it may have."""
    return cast(_units(given, places), "bigint")


def units_of(given: Sql, of: Type) -> Sql:
    """Return a double as a column of a type would store it, as a whole number of units."""
    found = _units(given, PLACES[of.kind])
    if of.kind is Kind.DATE:
        first, last = 1 - EPOCH, LAST - EPOCH
        inside = [binary(exp.GTE, found, whole(first)), binary(exp.LTE, found.copy(), whole(last))]
        found = when([(all_of(inside), found.copy())])
    return cast(found, "bigint")


def _decimal(raw: Sql, of: Type, how: ColumnMap) -> Sql:
    """Return a number times the mapping's factor, exactly, with the type's places."""
    given = try_cast(raw, f"decimal({WIDEST}, 12)")
    factor = how.times
    if factor is not None:
        digits = max(-int(factor.as_tuple().exponent), 0)
        if digits + 12 > WIDEST:
            return try_cast(binary(exp.Mul, try_cast(raw.copy(), "double"), double(float(factor))),
                            f"decimal({DIGITS}, {PLACES[of.kind]})")  # fmt: skip
        width = max(len(f"{abs(factor):f}".replace(".", "")), digits + 1)
        power = cast(text(f"{factor:f}"), f"decimal({width}, {digits})")
        given = exp.Try(this=binary(exp.Mul, given, power))
    return try_cast(given, f"decimal({DIGITS}, {PLACES[of.kind]})")


def _number_of_text(given: Sql, of: Type, how: ColumnMap) -> Sql:
    """Return a number as it is written: digits, a point, a sign, an exponent; halves away from zero."""
    target = f"decimal({DIGITS}, {PLACES[of.kind]})"
    exact = try_cast(given, target) if how.times is None else _decimal(given, of, how)
    power = call("contains", call("lower", given.copy()), text("e"))
    # straight to few places, an exponent loses digits
    wide = try_cast(given.copy(), f"decimal({WIDEST}, {WIDEST // 2})")
    scaled = try_cast(wide, target) if how.times is None else _decimal(wide, of, how)
    return when([(_underscored(given), null(target)), (power, scaled)], exact)


def _underscored(given: Sql) -> Sql:
    return call("contains", given.copy(), text("_"))


def _date(raw: Sql, came_as: str) -> Sql:
    if came_as == "TIMESTAMP WITH TIME ZONE":
        raw = call("make_timestamp", call("epoch_us", raw))
    return raw if came_as == "DATE" else try_cast(raw, "date")


def _date_of_text(given: Sql, written: str | None) -> Sql:
    if written is not None:
        return try_cast(call("try_strptime", call("trim", given), text(written)), "date")
    iso = call("regexp_matches", given, text(r"^\s*\d{4}-\d{1,2}-\d{1,2}([ T].*)?$"))
    return when([(iso, try_cast(given.copy(), "date"))], null("date"))


def _days(date: Sql, known: Sql) -> tuple[Sql, Form, Sql | None]:
    inside = all_of(
        [
            binary(exp.GTE, date, day(FIRST_DAY)),
            binary(exp.LTE, date.copy(), day(LAST_DAY)),
        ]
    )
    item = when([(inside, cast(_since_zero(date.copy()), "double"))])
    lost = all_of([known, is_null(item.copy())])
    return item, Form.DAYS, when([(lost, whole(NOT_A_DATE))])


def _since_zero(date: Sql) -> Sql:
    return binary(exp.Sub, date, day(DAY_ZERO))


def any_problem(problems: list[Sql]) -> Sql:
    """Return whether at least one column has a problem."""
    return any_of(is_known(each) for each in problems)
