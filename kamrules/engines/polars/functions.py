"""DuckDB's functions as the batch engine's trees use them, said in Polars."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

THOUSANDS = 7
"""Groups of three digits that a whole number of 64 bits has at most."""


def _concat(*parts: pl.Expr) -> pl.Expr:
    return pl.concat_str([each.cast(pl.String) for each in parts], ignore_nulls=True)


def _null_if(item: pl.Expr, other: pl.Expr) -> pl.Expr:
    return pl.when(item != other).then(item)


def _grouped(pattern: pl.Expr, number: pl.Expr) -> pl.Expr:
    """Write a whole number with a comma between thousands; no other pattern is used."""
    del pattern
    size = number.abs()
    parts: list[pl.Expr] = [pl.when(number < 0).then(pl.lit("-"))]
    for place in reversed(range(1, THOUSANDS)):
        power = 1000**place
        group = (size // power % 1000).cast(pl.String)
        first = size < power * 1000
        parts.append(
            pl.when(size >= power).then(
                pl.when(first).then(group).otherwise(group.str.zfill(3)) + ","
            )
        )
    rest = (size % 1000).cast(pl.String)
    parts.append(pl.when(size >= 1000).then(rest.str.zfill(3)).otherwise(rest))
    # of an unknown number every part would be left out
    return pl.when(number.is_not_null()).then(pl.concat_str(parts, ignore_nulls=True))


FUNCTIONS: dict[str, Callable[..., pl.Expr]] = {
    "abs": lambda item: item.abs(),
    "coalesce": lambda first, *others: reduce(lambda one, other: one.fill_null(other), others, first),
    "concat": _concat,
    "floor": lambda item: item.floor(),
    "format": _grouped,
    "greatest": pl.max_horizontal,
    "isfinite": lambda item: item.is_finite(),
    "least": pl.min_horizontal,
    "left": lambda item, count: item.str.slice(0, count),
    "lpad": lambda item, width, fill: item.str.zfill(width),  # noqa: ARG005  filled up with zeros only
    "nullif": _null_if,
    "pow": lambda one, other: one.pow(other),
    "round": lambda item: item.round(0, mode="half_away_from_zero"),
    "rtrim": lambda item, ends: item.str.strip_chars_end(ends),
    "substr": lambda item, first: item.str.slice(first - 1),
}  # fmt: skip
"""By name; what DuckDB gives for unknown arguments these give too."""
