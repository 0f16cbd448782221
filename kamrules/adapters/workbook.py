"""Excel workbooks as a source, and as a sink: one sheet a table, texts that never run as formulas."""

from __future__ import annotations

import datetime
import math
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kamrules.adapters.failures import writing
from kamrules.adapters.formulas import harmless
from kamrules.adapters.looks import coloured, number_format
from kamrules.adapters.sheets import open_sheet, sheets_of
from kamrules.diagnostics import DataError, Diagnostic
from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from kamrules.contracts import Format, Tables
    from kamrules.hookspecs import RegisterSource

NAME = "kamrules.xlsx"
MOST_ROWS = 1_048_575
"""Rows of a sheet of Excel's, less one for the header."""
_LONGEST_TEXT = 32_767
_EXACT_INTEGER = 10**15
_BATCH = 10_000
_WIDEST = 60
_ROOM = 4
"""For the arrow of the filter beside a column's name."""
_WIDTHS_FROM = 200


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """Name the source."""
    register("xlsx", open_sheet, tables=sheets_of)


@hookimpl
def register_formats(register: Callable[[str, Format], None]) -> None:
    """Name the form of files."""
    register("xlsx", write_xlsx)


def write_xlsx(tables: Tables, folder: Path, connection: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Write kamrules.xlsx. Raises DataError when a table has more rows than a sheet holds."""
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415  slow to load, and only this format needs it
    from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]  # noqa: PLC0415

    for name, relation in tables.items():
        _refuse_long(name, relation)
    settings = {
        "constant_memory": True,
        "tmpdir": str(folder),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with writing(folder, NAME):
        book = xlsxwriter.Workbook(str(folder / NAME), settings)
        # The same tables are the same bytes; the day of the run stands in the tables.
        book.set_properties({"created": datetime.datetime(2000, 1, 1)})  # noqa: DTZ001  a file's
        looks = _Looks(book)
        try:
            for name, relation in tables.items():
                colours = list(coloured(name, relation))
                with cursor(connection, harmless(relation)) as rows:
                    _write_sheet(book, name, relation, rows, looks, colours)
            book.close()
        except XlsxWriterException as error:
            raise OSError(str(error)) from error
    return (NAME,)


def _refuse_long(name: str, relation: Any) -> None:  # noqa: ANN401  DuckDB's
    ((rows,),) = relation.aggregate("count(*)").fetchall()
    if rows > MOST_ROWS:
        message = f"`{name}` has {rows:,} rows, and a sheet of a workbook holds {MOST_ROWS:,}"
        mend = "use --format parquet or --format csv"
        raise DataError(Diagnostic("KR649", message, help=mend))


@contextmanager
def cursor(connection: Any, relation: Any) -> Iterator[Any]:  # noqa: ANN401  DuckDB's
    """Give a relation's rows to be fetched bit by bit, all of them, which relations no longer do."""
    relation.create_view("kamrules_sheet", replace=True)
    yield connection.execute("FROM kamrules_sheet")
    connection.execute("DROP VIEW kamrules_sheet")


class _Looks:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401  xlsxwriter's
        self._book = book
        self._made: dict[str, Any] = {}
        self.header = book.add_format({"bold": True, "bottom": 1})

    def numbers(self, shown: str | None) -> Any:  # noqa: ANN401
        """Return the format that shows numbers or dates so, None for the spreadsheet's own."""
        return None if shown is None else self._one(shown, {"num_format": shown})

    def colour(self, colour: str) -> Any:  # noqa: ANN401
        """Return the format with a background."""
        return self._one(colour, {"bg_color": colour})

    def _one(self, key: str, properties: dict[str, str]) -> Any:  # noqa: ANN401
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]


def _write_sheet(  # noqa: PLR0913, PLR0917  what a sheet is made of
    book: Any,  # noqa: ANN401  xlsxwriter's
    name: str,
    relation: Any,  # noqa: ANN401  DuckDB's
    found: Any,  # noqa: ANN401  DuckDB's
    looks: _Looks,
    colours: Sequence[tuple[int, int, dict[str, str]]],
) -> None:
    sheet = book.add_worksheet(name[:31])
    columns = list(relation.columns)
    shown = [
        looks.numbers(number_format(name, column, str(kind)))
        for column, kind in zip(columns, relation.types, strict=True)
    ]
    rows = found.fetchmany(_BATCH)
    # A sheet in constant memory takes its widths before its rows: those of the first rows will do.
    for number, column in enumerate(columns):
        texts = [column, *(_shown(row[number]) for row in rows[:_WIDTHS_FROM])]
        sheet.set_column(number, number, min(max(map(len, texts)), _WIDEST) + _ROOM)
    sheet.freeze_panes(1, 1)
    for number, column in enumerate(columns):
        sheet.write_string(0, number, column, looks.header)
    at = 0
    while rows:
        for row in rows:
            at += 1
            for number, value in enumerate(row):
                _write_cell(sheet, at, number, value, shown[number])
        rows = found.fetchmany(_BATCH)
    if columns:
        sheet.autofilter(0, 0, at, len(columns) - 1)
    if at:
        _colour(sheet, at, looks, colours)


def _colour(
    sheet: Any,  # noqa: ANN401  xlsxwriter's
    rows: int,
    looks: _Looks,
    colours: Sequence[tuple[int, int, dict[str, str]]],
) -> None:
    """Give the sheet a rule for each word that has a colour."""
    for first, last, words in colours:
        for word, colour in words.items():
            text = word.replace('"', '""')
            rule = {
                "type": "cell",
                "criteria": "==",
                "value": f'"{text}"',
                "format": looks.colour(colour),
            }
            sheet.conditional_format(1, first, rows, last, rule)


def _shown(value: object) -> str:
    return "" if value is None else f"{value:,.1f}" if isinstance(value, float) else str(value)


def _write_cell(sheet: Any, row: int, column: int, value: Any, shown: Any) -> None:  # noqa: ANN401
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case int() if abs(value) < _EXACT_INTEGER:
            sheet.write_number(row, column, value, shown)
        case float() | Decimal() if math.isfinite(value):
            sheet.write_number(row, column, float(value), shown)
        case datetime.datetime() if value.year >= 1900:
            sheet.write_datetime(row, column, value.replace(tzinfo=None), shown)
        case datetime.date() if value.year >= 1900:
            sheet.write_datetime(row, column, value, shown)
        case _:
            text = str(value)
            if len(text) > _LONGEST_TEXT:
                text = text[: _LONGEST_TEXT - 1] + "…"
            sheet.write_string(row, column, text)
