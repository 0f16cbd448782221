"""A sink: the tables of a run on Spark as Parquet below a URL that Spark reaches, all of them or none.

    kamrules run book.toml --engine spark --master yarn --to spark:hdfs:///kam/decided

The tables are written beside, by the executors. Then the earlier ones are set aside and these take their
place: two renames, between which nothing is there. An object store has no renames: it copies file after
file, and a reader in that time may find some tables and not others.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import DataError, Diagnostic, UsageError

from kamrules_spark.session import reason
from kamrules_spark.writing import rising, write_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamrules.contracts import Tables, Target
    from pyspark.sql import DataFrame, SparkSession

MARK = "_kamrules"
"""The file that marks a folder as one that a run wrote, and so may replace."""
_AT_WORK: dict[int, tuple[SparkSession, Mapping[str, DataFrame]]] = {}
"""The tables of the run that is at work, by its connection."""


def offer(connection: Any, spark: SparkSession, tables: Mapping[str, DataFrame]) -> None:  # noqa: ANN401
    """Let the sink find the frames of the tables of a run."""
    _AT_WORK[id(connection)] = (spark, tables)


def withdraw(connection: Any) -> None:  # noqa: ANN401  DuckDB's
    """Forget a run."""
    _AT_WORK.pop(id(connection), None)


class Folder:
    """Tables on their way to a folder; kamrules.contracts.Delivery."""

    def __init__(self, target: Target) -> None:
        """Take where to. Raises UsageError for a mode that a folder cannot follow."""
        if target.mode not in {"replace", "create"}:
            what = f"sink `spark` replaces tables or creates them, and cannot {target.mode}"
            raise UsageError(Diagnostic("KR897", what, help="say --mode replace"))
        if not target.location:
            what = "sink `spark` needs a URL"
            mend = "write it as --to spark:hdfs:///kam/decided"
            raise UsageError(Diagnostic("KR897", what, help=mend))
        self._target = target
        self._url = target.location.rstrip("/")
        self._stem = f"{self._url}.kamrules-{secrets.token_hex(4)}"
        self._aside = f"{self._stem}.earlier"
        self._files: Any = None
        self._path: Callable[[str], Any] | None = None

    def stage(self, tables: Tables, connection: Any) -> Mapping[str, int]:  # noqa: ANN401  DuckDB's
        """Write the tables beside. Raises DataError."""
        found = _AT_WORK.get(id(connection))
        if found is None:
            what = "sink `spark` takes what engine `spark` has decided, and this run has another engine"
            raise DataError(Diagnostic("KR897", what, help="add --engine spark --master URL"))
        spark, frames = found
        rows = {}
        try:
            self._open(spark)
            self._check()
            for name in tables:
                rows[name] = write_to(spark, rising(frames[name]), f"{self._stem}/{name}")
            self._files.create(self._path(f"{self._stem}/{MARK}")).close()  # type: ignore[misc]
        except DataError:
            raise
        except Exception as error:
            raise self._failure(error) from error
        return rows

    def commit(self) -> None:
        """Put the folder in its place. Raises DataError, with the earlier one back in its place."""
        path = self._path
        assert path is not None
        try:
            there = self._files.exists(path(self._url))
            if there:
                self._rename(self._url, self._aside)
            try:
                self._rename(self._stem, self._url)
            except Exception:
                if there:
                    self._rename(self._aside, self._url)
                raise
            self._files.delete(path(self._aside), True)  # noqa: FBT003  Hadoop's: with all that is in it
        except Exception as error:
            raise self._failure(error) from error

    def abandon(self) -> None:
        """Remove what was staged."""
        if self._path is not None:
            self._files.delete(self._path(self._stem), True)  # noqa: FBT003

    def _rename(self, one: str, other: str) -> None:
        assert self._path is not None
        if not self._files.rename(self._path(one), self._path(other)):
            raise OSError(f"`{one}` cannot be renamed to `{other}`")

    def _open(self, spark: SparkSession) -> None:
        hadoop = spark._jvm.org.apache.hadoop.fs  # type: ignore[union-attr]  # noqa: SLF001  no other way
        path = hadoop.Path(self._url)
        self._files = path.getFileSystem(spark._jsc.hadoopConfiguration())  # noqa: SLF001
        self._path = hadoop.Path

    def _check(self) -> None:
        """Raise DataError when what is there is not ours to replace."""
        assert self._path is not None
        there = self._path(self._url)
        if not self._files.exists(there) or not list(self._files.listStatus(there)):
            return
        if self._target.mode == "create":
            what = f"`{self._url}` is there already"
            raise DataError(Diagnostic("KR897", what, help="say --mode replace"))
        if not self._files.exists(self._path(f"{self._url}/{MARK}")):
            what = f"`{self._url}` holds what no run of kamrules wrote"
            mend = "name another folder, or empty it yourself"
            raise DataError(Diagnostic("KR897", what, help=mend))

    def _failure(self, error: BaseException) -> DataError:
        what = f"`{self._url}` cannot be written: {reason(error)}"
        return DataError(Diagnostic("KR897", what))
