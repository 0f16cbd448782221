"""Excel workbooks as a sink: one sheet a table, texts that never run as formulas."""

from __future__ import annotations

import datetime
import math
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kamrules.adapters.failures import writing
from kamrules.adapters.formulas import harmless
from kamrules.diagnostics import DataError, Diagnostic
from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kamrules.contracts import Format, Tables

NAME = "kamrules.xlsx"
MOST_ROWS = 1_048_575
"""Rows of a sheet of Excel's, less one for the header."""
_LONGEST_TEXT = 32_767
_EXACT_INTEGER = 10**15
_BATCH = 10_000
_WIDEST = 60
_WIDTHS_FROM = 200


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
        formats = {
            "header": book.add_format({"bold": True}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        try:
            for name, relation in tables.items():
                with cursor(connection, harmless(relation)) as rows:
                    _write_sheet(book, name, list(relation.columns), rows, formats)
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


def _write_sheet(
    book: Any,  # noqa: ANN401  xlsxwriter's
    name: str,
    columns: list[str],
    found: Any,  # noqa: ANN401  DuckDB's
    formats: dict[str, Any],
) -> None:
    sheet = book.add_worksheet(name[:31])
    rows = found.fetchmany(_BATCH)
    # A sheet in constant memory takes its widths before its rows: those of the first rows will do.
    for number, column in enumerate(columns):
        texts = [column, *(_shown(row[number]) for row in rows[:_WIDTHS_FROM])]
        sheet.set_column(number, number, min(max(map(len, texts)), _WIDEST) + 2)
    sheet.freeze_panes(1, 0)
    for number, column in enumerate(columns):
        sheet.write_string(0, number, column, formats["header"])
    at = 0
    while rows:
        for row in rows:
            at += 1
            for number, value in enumerate(row):
                _write_cell(sheet, at, number, value, formats)
        rows = found.fetchmany(_BATCH)
    if columns:
        sheet.autofilter(0, 0, at, len(columns) - 1)


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _write_cell(sheet: Any, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:  # noqa: ANN401
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case int() if abs(value) < _EXACT_INTEGER:
            sheet.write_number(row, column, value)
        case float() | Decimal() if math.isfinite(value):
            sheet.write_number(row, column, float(value))
        case datetime.datetime() if value.year >= 1900:
            sheet.write_datetime(row, column, value.replace(tzinfo=None), formats["time"])
        case datetime.date() if value.year >= 1900:
            sheet.write_datetime(row, column, value, formats["date"])
        case _:
            text = str(value)
            if len(text) > _LONGEST_TEXT:
                text = text[: _LONGEST_TEXT - 1] + "…"
            sheet.write_string(row, column, text)
