"""Parquet files as source and sink; DuckDB reads and writes them natively."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.adapters.failures import reading, writing
from kamrules.adapters.lines import fresh_name
from kamrules.adapters.paths import options, paths, patterns
from kamrules.book import Rows
from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kamrules.book import BookTable
    from kamrules.contracts import Format, Tables
    from kamrules.hookspecs import RegisterSource

_COUNTED = ("file_index", "file_row_number")
"""Columns that DuckDB makes up: the number of the file, and that of the row in it."""
_LINE = f"{_COUNTED[0]}::BIGINT * {2**40} + {_COUNTED[1]}"


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """Name the source."""
    register("parquet", open_parquet)


@hookimpl
def register_formats(register: Callable[[str, Format], None]) -> None:
    """Name the form of files."""
    register("parquet", write_parquet)


def open_parquet(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of one file, or of several whose columns are matched by name."""
    options(table, {}, "parquet")
    files = paths(table)
    with reading(table, "Parquet"):
        rows = connection.read_parquet(patterns(files), union_by_name=len(files) > 1)
    if any(each.casefold() in _COUNTED for each in rows.columns):
        return Rows(rows)  # data of those names hide DuckDB's own
    line = fresh_name(table, "line")
    return Rows(rows.project(f"*, {_LINE} AS {line}"), line=line.strip('"'))


def write_parquet(tables: Tables, folder: Path, connection: Any) -> tuple[str, ...]:  # noqa: ANN401, ARG001
    """Write `<table>.parquet` for each table."""
    names = []
    for table, relation in tables.items():
        name = f"{table}.parquet"
        with writing(folder, name):
            relation.write_parquet(str(folder / name))
        names.append(name)
    return tuple(names)
