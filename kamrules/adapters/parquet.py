"""Parquet files as source and sink; DuckDB reads and writes them natively."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.adapters.failures import reading, writing
from kamrules.adapters.paths import options, paths, patterns
from kamrules.book import Rows
from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.book import BookTable
    from kamrules.hookspecs import Register, Tables


@hookimpl
def register_sources(register: Register) -> None:
    """Name the source."""
    register("parquet", open_parquet)


@hookimpl
def register_sinks(register: Register) -> None:
    """Name the sink."""
    register("parquet", write_parquet)


def open_parquet(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of one file, or of several whose columns are matched by name."""
    options(table, {}, "parquet")
    files = paths(table)
    with reading(table, "Parquet"):
        rows = connection.read_parquet(patterns(files), union_by_name=len(files) > 1)
    return Rows(rows, rescannable=True)


def write_parquet(tables: Tables, folder: Path, connection: Any) -> tuple[str, ...]:  # noqa: ANN401, ARG001
    """Write `<table>.parquet` for each table."""
    names = []
    for table, relation in tables.items():
        name = f"{table}.parquet"
        with writing(folder, name):
            relation.write_parquet(str(folder / name))
        names.append(name)
    return tuple(names)
