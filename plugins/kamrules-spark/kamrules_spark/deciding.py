"""Deciding: the program's SQL for Spark, from the same trees as for every warehouse, over staged frames."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.engines.layout import layout_of
from kamrules.engines.sql.deploying import Deployment, Run, statements_of
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from pyspark.sql import functions as f

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator, Mapping

    from kamrules.compiler import Program
    from pyspark.sql import DataFrame, SparkSession

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a book is decided, as kamrules.contracts.EngineTask says it."""

    as_of: datetime.date
    language: str
    top: int


def columns_read(program: Program) -> dict[str, set[str]]:
    """Return which columns of which tables a program reads; an account's name is shown too."""
    layout = layout_of(program)
    used = {name: {key for key, _ in columns} for name, columns in layout.tables}
    used[ACCOUNTS] = {*layout.account, "name"} & set(program.tables[ACCOUNTS].columns)
    return used


@contextmanager
def decided(  # noqa: PLR0913  what a program is asked with
    spark: SparkSession,
    program: Program,
    asked: Asked,
    tables: Mapping[str, DataFrame],
    *,
    before: Mapping[str, DataFrame] | None = None,
    kept: Callable[[str, DataFrame], DataFrame],
) -> Iterator[tuple[DataFrame | None, dict[str, DataFrame]]]:
    """Give each account's revenue, if the ruleset knows it, and the output tables; nothing runs until they
    are asked.

    `tables` are the book's, with the vocabulary's columns. `before` has the `states` and `proposals` of
    an earlier run. `kept` is what is done to frames that are read more than once, such as the core, a row an
    account, that all tables read: persisting them, or writing them down under the name that it is given. The
    views that the SQL reads are gone at the end; frames go on without them.
    """
    prefix = f"kamrules_{next(_NUMBERS)}"
    views = {name: f"{prefix}_{name}" for name in tables}
    earlier = {name: f"{prefix}_{name}" for name in before or {}}
    made: list[str] = []

    def show(name: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(name)
        made.append(name)

    try:
        # account ids part the work: once, and all that follows stays where it is
        for name, frame in tables.items():
            show(views[name], frame.repartition(ACCOUNT_ID))
        for name, frame in (before or {}).items():
            show(earlier[name], frame.repartition(ACCOUNT_ID))
        deployment = Deployment(
            "spark",
            as_of=asked.as_of,
            sources=views,
            without=_lacking(program, tables),
            language=asked.language,
        )
        run = Run(
            top=asked.top,
            states=earlier.get("states"),
            proposals=earlier.get("proposals"),
            prefix=prefix,
        )
        found = statements_of(program, deployment, run)
        core = None
        for each in found.steps:
            core = spark.sql(each.sql)
            if each.keep:
                core = kept(each.name.removeprefix(f"{prefix}_"), core)
            show(each.name, core)
        assert core is not None
        revenue = None
        if found.revenue is not None:
            revenue = core.select(ACCOUNT_ID, f.expr(found.revenue).alias("revenue"))
        yield revenue, {name: spark.sql(text) for name, text in found.tables.items()}
    finally:
        for name in made:
            spark.catalog.dropTempView(name)


def _lacking(program: Program, tables: Mapping[str, DataFrame]) -> tuple[str, ...]:
    """Return the tables and columns of the vocabulary that the book lacks, or that nothing reads."""
    found = []
    for name, table in program.tables.items():
        if name not in tables:
            found.append(name)
            continue
        there = tables[name].columns
        found += [
            f"{name}.{each}" for each in table.columns if each not in there and each != ACCOUNT_ID
        ]
    return tuple(found)
