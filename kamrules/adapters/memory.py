"""Tables in memory: lists of dicts, and whatever exports an Arrow stream."""

from __future__ import annotations

import datetime
import json
import math
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.failures import reading
from kamrules.adapters.formulas import quoted
from kamrules.adapters.lines import distinct_names, fresh_name
from kamrules.book import Rows
from kamrules.diagnostics import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.book import BookTable

_SHOWN = 40


def open_rows(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of a table in memory.

    Of a list of dicts: a column whose values are all of one type (int, float, bool, date, datetime,
    Decimal, str) has it, another one is text; a missing key is unknown. An Arrow object is scanned
    where it is if it has a length, a stream is copied first.
    """
    data = table.data
    with reading(table, "a table"):
        if isinstance(data, list | tuple):
            return Rows(_copied(table, data, connection))
        found = connection.from_arrow(data)
        if not hasattr(data, "__len__"):  # a stream, which may be there to be read only once
            name = fresh_name(table, "stream")
            found.create_view(view := fresh_name(table, "view").strip('"'), replace=True)
            items = ", ".join(map(quoted, table.chosen(found.columns)))
            connection.execute(f"CREATE TEMP TABLE {name} AS SELECT {items} FROM {quoted(view)}")  # noqa: S608
            connection.execute(f"DROP VIEW {quoted(view)}")
            found = connection.sql(f"SELECT * FROM {name}")  # noqa: S608
        return Rows(found)


def _copied(table: BookTable, rows: Sequence[dict[str, Any]], connection: Any) -> Any:  # noqa: ANN401
    """Return the rows as a table of DuckDB's, by way of a file: that needs no other library."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    if not rows:
        keys = [table.account]  # an empty table, and no table without an account
    kinds = {key: _kind(table, key, rows) for key in keys}
    name = fresh_name(table, "rows")
    columns = ", ".join(
        f"cells[{number}]::{kinds[key]} AS {quoted(column)}"
        for number, (key, column) in enumerate(zip(keys, distinct_names(keys), strict=True), 1)
    )
    with tempfile.TemporaryDirectory(prefix="kamrules-") as folder:
        path = Path(folder) / "rows.jsonl"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for row in rows:
                file.write(json.dumps([_text(row.get(key)) for key in keys]) + "\n")
        connection.execute(
            f"CREATE TEMP TABLE {name} AS SELECT {columns or 'NULL::VARCHAR AS column_1'} FROM "  # noqa: S608
            "(SELECT json::VARCHAR[] AS cells FROM read_ndjson_objects($path))",
            {"path": str(path)},
        )
    return connection.sql(f"SELECT * FROM {name}")  # noqa: S608


def _kind(table: BookTable, key: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return the DuckDB type that holds all of a column's values exactly."""
    values = [value for row in rows if (value := row.get(key)) is not None]
    kinds: set[type | None] = {type(each) for each in values}
    if not kinds <= {bool, int, float, str, Decimal, datetime.date, datetime.datetime}:
        for index, row in enumerate(rows):
            _refuse_strange(table, key, index, row.get(key))
        kinds = {_plain(each) for each in values}
    if kinds == {bool}:
        return "BOOLEAN"
    if kinds == {int}:
        return "BIGINT" if all(-(2**63) <= each < 2**63 for each in values) else "VARCHAR"
    if kinds == {float} or (kinds == {int, float} and all(_exact(each) for each in values)):
        return "DOUBLE"
    if kinds == {datetime.date}:
        return "DATE"
    if kinds == {datetime.datetime} and all(each.tzinfo is None for each in values):
        return "TIMESTAMP"
    return "VARCHAR"


def _exact(value: int | float) -> bool:  # noqa: PYI041  no ints but they are meant
    return isinstance(value, float) or abs(value) <= 2**53


_PLAIN = (bool, int, float, str, Decimal, datetime.datetime, datetime.date)


def _plain(value: object) -> type | None:
    """Return the plain type that a value of a class derived from it is, such as an Enum of texts."""
    return next((each for each in _PLAIN if isinstance(value, each)), None)


def _refuse_strange(table: BookTable, key: str, index: int, value: object) -> None:
    if value is None or _plain(value) is not None:
        return
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
    message = (
        f"`{key}` in row {index + 1} of table `{table.name}` is `{shown}`, of type {type(value).__name__};"
        " a text, a number, a date, or true or false is wanted"
    )
    raise DataError(table.fault("KR634", message))


def _text(value: Any) -> str | None:  # noqa: ANN401  any of the plain types
    """Return a value as the text that DuckDB reads back as the same value."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str():
            return str.__str__(value).encode("utf-8", "replace").decode()
        case int():
            return int.__repr__(value)
        case float():
            return float.__repr__(value) if math.isfinite(value) else str(float(value))
        case Decimal():
            return format(value, "f") if value.is_finite() else str(value)
        case _:
            return str(value.isoformat())
