"""Unnesting: a row for each item of lists that are held in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.engines.polars.lists import Held

ROW, AT, FIRST, ITEM = "row", "at", "first", "item"
"""Beside an unnested item: the number of its row, its place, and how many items the first list has."""


def unnested_of(
    rows: pl.DataFrame, lists: Sequence[Held], key: str, read: set[str]
) -> pl.DataFrame:
    """Return a row for each item of several lists, one list behind the other, with the columns that are read.

    The item stands under the name `key`, its place, which counts from 1 on, under AT: that of a list begins
    behind the width of those before it. Rows are looked up for known items only: to explode with all that
    stands beside takes six times as long where most are unknown.
    """
    if any(each.open for each in lists):
        parts = list(_parts(rows, lists))
        found = (parts[0] if len(parts) == 1 else pl.concat(parts).sort(ROW, AT)).rename(
            {ITEM: key}
        )
    else:
        found = _exploded(rows, [name for each in lists for name in each.columns], key)
    beside = rows.select(FIRST, *read.intersection(rows.columns))[found[ROW]]
    made = beside.with_columns(found.drop(ROW))
    # Polars expects all columns again; what nobody reads is unknown
    return made.select(
        name if name in made.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in rows.schema.items()
    )


def _exploded(rows: pl.DataFrame, columns: Sequence[str], key: str) -> pl.DataFrame:
    """Return the items that stand in columns in their order."""
    width = len(columns)
    row = pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW)
    items = pl.concat_arr(columns).cast(pl.Array(pl.Int64, width)).alias(key)
    places = pl.lit(list(range(1, width + 1)), dtype=pl.Array(pl.Int64, width)).alias(AT)
    found = rows.select(row, items, places).explode(key, AT)
    return found.filter(pl.col(key).is_not_null())


def _parts(rows: pl.DataFrame, lists: Sequence[Held]) -> Iterator[pl.DataFrame]:
    """Yield the items of each list."""
    before = 0
    for each in lists:
        if each.open:
            yield _sorted(rows, each, before)
        elif each.columns:
            yield _exploded(rows, each.columns, ITEM).with_columns(pl.col(AT) + before)
        before += each.width


def _sorted(rows: pl.DataFrame, held: Held, before: int) -> pl.DataFrame:
    """Return the items that stand in columns in any order, each row's from the largest down."""
    parts = []
    for name in held.columns:
        column = rows[name]
        known = column.is_not_null().arg_true()
        parts.append(
            pl.DataFrame({ROW: known.cast(pl.UInt32), ITEM: column.gather(known).cast(pl.Int64)})
        )
    found = pl.concat(parts).sort(ROW, ITEM, descending=[False, True])
    number = pl.int_range(pl.len(), dtype=pl.Int64)
    begins = pl.col(ROW).ne_missing(pl.col(ROW).shift())
    start = pl.when(begins).then(number).forward_fill()
    place = (number - start + 1).alias(AT)
    return (
        found.with_columns(place).filter(pl.col(AT) <= held.width).with_columns(pl.col(AT) + before)
    )
