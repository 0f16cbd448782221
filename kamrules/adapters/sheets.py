"""Sheets of workbooks as a source: dates as dates, numbers as numbers, and 1 where a spreadsheet holds 1.0.

calamine holds one sheet in memory; its rows go through a file into DuckDB, which keeps their types.
"""

from __future__ import annotations

import datetime
import json
import math
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from kamrules.adapters.copies import Copies
from kamrules.adapters.failures import reading
from kamrules.adapters.formulas import quoted
from kamrules.adapters.lines import distinct_names, fresh_name
from kamrules.adapters.paths import files, options
from kamrules.adapters.unions import check_alike, lacking, union
from kamrules.book import Rows
from kamrules.book.workbooks import (
    UnreadableWorkbookError,
    nearest_sheet,
    open_workbook,
    sheets_shown,
    table_name,
)
from kamrules.diagnostics import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.book import BookTable

SCHEME = "xlsx"
_ASKED = "?sheet="
_EMPTY = (None, None)
_EXACT = 10**15
"""Spreadsheets hold whole numbers below it exactly."""


def _sheet(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    if (isinstance(value, str) and value) or (type(value) is int and value >= 1):
        return None
    return 'has to be the name of a sheet, as in sheet = "Orders", or its number from 1'


def _row(value: Any) -> str | None:  # noqa: ANN401
    if type(value) is int and value >= 1:
        return None
    return "has to be the number of the row with the columns' names, from 1"


_OPTIONS = {"sheet": _sheet, "header": _row}


def open_sheet(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of a sheet, or of the same sheet of several workbooks.

    Options: `sheet` (a name, or a number from 1; by default what `?sheet=` behind the file's name says,
    the one called like the table, or the first that is not hidden) and `header` (the row with the
    columns' names, by default the first that is not empty). Empty rows are passed over; a cell with an
    error, such as #N/A, is unknown.
    """
    chosen = options(table, _OPTIONS, SCHEME)
    table, asked = _asked(table)
    chosen = asked | chosen
    found = files(table)
    with reading(table, "a workbook"), Copies(table, connection) as copies:
        sheets = [
            _Sheet(table, copies.local(each), each.shown, chosen, copies.file()) for each in found
        ]
        columns = {file.shown: sheet.columns for file, sheet in zip(found, sheets, strict=True)}
        check_alike(table, columns)
        name = _loaded(table, connection, sheets)
    rows = connection.sql(f"SELECT * FROM {name}")  # noqa: S608  a name of our own
    return Rows(rows, tuple(lacking(columns)))


def sheets_of(table: BookTable) -> list[str]:
    """Return what `from` would say for each sheet of a workbook. Raises DataError when it is none."""
    table, asked = _asked(table)
    if asked:
        return [f"{table.uri}{_ASKED}{quote(asked['sheet'])}"]
    return [
        f"{table.uri}{_ASKED}{quote(sheet)}"
        for file in files(table)[:1]
        for sheet in sheets_shown(_opened(table, Path(file.path), file.shown))
    ]


def _asked(table: BookTable) -> tuple[BookTable, dict[str, str]]:
    """Return the table without `?sheet=` behind the file's name, and the sheet as an option."""
    uri, asked, sheet = (table.uri or "").rpartition(_ASKED)
    return (replace(table, uri=uri), {"sheet": unquote(sheet)}) if asked else (table, {})


def _opened(table: BookTable, path: Path, shown: str) -> Any:  # noqa: ANN401  calamine's
    try:
        return open_workbook(path)
    except UnreadableWorkbookError as error:
        reason, mend = error.args
        raise DataError(table.fault("KR653", f"`{shown}` {reason}", "from", help=mend)) from None


def _loaded(table: BookTable, connection: Any, sheets: Sequence[_Sheet]) -> str:  # noqa: ANN401
    """Return the temporary table with the rows of all the sheets."""
    every = union({str(number): each.columns for number, each in enumerate(sheets)})
    kinds = {
        column: _type(set(chain.from_iterable(each.kinds_of(column) for each in sheets)))
        for column in every
    }
    name = fresh_name(table, SCHEME)
    typed = ", ".join(f"{quoted(column)} {kind}" for column, kind in kinds.items())
    connection.execute(f"CREATE TEMP TABLE {name} ({typed})")
    types = {column.casefold(): kind for column, kind in kinds.items()}
    for sheet in sheets:
        cells = ", ".join(
            f"{_cast(f'cells[{number}]', types[column.casefold()])} AS {quoted(column)}"
            for number, column in enumerate(sheet.columns, 1)
        )
        connection.execute(
            f"INSERT INTO {name} BY NAME SELECT {cells} FROM "  # noqa: S608  all quoted
            "(SELECT json::VARCHAR[] AS cells FROM read_ndjson_objects($path))",
            {"path": str(sheet.rows)},
        )
    return name


class _Sheet:
    """One sheet, read: its columns' names, the kinds of values in each, and its rows in a file."""

    def __init__(
        self, table: BookTable, path: Path, shown: str, chosen: dict[str, Any], rows: Path
    ) -> None:
        """Read the sheet. Raises DataError when there is none, or it has no columns."""
        self._table = table
        self._shown = shown
        self.rows = rows
        workbook = _opened(table, path, shown)
        name = self._named(workbook, chosen.get("sheet"))
        sheet = workbook.get_sheet_by_name(name)
        self._left = (sheet.start or (0, 0))[1]
        self._read(sheet, chosen.get("header"))

    def _fault(self, code: str, message: str, mend: str | None = None, *at: str) -> DataError:
        return DataError(self._table.fault(code, message, *(at or ("from",)), help=mend))

    def _named(self, workbook: Any, wanted: str | int | None) -> str:  # noqa: ANN401
        every = list(workbook.sheet_names)
        if isinstance(wanted, int):
            if wanted <= len(every):
                return str(every[wanted - 1])
            message = f"`{self._shown}` has {len(every)} sheets, and no sheet {wanted}"
            raise self._fault("KR654", message, None, "options", "sheet")
        if isinstance(wanted, str):
            if wanted in every:
                return wanted
            near = nearest_sheet(wanted, every)
            listed = ", ".join(f"`{each}`" for each in every)
            mend = f'did you mean "{near}"?' if near else f"its sheets are {listed}"
            message = f"`{self._shown}` has no sheet `{wanted}`"
            raise self._fault("KR654", message, mend, "options", "sheet")
        shown = sheets_shown(workbook) or every
        if not shown:
            raise self._fault("KR654", f"`{self._shown}` has no sheets")
        return next((each for each in shown if table_name(each) == self._table.name), shown[0])

    def _read(self, sheet: Any, header: int | None) -> None:  # noqa: ANN401
        rows = enumerate(sheet.iter_rows(), 1)
        at, names = next(
            ((at, row) for at, row in rows if at >= (header or 1) and _filled(row)), (0, [])
        )
        if not at:
            where = f" from row {header} on" if header and header > 1 else ""
            message = f"sheet `{sheet.name}` of `{self._shown}` is empty{where}"
            mend = "a row with the names of the columns is wanted"
            raise self._fault("KR655", message, mend)
        named = self._names(sheet, at, names, header)
        kinds: list[set[str | None]] = [set() for _ in named]
        with self.rows.open("w", encoding="utf-8", newline="\n") as file:
            for _, row in rows:
                if _filled(row):
                    cells = [_cell(each) for each in row]
                    file.write(json.dumps([text for _, text in cells]) + "\n")
                    for seen, (kind, _) in zip(kinds, cells, strict=True):
                        seen.add(kind)
        for seen in kinds:
            seen.discard(None)
        used = max((n for n, seen in enumerate(kinds, 1) if named[n - 1] or seen), default=0)
        self.columns = tuple(distinct_names(named[:used]))
        self._kinds = dict(zip((each.casefold() for each in self.columns), kinds, strict=False))

    def kinds_of(self, column: str) -> set[str | None]:
        """Return the kinds of values in a column, none if the sheet lacks it."""
        return self._kinds.get(column.casefold(), set())

    def _names(self, sheet: Any, at: int, row: list[Any], header: int | None) -> list[str]:  # noqa: ANN401
        """Return the columns' names in row `at`; cells merged with that row's cells from above count."""
        names = [(_text(each) or "").strip() for each in row]
        for (top, first), (bottom, last) in sheet.merged_cell_ranges or ():
            if not top < at <= bottom + 1:
                continue
            if header is None:
                message = (
                    f"row {at} of sheet `{sheet.name}` has merged cells ({_cells(top, first, bottom, last)}),"
                    " so it does not name each column"
                )
                mend = f"say which row does, as in options = {{ header = {bottom + 2} }}"
                raise self._fault("KR656", message, mend)
            place = first - self._left
            if first == last and top + 1 < at and 0 <= place < len(names) and not names[place]:
                names[place] = self._above(sheet, top, place)
        return names

    def _above(self, sheet: Any, top: int, place: int) -> str:  # noqa: ANN401
        row: list[Any] = next((row for at, row in enumerate(sheet.iter_rows()) if at == top), [])
        return (_text(row[place]) or "").strip() if place < len(row) else ""


def _filled(row: list[Any]) -> bool:
    return any(each != "" for each in row)


def _cells(top: int, first: int, bottom: int, last: int) -> str:
    return f"{_letters(first)}{top + 1}:{_letters(last)}{bottom + 1}"


def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, place = divmod(column - 1, 26)
        text = chr(65 + place) + text
    return text


def _cell(value: Any) -> tuple[str | None, str | None]:  # noqa: ANN401  what calamine gives
    """Return a cell's kind, and the text that DuckDB reads back as the same value; None when it is empty."""
    made = type(value)
    if made is str:
        return ("text", value) if value else _EMPTY
    if made is float:
        if value.is_integer() and abs(value) < _EXACT:
            return "whole", str(int(value))
        return ("number", repr(value)) if math.isfinite(value) else _EMPTY
    return _rarer(value)


def _rarer(value: Any) -> tuple[str | None, str | None]:  # noqa: ANN401
    match value:
        case None:
            return _EMPTY
        case bool():
            return "truth", "true" if value else "false"
        case int():
            return "whole", str(value)
        case datetime.datetime() if value.time() != datetime.time():
            return "time", value.isoformat(" ")
        case datetime.datetime():
            return "day", value.date().isoformat()
        case datetime.date():
            return "day", value.isoformat()
        case datetime.time():
            return "text", value.isoformat()
        case _:
            return "text", str(value)


def _type(kinds: set[str | None]) -> str:
    """Return DuckDB's type for values of some kinds; what is mixed is text."""
    for some, name in (
        ({"whole"}, "BIGINT"),
        ({"whole", "number"}, "DOUBLE"),
        ({"day"}, "DATE"),
        ({"day", "time"}, "TIMESTAMP"),
        ({"truth"}, "BOOLEAN"),
    ):
        if kinds and kinds <= some:
            return name
    return "VARCHAR"


def _cast(cell: str, kind: str) -> str:
    return cell if kind == "VARCHAR" else f"{cell}::{kind}"


def _text(value: Any) -> str | None:  # noqa: ANN401
    return _cell(value)[1]
