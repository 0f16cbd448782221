"""SQL trees: short ways to build them with sqlglot, so that no author's text can become SQL."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Sql = exp.Expr

DIALECT = "duckdb"
LEAVES = (exp.Column, exp.Literal, exp.Anonymous, exp.Paren, exp.Cast, exp.TryCast, exp.Boolean, exp.Null,
          exp.Case, exp.Array)  # fmt: skip


def sql(tree: Sql) -> str:
    """Return a tree as text for the engine."""
    return tree.sql(DIALECT, comments=False, copy=False)


def column(name: str, table: str | None = None) -> exp.Column:
    """Return a column, quoted."""
    return exp.column(name, table=table, quoted=True)


def text(value: str) -> exp.Literal:
    """Return a text literal."""
    return exp.Literal.string(value)


def double(value: float) -> Sql:
    """Return a double, to the last bit: with an exponent, so that it is not read as a decimal."""
    written = repr(abs(float(value)))
    literal = exp.Literal.number(written if "e" in written else f"{written}e0")
    return exp.Paren(this=exp.Neg(this=literal)) if str(float(value)).startswith("-") else literal


def whole(value: int) -> Sql:
    """Return a whole number."""
    literal = exp.Literal.number(abs(value))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def boolean(value: bool) -> Sql:  # noqa: FBT001  a value, not a switch
    """Return true or false."""
    return exp.true() if value else exp.false()


def null(kind: str) -> Sql:
    """Return an unknown value of a type."""
    return cast(exp.null(), kind)


def cast(item: Sql, kind: str) -> Sql:
    """Return a value as another type."""
    return exp.Cast(this=item, to=_data_type(kind).copy())


def member(value: Sql, kind: str) -> Sql:
    """Return a text as a member of an enumeration made on the connection."""
    of = exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=exp.to_identifier(kind, quoted=True))
    return exp.Cast(this=value, to=of)


def try_cast(item: Sql, kind: str) -> Sql:
    """Return a value as another type, unknown where it does not fit."""
    return exp.TryCast(this=item, to=_data_type(kind).copy())


@cache
def _data_type(kind: str) -> exp.DataType:
    """Return a type; reading its text takes longer than all else here, so it is read once."""
    return exp.DataType.build(kind, dialect=DIALECT)


def call(name: str, *arguments: Sql) -> Sql:
    """Return a call of one of DuckDB's functions."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def group(item: Sql) -> Sql:
    """Return an operand, in parentheses where it needs them."""
    return item if isinstance(item, LEAVES) else exp.Paren(this=item)


def binary(operator: type[exp.Binary], left: Sql, right: Sql) -> Sql:
    """Return left operator right."""
    made: Sql = operator(this=group(left), expression=group(right))
    return made


def all_of(items: Iterable[Sql]) -> Sql:
    """Return Kleene's and, which is SQL's."""
    return _joined(exp.And, list(items), nothing=True)


def any_of(items: Iterable[Sql]) -> Sql:
    """Return Kleene's or, which is SQL's."""
    return _joined(exp.Or, list(items), nothing=False)


def _joined(operator: type[exp.Connector], items: Sequence[Sql], *, nothing: bool) -> Sql:
    return _balanced(operator, items) if items else boolean(nothing)


def _balanced(operator: type[exp.Binary], items: Sequence[Sql]) -> Sql:
    """Return items tied by an operator that may tie them in any order.

    Halves of halves: a chain of a thousand is deeper than the engine reads.
    """
    if len(items) == 1:
        return items[0]
    half = (len(items) + 1) // 2
    return binary(operator, _balanced(operator, items[:half]), _balanced(operator, items[half:]))


def negation(item: Sql) -> Sql:
    """Return Kleene's not, which is SQL's."""
    return exp.Not(this=group(item))


def is_null(item: Sql) -> Sql:
    """Return whether a value is unknown."""
    return exp.Is(this=group(item), expression=exp.null())


def is_known(item: Sql) -> Sql:
    """Return whether a value is known."""
    return exp.Not(this=exp.Paren(this=is_null(item)))


def is_true(item: Sql) -> Sql:
    """Return whether a condition is true; never unknown itself."""
    return call("coalesce", item, exp.false())


def is_false(item: Sql) -> Sql:
    """Return whether a condition is false; never unknown itself."""
    return exp.Not(this=call("coalesce", item, exp.true()))


def is_one_of(item: Sql, values: Iterable[Sql]) -> Sql:
    """Return whether a value is among others; unknown if it is."""
    return exp.In(this=group(item), expressions=list(values))


def when(branches: Iterable[tuple[Sql, Sql]], otherwise: Sql | None = None) -> Sql:
    """Return the value of the first branch whose condition is true."""
    ifs = [exp.If(this=condition, true=value) for condition, value in branches]
    if not ifs:
        return otherwise if otherwise is not None else exp.null()
    return exp.Case(ifs=ifs, default=otherwise)


def by_number(item: Sql, values: Sequence[tuple[int, Sql]], kind: str) -> Sql:
    """Return the value that stands beside a whole number; unknown for the other numbers."""
    if not values:
        return null(kind)
    ifs = [exp.If(this=whole(number), true=value) for number, value in values]
    return exp.Case(this=item, ifs=ifs)


def at(number: Sql, items: Iterable[Sql], kind: str) -> Sql:
    """Return the item of a list that a number, counted from 0, points to; unknown without any."""
    written = list(items)
    if not written:
        return null(kind)
    return call("list_extract", listed(written, kind), binary(exp.Add, number, whole(1)))


def total(items: Iterable[Sql]) -> Sql:
    """Return a sum of whole numbers; 0 of nothing."""
    listed = list(items)
    return exp.Paren(this=_balanced(exp.Add, listed)) if listed else whole(0)


def joined(items: Iterable[Sql], between: str) -> Sql:
    """Return the known texts, joined."""
    listed = list(items)
    return call("concat_ws", text(between), *listed) if listed else text("")


def listed(items: Iterable[Sql], kind: str) -> Sql:
    """Return a list of values of a type."""
    return cast(exp.Array(expressions=list(items)), f"{kind}[]")


def named(item: Sql, name: str) -> Sql:
    """Return a value under a name, as a select lists it."""
    return exp.alias_(item, name, quoted=True, copy=False)


def table_of(path: tuple[str, ...]) -> exp.Table:
    """Return a relation by its path: catalog, schema and name, of which the first may be left out."""
    *parts, last = (exp.to_identifier(each, quoted=True) for each in path)
    return exp.Table(
        this=last, db=parts[-1] if parts else None, catalog=parts[-2] if len(parts) > 1 else None
    )


def rows_of(name: str) -> exp.Select:
    """Return a select of nothing yet from a table."""
    return exp.Select().from_(exp.to_table(name, quoted=True))
