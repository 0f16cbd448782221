"""Frames: the stack's columns and the output tables over it, as lazy frames of Polars."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
from sqlglot import exp

from kamrules.engines.polars.expressions import Expressions
from kamrules.engines.polars.lists import Held, count_of, largest_of
from kamrules.engines.sql.tree import column, is_null, null

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kamrules.engines.polars.lists import Largest
    from kamrules.engines.sql.output import Output
    from kamrules.engines.sql.tree import Sql

FEW = 8
"""So many of the largest keys are found by a network; more are sorted."""
AT_A_TIME = 16
"""So many keys are compared with one another first."""
NOTHING = -1
"""Stands for no key among keys, which count from 0 on."""


@dataclass
class Frame:
    """A lazy frame that columns are added to, storey by storey.

    `lists` tells how each list of keys is held, by its name. Lists proper take Polars twenty times as long to
    make, and to give each item a row.
    """

    lazy: pl.LazyFrame
    say: Expressions
    short: bool
    lists: dict[str, Held] = field(default_factory=dict)

    def add(self, storeys: Iterable[Sequence[tuple[str, Sql]]]) -> None:
        """Add columns, each storey over the one below."""
        for storey in storeys:
            lists = {name: largest_of(tree) for name, tree in storey}
            plain = [self._column(name, tree) for name, tree in storey if lists[name] is None]
            held = {
                name: self._held(name, each) for name, each in lists.items() if each is not None
            }
            self.lazy = self.lazy.with_columns(each for each, _ in plain)
            self.say.known |= {name: texts for _, (name, texts) in plain if texts is not None}
            self.lists |= held

    def _column(self, name: str, tree: Sql) -> tuple[pl.Expr, tuple[str, tuple[str, ...] | None]]:
        """Return a column, and its texts if it holds the numbers of words."""
        tree = self._without_lists(tree)
        found = self.say.words(tree)
        if found is None:
            return self.say.said(tree).alias(name), (name, None)
        return found.number.alias(name), (name, found.texts)

    def said(self, tree: Sql) -> pl.Expr:
        """Return a tree as an expression."""
        return self.say.said(self._without_lists(tree))

    def _without_lists(self, tree: Sql) -> Sql:
        """Return a tree that reads the first item of a list, or whether there is one, by its column."""
        if any(each.name in self.lists for each in tree.find_all(exp.Column)):
            return tree.copy().transform(self._apart)
        return tree

    def _apart(self, node: Sql) -> Sql:
        """Read the column of a list's first item where that is read."""
        match node:
            case exp.Is(this=exp.Column() as of) if of.name in self.lists:
                first = self.lists[of.name].first
                return exp.true() if first is None else is_null(column(first))
            case exp.Anonymous(expressions=[exp.Column() as of, exp.Literal() as place]):
                if of.name in self.lists and node.name == "list_extract" and place.this == "1":
                    first = self.lists[of.name].first
                    return null("bigint") if first is None else column(first)
        return node

    def _held(self, name: str, largest: Largest) -> Held:
        if largest.is_in_order:
            return self._as_written(name, largest)
        if largest.count <= FEW:
            return self._network(name, largest)
        return self._sorted(name, largest)

    def _as_written(self, name: str, largest: Largest) -> Held:
        names = tuple(f"{name} {place}" for place in range(1, len(largest.keys) + 1))
        items = zip(names, largest.keys, strict=True)
        self.lazy = self.lazy.with_columns(self.said(each).alias(own) for own, each in items)
        return Held(name, len(names), names)

    def _sorted(self, name: str, largest: Largest) -> Held:
        keys = [self.said(each).cast(pl.Int64) for each in largest.keys]
        falling = pl.concat_arr(keys).arr.sort(descending=True, nulls_last=True)
        held = Held(name, largest.count)
        self.lazy = self.lazy.with_columns(
            falling.arr.head(largest.count, as_array=True).alias(name),
            pl.min_horizontal(count_of(keys), largest.count).alias(held.counted),
        ).with_columns(pl.col(name).arr.first().alias(f"{name} 1"))
        return held

    def _network(self, name: str, largest: Largest) -> Held:
        """Add the largest keys as columns, by a network that compares and exchanges.

        Tried by benchmarks/peers: this takes less time than three passes of max_horizontal that leave out
        what was taken, and an eighth of sorting.
        """
        kind = pl.Int32 if self.short else pl.Int64
        names = [f"{name} of {place}" for place in range(len(largest.keys))]
        filled = (self.said(each).cast(kind).fill_null(NOTHING) for each in largest.keys)
        self.lazy = self.lazy.with_columns(
            each.alias(own) for each, own in zip(filled, names, strict=True)
        )
        best = self._largest(names, largest.count)
        found = tuple(f"{name} {place}" for place in range(1, len(best) + 1))
        self.lazy = self.lazy.with_columns(
            pl.when(pl.col(each) != NOTHING).then(pl.col(each)).cast(pl.Int64).alias(own)
            for each, own in zip(best, found, strict=True)
        )
        return Held(name, len(found), found)

    def _largest(self, names: Sequence[str], count: int) -> list[str]:
        """Return columns with the largest of some, in order; of many first those of some at a time.

        What is done for all of these at once is one step. Each step stands on the one before, and thousands
        of them are more than Polars plans.
        """
        some = [names[first : first + AT_A_TIME] for first in range(0, len(names), AT_A_TIME)]
        best: list[list[str]] = [[] for _ in some]
        for place in range(AT_A_TIME):
            rests = [each[place] if place < len(each) else None for each in some]
            for rank in range(count):
                self._exchange(best, rests, rank)
            for held, rest in zip(best, rests, strict=True):
                if rest is not None and len(held) < count:
                    held.append(rest)
        left = [each for held in best for each in held]
        return left if len(some) == 1 else self._largest(left, count)

    def _exchange(self, best: list[list[str]], rests: list[str | None], rank: int) -> None:
        """Exchange a held column and a rest: the larger is held, the smaller goes on as the rest."""
        items = []
        for at, (held, rest) in enumerate(zip(best, rests, strict=True)):
            if rest is None or rank >= len(held):
                continue
            better, worse = f"{rest} up {rank}", f"{rest} down {rank}"
            items += [
                pl.max_horizontal(held[rank], rest).alias(better),
                pl.min_horizontal(held[rank], rest).alias(worse),
            ]
            held[rank], rests[at] = better, worse
        if items:
            self.lazy = self.lazy.with_columns(items)

    # tables

    def table(self, output: Output, kinds: Mapping[str, pl.DataType]) -> pl.LazyFrame:
        """Return an output table with columns of the types given."""
        below = self.lazy.select(self._columns(output.reads()))
        say = Expressions(self.say.enumerations, self.say.known)
        made = Frame(below, say, self.short, dict(self.lists))
        for storey in output.storeys:
            unnested = [each for each in storey if _calls(each[1], "unnest")]
            if unnested:
                made._unnest(storey, *unnested[0])
            elif storey:
                made.add([storey])
        return made.lazy.select(
            made.written(tree, kinds[name]).alias(name) for name, tree in output.columns
        )

    def written(self, tree: Sql, kind: pl.DataType | None = None) -> pl.Expr:
        """Return a tree as it is written, of a type, and a word as a member of an enumeration."""
        tree = self._without_lists(tree)
        found = self.say.words(tree)
        if found is not None:
            return found.member()
        made = self.say.said(tree)
        return made if kind is None else made.cast(kind)

    def width(self, names: Iterable[str]) -> int:
        """Return by how many columns these are held."""
        return len(self._columns(names))

    def shared(self, names: Iterable[str]) -> Frame:
        """Return a frame of these columns, which are worked out once for all who read them in one pass."""
        lazy = self.lazy.select(self._columns(names)).cache()
        return Frame(lazy, self.say, self.short, self.lists)

    def count(self, name: str) -> pl.Expr:
        """Return how many items a list has."""
        return self.lists[name].count

    def _columns(self, names: Iterable[str]) -> list[str]:
        """Return columns, those by which a list is held for it."""
        found: list[str] = []
        for each in sorted(names):
            found += self.lists[each].names if each in self.lists else (each,)
        return found

    def _unnest(self, storey: Sequence[tuple[str, Sql]], key: str, unnested: Sql) -> None:
        """Give a row to each item of a list, or of several, one behind the other.

        Beside it stand its place and how many items the first list has, as far as they are asked for.
        """
        lists = [
            self.lists[each.name]
            for each in unnested.find_all(exp.Column)
            if each.name in self.lists
        ]
        width = sum(each.width for each in lists)
        if not width:
            self.lazy = self.lazy.filter(pl.lit(False)).with_columns(  # noqa: FBT003
                pl.lit(0, dtype=pl.Int64).alias(name) for name, _ in storey
            )
            return
        arrays = [each.items.cast(pl.Array(pl.Int64, each.width)) for each in lists if each.width]
        places = pl.lit(list(range(1, width + 1)), dtype=pl.Array(pl.Int64, width))
        every = arrays[0] if len(arrays) == 1 else pl.concat_arr(arrays)
        first = lists[0]
        nothing = (pl.lit(None, dtype=pl.Int64).alias(each) for each in (key, AT))
        self.lazy = self.lazy.with_columns(*nothing, first.count.alias(FIRST)).map_batches(
            lambda rows: _exploded(rows, every.alias(key), places.alias(AT)),
            projection_pushdown=False,
            streamable=True,
        )
        beside = {
            "generate_subscripts": pl.when(pl.col(AT) <= first.width)
            .then(pl.col(AT))
            .otherwise(pl.col(AT) - first.width + pl.col(FIRST)),
            "len": pl.col(FIRST),
        }
        self.lazy = self.lazy.with_columns(
            found.alias(name)
            for name, tree in storey
            for function, found in beside.items()
            if _calls(tree, function) and name != key
        )


def _exploded(rows: pl.DataFrame, items: pl.Expr, places: pl.Expr) -> pl.DataFrame:
    """Return a row for each known item of an array.

    Rows are looked up for the known items only: to explode with all that stands beside takes six times as
    long where most are unknown.
    """
    row = pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW)
    found = rows.select(row, items, places).explode(items.meta.output_name(), AT)
    found = found.filter(pl.col(items.meta.output_name()).is_not_null())
    return rows[found[ROW]].with_columns(found.drop(ROW))


ROW, AT, FIRST = "row", "at", "first"
"""Beside an unnested item: the number of its row, its place, and how many items the first array has."""


def _calls(tree: Sql, name: str) -> bool:
    return any(each.name == name for each in tree.find_all(exp.Anonymous))
