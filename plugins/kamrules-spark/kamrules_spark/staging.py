"""Staging: a book's tables as Spark has them, with the vocabulary's columns, typed and exact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from kamrules.diagnostics import DataError
from kamrules.engines.sql.staging import SHOWN, check_columns
from kamrules.expression.types import ACCOUNT_ID
from pyspark.sql import functions as f
from pyspark.sql import types as t

from kamrules_spark.columns import Stored, as_text, stored
from kamrules_spark.dates import UNREADABLE
from kamrules_spark.reading import BROKEN, Opened, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.book import BookTable, ColumnMap
    from kamrules.expression.types import Table
    from pyspark.sql import Column, DataFrame

KEPT = "kamrules kept"
ITEM, RAW, PROBLEM = "kamrules item", "kamrules raw", "kamrules problem"
_NESTED = (t.StructType, t.ArrayType, t.MapType, t.BinaryType)


@dataclass(frozen=True, slots=True)
class Staged:
    """A table of the book: all of its rows that are rows, and which columns of the vocabulary it fills.

    `every` has the account's id, KEPT (false where the book file leaves the row out), the vocabulary's
    columns in `names`, and for each number in `problems` what is wrong with the value (PROBLEM) and the
    value as text (RAW). `order` rises in the source's order. `broken` are lines that are no rows.
    """

    table: BookTable
    every: DataFrame
    names: tuple[str, ...]
    problems: dict[int, str]
    order: tuple[Column, ...]
    broken: DataFrame | None

    @property
    def usable(self) -> DataFrame:
        """Return the rows that are in the run, whether or not an account has their id."""
        return self.every.where(f.col(quoted(KEPT)) & f.col(ACCOUNT_ID).isNotNull())

    @property
    def rows(self) -> DataFrame:
        """Return the same with the vocabulary's columns only."""
        return self.usable.select(ACCOUNT_ID, *map(quoted, self.names))


def staged(found: Opened, table: BookTable, vocabulary: Table, wanted: Iterable[str]) -> Staged:
    """Return a table with the wanted columns of the vocabulary.

    Raises DataError when the source lacks the account's id or a column that the book file names, and for
    what Spark cannot make of one (KR894).
    """
    check_columns(table, found.columns)
    ids = as_text(f.col(quoted(table.account)), found.columns[table.account])
    last = [f.nullif(ids, f.lit("")).alias(ACCOUNT_ID), _kept(table, found).alias(KEPT)]
    first, names, problems = [], [], {}
    needed = set(wanted)
    for place, name in enumerate(vocabulary.columns):
        how = table.mapped(name)
        if name == ACCOUNT_ID or name not in needed or how is None:
            continue
        if how.constant is None and how.column not in found.columns:
            continue
        one = _stored(table, name, how, found, vocabulary)
        names.append(name)
        # under a name, so that it is worked out once for itself and its problem
        kept = f.col(quoted(f"{ITEM} {place}"))
        first.append(one.item.alias(f"{ITEM} {place}"))
        last.append(kept.alias(name))
        if one.problem is not None:
            problems[place] = name
            last.append(one.problem(kept).alias(f"{PROBLEM} {place}"))
            last.append(f.left(one.raw, f.lit(SHOWN)).alias(f"{RAW} {place}"))
    order = [each.alias(f"kamrules line {number}") for number, each in enumerate(found.order)]
    frame, broken = found.frame, None
    if found.may_break:
        is_broken = f.col(quoted(BROKEN)).isNotNull()
        frame, broken = found.frame.where(~is_broken), found.frame.where(is_broken)
    lines = tuple(f.col(quoted(f"kamrules line {number}")) for number in range(len(order)))
    return Staged(
        table,
        frame.select("*", *order, *first).select(*last, *lines),
        tuple(names),
        problems,
        lines,
        broken,
    )


def _stored(
    table: BookTable, name: str, how: ColumnMap, found: Opened, vocabulary: Table
) -> Stored:
    of = vocabulary.columns[name].type
    if how.format is not None and any(f"%{each}" in how.format for each in UNREADABLE):
        what = f"engine `spark` cannot read dates by `{how.format}`: a difference to UTC"
        mend = "let the built-in engine decide, --engine duckdb, or write the table with real dates"
        raise DataError(table.fault("KR894", what, "column", name, "format", help=mend))
    if how.constant is not None or how.column is None:
        return stored(f.lit(how.constant or ""), t.StringType(), of, how)
    came_as = found.columns[how.column]
    if isinstance(came_as, _NESTED):
        what = f"column `{how.column}` of `{table.source}` is {came_as.simpleString()[:60]}"
        mend = "name a part of it in the source, or leave it out with automatic = false"
        raise DataError(table.fault("KR894", what, "column", name, key=True, help=mend))
    return stored(f.col(quoted(how.column)), came_as, of, how)


def _kept(table: BookTable, found: Opened) -> Column:
    if not table.only:
        return f.lit(True)  # noqa: FBT003
    tests = []
    for name, values in table.only.items():
        held = as_text(f.col(quoted(name)), found.columns[name])
        # an empty cell is unknown, and "" keeps those
        held = f.coalesce(held, f.lit("")) if "" in values else held
        tests.append(held.isin(*values))
    return f.coalesce(reduce(and_, tests), f.lit(False))  # noqa: FBT003
