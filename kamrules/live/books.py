"""Books for a load: the accounts of a book file, with what its data has wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.book import Book
from kamrules.engines.sql import inspect_book
from kamrules.engines.sql.accounts import read_accounts
from kamrules.engines.sql.quality import refuse_bad_data
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.live.events import as_cell
from kamrules.live.loading import Incoming, numbered
from kamrules.plugins import Plugins

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping

    from kamrules.book import Quality
    from kamrules.compiler.program import Program


@dataclass(frozen=True, slots=True)
class OpenBook:
    """A book that is being read: its date, the tables that it has, its accounts, and its quality."""

    as_of: datetime.date | None
    tables: set[str]
    accounts: Iterator[Incoming]
    quality: Quality


def open_book(program: Program, path: str, *, leave_out: bool | None) -> OpenBook:
    """Return the accounts of a book file or folder.

    Raises UsageError and DataError as Book.read, and DataError for its data when nothing is to be left out.
    """
    plugins = Plugins.load()
    book = Book.read(path)
    quality = inspect_book(program, book, open_source=plugins.open_source).quality
    if not (book.leaves_out if leave_out is None else leave_out):
        refuse_bad_data(book, quality)
    tables = {each for each in book.tables if each in program.tables and each != ACCOUNTS}
    rows = read_accounts(program, book, open_source=plugins.open_source)
    return OpenBook(book.as_of, tables, map(_incoming, rows), quality)


def _incoming(facts: Mapping[str, Any]) -> Incoming:
    columns: dict[str, Any] = {}
    tables = {}
    for name, value in facts.items():
        if isinstance(value, list):
            cells = [{key: as_cell(each) for key, each in row.items()} for row in value]
            tables[name] = numbered(cells)
        elif name != ACCOUNT_ID:
            columns[name] = as_cell(value)
    return Incoming(str(facts[ACCOUNT_ID]), columns, tables)
