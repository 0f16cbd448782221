"""Writing: the output tables as folders of Parquet files, which Spark's executors write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression.types import ACCOUNT_ID
from kamrules.tables import DATE, NAMES, NUMBER, TEXT, WHOLE, output_columns
from pyspark.sql import functions as f

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from kamrules.compiler import Program
    from pyspark.sql import DataFrame, SparkSession

SORTS = {TEXT: "string", NUMBER: "double", WHOLE: "bigint", DATE: "date"}
_SETTINGS = {
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "compression": "zstd",
}


def shaped(
    program: Program, tables: dict[str, DataFrame], wanted: Container[str] = NAMES
) -> dict[str, DataFrame]:
    """Return output tables with the columns, in the order and of the sorts that they have everywhere."""
    found = {}
    for name, columns in output_columns(program).items():
        if name not in wanted:
            continue
        items = [f.col(f"`{each}`").cast(SORTS[sort]).alias(each) for each, sort in columns]
        found[name] = tables[name].select(*items)
    return found


def rising(frame: DataFrame) -> DataFrame:
    """Return a table whose files rise by account, and actions by rank: equal runs, equal rows."""
    by = [each for each in (ACCOUNT_ID, "rank", "action", "fact") if each in frame.columns]
    return frame.sortWithinPartitions(*(f.col(f"`{each}`").asc_nulls_last() for each in by))


def write_local(frame: DataFrame, folder: Path) -> None:
    """Write a table as a folder of Parquet files, named from `part-0000.parquet` on."""
    frame.write.options(**_SETTINGS).parquet(folder.absolute().as_uri())
    for each in folder.iterdir():
        if not each.name.endswith(".parquet") or each.name.startswith("."):
            each.unlink()  # checksums that Hadoop leaves beside local files
    for number, each in enumerate(sorted(folder.iterdir())):
        each.rename(folder / f"part-{number:04}.parquet")


def kept_at(spark: SparkSession, frame: DataFrame, url: str) -> DataFrame:
    """Write a frame below a URL, and return it as it is read again."""
    frame.write.options(**_SETTINGS).parquet(url)
    return spark.read.schema(frame.schema).parquet(url)


def remove(spark: SparkSession, url: str) -> None:
    """Remove a folder with all that is in it."""
    path = spark._jvm.org.apache.hadoop.fs.Path(url)  # type: ignore[union-attr]  # noqa: SLF001
    path.getFileSystem(spark._jsc.hadoopConfiguration()).delete(path, True)  # noqa: SLF001, FBT003


def write_to(spark: SparkSession, frame: DataFrame, url: str) -> int:
    """Write a table as a folder of Parquet files below a URL, and return its number of rows."""
    frame.write.options(**_SETTINGS).parquet(url)
    return spark.read.parquet(url).count()
