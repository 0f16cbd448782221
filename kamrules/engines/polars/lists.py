"""Lists of the largest keys, as the batch engine's trees write them, and as Polars holds them: in columns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl
from sqlglot import exp

from kamrules.engines.sql.tree import all_of, call, column, is_null, null

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.engines.sql.tree import Sql


FEW = 8
"""So many of the largest keys are found by a network; more when they are given rows."""


@dataclass(frozen=True, slots=True)
class Largest:
    """A list of the `count` largest of some keys, the largest first; of unknown keys nothing is in it."""

    keys: tuple[Sql, ...]
    count: int

    @property
    def is_in_order(self) -> bool:
        """Whether all keys are in it, in the order in which they are written."""
        values = [_constant_of(each) for each in self.keys]
        known = [each for each in values if each is not None]
        falls = all(one > other for one, other in pairwise(known))
        return len(known) == len(self.keys) == self.count and falls

    @property
    def are_few(self) -> bool:
        """Whether a network finds them."""
        return self.count <= FEW


@dataclass(frozen=True, slots=True)
class Held:
    """Such a list held in columns, unknown where there is no item.

    In falling order, as many as it has items at most; or all keys in any order, which are `open` to be sorted
    when each gets a row of its own. To sort them beside each other takes Polars many times as long, since
    most are unknown. `width` is how many items it has at most.
    """

    columns: tuple[str, ...]
    width: int
    open: bool = False

    def largest(self) -> Sql:
        """Return the largest item."""
        if not self.columns:
            return null("bigint")
        if len(self.columns) == 1 or not self.open:
            return column(self.columns[0])
        return call("greatest", *map(column, self.columns))

    def is_empty(self) -> Sql:
        """Return whether it has no items."""
        if not self.open:
            return is_null(column(self.columns[0])) if self.columns else exp.true()
        return all_of(is_null(column(each)) for each in self.columns)

    @property
    def count(self) -> pl.Expr:
        """Return how many items it has."""
        known = count_of([pl.col(each) for each in self.columns])
        return pl.min_horizontal(known, self.width) if len(self.columns) > self.width else known


def count_of(items: list[pl.Expr]) -> pl.Expr:
    """Return how many of some are known."""
    if not items:
        return pl.lit(0, dtype=pl.Int64)
    return pl.sum_horizontal(each.is_not_null().cast(pl.Int64) for each in items)


def largest_of(tree: Sql) -> Largest | None:
    """Return what a tree makes a list of, None for a tree that makes none.

    That a list is made only where one of its keys is known need not be said: it has no items elsewhere.
    """
    if isinstance(tree, exp.Case) and len(tree.args["ifs"]) == 1:
        default = tree.args.get("default")
        if default is not None and _is_no_list(default):
            tree = tree.args["ifs"][0].args["true"]
    if _is_no_list(tree):
        return Largest((), 0)
    if not isinstance(tree, exp.Anonymous) or tree.name != "list_aggregate":
        return None
    listed, _, count = tree.expressions
    items = listed.this.expressions
    return Largest(tuple(items), min(int(count.this), len(items)))


def compared(tree: Sql) -> list[str]:
    """Return the columns whose numbers a network compares to make a list, none for any other tree."""
    largest = largest_of(tree)
    if largest is None or largest.is_in_order or not largest.are_few:
        return []
    return [each.name for each in largest.keys if isinstance(each, exp.Column)]


def merge(one: Sequence[str], other: Sequence[str], count: int) -> list[pl.Expr]:
    """Return the largest of two lists of columns, each falling, as a list that falls.

    At a place stands the largest of what stands there in either, and of the lesser of any two, one from each
    list, that have as many above them altogether.
    """
    found = []
    for place in range(min(count, len(one) + len(other))):
        items = [pl.col(each[place]) for each in (one, other) if place < len(each)]
        for first in range(place):
            second = place - 1 - first
            if first < len(one) and second < len(other):
                items.append(pl.min_horizontal(one[first], other[second]))
        found.append(items[0] if len(items) == 1 else pl.max_horizontal(items))
    return found


def _is_no_list(tree: Sql) -> bool:
    return (
        isinstance(tree, exp.Cast)
        and isinstance(tree.this, exp.Null)
        and tree.to.this is exp.DataType.Type.ARRAY
    )


def _constant_of(tree: Sql) -> int | None:
    """Return the number that a key is wherever it is known, None when it can be several."""
    if not isinstance(tree, exp.Case) or tree.args.get("default") or len(tree.args["ifs"]) != 1:
        return None
    value = tree.args["ifs"][0].args["true"]
    return int(value.this) if isinstance(value, exp.Literal) else None
