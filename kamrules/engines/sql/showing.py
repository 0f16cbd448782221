"""Showing a value to people, in SQL: the counterpart of kamrules.show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.sql.tree import (
    all_of,
    binary,
    call,
    cast,
    double,
    is_null,
    member,
    negation,
    text,
    when,
    whole,
)
from kamrules.expression.types import Kind
from kamrules.show import DIGITS, EPOCH, LAST, words_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.compiler.program import Message
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node
    from kamrules.expression.types import Type


ENDINGS = "endings"
FRACTIONS = {1: "tenths", 2: "hundredths"}
"""Enumerations of a connection: the endings `,000` to `,999`, and fractions with their point: ``, `.1` ..."""


def endings() -> dict[str, list[str]]:
    """Return the members of the enumerations that texts with numbers are made with, by their names."""
    lists = {ENDINGS: [f",{each:03}" for each in range(1000)]}
    for digits, name in FRACTIONS.items():
        lists[name] = [f".{each:0{digits}}".rstrip(".0") for each in range(10**digits)]
    return lists


def lay_endings(connection: Any) -> None:  # noqa: ANN401  DuckDB's
    """Make the enumerations that texts with numbers are made with."""
    for name, words in endings().items():
        listed = ", ".join(f"'{each}'" for each in words)
        connection.execute(f'CREATE TYPE "{name}" AS ENUM ({listed})')


def told(message: Message | None, language: str, slot: Callable[[Node], Sql]) -> Sql | None:
    """Return a message with its slots filled, as Message.told says; None without one."""
    if message is None or not message.texts:
        return None
    spoken, pieces = message.told(language)
    parts = [
        text(each) if isinstance(each, str) else shown(slot(each), each.type, spoken)
        for each in pieces
    ]
    if len(parts) == 1:
        return parts[0]
    return call("concat", *parts) if parts else text("")


def shown(item: Sql, of: Type, language: str) -> Sql:
    """Return a value as people read it."""
    words = words_of(language)
    unknown = text(words["unknown"])
    if of.kind is Kind.BOOL:
        yes, no = text(words["yes"]), text(words["no"])
        return when([(item, yes), (negation(item.copy()), no)], unknown)
    if of.kind is Kind.DATE:
        return _date(item, unknown)
    if not of.numeric:
        return call("coalesce", _labelled(item, of), unknown)
    share = of.kind is Kind.SHARE
    scale = 1000.0 if share else 10.0 ** DIGITS[of.kind]
    scaled = item if scale == 1 else binary(exp.Mul, item, double(scale))
    fits = binary(exp.LT, call("abs", scaled), double(1e18))
    figure = _grouped(item, scaled, DIGITS[of.kind])
    if share:
        figure = call("concat", figure, text("%"))
    return when([(is_null(item.copy()), unknown), (fits, figure)], text(words["large"]))


def _labelled(item: Sql, of: Type) -> Sql:
    """Return what people read for a choice."""
    named = [
        (binary(exp.EQ, item.copy(), text(choice)), text(label))
        for choice, label in zip(of.choices, of.labels, strict=False)
        if choice != label
    ]
    return when(named, item) if named else item


def _date(item: Sql, unknown: Sql) -> Sql:
    day = call("floor", item)
    inside = all_of(
        [
            binary(exp.GTE, day, double(1 - EPOCH)),
            binary(exp.LTE, day.copy(), double(LAST - EPOCH)),
        ]
    )
    return when([(inside, cast(date_of(day.copy()), "varchar"))], unknown)


def date_of(days: Sql) -> Sql:
    """Return days since 1970-01-01, within the years 1 to 9999, as a date."""
    return binary(exp.Add, cast(text("1970-01-01"), "date"), cast(days, "integer"))


def _grouped(item: Sql, scaled: Sql, digits: int) -> Sql:
    """Return a number of units, halves away from zero, grouped in thousands.

    `format` takes two to five times as long as what stands beside it, which writes all but long and most
    negative numbers. Also tried for these: `lpad` and `right` take half as long again as a list of all
    endings, a regular expression longer than `format`.
    """
    number = cast(call("round", scaled.copy()), "bigint")
    if digits:
        power = 10**digits
        few = _between(scaled, -0.5, 1000.0 * power - 0.5)
        ahead = cast(exp.IntDiv(this=number.copy(), expression=whole(power)), "varchar")
        short = call("concat", ahead, _ending(FRACTIONS[digits], number, power))
        return when([(few, short)], _with_point(number, digits))
    thousands = cast(exp.IntDiv(this=number.copy(), expression=whole(1000)), "varchar")
    return when(
        [
            (_between(item, -999.5, 999.5), cast(number.copy(), "varchar")),
            (_between(item, 0.0, 999_999.5), call("concat", thousands, _ending(ENDINGS, number, 1000))),
        ],
        call("format", text("{:,}"), number),
    )  # fmt: skip


def _between(item: Sql, low: float, high: float) -> Sql:
    return all_of(
        [
            binary(exp.GT, item.copy(), double(low)),
            binary(exp.LT, item.copy(), double(high)),
        ]
    )


def _ending(kind: str, number: Sql, power: int) -> Sql:
    rest = exp.Paren(this=binary(exp.Mod, number.copy(), whole(power)))
    every = call("enum_range", member(exp.null(), kind))
    return call("list_extract", every, binary(exp.Add, rest, whole(1)))


def _with_point(number: Sql, digits: int) -> Sql:
    size = call("abs", number)
    power = whole(10**digits)
    rest = binary(exp.Mod, size.copy(), power)
    padded = call("lpad", cast(rest, "varchar"), whole(digits), text("0"))
    behind = call("concat", text("."), call("rtrim", padded, text("0")))
    sign = when([(binary(exp.LT, number.copy(), whole(0)), text("-"))], text(""))
    ahead = call("format", text("{:,}"), exp.IntDiv(this=size, expression=power.copy()))
    fraction = when([(binary(exp.GT, rest.copy(), whole(0)), behind)], text(""))
    return call("concat", sign, ahead, fraction)
