"""Frames: the stack's columns and the output tables over it, as lazy frames of Polars."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
from sqlglot import exp

from kamrules.engines.polars.expressions import NOTHING, Expressions
from kamrules.engines.polars.lists import Held, compared, largest_of, merge
from kamrules.engines.polars.unnesting import AT, FIRST, unnested_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kamrules.engines.polars.lists import Largest
    from kamrules.engines.sql.output import Output
    from kamrules.engines.sql.tree import Sql


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
        storeys = [list(each) for each in storeys]
        keys = {each for storey in storeys for _, tree in storey for each in compared(tree)}
        for storey in storeys:
            lists = {name: largest_of(tree) for name, tree in storey}
            plain = [
                self._key(name, tree) if name in keys else self._column(name, tree)
                for name, tree in storey
                if lists[name] is None
            ]
            held = {
                name: self._held(name, each) for name, each in lists.items() if each is not None
            }
            self.lazy = self.lazy.with_columns(each for each, _ in plain)
            self.say.known |= {name: texts for _, (name, texts) in plain if texts is not None}
            self.say.keys |= keys.intersection(name for _, (name, _) in plain)
            self.lists |= held

    def _column(self, name: str, tree: Sql) -> tuple[pl.Expr, tuple[str, tuple[str, ...] | None]]:
        """Return a column, and its texts if it holds the numbers of words."""
        tree = self._without_lists(tree)
        found = self.say.words(tree)
        if found is None:
            return self.say.said(tree).alias(name), (name, None)
        return found.number.alias(name), (name, found.texts)

    def _key(self, name: str, tree: Sql) -> tuple[pl.Expr, tuple[str, None]]:
        """Return a column that holds a key as a number: see Expressions.keys."""
        return self.say.key(self._without_lists(tree), self.whole).alias(name), (name, None)

    @property
    def whole(self) -> type[pl.Int32 | pl.Int64]:
        """Return the type of keys."""
        return pl.Int32 if self.short else pl.Int64

    def said(self, tree: Sql) -> pl.Expr:
        """Return a tree as an expression."""
        return self.say.said(self._without_lists(tree))

    def _without_lists(self, tree: Sql) -> Sql:
        """Return a tree that reads the first item of a list, or whether there is one, by its column."""
        if any(each.name in self.lists for each in tree.find_all(exp.Column)):
            return tree.copy().transform(self._apart)
        return tree

    def _apart(self, node: Sql) -> Sql:
        """Read the columns of a list where its first item is read."""
        match node:
            case exp.Is(this=exp.Column() as of) if of.name in self.lists:
                return self.lists[of.name].is_empty()
            case exp.Anonymous(expressions=[exp.Column() as of, exp.Literal() as place]):
                if of.name in self.lists and node.name == "list_extract" and place.this == "1":
                    return self.lists[of.name].largest()
        return node

    def _held(self, name: str, largest: Largest) -> Held:
        if largest.are_few and not largest.is_in_order:
            return self._network(name, largest)
        return self._as_written(name, largest)

    def _as_written(self, name: str, largest: Largest) -> Held:
        names, added = [], []
        for place, key in enumerate(largest.keys, start=1):
            if isinstance(key, exp.Column) and key.name not in self.say.keys:
                names.append(key.name)
                continue
            names.append(f"{name} {place}")
            added.append(self.said(key).alias(names[-1]))
        self.lazy = self.lazy.with_columns(added)
        return Held(tuple(names), largest.count, open=not largest.is_in_order)

    def _network(self, name: str, largest: Largest) -> Held:
        """Add the largest keys as columns, by a network that merges.

        Tried by benchmarks/peers: this takes less time than three passes of max_horizontal that leave out
        what was taken, than a network that exchanges one key after another, and an eighth of sorting.
        """
        names = self._numbered(name, largest.keys)
        best = self._merged(name, [[each] for each in names], largest.count)
        found = tuple(f"{name} {place}" for place in range(1, len(best) + 1))
        self.lazy = self.lazy.with_columns(
            pl.when(pl.col(each) != NOTHING).then(pl.col(each)).cast(pl.Int64).alias(own)
            for each, own in zip(best, found, strict=True)
        )
        return Held(found, len(found))

    def _numbered(self, name: str, keys: Sequence[Sql]) -> list[str]:
        """Return the columns that hold keys as numbers, which are NOTHING where they are unknown."""
        names, added = [], []
        for place, key in enumerate(keys):
            if isinstance(key, exp.Column) and key.name in self.say.keys:
                names.append(key.name)
                continue
            names.append(f"{name} of {place}")
            number = self.said(key).cast(self.whole).fill_null(NOTHING)
            added.append(number.alias(names[-1]))
        self.lazy = self.lazy.with_columns(added)
        return names

    def _merged(self, name: str, falling: list[list[str]], count: int) -> list[str]:
        """Return columns with the largest of all, falling; of several lists of columns that fall.

        All merges of a storey are one step of Polars'. Each step costs time for itself, and thousands of
        them, one on the other, are more than Polars plans.
        """
        storey = 0
        while len(falling) > 1:
            storey += 1
            items: list[pl.Expr] = []
            merged: list[list[str]] = []
            for number, (one, other) in enumerate(zip(falling[::2], falling[1::2], strict=False)):
                found = merge(one, other, count)
                names = [f"{name} {storey} {number} {place}" for place in range(len(found))]
                items += [each.alias(own) for each, own in zip(found, names, strict=True)]
                merged.append(names)
            self.lazy = self.lazy.with_columns(items)
            falling = merged + falling[len(merged) * 2 :]
        return falling[0]

    # tables

    def table(self, output: Output, kinds: Mapping[str, pl.DataType]) -> pl.LazyFrame:
        """Return an output table with columns of the types given."""
        below = self.lazy.select(sorted(self.read_by(output)))
        say = Expressions(self.say.enumerations, self.say.known, self.say.keys)
        made = Frame(below, say, self.short, dict(self.lists))
        for number, storey in enumerate(output.storeys):
            unnested = [each for each in storey if _calls(each[1], "unnest")]
            if unnested:
                above = [each for some in output.storeys[number + 1 :] for each in some]
                read = made.columns_of(tree for _, tree in (*above, *output.columns))
                made._unnest(storey, *unnested[0], read)
            elif storey:
                made.add([storey])
        return made.lazy.select(
            made.written(tree, kinds.get(name)).alias(name) for name, tree in output.columns
        )

    def written(self, tree: Sql, kind: pl.DataType | None = None) -> pl.Expr:
        """Return a tree as it is written, of a type, and a word as a member of an enumeration."""
        tree = self._without_lists(tree)
        found = self.say.words(tree)
        if found is not None:
            return found.member()
        made = self.say.said(tree)
        return made if kind is None else made.cast(kind)

    def read_by(self, *outputs: Output) -> set[str]:
        """Return the columns that output tables read; of a list that only its first item is read of, that."""
        found = set()
        for each in outputs:
            below = [item for storey in each.storeys for item in storey]
            read = self.columns_of(tree for _, tree in (*each.columns, *below))
            found |= read - {name for name, _ in below}
        return found

    def columns_of(self, trees: Iterable[Sql]) -> set[str]:
        """Return the columns that trees read, those by which a list is held for it."""
        found: set[str] = set()
        for tree in trees:
            for each in self._without_lists(tree).find_all(exp.Column):
                found.update(
                    self.lists[each.name].columns if each.name in self.lists else (each.name,)
                )
        return found

    def shared(self, columns: Iterable[str]) -> Frame:
        """Return a frame of these columns, which are worked out once for all who read them in one pass."""
        lazy = self.lazy.select(sorted(columns)).cache()
        return Frame(lazy, self.say, self.short, self.lists)

    def passing(
        self, look: Callable[[pl.DataFrame], pl.DataFrame], columns: Iterable[str]
    ) -> Frame:
        """Return a frame of these columns, whose batches are shown as they pass."""
        lazy = self.lazy.select(sorted(columns))
        seen = lazy.map_batches(look, streamable=True, projection_pushdown=False)
        return Frame(seen, self.say, self.short, self.lists)

    def count(self, name: str) -> pl.Expr:
        """Return how many items a list has."""
        return self.lists[name].count

    def _unnest(
        self, storey: Sequence[tuple[str, Sql]], key: str, unnested: Sql, read: set[str]
    ) -> None:
        """Give a row to each item of a list, or of several, one behind the other.

        Beside it stand the columns that are read, its place, and how many items the first list has, as far as
        they are asked for.
        """
        lists = [
            self.lists[each.name]
            for each in unnested.find_all(exp.Column)
            if each.name in self.lists
        ]
        if not any(each.width for each in lists):
            self.lazy = self.lazy.filter(pl.lit(False)).with_columns(  # noqa: FBT003
                pl.lit(0, dtype=pl.Int64).alias(name) for name, _ in storey
            )
            return
        first = lists[0]
        nothing = (pl.lit(None, dtype=pl.Int64).alias(each) for each in (key, AT))
        self.lazy = self.lazy.with_columns(*nothing, first.count.alias(FIRST)).map_batches(
            lambda rows: unnested_of(rows, lists, key, read),
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


def _calls(tree: Sql, name: str) -> bool:
    return any(each.name == name for each in tree.find_all(exp.Anonymous))
