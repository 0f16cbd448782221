"""Reading any database by its own driver: rows as they come, by way of a file, so that none stays."""

from __future__ import annotations

import datetime
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database.address import MYSQL, dialect_of
from kamrules.adapters.database.wanted import Column, identifier, without_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Connection

    from kamrules.adapters.database.wanted import Copy, Wanted

_WIDEST = 38
_MYSQL = {1: "BIGINT", 2: "BIGINT", 3: "BIGINT", 8: "BIGINT", 9: "BIGINT", 13: "BIGINT", 4: "DOUBLE",
          5: "DOUBLE", 10: "DATE", 12: "TIMESTAMP", 7: "TIMESTAMP"}  # fmt: skip
"""MySQL's types by their numbers, and DuckDB's for them; what does not fit one comes as text."""
_MYSQL_DECIMAL = 246
_LONGEST_LINE = 64 << 20


class RowReader:
    """Reads by SQLAlchemy, with a cursor on the server where the driver has one."""

    def __init__(self) -> None:
        self._query: Any = None
        self._open: Any = None
        self._database: Connection | None = None

    def columns(self, database: Connection, wanted: Wanted) -> list[Column]:
        """Return the columns as the driver describes them. A query runs now, and only once."""
        statement = wanted.source if wanted.query else f"SELECT * FROM {wanted.source} WHERE 1 = 0"  # noqa: S608
        result = self._executed(database, statement, wanted)
        if not result.returns_rows:
            raise NoRowsError
        columns = [_column(database, each) for each in result.cursor.description]
        if wanted.query:
            self._query = result
        else:
            self._done()
        return columns

    def copy(self, database: Connection, wanted: Wanted, columns: list[Column], copy: Copy) -> None:
        """Copy the rows by way of a file of texts."""
        places, result = copy.places, self._query
        if result is None:
            items = ", ".join(columns[place].select for place in places)
            none = "" if copy.rows else " WHERE 1 = 0"
            statement = f"SELECT {items or '1'} FROM {wanted.source}{none}"  # noqa: S608  quoted
            result = self._executed(database, statement, wanted)
            places = range(len(copy.places))
        with tempfile.TemporaryDirectory(prefix="kamrules-") as folder:
            path = Path(folder) / "rows.csv"
            with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
                # not from the driver's cursor: SQLAlchemy has its first row already
                while copy.rows and (rows := result.fetchmany(wanted.batch)):
                    file.writelines(_lines(rows, places))
            if copy.rows:
                self._done()
            _load(path, columns, copy)

    def close(self) -> None:
        """Let go of rows that were not all fetched, and of the connection that they would come on."""
        if self._open is None or self._database is None:
            return
        # PyMySQL would fetch them all before it lets go, also from a server that is gone
        unread: Any = getattr(self._open.cursor, "_result", None)
        if getattr(unread, "unbuffered_active", False):
            unread.unbuffered_active = False
        self._database.invalidate()
        self._open = None

    def _executed(self, database: Connection, statement: str, wanted: Wanted) -> Any:  # noqa: ANN401
        streaming = without_parameters(database).execution_options(
            stream_results=True, yield_per=wanted.batch
        )
        self._database = database
        self._open = streaming.exec_driver_sql(statement)
        return self._open

    def _done(self) -> None:
        """Close a result whose rows were all fetched."""
        self._open.close()
        self._open = None


class NoRowsError(Exception):
    """A query that gives no rows at all, since it is no SELECT."""


def _column(database: Connection, described: Sequence[Any]) -> Column:
    name = str(described[0])
    kept = _of_mysql(described) if dialect_of(database.engine.url) == MYSQL else None
    return Column(name, identifier(database, name), kept)


def _of_mysql(described: Sequence[Any]) -> str | None:
    """Return DuckDB's type for a column of MySQL's; what does not fit it makes the table one of texts."""
    kind, length, places = described[1], described[3], described[5]
    if kind == _MYSQL_DECIMAL and isinstance(length, int) and isinstance(places, int):
        width = length - (places > 0)
        return f"DECIMAL({width}, {places})" if width <= _WIDEST else None
    return _MYSQL.get(kind)


def _load(path: Path, columns: list[Column], copy: Copy) -> None:
    """Make the table of the file, with its columns in their types if all values fit."""
    given = [f"c{place}" for place in copy.places] or ["c"]
    struct = ", ".join(f"{each}: 'VARCHAR'" for each in given)
    text = str(path).replace("'", "''")
    source = (
        f"read_csv('{text}', columns = {{{struct}}}, auto_detect = false, header = false, delim = ',', "
        "quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, new_line = '\\n', "
        f"max_line_size = {_LONGEST_LINE}, buffer_size = {2 * _LONGEST_LINE}, parallel = false)"
    )
    given = given[: len(copy.places)]
    size = path.stat().st_size
    if not copy.make(columns, given, source, size=size):
        copy.make(columns, given, source, size=size, typed=False)


def _lines(rows: Iterable[Sequence[Any]], places: Sequence[int]) -> Iterable[str]:
    """Yield lines of a file in which nothing stands for what is unknown, and all texts are in quotes."""
    for row in rows:
        yield ",".join([_cell(row[place]) for place in places]) + "\n"


def _cell(value: Any) -> str:  # noqa: ANN401  whatever a driver gives
    if value is None:
        return ""
    if value.__class__ is str:
        text: str = value.replace('"', '""')
        return f'"{text}"'
    if value.__class__ is int:
        return str(value)
    if value.__class__ is float:
        return repr(value)
    return '"' + _text(value).replace('"', '""') + '"'


def _text(value: Any) -> str:  # noqa: ANN401
    """Return a value as the text that means the same; a time with a zone is told in UTC."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case datetime.datetime():
            if value.tzinfo is not None:
                value = value.astimezone(datetime.UTC).replace(tzinfo=None)
            return str(value.isoformat(" "))
        case datetime.date() | datetime.time():
            return str(value.isoformat())
        case bytes() | bytearray() | memoryview():
            return _of_bytes(bytes(value))
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def _of_bytes(value: bytes) -> str:
    """Return bytes as the text that they are, or in hexadecimal digits; one bit is 0 or 1."""
    if value in {b"\0", b"\1"}:
        return str(value[0])
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"\\x{value.hex()}"
