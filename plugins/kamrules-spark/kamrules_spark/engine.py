"""The engine: a book decided on Spark from files to files, for `kamrules run --engine spark`."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from kamrules.book import Quality
from kamrules.compiler.in_force import in_force
from kamrules.compiler.in_language import in_language
from kamrules.diagnostics import DataError, Diagnostic, Severity, UsageError
from kamrules.engines.sql.connecting import connect, literally
from kamrules.engines.sql.quality import refuse_bad_data, refuse_no_accounts
from kamrules.engines.sql.results import BookDecisions
from kamrules.engines.sql.staging import unused
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.tables import NAMES
from pyspark.sql import functions as f

from kamrules_spark.deciding import Asked, columns_read, decided
from kamrules_spark.quality import account_quality, related_quality
from kamrules_spark.reading import opened
from kamrules_spark.session import own_options, planning, session
from kamrules_spark.sink import offer, withdraw
from kamrules_spark.staging import staged
from kamrules_spark.summing import SparkSummary
from kamrules_spark.watching import Watch
from kamrules_spark.writing import kept_at, remove, rising, shaped, write_local

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kamrules.book.quality import TableQuality
    from kamrules.contracts import EngineTask
    from kamrules.memory import EarlierFiles
    from pyspark.sql import DataFrame, SparkSession

STEPS = "steps"
PARQUET, NO_FILES = "parquet", "none"
COUNTED = ("decisions", "actions")
"""The tables that are counted, and that memory is made of."""


class SparkDecisions(BookDecisions):
    """A book decided by Spark; its tables lie in Parquet files, which DuckDB reads for whoever asks."""

    def __init__(  # noqa: PLR0913, PLR0917  what a run leaves behind
        self,
        work: _Work,
        quality: Quality,
        warnings: tuple[Diagnostic, ...],
        frames: dict[str, DataFrame],
        folders: dict[str, Path],
        files: tuple[str, ...] | None,
        counts: SparkSummary,
    ) -> None:
        connection, spilled = connect(None, None, None)
        offer(connection, work.spark, frames)
        super().__init__(
            program=work.program,
            connection=connection,
            folder=spilled,
            outputs={},
            places={},
            quality=quality,
            warnings=warnings,
            as_of=work.task.as_of,
            written=folders,
        )
        self.files = files
        self.let_go: Callable[[], None] = _nothing
        self._watch = work.watch
        self._frames = frames
        self._wanted = work.task.tables
        self._counts = counts

    def close(self) -> None:
        """Let go of the session and of the connection."""
        withdraw(self.connection)
        try:
            super().close()
        finally:
            self.let_go()

    @property
    def tables(self) -> dict[str, Any]:
        """Return the output tables as DuckDB relations, by name and in order."""
        return {
            name: self._file(name) if self._written else Elsewhere(name) for name in self._wanted
        }

    def _file(self, name: str) -> Any:  # noqa: ANN401  DuckDB's
        return self.connection.read_parquet(f"{literally(self._written[name])}/*.parquet")

    def export_state(self, folder: Path) -> EarlierFiles:
        """Write what memory keeps of this run. Raises DataError when only Spark reads the tables."""
        if not self._written:
            raise DataError(_elsewhere("the state"))
        return super().export_state(folder)

    @property
    def accounts(self) -> int:
        """Return the number of accounts decided."""
        return self._counts.accounts

    def summary(self, revenue: str | None = None) -> dict[str, Any]:
        """Return what the book comes to."""
        del revenue
        return self._counts.plain()

    def urgent(self, limit: int = 20) -> list[dict[str, Any]]:
        """Return the proposed actions of the highest priority in the whole book, with name and class."""
        first = (
            self._frames["actions"]
            .where(f.col("status") == f.lit("proposed"))
            .orderBy(f.col("priority").desc(), "rank", ACCOUNT_ID)
            .limit(limit)
        )
        accounts = self._frames["decisions"]
        name = f.col("name") if "name" in accounts.columns else f.lit(None).cast("string")
        known = accounts.select(ACCOUNT_ID, name.alias("name"), "class")
        with self._watch.jobs():
            rows = first.join(known, ACCOUNT_ID).collect()
        found = [each.asDict() for each in rows]
        return sorted(found, key=lambda one: (-one["priority"], one["rank"], one[ACCOUNT_ID]))

    def cutoffs(self) -> None:
        """Return nothing: a warning says that a single account cannot be placed by this run."""
        return


class Elsewhere:
    """A table that only Spark reads: whatever is asked of it is refused."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, asked: str) -> Any:  # noqa: ANN401
        raise DataError(_elsewhere(f"table `{self._name}`"))


def _elsewhere(what: str) -> Diagnostic:
    told = f"{what} lies in Spark's scratch folder, where only Spark reads"
    mend = (
        "deliver by --to spark:URL, or leave the option `scratch` out where executors see this disk"
    )
    return Diagnostic("KR897", told, help=mend)


def _nothing() -> None:
    return


def decide(task: EngineTask) -> SparkDecisions:
    """Decide a book on Spark.

    Raises UsageError (KR892, KR893), DataError (KR893, KR894, KR895, and as decide_book does).
    """
    own = own_options(task.options)
    with ExitStack() as stack:
        task.progress("starting Spark")
        spark = stack.enter_context(session(task.options))
        watch = Watch(spark, task.progress)
        task.stoppable(watch.stop)
        stack.enter_context(watch.jobs())
        work = _Work(task, spark, watch, own)
        stack.callback(work.remove_scratch)
        found = work.decisions()
        found.let_go = stack.pop_all().close
    return found


class _Work:
    """One book being decided."""

    def __init__(
        self, task: EngineTask, spark: SparkSession, watch: Watch, own: dict[str, str]
    ) -> None:
        self.task = task
        self.spark = spark
        self.watch = watch
        self.own = own
        self.scratch = own["scratch"].rstrip("/") or None
        if self.scratch is not None:
            if task.form != NO_FILES:
                what = "with the option `scratch` the tables stay where only Spark reads"
                mend = "say --format none --to spark:URL"
                raise UsageError(Diagnostic("KR897", what, help=mend))
            self.scratch = f"{self.scratch}/kamrules-{secrets.token_hex(4)}"
        self.program = in_force(in_language(task.program, task.language), task.as_of)
        self.qualities: dict[str, TableQuality] = {}

    def decisions(self) -> SparkDecisions:
        """Stage, decide, write and count."""
        task = self.task
        tables = self._staged()
        order = [name for name in task.book.tables if name in self.qualities]
        quality = Quality(tuple(self.qualities[name] for name in order))
        if task.strict:
            refuse_bad_data(task.book, quality)
        own = task.form == PARQUET
        folders: dict[str, Path] = {}
        if self.scratch is not None:
            frames, revenue = self._elsewhere(tables)
            files: tuple[str, ...] | None = ()
        else:
            folders = self._folders()
            frames, revenue = self._written(tables, folders)
            files = task.tables if own else None
        with self.watch.told("counting"):
            decisions = frames["decisions"]
            if revenue is not None:
                decisions = decisions.join(revenue, ACCOUNT_ID, "left")
            counts = SparkSummary(self.program, decisions, frames["actions"])
        warnings = (*unused(task.book, dict(task.program.tables)), *self._without())
        return SparkDecisions(
            self,
            quality,
            warnings,
            frames,
            folders,
            files,
            counts,
        )

    def _staged(self) -> dict[str, DataFrame]:
        """Return the frames of the book's tables, and note what each held."""
        book, words = self.task.book, self.program.tables
        found = {}
        used = columns_read(self.program)
        for name, table in sorted(book.tables.items(), key=lambda pair: pair[0] != ACCOUNTS):
            if name not in used or name not in words:
                continue
            with self.watch.told(f"reading {name}"):
                one = staged(opened(self.spark, table, self.own), table, words[name], used[name])
                if name == ACCOUNTS:
                    found[name], told = account_quality(one, words[name])
                    refuse_no_accounts(book, told)
                else:
                    found[name] = one.rows
                    told = related_quality(one, words[name], found[ACCOUNTS])
                self.qualities[name] = told
        return found

    def _folders(self) -> dict[str, Path]:
        """Return where tables are written: those wanted, and those that are counted or remembered."""
        task = self.task
        out = task.out if task.form == PARQUET else task.scratch
        return {
            name: (out if name in task.tables else task.scratch) / name
            for name in NAMES
            if name in {*task.tables, *COUNTED}
        }

    def _written(
        self, tables: dict[str, DataFrame], folders: dict[str, Path]
    ) -> tuple[dict[str, DataFrame], DataFrame | None]:
        """Write the core, then the output tables; return these as they are read again."""
        task, spark = self.task, self.spark
        asked = Asked(task.as_of, task.language, task.top)
        before = None if task.earlier is None else _before(spark, task.earlier)
        with decided(spark, self.program, asked, tables, before=before, kept=self._kept) as (
            revenue,
            made,
        ):
            frames = {}
            for name, frame in shaped(self.program, made, folders).items():
                with self.watch.told(f"writing {name}"):
                    write_local(rising(frame), folders[name])
                frames[name] = spark.read.parquet(folders[name].absolute().as_uri())
        return frames, revenue

    def _elsewhere(
        self, tables: dict[str, DataFrame]
    ) -> tuple[dict[str, DataFrame], DataFrame | None]:
        """Write core and output tables into the scratch folder; return them as they are read again."""
        task = self.task
        frames = {}
        before = None if task.earlier is None else _before(self.spark, task.earlier)
        asked = Asked(task.as_of, task.language, task.top)
        with decided(self.spark, self.program, asked, tables, before=before, kept=self._kept) as (
            revenue,
            made,
        ):
            for name, frame in shaped(self.program, made, {*task.tables, *COUNTED}).items():
                with self.watch.told(f"writing {name}"):
                    frames[name] = kept_at(self.spark, rising(frame), f"{self.scratch}/{name}")
            return frames, revenue

    def remove_scratch(self) -> None:
        """Remove what only this run needed."""
        if self.scratch is not None:
            remove(self.spark, self.scratch)

    def _kept(self, name: str, frame: DataFrame) -> DataFrame:
        """Write down what is read more than once, so that it is worked out once."""
        where = (self.task.scratch / STEPS / name).absolute().as_uri()
        if self.scratch is not None:
            where = f"{self.scratch}/{STEPS}/{name}"
        with self.watch.told("deciding"), planning(self.spark):
            return kept_at(self.spark, frame, where)

    def _without(self) -> tuple[Diagnostic, ...]:
        """Return a warning for what a run by the built-in engine has, and this one has not."""
        if not self.program.book_steps:
            return ()
        what = "engine `spark` writes no cutoffs.json, so `kamrules decide` cannot place a single account"
        mend = "run with --engine duckdb where it is to be placed among the others"
        return (Diagnostic("KR896", what, Severity.WARNING, help=mend),)


def _before(spark: SparkSession, earlier: EarlierFiles) -> dict[str, DataFrame]:
    """Return what an earlier run decided."""
    found = {}
    kinds = {
        "states": "account_id string, class string, tier string",
        "proposals": "account_id string, action string, proposed_on string",
    }
    for name, path in (("states", earlier.states), ("proposals", earlier.proposals)):
        reader = spark.read.schema(kinds[name])
        frame = reader.csv(
            path.absolute().as_uri(), header=True, quote='"', escape='"', multiLine=True
        )
        # an empty cell is none
        found[name] = frame.select(
            *(f.nullif(each, f.lit("")).alias(each) for each in frame.columns)
        )
    found["proposals"] = found["proposals"].withColumn(
        "proposed_on", f.col("proposed_on").cast("date")
    )
    return found
