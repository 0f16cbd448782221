"""Book: what is known about the customers at a date, and how its tables map to a ruleset's vocabulary."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kamrules.diagnostics import Diagnostic
from kamrules.document.tree import fault
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from kamrules.book.quality import Problem
    from kamrules.contracts import Mode
    from kamrules.document.tree import Entry


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """How one column of the vocabulary is filled from the source.

    `column` is the source's column, None when every row holds `constant` instead (as text). A known
    text is first looked up in `unknown` (texts that mean unknown), then in `values` (text as it
    stands in the source -> text of the vocabulary); a date is read by `format` (as in strftime;
    None: 2026-01-31); a number is multiplied by `times` last, in exact decimals.
    """

    column: str | None = None
    constant: str | None = None
    times: Decimal | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BookTable:
    """One table of a book: where its rows come from and what its columns mean.

    Either `uri` (`csv:accounts.csv`, its path relative to `folder`) or `data` (anything that exports
    `__arrow_c_stream__`, or a list of dicts) is set. `account` is the source column that holds the
    account's id. `only` keeps the rows whose source columns hold, as text, one of the values.
    `options` are for the source. With `automatic`, a column of the vocabulary that `columns` does not
    name is filled from the source column of the same name. `wanted` tells a source which of its columns
    are read, those that the book file names among them; None is all of them. `written` is the book file
    as read, which `fault` needs to show places.
    """

    name: str
    uri: str | None = None
    folder: Path = field(default_factory=Path)
    data: object | None = None
    account: str = ACCOUNT_ID
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    columns: Mapping[str, ColumnMap] = field(default_factory=dict)
    automatic: bool = True
    wanted: frozenset[str] | None = None
    written: Entry | None = field(default=None, repr=False, compare=False)

    @property
    def scheme(self) -> str:
        """Return the name of the source: what stands before the first colon of the URI."""
        return (self.uri or "").partition(":")[0]

    @property
    def location(self) -> str:
        """Return what stands after the first colon of the URI."""
        return (self.uri or "").partition(":")[2]

    @property
    def source(self) -> str:
        """Return the words by which people are told where the rows come from."""
        return self.uri if self.uri is not None else "memory"

    def path(self) -> Path:
        """Return the location as a path, from the folder of the book file."""
        return self.folder / self.location

    def fault(
        self,
        code: str,
        message: str,
        *path: str | int,
        key: bool = False,
        help: str | None = None,  # noqa: A002  the design's word
    ) -> Diagnostic:
        """Return an error about what stands at a path of this table, such as ("column", "revenue").

        With `key` the caret stands under the key, else under its value. Without a book file the
        error has no place.
        """
        if self.written is None:
            return Diagnostic(code, message, help=help)
        return fault(self.written, code, message, ("table", self.name, *path), key=key, help=help)

    def mapped(self, column: str) -> ColumnMap | None:
        """Return how a column of the vocabulary is filled, None when this table does not fill it.

        Whether the source has the column is known only once the source is open.
        """
        found = self.columns.get(column)
        if column == ACCOUNT_ID and (found is None or found.column is None):
            return replace(found or ColumnMap(), column=self.account)
        return found or (ColumnMap(column=column) if self.automatic else None)

    @property
    def named(self) -> frozenset[str]:
        """Return the source's columns that the book file names, which have to be there."""
        filled = (each.column for each in self.columns.values() if each.column is not None)
        return frozenset((self.account, *self.only, *filled))

    def wanting(self, columns: Iterable[str]) -> BookTable:
        """Return the table with `wanted` for one who reads these columns of the vocabulary."""
        read = (how.column for each in columns if (how := self.mapped(each)) is not None)
        return replace(self, wanted=self.named.union(each for each in read if each is not None))

    def chosen(self, columns: Iterable[str]) -> list[str]:
        """Return those of a source's columns that it may confine itself to, in their order.

        All of them where one lacks that the book file names: the run then ends with that, and tells the
        name that is nearest.
        """
        there = list(columns)
        wanted = self.wanted
        if wanted is None and not self.automatic:
            wanted = self.named
        if wanted is None or not self.named.issubset(there):
            return there
        return [each for each in there if each in wanted]


@dataclass(frozen=True, slots=True)
class BookSink:
    """Where the decisions about a book go when a run is told so by name: `kamrules run BOOK --to NAME`.

    `to` is a URI with its secrets as references. `mode` is create, replace, append or upsert;
    `tables` are the output tables wanted, empty for all; relative paths start at `folder`.
    """

    name: str
    to: str
    mode: Mode = "replace"
    tables: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    folder: Path = field(default_factory=Path)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a source gives for a table: rows that DuckDB can scan, and what it had to leave out.

    `rows` is a DuckDB relation of the connection that was passed to the source, or anything that
    exports `__arrow_c_stream__`; its columns are named as in the source. `problems` are about rows
    that are not among them, such as lines with too many cells; they count as read. `line` is for rows
    that can be read again, and a few columns of them cheaply, as those of Parquet files: it names a
    column of whole numbers that rise from row to row, and is no data itself. Other rows the engine reads
    once and keeps. `parquet` is the path of the Parquet file whose rows they are, all of them, if it is one.
    """

    rows: Any
    problems: tuple[Problem, ...] = ()
    line: str | None = None
    parquet: str | None = None


class OpenSource(Protocol):
    """Opens a table of a book on a DuckDB connection; kamrules.plugins.Plugins.open_source is one."""

    def __call__(self, table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
        """Return the rows. Raises DataError when there is none to be had."""


@dataclass(frozen=True, slots=True)
class Book:
    """The tables of one company's customers at one date.

    `file` is the book file or folder as the user named it, None for a book in memory. `tables` keeps
    the author's order; `sinks` are where its decisions may go. `leaves_out` says that a run goes on
    without rows and values that cannot be used, and reports them; else it stops. `written` is the book
    file as read, which `fault` needs to show places.
    """

    name: str
    tables: Mapping[str, BookTable]
    as_of: datetime.date | None = None
    currency: str | None = None
    file: str | None = None
    leaves_out: bool = False
    written: Entry | None = field(default=None, repr=False, compare=False)
    sinks: Mapping[str, BookSink] = field(default_factory=dict)

    @property
    def accounts(self) -> BookTable:
        """Return the table with one row an account."""
        return self.tables[ACCOUNTS]

    @staticmethod
    def read(path: str | Path) -> Book:
        """Return the book of a book file, or of a folder of `<table>.csv|parquet|jsonl|xlsx` files.

        A folder that holds a `book.toml` is read by it. A workbook is a book, each sheet a table. One
        file, `-` for standard input, or a URI such as `csv:accounts.csv` holds the accounts alone.
        Raises UsageError when there is nothing to read at the path, DataError with all problems of a
        book file.
        """
        from kamrules.book.files import read_book  # noqa: PLC0415  which needs this module

        return read_book(path)

    @staticmethod
    def of(
        tables: Mapping[str, object],
        *,
        as_of: datetime.date | None = None,
        name: str = "memory",
        currency: str | None = None,
    ) -> Book:
        """Return a book in memory: each table a list of dicts, or anything with `__arrow_c_stream__`.

        Columns are named as in the vocabulary. Raises DataError when a table is neither, or there are
        no accounts.
        """
        from kamrules.book.files import book_in_memory  # noqa: PLC0415  which needs this module

        return book_in_memory(tables, as_of=as_of, name=name, currency=currency)

    def fault(
        self,
        code: str,
        message: str,
        *path: str | int,
        key: bool = False,
        help: str | None = None,  # noqa: A002  the design's word
    ) -> Diagnostic:
        """Return an error about what stands at a path of the book file, such as ("table", "orders").

        With `key` the caret stands under the key, else under its value. Without a book file the
        error has no place.
        """
        if self.written is None:
            return Diagnostic(code, message, help=help)
        return fault(self.written, code, message, path, key=key, help=help)
