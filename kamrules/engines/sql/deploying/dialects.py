"""Dialects: what the warehouses say in different words, and where their numbers behave differently."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.columns import DAY_ZERO, FIRST_DAY, LAST_DAY, day
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    call,
    cast,
    group,
    is_one_of,
    text,
    try_cast,
    when,
    whole,
)
from kamrules.expression.nodes import Operator
from kamrules.expression.types import DIGITS

if TYPE_CHECKING:
    from kamrules.engines.sql.tree import Sql

UNITS = f"decimal({DIGITS}, 0)"
MOST = "1.7976931348623157e308"
NEARLY_MOST = "1.797693134862315e308"
"""A little below the greatest double: what is not above it can be multiplied back."""
LEAST = "5e-324"
OPERATORS = {
    Operator.ADD: exp.Add,
    Operator.SUBTRACT: exp.Sub,
    Operator.MULTIPLY: exp.Mul,
    Operator.DIVIDE: exp.Div,
}


def number(value: float) -> Sql:
    """Return a number as a person writes it; a warehouse may take it for a decimal."""
    size = abs(float(value))
    written = str(int(size)) if size.is_integer() and size < 1e15 else repr(size)
    literal = exp.Literal.number(written)
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def double(value: float) -> Sql:
    """Return a number that is a double in every warehouse."""
    return cast(number(value), "double")


class Dialect:
    """A warehouse's SQL, as most have it; see the subclasses for the others."""

    fenced = False
    """Whether CTEs must be kept apart, or expressions would be copied into one another."""
    flat = False
    """Whether relations on each other must be few, and read by one other as far as can be: the warehouse
    copies CTEs into all that read them, and refuses what is too deep."""
    deepest = 0
    """So many CTEs may stand on each other; 0: more than anyone writes."""
    unnests = False
    """Whether a list in a select makes rows."""
    replaces_by_dropping = False
    """Whether a view must be dropped where its columns may have changed."""
    folds_to_capitals = False
    """Whether a name that nobody has quoted is the same as that in capitals."""
    widest = 0
    """So many columns a relation may have; 0: more than anyone writes."""
    longest = 0
    """A view's text is shorter than so many characters; 0: it may have any length."""

    def __init__(self, name: str) -> None:
        self.name = name

    def units(self, raw: Sql, places: int) -> Sql:
        """Return a number as whole units of 10**-places, halves away from zero; unknown if it is too long.

        What is multiplied keeps its kind: a double is multiplied as a double, a decimal exactly.
        """
        scaled = binary(exp.Mul, raw.copy(), self.decimal(10**places)) if places else raw.copy()
        return self._short(raw, places, cast(call("round", scaled), UNITS))

    @staticmethod
    def decimal(value: Decimal | int) -> Sql:
        """Return a constant that is a decimal, so that whole numbers times it are not cut off."""
        digits = max(-int(Decimal(value).as_tuple().exponent), 0)
        width = max(len(f"{abs(Decimal(value)):f}".replace(".", "")), digits + 1)
        written = exp.Literal.number(f"{abs(Decimal(value)):f}")
        number_ = written if value >= 0 else exp.Paren(this=exp.Neg(this=written))
        return cast(number_, f"decimal({width}, {digits})")

    @staticmethod
    def _short(raw: Sql, places: int, kept: Sql) -> Sql:
        """Return a number only where it has no more than the digits it may have."""
        nines = "9" * (DIGITS - places)
        most = exp.Literal.number(f"{nines}.{'9' * places}5")
        least = exp.Paren(this=exp.Neg(this=most.copy()))
        inside = [binary(exp.GT, raw.copy(), least), binary(exp.LT, raw.copy(), most)]
        return when([(all_of(inside), kept)])

    def value(self, units: Sql, places: int) -> Sql:
        """Return units as a double: over 10**places."""
        found = cast(units, "double")
        return binary(exp.Div, found, whole(10**places)) if places else found

    def days(self, date: Sql) -> Sql:
        """Return a date as days since 1970-01-01, a double."""
        unit = exp.Var(this="DAY")
        return cast(exp.DateDiff(this=date, expression=day(DAY_ZERO), unit=unit), "double")

    def date(self, raw: Sql) -> Sql:
        """Return a column of dates or times as a date."""
        return cast(raw, "date")

    def later(self, date: Sql, days: Sql) -> Sql:
        """Return a date so many days later."""
        return exp.DateAdd(this=date, expression=days, unit=exp.Var(this="DAY"))

    def finite(self, item: Sql) -> Sql:
        """Return whether a number is no infinity and no NaN, which is above all numbers."""
        return binary(exp.LTE, call("abs", item), exp.Literal.number(MOST))

    def arithmetic(
        self, operator: Operator, left: Sql, right: Sql, *, over: bool, under: bool
    ) -> Sql:
        """Return left operator right, unknown where the result is no finite number.

        `over` and `under`: whether it may be too large, and too small, for a double.
        """
        del under  # becomes zero, as it should
        found = binary(OPERATORS[operator], left, right)
        return when([(self.finite(found), found.copy())]) if over else found

    def ordered(self, item: Sql, *, is_text: bool) -> Sql:
        """Return what rows are ordered by, text by code point."""
        del is_text
        return item


class DuckDB(Dialect):
    """DuckDB: dates less dates are days, and dates may be infinite."""

    unnests = True

    def date(self, raw: Sql) -> Sql:
        """Return a date within the years that there are."""
        return _within(cast(raw, "date"))

    def days(self, date: Sql) -> Sql:
        """Return days since 1970-01-01."""
        return cast(binary(exp.Sub, date, day(DAY_ZERO)), "double")

    def later(self, date: Sql, days: Sql) -> Sql:
        """Return a date so many days later; with an interval it would be a time."""
        return binary(exp.Add, date, days)


class Spark(Dialect):
    """Spark, in ANSI mode and without: nothing is cast that could fail, and decimals lose no digits.

    Products of decimals lose digits behind the point where they have more than 38, so that a number is
    rounded before it is multiplied; only doubles are multiplied first, as everywhere. What a column is, Spark
    knows when it reads a statement, and forgets the other branch.
    """

    flat = True
    deepest = 15

    def units(self, raw: Sql, places: int) -> Sql:
        """Return a number as whole units of 10**-places, halves away from zero; unknown if it is too long."""
        is_double = is_one_of(call("typeof", raw.copy()), [text("double"), text("float")])
        wide = cast(raw.copy(), "double")
        scaled = binary(exp.Mul, wide, number(10.0**places)) if places else wide
        rounded = call("round", scaled)
        fits = binary(exp.LT, call("abs", rounded), number(float(10**DIGITS)))
        of_double = when([(fits, cast(rounded.copy(), UNITS))])
        exact = _tried(raw.copy(), f"decimal({DIGITS}, {places})")
        if places:
            exact = binary(exp.Mul, exact, self.decimal(10**places))
        return when([(is_double, of_double)], cast(exact, UNITS))

    def date(self, raw: Sql) -> Sql:
        """Return a date within the years that there are; of a time with a zone its day in UTC."""
        is_time = binary(exp.EQ, call("typeof", raw.copy()), text("timestamp"))
        seconds = call("unix_seconds", _tried(raw.copy(), "timestamptz"))
        days = cast(call("floor", binary(exp.Div, seconds, whole(86_400))), "int")
        return _within(when([(is_time, call("date_from_unix_date", days))], _tried(raw, "date")))


class Snowflake(Dialect):
    """Snowflake: names are in capitals, unless somebody wanted them otherwise."""

    folds_to_capitals = True


class BigQuery(Dialect):
    """BigQuery: what is too large for a double is an error, unless it is told to be safe."""

    longest = 256 * 1024

    SAFE = {  # noqa: RUF012  a constant
        Operator.ADD: "SAFE_ADD",
        Operator.SUBTRACT: "SAFE_SUBTRACT",
        Operator.MULTIPLY: "SAFE_MULTIPLY",
        Operator.DIVIDE: "SAFE_DIVIDE",
    }

    @staticmethod
    def decimal(value: Decimal | int) -> Sql:
        """Return a constant that is a decimal."""
        return _decimal(text(f"{Decimal(value):f}"))

    def arithmetic(
        self, operator: Operator, left: Sql, right: Sql, *, over: bool, under: bool
    ) -> Sql:
        """Return left operator right."""
        if over:
            return call(self.SAFE[operator], left, right)
        return super().arithmetic(operator, left, right, over=False, under=under)


class Postgres(DuckDB):
    """PostgreSQL: what is too large or too small for a double is an error, and so must not be tried."""

    fenced = True
    replaces_by_dropping = True
    widest = 1600

    def units(self, raw: Sql, places: int) -> Sql:
        """Return whole units, by way of text: a cast of double precision to numeric keeps 15 digits only,
        and it is rounded to even.
        """
        scaled = (
            binary(exp.Mul, raw.copy(), cast(whole(10**places), "bigint")) if places else raw.copy()
        )
        written = _decimal(cast(scaled, "text"))
        return self._short(raw, places, cast(call("round", written), UNITS))

    def arithmetic(
        self, operator: Operator, left: Sql, right: Sql, *, over: bool, under: bool
    ) -> Sql:
        """Return left operator right."""
        found = binary(OPERATORS[operator], left, right)
        if not over and not under:
            return found
        size, other = call("abs", group(left).copy()), call("abs", group(right).copy())
        least, most = exp.Literal.number(LEAST), exp.Literal.number(NEARLY_MOST)
        match operator:
            case Operator.ADD | Operator.SUBTRACT:
                return _added(found, left, right, operator)
            case Operator.MULTIPLY:
                large = binary(exp.GT, size, binary(exp.Div, most, other))
                small = binary(exp.LT, size.copy(), binary(exp.Div, least, other.copy()))
                one = binary(exp.GT, other.copy(), whole(1))
                tests = [(binary(exp.EQ, other.copy(), whole(0)), cast(whole(0), "double"))]
            case Operator.DIVIDE:
                large = binary(exp.GT, size, binary(exp.Mul, most, other))
                small = binary(exp.LT, size.copy(), binary(exp.Mul, least, other.copy()))
                one = binary(exp.LT, other.copy(), whole(1))
                tests = []
        nothing: Sql = when([(binary(exp.EQ, size.copy(), whole(0)), found.copy())],
                            when([(small, cast(whole(0), "double"))], found.copy()))  # fmt: skip
        beyond = when([(large, cast(exp.null(), "double"))], found)
        return when([*tests, (one, beyond)], nothing)

    def ordered(self, item: Sql, *, is_text: bool) -> Sql:
        """Return what rows are ordered by."""
        if not is_text:
            return item
        return exp.Collate(this=item, expression=exp.to_identifier("C", quoted=True))


def _added(found: Sql, left: Sql, right: Sql, operator: Operator) -> Sql:
    """Return a sum or difference, unknown where it is too large: only large numbers can make it so."""
    half = exp.Literal.number("8.98846567431158e307")
    sizes = [call("abs", group(each).copy()) for each in (left, right)]
    small = all_of(binary(exp.LT, each, half.copy()) for each in sizes)
    tiny = any_of(binary(exp.LT, each.copy(), whole(1)) for each in sizes)
    halves = [binary(exp.Mul, each.copy(), exp.Literal.number("0.5")) for each in (left, right)]
    half_of_it = call("abs", binary(OPERATORS[operator], halves[0], halves[1]))
    fits = binary(exp.LT, half_of_it, exp.Literal.number("8.98846567431157e307"))
    return when([(small, found), (tiny, found.copy()), (fits, found.copy())])


def _decimal(item: Sql) -> Sql:
    """Return a value as a decimal of as many digits as it has."""
    return exp.Cast(this=item, to=exp.DataType(this=exp.DataType.Type.DECIMAL))


def _tried(item: Sql, kind: str) -> Sql:
    """Return a value as another type, unknown where it does not fit; sqlglot must be told to mean it."""
    found = try_cast(item, kind)
    found.set("safe", True)  # noqa: FBT003  sqlglot's
    return found


def _within(date: Sql) -> Sql:
    return when([(exp.Between(this=date.copy(), low=day(FIRST_DAY), high=day(LAST_DAY)), date)])


DIALECTS: dict[str, Dialect] = {
    "duckdb": DuckDB("duckdb"),
    "postgres": Postgres("postgres"),
    "spark": Spark("spark"),
    "snowflake": Snowflake("snowflake"),
    "bigquery": BigQuery("bigquery"),
}
