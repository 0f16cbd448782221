"""One Polars query by hand, Parquet to Parquet by the streaming engine.

Tried for the best three of 25 ranks, seconds of processor a million accounts with all the rest (0.55
without): a compare-exchange network of `max_horizontal` and `min_horizontal` 0.57, of `when` 0.65; three
times `max_horizontal`, the last best masked 0.64; sorting a list 4.65.
"""

from __future__ import annotations

import operator
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars

from benchmarks.peers.lowering import COUNT, layers
from benchmarks.peers.rules import ACTIONS, AS_OF, CLASSES, COLUMNS, SCORES, TIERS, TOP

if TYPE_CHECKING:
    from pathlib import Path

_OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "==": operator.eq, ">=": operator.ge, "<": operator.lt,
}  # fmt: skip


class Expressions:
    """Polars' expressions."""

    guards = False

    def constant(self, value):
        if isinstance(value, int):
            return polars.lit(value, dtype=polars.Int32)
        return polars.lit(value)

    def name(self, name):
        return polars.col(name)

    def binary(self, sign, left, right):
        return _OPERATORS[sign](left, right)

    def every(self, items):
        return reduce(operator.and_, items)

    def some(self, items):
        return reduce(operator.or_, items)

    def choose(self, condition, then, otherwise):
        return polars.when(condition).then(then).otherwise(otherwise)

    def total(self, items):
        return reduce(operator.add, items)

    def days(self, name):
        days = (polars.lit(AS_OF) - polars.col(name)).dt.total_days()
        return days.cast(polars.Int32)

    def half_up(self, item):
        return (item + 0.5).cast(polars.Int32)


def query(book: Path) -> Any:
    """Return the query that decides a file of accounts."""
    form = Expressions()
    doubles = [
        polars.col(name).cast(polars.Float64) for name, kind in COLUMNS.items() if kind == "money"
    ]
    frame = polars.scan_parquet(book).with_columns(doubles)
    found = layers(form)
    for layer in found:
        frame = frame.with_columns(value.alias(name) for name, value in layer)
    frame, best = _best(frame, [name for name, _ in found[-1]])
    tier = polars.when(polars.col("level") > 0).then(polars.col("level") - 1)
    items = ["account_id", "name", _word(CLASSES, polars.col("class")).alias("class")]
    items += [_word(TIERS, tier).alias("tier"), *SCORES]
    for rank, name in enumerate(best, start=1):
        key = polars.col(name)
        number, priority = COUNT - 1 - key % COUNT, key // COUNT / 1000
        items += [
            _word(ACTIONS, polars.when(key >= 0).then(number)).alias(f"action_{rank}"),
            polars.when(key >= 0).then(priority).alias(f"priority_{rank}"),
        ]
    return frame.select(items)


def _best(frame, names):
    """Return the frame with the largest of the named columns in the columns that are returned, in order."""
    best: list[str] = []
    for key in names:
        rest = key
        for rank, held in enumerate(best):
            better, worse = f"{key}_{rank}_better", f"{key}_{rank}_worse"
            frame = frame.with_columns(
                polars.max_horizontal(held, rest).alias(better),
                polars.min_horizontal(held, rest).alias(worse),
            )
            best[rank], rest = better, worse
        if len(best) < TOP:
            best.append(rest)
    return frame, best


def _word(words, number):
    return number.cast(polars.UInt8).cat.to(polars.Enum(list(words)))


def run(book: Path, out: Path, threads: int) -> None:
    """Decide a file of accounts into another; `threads` is for the environment to set."""
    del threads
    query(book).sink_parquet(out, compression="snappy")


def copy(book: Path, out: Path, threads: int) -> None:
    """Copy a file, for orientation."""
    del threads
    polars.scan_parquet(book).sink_parquet(out, compression="snappy")
