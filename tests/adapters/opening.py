"""Opening one table as a run does, on a connection of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from kamrules.book import BookTable
from kamrules.plugins import Plugins

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.book import Rows

PLUGINS = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""})


def opened(folder: Path, uri: str, connection: Any = None, **table: Any) -> Rows:
    """Return the rows and problems of a table."""
    given = BookTable("orders", uri, folder, **table)
    return PLUGINS.open_source(given, connection or duckdb.connect())


def fetched(folder: Path, uri: str, connection: Any = None, **table: Any) -> list[tuple[Any, ...]]:
    """Return a table's rows; there are no problems."""
    rows = opened(folder, uri, connection, **table)
    assert rows.problems == ()
    return data(rows).fetchall()


def data(rows: Rows) -> Any:
    """Return the relation without the column that counts lines, which is no data."""
    if rows.line is None:
        return rows.rows
    return rows.rows.project(f'* EXCLUDE ("{rows.line}")')


def left_out(folder: Path, uri: str, **table: Any) -> list[tuple[int, str, tuple[str, ...]]]:
    """Return what is told of lines that were left out: count, message and examples."""
    problems = opened(folder, uri, **table).problems
    assert all(each.code == "KR647" and each.leaves_out for each in problems)
    return [(each.count, each.message, each.examples) for each in problems]
