"""Data quality, as kamrules.engines.sql.quality counts it: by Spark, with a few rows come to the driver."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from kamrules.book.quality import EXAMPLES, Problem, TableQuality
from kamrules.engines.sql.quality import CODES, message_of
from kamrules.expression.types import ACCOUNT_ID
from pyspark.sql import Window
from pyspark.sql import functions as f

from kamrules_spark.reading import BROKEN, quoted
from kamrules_spark.staging import KEPT, PROBLEM, RAW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.expression.types import Table
    from pyspark.sql import Column, DataFrame

    from kamrules_spark.staging import Staged

_LINE = 60


def account_quality(staged: Staged, table: Table) -> tuple[DataFrame, TableQuality]:
    """Return the accounts, the first row of each, and what their table held."""
    ids = staged.usable.select(ACCOUNT_ID)
    twice = ids.groupBy(ACCOUNT_ID).agg(f.count("*").alias("n")).where("n > 1")
    rows, some = _counted(twice, f.sum(f.col("n") - 1))
    extra = []
    if rows:
        extra.append(
            _left_out("KR642", rows, "the account is there already; the first row is kept", some)
        )
    return people_of(staged, unique=not rows), _quality(staged, table, extra)


def people_of(staged: Staged, *, unique: bool) -> DataFrame:
    """Return one row an account: all when they are known to be `unique`, else the first of each."""
    if unique:
        return staged.rows
    first = Window.partitionBy(ACCOUNT_ID).orderBy(*staged.order)
    numbered = staged.usable.withColumn("kamrules n", f.row_number().over(first))
    kept = numbered.where(f.col(quoted("kamrules n")) == 1)
    return kept.select(ACCOUNT_ID, *map(quoted, staged.names))


def related_quality(staged: Staged, table: Table, people: DataFrame) -> TableQuality:
    """Return what a related table held."""
    ids = staged.usable.groupBy(ACCOUNT_ID).agg(f.count("*").alias("n"))
    lost = ids.join(people.select(ACCOUNT_ID), ACCOUNT_ID, "left_anti")
    rows, some = _counted(lost, f.sum("n"))
    extra = [_left_out("KR641", rows, "no account has this id", some)] if rows else []
    return _quality(staged, table, extra)


def _counted(ids: DataFrame, how_many: Column) -> tuple[int, tuple[str, ...]]:
    """Return how many rows ids have, and the first few of them."""
    rows = ids.agg(how_many).collect()[0][0] or 0
    some = ids.select(ACCOUNT_ID).orderBy(ACCOUNT_ID).limit(EXAMPLES).collect() if rows else []
    return int(rows), tuple(each[0] for each in some)


def _left_out(code: str, count: int, message: str, examples: tuple[str, ...]) -> Problem:
    return Problem(code, ACCOUNT_ID, count, message, examples, leaves_out=True)


def _quality(staged: Staged, table: Table, extra: list[Problem]) -> TableQuality:
    kept = f.col(quoted(KEPT))
    nameless = kept & f.col(ACCOUNT_ID).isNull()
    bad = [f.col(quoted(f"{PROBLEM} {place}")).isNotNull() for place in staged.problems]
    some_bad = reduce(lambda one, other: one | other, bad, f.lit(False))  # noqa: FBT003
    usable = kept & f.col(ACCOUNT_ID).isNotNull()
    read, filtered, without, wrong = staged.every.agg(
        f.count("*"), f.count_if(~kept), f.count_if(nameless), f.count_if(usable & some_bad)
    ).collect()[0]
    problems = list(_broken(staged))
    broken = sum(each.count for each in problems)
    if without:
        message = f"`{staged.table.account}` is empty, so they belong to no account"
        problems.append(Problem("KR640", ACCOUNT_ID, without, message, (), leaves_out=True))
    problems += extra
    if wrong:
        problems += _unreadable(staged, table)
    lost = sum(each.count for each in problems if each.leaves_out)
    read += broken
    kept_rows = read - filtered - lost
    name, source = staged.table.name, staged.table.source
    return TableQuality(name, source, read, kept_rows, tuple(problems), filtered)


def _broken(staged: Staged) -> Iterator[Problem]:
    """Yield what is told of lines with too few or too many cells."""
    if staged.broken is None:
        return
    # Spark refuses to be asked for nothing but the lines themselves
    cell = f.max(f.col(quoted(staged.broken.columns[0])))
    count = staged.broken.agg(f.count("*"), cell).collect()[0][0]
    if count:
        text = f.regexp_replace(f.left(f.col(quoted(BROKEN)), f.lit(_LINE)), r"\p{Cntrl}", " ")
        lines = staged.broken.select(text.alias("text"), quoted(staged.broken.columns[0]))
        some = lines.orderBy("text").limit(EXAMPLES).collect()
        message = "the line has too few or too many cells, or its quotes are not closed"
        examples = tuple(each[0] for each in some)
        yield Problem("KR647", None, count, message, examples, leaves_out=True)


def _unreadable(staged: Staged, table: Table) -> Iterator[Problem]:
    """Yield a problem a column and code, with the first few values."""
    columns = list(table.columns.values())
    entries = [
        f.struct(
            f.lit(place).alias("place"),
            f.col(quoted(f"{PROBLEM} {place}")).alias("code"),
            f.col(quoted(f"{RAW} {place}")).alias("raw"),
        )
        for place in staged.problems
    ]
    each_one = staged.usable.select(f.explode(f.array(*entries)).alias("one"))
    bad = each_one.select("one.*").where("code IS NOT NULL")
    groups = Window.partitionBy("place", "code")
    numbered = bad.withColumn("n", f.row_number().over(groups.orderBy("raw")))
    counted = numbered.withColumn("rows", f.count("*").over(groups)).where(f"n <= {EXAMPLES}")
    found: dict[tuple[int, int], tuple[int, list[str]]] = {}
    for row in counted.collect():
        _, some = found.setdefault((row["place"], row["code"]), (row["rows"], []))
        some.append(row["raw"])
    for (place, code), (count, some) in sorted(found.items()):
        of = columns[place]
        yield Problem(CODES[code], of.name, count, message_of(code, of), tuple(sorted(some)))
