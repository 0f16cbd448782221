"""Tallying: what the summary of a run counts, added up batch by batch as the accounts pass."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import polars as pl
from sqlglot import exp

from kamrules.engines.sql.summary import EXAMPLES, measures, summary_reads, told_by
from kamrules.engines.sql.tree import column, is_known
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.engines.polars.frames import Frame
    from kamrules.engines.sql.tree import Sql

MANY = 50_000
"""So many rows of sums are added up before more are kept."""
EXACT = pl.Decimal(38, 0)


class Tally:
    """Sums of what the summary adds up, by what it tells accounts apart by.

    Of the first accounts that the ruleset fails for there is a row each with the id, which counts nothing.
    """

    def __init__(self, frame: Frame, places: dict[tuple[str, str], Sql]) -> None:
        """Take the frame that has the accounts; `places` is told where the sums stand."""
        self._frame = frame
        self._told_by = sorted(told_by(places))
        self._reads = frame.columns_of(map(column, summary_reads(places)))
        self._failed = frame.said(is_known(places["step", "fault"].copy()))
        self._sums: dict[str, pl.Expr] = {}
        for name, tree in measures(places).items():
            own = f"sum of {name}"
            self._sums[own] = _as_whole(frame, tree)
            places["sum", name] = column(own)
        self._kept: list[pl.DataFrame] = []
        self._examples: list[pl.DataFrame] = []
        self._adding = threading.Lock()  # batches pass on several threads

    def along(self, frame: Frame, columns: set[str]) -> Frame:
        """Return a frame with these columns, whose rows are counted as they pass."""
        return frame.passing(self._passed, columns | self._reads)

    def _passed(self, rows: pl.DataFrame) -> pl.DataFrame:
        if not len(rows):
            return rows
        summed = self._summed(rows.select(*self._told_by, **self._sums))
        failed = rows.filter(self._failed).select(ACCOUNT_ID, *self._told_by)
        with self._adding:
            self._kept.append(summed)
            if sum(map(len, self._kept)) > MANY:
                self._kept = [self._summed(pl.concat(self._kept))]
            if len(failed):
                self._examples = [self._first(pl.concat([*self._examples, failed]))]
        return rows

    def _summed(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.group_by(self._told_by).agg(pl.col(each).sum() for each in self._sums)

    def _first(self, failed: pl.DataFrame) -> pl.DataFrame:
        first = failed.sort(ACCOUNT_ID).group_by(self._told_by).head(EXAMPLES)
        return first.select(failed.columns)

    def write(self, path: Path) -> None:
        """Write what was counted as a core that the summary reads."""
        items = [self._frame.written(column(each)).alias(each) for each in self._told_by]
        sums = [pl.col(each).cast(EXACT) for each in self._sums]
        summed = self._summed(pl.concat(self._kept)).with_columns(
            pl.lit(None, dtype=pl.String).alias(ACCOUNT_ID)
        )
        rows = pl.concat([summed, *self._examples], how="diagonal")
        rows.select(ACCOUNT_ID, *items, *sums).write_parquet(path)


def _as_whole(frame: Frame, tree: Sql) -> pl.Expr:
    """Return a measure as a number that can be added up over any book."""
    match tree:
        case exp.TryCast():
            return frame.said(tree.this).cast(pl.Int128, strict=False)
        case exp.Anonymous(expressions=[of]) if tree.name == "len":
            nothing = pl.lit(0, dtype=pl.Int64)
            return frame.count(of.name) if isinstance(of, exp.Column) else nothing
    return frame.said(tree)
