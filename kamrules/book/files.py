"""Reading books: a book file, a folder of tables, a workbook, one file of accounts, a URI, or memory."""

from __future__ import annotations

import datetime
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from kamrules.book.mapping import BookModel, ColumnMapModel
from kamrules.book.model import Book, BookSink, BookTable, ColumnMap
from kamrules.book.standard_input import (
    SHOWN,
    STANDARD_INPUT,
    NoInputError,
    form_of_input,
    standard_input,
)
from kamrules.book.workbooks import UnreadableWorkbookError, open_workbook, tables_of
from kamrules.diagnostics import DataError, Diagnostic, UsageError, nearest
from kamrules.document.reading import UnreadableError, read_document
from kamrules.document.refusals import refusals
from kamrules.document.tree import Entry, entries
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.secrets import clear_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kamrules.book.mapping import BookTableModel

BOOK_FILE = "book.toml"
WORKBOOK = "xlsx"
FORMS = {
    ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl",
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), WORKBOOK),
}  # fmt: skip
"""Endings of files that hold a table, and the sources that read them."""
PACKED = (".gz", ".zst")
_PACKABLE = ("csv", "jsonl")

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")
_REMOTE = re.compile(r"(?:s3a?|gs|gcs|az|adl|abfss?|https?|file)://")
_TABLE = re.compile(r"[a-z][a-z0-9_]*")


def read_book(path: str | Path) -> Book:
    """Return the book at a path; see Book.read."""
    shown = os.fspath(path)
    found = Path(shown)
    if shown == STANDARD_INPUT or (_SCHEME.match(shown) and not os.path.lexists(shown)):
        return _of_uri(shown)
    try:
        folder = found.is_dir()
        if not folder and not found.exists():
            raise UsageError(_no_such(found, shown))
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(Diagnostic("KR621", f"`{shown}` cannot be read: {reason}")) from None
    if folder:
        inside = found / BOOK_FILE
        return (
            _book_file(inside, _inside(shown, BOOK_FILE))
            if inside.exists()
            else _folder(found, shown)
        )
    form = form_of(found.name)
    if form == WORKBOOK:
        return _workbook(found, shown, f"{WORKBOOK}:{found.name}", found.parent)
    if form is not None:
        table = BookTable(ACCOUNTS, f"{form}:{found.name}", found.parent)
        return Book(_stem(found.name), {ACCOUNTS: table}, file=shown)
    return _book_file(found, shown)


def form_of(name: str) -> str | None:
    """Return the source that reads a file of this name, None when the name does not tell."""
    plain = name.lower()
    for each in PACKED:
        plain = plain.removesuffix(each)
    form = next((form for ending, form in FORMS.items() if plain.endswith(ending)), None)
    return form if form in _PACKABLE or plain == name.lower() else None


def book_in_memory(
    tables: Mapping[str, object],
    *,
    as_of: datetime.date | None,
    name: str,
    currency: str | None,
) -> Book:
    """Return a book in memory; see Book.of."""
    problems = [
        Diagnostic("KR634", f"table `{table}` is {_kind(data)}; a list of dicts or an Arrow table is wanted")
        for table, data in tables.items()
        if not _scannable(data)
    ]  # fmt: skip
    if ACCOUNTS not in tables:
        problems.append(_no_accounts("the book", tables))
    if problems:
        raise DataError(*problems)
    kept = {table: BookTable(table, data=data) for table, data in tables.items()}
    return Book(name, kept, as_of, currency)


def _kind(data: object) -> str:
    if isinstance(data, list):
        return "a list with other things than dicts"
    return f"of type {type(data).__name__}"


def _scannable(data: object) -> bool:
    if isinstance(data, list | tuple):
        return all(isinstance(each, dict) for each in data)
    return hasattr(data, "__arrow_c_stream__")


def _no_accounts(what: str, names: Mapping[str, object]) -> Diagnostic:
    near = nearest(ACCOUNTS, names)
    listed = ", ".join(f"`{each}`" for each in names)
    message = f"{what} has no table `{ACCOUNTS}`" + (f", only {listed}" if listed else "")
    mend = f"did you mean `{near}` to be `{ACCOUNTS}`?" if near else None
    return Diagnostic("KR620", message, help=mend)


def _no_such(path: Path, shown: str) -> Diagnostic:
    return Diagnostic("KR621", f"there is no file or folder `{shown}`", help=sibling(path))


def sibling(path: Path) -> str | None:
    """Return a line of help that names the file beside a missing one whose name is nearest."""
    try:
        names = [each.name for each in path.parent.iterdir() if not each.name.startswith(".")]
    except OSError:
        return None
    near = nearest(path.name, names)
    return f"did you mean `{near}`?" if near else None


def _of_uri(shown: str) -> Book:
    """Return the book whose accounts are in a source, or of all the tables of a workbook."""
    uri = shown
    try:
        if shown == STANDARD_INPUT:
            uri = f"{form_of_input()}:{STANDARD_INPUT}"
        uri = _uri(uri)
        scheme, _, location = uri.partition(":")
        if scheme == WORKBOOK and "://" not in location and location:
            given = standard_input() if location == STANDARD_INPUT else Path(location)
            if given.is_file():
                return _workbook(given, shown, uri, Path())
    except NoInputError as error:
        message, mend = error.args
        raise UsageError(Diagnostic("KR652", message, help=mend)) from None
    table = BookTable(ACCOUNTS, uri)
    if clear := clear_faults(uri, {}, table.fault, "from"):
        raise UsageError(*clear)
    if problems := list(_uri_problems({ACCOUNTS: table})):
        raise DataError(*problems)
    return Book(_name_of(uri), {ACCOUNTS: table}, file=shown)


def _name_of(uri: str) -> str:
    scheme, _, location = uri.partition(":")
    if location == STANDARD_INPUT:
        return SHOWN
    return _stem(location.partition("?")[0].rstrip("/").rpartition("/")[2]) or scheme


def _workbook(path: Path, shown: str, uri: str, folder: Path) -> Book:
    """Return the book of a workbook, each sheet a table that is called like it."""
    try:
        found = tables_of(open_workbook(path))
    except UnreadableWorkbookError as error:
        reason, mend = error.args
        raise DataError(Diagnostic("KR653", f"`{shown}` {reason}", help=mend)) from None
    if ACCOUNTS not in found:
        raise DataError(_no_accounts(f"workbook `{shown}`", dict.fromkeys(found.values())))
    tables = {
        table: BookTable(table, uri, folder, options={"sheet": sheet})
        for table, sheet in found.items()
    }
    return Book(_name_of(uri), tables, file=shown)


def _inside(shown: str, name: str) -> str:
    return name if shown in {".", ""} else f"{shown.rstrip('/')}/{name}"


def _stem(name: str) -> str:
    return name.partition(".")[0]


def _folder(folder: Path, shown: str) -> Book:
    found: dict[str, list[str]] = {}
    others: list[str] = []
    for each in sorted(os.listdir(folder)):  # noqa: PTH208  names are what is wanted
        if form_of(each) is None or each.startswith("."):
            continue
        if _TABLE.fullmatch(_stem(each)):
            found.setdefault(_stem(each), []).append(each)
        else:
            others.append(each)
    problems = [
        Diagnostic("KR621", f"folder `{shown}` holds table `{table}` twice: {_listed(names)}")
        for table, names in found.items()
        if len(names) > 1
    ]
    if not found:
        message = f"folder `{shown}` holds neither a {BOOK_FILE} nor tables such as accounts.csv"
        raise UsageError(Diagnostic("KR621", message, help=_renamed(others)))
    if ACCOUNTS not in found:
        problems.append(_no_accounts(f"folder `{shown}`", found))
    if problems:
        raise DataError(*problems)
    tables = {
        table: BookTable(table, f"{form_of(names[0])}:{names[0]}", folder)
        for table, names in found.items()
    }
    return Book(folder.resolve().name or "book", tables, file=shown)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{each}`" for each in names)


def _renamed(names: list[str]) -> str | None:
    """Return a mend for a folder whose files are not named as tables."""
    near = next((each for each in names if _stem(each).casefold() == ACCOUNTS), None)
    return f"rename `{near}` to `{near.casefold()}`" if near else None


def _book_file(path: Path, shown: str) -> Book:
    try:
        document = read_document(path, shown)
    except UnreadableError as error:
        raise (UsageError if error.usage else DataError)(*error.diagnostics) from None
    root = entries(document)
    try:
        model = BookModel.model_validate(document.data)
    except ValidationError as error:
        raise DataError(*refusals(root, error, top=BookModel)) from None
    tables = {name: _table(name, each, path.parent, root) for name, each in model.table.items()}
    header = model.book
    name = header.name or (path.parent.resolve().name if path.name == BOOK_FILE else path.stem)
    leaves_out = header.bad_data == "leave_out"
    sinks = {
        name: BookSink(name, each.to, each.mode, tuple(each.tables), each.options, path.parent)
        for name, each in model.sink.items()
    }
    book = Book(name, tables, header.as_of, header.currency, shown, leaves_out, root, sinks)
    problems = [*_uri_problems(tables), *_input_problems(tables)]
    if ACCOUNTS not in tables:
        plain = _no_accounts("the book", tables)
        problems.append(book.fault("KR620", plain.message, "table", key=True, help=plain.help))
    if problems:
        raise DataError(*problems)
    return book


def _table(name: str, model: BookTableModel, folder: Path, root: Entry) -> BookTable:
    columns = {each: _column(each, written) for each, written in model.column.items()}
    mapped = columns.get(ACCOUNT_ID)
    return BookTable(
        name=name,
        uri=_uri(model.from_),
        folder=folder,
        account=(mapped.column if mapped else None) or model.account or ACCOUNT_ID,
        only={
            column: tuple(text(each) for each in (kept if isinstance(kept, list) else [kept]))
            for column, kept in model.only.items()
        },
        options=model.options,
        columns=columns,
        automatic=model.automatic,
        written=root,
    )


def _column(name: str, written: str | ColumnMapModel) -> ColumnMap:
    if isinstance(written, str):
        return ColumnMap(column=written)
    if written.constant is not None:
        return ColumnMap(constant=text(written.constant))
    return ColumnMap(
        column=written.column or (None if name == ACCOUNT_ID else name),
        times=None if written.times is None else Decimal(repr(written.times)),
        values={each: text(meant) for each, meant in written.values.items()},
        format=written.format,
        unknown=tuple(text(each) for each in written.unknown),
    )


def text(value: Any) -> str:  # noqa: ANN401  a scalar of TOML
    """Return a value of a book file as the text that stands for it in a table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _uri(written: str) -> str:
    """Return what `from` says with the name of its source; a file's ending tells it if it is left out."""
    remote = _REMOTE.match(written)
    if _SCHEME.match(written) and not remote:
        return written
    form = form_of(written.partition("?")[0] if remote else written)
    return f"{form}:{written}" if form else written


def _uri_problems(tables: Mapping[str, BookTable]) -> Iterator[Diagnostic]:
    for each in tables.values():
        if _REMOTE.match(each.uri or ""):
            message = f"`{each.uri}` does not say which source reads it"
            mend = f'name the source first, as in from = "parquet:{each.uri}"'
            yield each.fault("KR704", message, "from", help=mend)
        elif not _SCHEME.match(each.uri or ""):
            message = f"`{each.uri}` does not say which source reads it"
            mend = 'name the source first, as in from = "csv:accounts.csv"'
            yield each.fault("KR704", message, "from", help=mend)


def _input_problems(tables: Mapping[str, BookTable]) -> Iterator[Diagnostic]:
    """Yield an error for each table but the first that is to be read from standard input."""
    taking = [
        each
        for each in tables.values()
        if each.location == STANDARD_INPUT and each.scheme in FORMS.values()
    ]
    for each in taking[1:]:
        if each.uri != taking[0].uri or each.scheme != WORKBOOK:
            message = f"standard input is table `{taking[0].name}` already, and can be no other"
            yield each.fault("KR652", message, "from")
