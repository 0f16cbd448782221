"""Mapping: records of BottleCRM as events of a live book, their columns mapped as the book file says."""

from __future__ import annotations

import datetime
import os
import re
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from kamrules.book import Book

from kamrules_bottlecrm.tables import ACCOUNT, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kamrules.book import BookTable, ColumnMap

    from kamrules_bottlecrm.tables import Row, Table

BOOK = "KAMRULES_BOTTLECRM_BOOK"
"""The variable that names a book file to map webhooks by, in place of the one shipped."""
NUMBERS = frozenset({
    "annual_revenue", "number_of_employees", "amount", "probability", "total_amount", "amount_due",
    "amount_paid", "duration_seconds",
})  # fmt: skip
"""Columns of BottleCRM that hold numbers, which its JSON has as text."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_FLAGS = {"true": True, "false": False}


@cache
def book() -> Book:
    """Return the book file by which webhooks are mapped. Raises UsageError and DataError as Book.read."""
    wanted = os.environ.get(BOOK)
    return shipped_book() if not wanted else Book.read(wanted)


@cache
def shipped_book() -> Book:
    """Return the book file that comes with the plug-in."""
    with as_file(files("kamrules_bottlecrm") / "book.toml") as path:
        return Book.read(path)


def filled_by(name: str, found: Book) -> Iterator[BookTable]:
    """Yield the tables of a book that a table of BottleCRM fills."""
    for each in found.tables.values():
        if each.scheme == "bottlecrm" and each.location.rpartition("/")[2] == name:
            yield each


def mapped_rows(
    table: Table, record: Mapping[str, Any], accounts: Sequence[str | None] | None = None
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what a record is in the vocabulary: table, account's id, and the columns that it tells of.

    `accounts` as in rows_of. What belongs to no account, and what the book file leaves out by `only`, is
    nothing.
    """
    for row in rows_of(table, record, accounts):
        account = row.get(ACCOUNT)
        if account is None:
            continue
        for each in filled_by(table.name, book()):
            if _kept(each, row):
                yield each.name, account, _mapped(each, row)


def _kept(table: BookTable, row: Row) -> bool:
    """Whether `only` keeps a row; a column that the record does not tell of speaks against nothing."""
    return all(name not in row or row[name] in values for name, values in table.only.items())


def _mapped(table: BookTable, row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, column in table.columns.items():
        if column.constant is not None:
            found[name] = _plain(column.constant)
        elif column.column in row:
            found[name] = _value(column, str(column.column), row[str(column.column)])
    return found


def _value(column: ColumnMap, source: str, cell: str | None) -> Any:  # noqa: ANN401  a cell of JSON
    """Return a cell as the vocabulary has it; one that cannot be read by `format` stays, to be refused."""
    if cell is None or cell in column.unknown:
        return None
    if cell in column.values:
        return _plain(column.values[cell])
    if column.format is not None:
        try:
            return datetime.datetime.strptime(cell, column.format).date().isoformat()  # noqa: DTZ007
        except ValueError:
            return cell
    numeric = source in NUMBERS or source.startswith("rollups.") or column.times is not None
    if numeric and _NUMBER.fullmatch(cell):
        number = float(cell) * float(column.times or 1)
        return int(number) if number.is_integer() else number
    return _FLAGS.get(cell, cell)


def _plain(text: str) -> Any:  # noqa: ANN401  a cell of JSON
    """Return a text of the book file as the value that it stands for."""
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return _FLAGS.get(text, text)
