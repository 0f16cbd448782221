"""Reading: a table of a book as a DataFrame, read by Spark's executors and never by the driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import DataError
from pyspark.sql import functions as f
from pyspark.sql import types as t

from kamrules_spark.session import configured, reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.book import BookTable
    from pyspark.sql import Column, DataFrame, SparkSession

BROKEN = "kamrules broken line"
"""The column with the text of a line of CSV that has not as many cells as the header."""
_DELIMITERS = (",", ";", "\t", "|")
_CSV = ("delimiter", "quote", "encoding", "header")
_ENDINGS = {"csv": ".csv", "parquet": ".parquet"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A source's rows: `columns` are those of the source, by name with their types.

    `order` are columns by which rows rise in the source's order. With `may_break` the frame has a column
    BROKEN.
    """

    frame: DataFrame
    columns: Mapping[str, t.DataType]
    order: tuple[Column, ...]
    may_break: bool = False


def opened(spark: SparkSession, table: BookTable, own: Mapping[str, str]) -> Opened:
    """Return the rows of a table of a book.

    Raises DataError for a source that Spark cannot read (KR894), and for one that it fails to read (KR895).
    """
    if table.uri is None:
        return of_frame(table)
    if table.scheme not in _ENDINGS:
        what = f"engine `spark` reads Parquet and CSV files, and not `{table.uri}`"
        mend = "write it as Parquet first, or let the built-in engine decide: --engine duckdb"
        raise DataError(table.fault("KR894", what, "from", help=mend))
    try:
        if table.scheme == "parquet":
            return _parquet(spark, table)
        return _csv(spark, table, multiline=own["csv.multiline"] == "true")
    except DataError:
        raise
    except Exception as error:
        what = f"Spark cannot read `{table.source}`: {reason(error)}"
        raise DataError(table.fault("KR895", what, "from")) from error


def of_frame(table: BookTable) -> Opened:
    """Return the rows of a frame of Spark's. Raises DataError for other tables in memory."""
    from pyspark.sql import DataFrame  # noqa: PLC0415  an abstract class

    if not isinstance(table.data, DataFrame):
        what = f"engine `spark` needs frames of Spark's, and table `{table.name}` is none"
        mend = "make it one by spark.createDataFrame(...)"
        raise DataError(table.fault("KR894", what, help=mend))
    return Opened(table.data, _columns(table.data), (f.monotonically_increasing_id(),))


def _parquet(spark: SparkSession, table: BookTable) -> Opened:
    _check_options(table, ())
    # parts of paths such as year=2026 are texts, as they are for every engine
    as_text = {"spark.sql.sources.partitionColumnTypeInference.enabled": "false"}
    with configured(spark, as_text):
        frame = spark.read.option("mergeSchema", "true").parquet(_path(table))
    order = (f.col("_metadata.file_path"), f.col("_metadata.row_index"))
    return Opened(frame, _columns(frame), order)


def _csv(spark: SparkSession, table: BookTable, *, multiline: bool) -> Opened:
    _check_options(table, _CSV)
    chosen: Mapping[str, Any] = table.options
    header = chosen.get("header", 1)
    if header != 1:
        what = (
            f"engine `spark` reads the columns' names from the first line, not from line {header}"
        )
        mend = "let the built-in engine decide: --engine duckdb"
        raise DataError(table.fault("KR894", what, "options", "header", key=True, help=mend))
    quote = chosen.get("quote", '"')
    path = _path(table)
    settings = {
        "header": "true",
        "quote": quote,
        "escape": quote,
        "encoding": chosen.get("encoding", "utf-8"),
        "multiLine": str(multiline).lower(),
        "sep": chosen.get("delimiter") or _delimiter(spark, path),
        "enforceSchema": "false",
    }
    named = spark.read.options(**settings).csv(path)
    names = [each.lstrip("\ufeff") for each in named.columns]
    fields = [t.StructField(each, t.StringType()) for each in (*named.columns, BROKEN)]
    # without the pruning of columns, or the cells of a line are not counted
    whole = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": BROKEN, "columnPruning": "false"}
    frame = spark.read.schema(t.StructType(fields)).options(**settings, **whole).csv(path)
    frame = frame.toDF(*names, BROKEN)
    # an empty cell is unknown, in quotes or not
    cells = [f.nullif(f.col(quoted(each)), f.lit("")).alias(each) for each in names]
    order = (
        f.col("_metadata.file_path"),
        f.col("_metadata.file_block_start"),
        f.monotonically_increasing_id(),
    )
    lines = [each.alias(f"kamrules order {number}") for number, each in enumerate(order)]
    read = frame.select(*cells, f.col(quoted(BROKEN)), *lines)
    rising = tuple(f.col(quoted(f"kamrules order {number}")) for number in range(len(order)))
    return Opened(read, dict.fromkeys(names, t.StringType()), rising, may_break=True)


def _delimiter(spark: SparkSession, path: str) -> str:
    """Return the sign that sets apart the most names in the first line."""
    first = spark.read.text(path).limit(1).collect()
    line = first[0][0] if first else ""
    return max(_DELIMITERS, key=line.count)


def _check_options(table: BookTable, known: tuple[str, ...]) -> None:
    for name in table.options:
        if name not in known:
            what = f"engine `spark` does not follow the option `{name}` of source `{table.scheme}`"
            mend = "let the built-in engine decide, --engine duckdb, or write the table as Parquet first"
            raise DataError(table.fault("KR894", what, "options", name, key=True, help=mend))


def _path(table: BookTable) -> str:
    """Return what Spark is to read: a URL as it is, another path from the folder of the book file."""
    if "://" in table.location or table.location.startswith(("hdfs:", "file:")):
        return table.location
    if table.location == "-":
        what = "engine `spark` cannot read standard input"
        raise DataError(table.fault("KR894", what, "from", help="write it into a file first"))
    path = table.path().absolute()
    # the name of a file may hold signs that would mean a pattern
    return _escaped(str(path)) if path.exists() else str(path)


def _escaped(path: str) -> str:
    return "".join(f"\\{each}" if each in "*?[]{}\\" else each for each in path)


def _columns(frame: DataFrame) -> dict[str, t.DataType]:
    return {each.name: each.dataType for each in frame.schema.fields}


def quoted(name: str) -> str:
    """Return a column's name so that nothing in it is a part of an expression."""
    return "`" + name.replace("`", "``") + "`"
