"""Books from SQLite databases: `from = "sqlite:crm.db?table=deals"` in a book file."""

from __future__ import annotations

import itertools
import json
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from kamrules import DataError, hookimpl
from kamrules.diagnostics import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.book import BookTable
    from kamrules.hookspecs import Register

_NUMBERS = itertools.count(1)


@hookimpl
def register_sources(register: Register) -> None:
    """Name the source."""
    register("sqlite", open_sqlite)


def open_sqlite(table: BookTable, connection: Any) -> Any:  # noqa: ANN401  DuckDB's
    """Return the rows of a table or view as a DuckDB relation, every cell as text."""
    location, _, query = table.location.partition("?")
    path = table.folder / location
    if not path.is_file():
        raise DataError(table.fault("KR622", f"there is no file `{location}`", "from"))
    wanted = parse_qs(query).get("table", [table.name])[0]
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_schema")]
            if wanted not in names:
                near = nearest(wanted, names)
                mend = f"did you mean `{near}`?" if near else None
                message = f"`{location}` has no table `{wanted}`"
                raise DataError(table.fault("KR622", message, "from", help=mend))
            # No parameter can stand for a table, so the name is quoted; and it is one of the database.
            rows = database.execute(f"SELECT * FROM {_quoted(wanted)}")  # noqa: S608
            return _loaded(connection, [each[0] for each in rows.description], rows)
    except sqlite3.Error as error:
        message = f"`{location}` cannot be read: {error}"
        raise DataError(table.fault("KR623", message, "from")) from error


def _loaded(connection: Any, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> Any:  # noqa: ANN401
    """Return rows as a table of DuckDB's, by way of a file: nothing is held in memory."""
    name = f"sqlite_source_{next(_NUMBERS)}"
    cells = ", ".join(f"c[{at}] AS {_quoted(column)}" for at, column in enumerate(columns, 1))
    with tempfile.TemporaryDirectory(prefix="kamrules-sqlite-") as folder:
        path = Path(folder) / "rows.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps([_text(value) for value in row]) + "\n")
        connection.execute(
            f"CREATE TEMP TABLE {name} AS SELECT {cells} FROM "  # noqa: S608  all quoted
            "(SELECT json::VARCHAR[] AS c FROM read_ndjson_objects($path))",
            {"path": str(path)},
        )
    return connection.sql(f"SELECT * FROM {name}")  # noqa: S608


def _text(value: Any) -> str | None:  # noqa: ANN401  what SQLite holds
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if value is None else str(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
