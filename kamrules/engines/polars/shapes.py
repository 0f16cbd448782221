"""Shapes: what a tree of the batch engine is, as far as that decides how Polars says it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlglot import exp

from kamrules.engines.polars.literals import literal
from kamrules.engines.polars.unsaid import Unsaid
from kamrules.show import EPOCH

if TYPE_CHECKING:
    from kamrules.engines.sql.tree import Sql


def day_of(written: Sql) -> pl.Expr:
    """Return a date that is written as days since 1970-01-01."""
    day = datetime.date.fromisoformat(written.this.this).toordinal() - EPOCH
    return literal(day, pl.Int32)


def constant(tree: Sql) -> tuple[Any, Any]:
    """Return a constant and its type. Raises Unsaid for what is none."""
    tree = tree.unnest()
    match tree:
        case exp.Literal() if tree.is_string:
            return tree.this, pl.String
        case exp.Literal():
            whole = tree.this.isdecimal()
            return (int(tree.this), pl.Int64) if whole else (float(tree.this), pl.Float64)
        case exp.Neg():
            value, kind = constant(tree.this)
            return -value, kind
        case exp.Boolean():
            return bool(tree.this), pl.Boolean
        case exp.Cast(this=exp.Literal() as inner) if tree.to.this is exp.DataType.Type.DATE:
            return datetime.date.fromisoformat(inner.this), pl.Date
    raise Unsaid(tree.sql("duckdb"))


def written_where(tree: Sql) -> tuple[Sql, str, bool] | None:
    """Return the condition of a text that is written, the text, and whether it stands where that is true.

    None for any other text.
    """
    match tree:
        case exp.Case(args={"ifs": [branch]}) if tree.this is None:
            then, otherwise = branch.args["true"], tree.args.get("default")
            if is_text(then) and is_nothing(otherwise):
                return branch.this, then.this, True
            if otherwise is not None and is_nothing(then) and is_text(otherwise):
                return branch.this, otherwise.this, False
    return None


def is_text(tree: Sql) -> bool:
    """Return whether it is a text that is written."""
    return isinstance(tree, exp.Literal) and bool(tree.is_string)


def is_nothing(tree: Sql | None) -> bool:
    """Return whether it is an unknown value that is written, or nothing at all."""
    return (
        tree is None
        or isinstance(tree, exp.Null)
        or (isinstance(tree, exp.Cast) and isinstance(tree.this, exp.Null))
    )


def is_cast_to(tree: Sql, kind: Any) -> bool:  # noqa: ANN401  a member of sqlglot's enumeration
    """Return whether it is a value as another type."""
    return isinstance(tree, exp.Cast) and tree.to.this is kind


def is_a_call(tree: Sql, name: str) -> bool:
    """Return whether it calls a function."""
    return isinstance(tree, exp.Anonymous) and tree.name.casefold() == name


def is_written_list(tree: Sql) -> bool:
    """Return whether it is a list that is written, or that of an enumeration's members."""
    written = tree.this if isinstance(tree, exp.Cast) else tree
    return isinstance(written, exp.Array) or is_a_call(tree, "enum_range")
