"""Translating the batch engine's trees: what DuckDB says with its lists and enumerations, said by others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.deploying.dialects import MOST
from kamrules.engines.sql.deploying.values import PLUGGED
from kamrules.engines.sql.showing import ENDINGS, FRACTIONS
from kamrules.engines.sql.tree import binary, call, cast, text, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.engines.sql.deploying.dialects import Dialect
    from kamrules.engines.sql.tree import Sql

SAME = frozenset(
    {"abs", "any_value", "coalesce", "concat_ws", "date_from_unix_date", "floor", "greatest", "least", "left",
     "lower", "lpad", "nullif", "posexplode", "power", "rank", "replace", "round", "sign", "substr", "trim",
     "typeof", "unix_seconds"}
)  # fmt: skip
"""Functions that mean the same in DuckDB and in Spark, as the trees use them."""
RENAMED = {"list_concat": "concat", "len": "array_size", "pow": "power"}
DIGITS_OF = {name: digits for digits, name in FRACTIONS.items()}


def translated(tree: Sql, dialect: Dialect) -> Sql:
    """Return a tree of the batch engine as a dialect says it: DuckDB's but for its enumerations, or Spark's.

    Raises TypeError for a function that nobody has told how to say.
    """
    made = _changed(tree.copy(), _without_enumerations)
    return made if dialect.name == "duckdb" else _changed(made, _of_spark)


def _changed(tree: Sql, change: Callable[[Sql], Sql]) -> Sql:
    """Return a tree with every node changed, those below before those above."""
    for node in reversed(list(tree.walk())):
        new = change(node)
        if new is not node and node is tree:
            tree = new
        elif new is not node:
            node.replace(new)
    return tree


def _without_enumerations(node: Sql) -> Sql:
    """Replace members of enumerations by their texts, and lists of all members by what makes one of them."""
    if isinstance(node, exp.Cast) and node.to.this is exp.DataType.Type.USERDEFINED:
        of_all = node.parent is not None and _is(node.parent, "enum_range")
        return node if of_all else node.this
    if not _is(node, "list_extract") or not _is(node.expressions[0], "enum_range"):
        return node
    kind = node.expressions[0].expressions[0].to.args["kind"].name
    rest = cast(_one_less(node.expressions[1]), "varchar")
    if kind == ENDINGS:
        return call("concat", text(","), call("lpad", rest, whole(3), text("0")))
    padded = call("lpad", rest, whole(DIGITS_OF[kind]), text("0"))
    return call("rtrim", call("concat", text("."), padded), text(".0"))


def _is(node: Sql, name: str) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() == name


def _one_less(number: Sql) -> Sql:
    """Return a place counted from 0 that was counted from 1."""
    if isinstance(number, exp.Add) and number.expression == whole(1):
        place: Sql = number.this
        return place
    return binary(exp.Sub, number, whole(1))


def _of_spark(node: Sql) -> Sql:
    match node:
        case exp.Sub() if _is_date(node.this) and _is_date(node.expression):
            unit = exp.Var(this="DAY")
            return exp.DateDiff(this=node.this, expression=node.expression, unit=unit)
        case exp.Anonymous() if PLUGGED not in node.meta:
            return _function_of_spark(node.name.lower(), node.expressions, node)
        case _:
            return node


def _is_date(item: Sql) -> bool:
    return isinstance(item, exp.Cast) and item.is_type("date")


def _function_of_spark(name: str, given: list[Sql], node: Sql) -> Sql:
    if name in SAME:
        return node
    match name:
        case "list_aggregate":
            # the greatest ones first; sort_array would put unknown ones behind them
            falling = call("sort_array", call("array_compact", given[0]), exp.false())
            return call("slice", falling, whole(1), given[2])
        case "list_extract":
            return call("get", given[0], _one_less(given[1]))
        case "concat":
            # DuckDB's leaves out what is unknown
            return call("concat_ws", text(""), *given)
        case "format":
            return call("format_number", given[1], whole(0))
        case "rtrim":
            return exp.Trim(this=given[0], expression=given[1], position="TRAILING")
        case "isfinite":
            return binary(exp.LTE, call("abs", given[0]), exp.Literal.number(MOST))
        case _ if name in RENAMED:
            return call(RENAMED[name], *given)
        case _:
            raise TypeError(name)
