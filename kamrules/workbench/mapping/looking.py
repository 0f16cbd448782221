"""Looking at a source: which tables it has, and a sample of the rows of each."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.formulas import quoted
from kamrules.book import Book, BookTable, Rows
from kamrules.book.files import BOOK_FILE, form_of, sibling
from kamrules.diagnostics import DataError, Diagnostic, KamrulesError, Severity, UsageError
from kamrules.engines.sql.connecting import connect, told_as_data
from kamrules.expression.types import ACCOUNT_ID
from kamrules.workbench.mapping.seen import Column, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kamrules.plugins import Plugins

MOST_ROWS = 10_000
"""Rows of each table that are looked at."""
MOST_TABLES = 300
_LONGEST = 300
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")
_MAGIC = "*?["
_FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found at a source: its tables with samples, the book file that it is, if it is one, and
    warnings about tables that could not be read.
    """

    sources: tuple[Source, ...]
    book: Book | None
    warnings: tuple[Diagnostic, ...]


def look(
    shown: str,
    plugins: Plugins,
    *,
    base: Path,
    most_rows: int = MOST_ROWS,
    progress: Callable[[str], None] = lambda _: None,
) -> Looked:
    """Return what a source holds: a folder, a file, a workbook, a pattern, a URI, or a book file.

    Paths of what is found are relative to `base`. Raises UsageError when there is nothing at the place,
    DataError when nothing there can be read.
    """
    book, tables = _tables(shown, plugins, base)
    if not tables:
        message = f"`{shown}` holds no table that kamrules reads"
        mend = "its files should end in .csv, .parquet, .jsonl or the like"
        raise UsageError(Diagnostic("KR685", message, help=mend))
    left = len(tables) - MOST_TABLES
    warnings = []
    if left > 0:
        message = f"`{shown}` has {len(tables):,} tables; the first {MOST_TABLES} were looked at"
        mend = "name one table, or a schema with fewer"
        warnings.append(Diagnostic("KR686", message, Severity.WARNING, help=mend))
    sources: list[Source] = []
    failures: list[Diagnostic] = []
    for name, table, known in tables[:MOST_TABLES]:
        progress(f"looking at {name}")
        try:
            sources.append(_sampled(name, table, plugins, most_rows, known=known))
        except KamrulesError as error:
            failures += error.diagnostics
    if not sources:
        raise DataError(*failures)
    warnings += [replace(each, severity=Severity.WARNING) for each in failures]
    return Looked(tuple(sources), book, tuple(warnings))


def is_uri(shown: str) -> bool:
    """Whether a source is named by a URI such as postgresql://host/crm, and not by a path."""
    return bool(_SCHEME.match(shown)) and not os.path.lexists(shown)


Sample = tuple[dict[str, str], list[tuple[str | None, ...]]]
"""The types of columns by name, and rows of texts."""
Found = list[tuple[str, BookTable, bool]]
"""Tables with the names they are known by, and whether a book file already says what they are."""


def _tables(shown: str, plugins: Plugins, base: Path) -> tuple[Book | None, Found]:
    if is_uri(shown):
        return None, _of_uri(shown, plugins, Path())
    path = Path(shown)
    try:
        if path.is_dir():
            if (path / BOOK_FILE).exists():
                return _of_book(str(path), path, plugins)
            return None, _of_files(_files(path), plugins, base)
        if path.is_file():
            if form_of(path.name) is None:
                return _of_book(shown, path.parent, plugins)
            return None, _of_files([path], plugins, base)
        if any(each in shown for each in _MAGIC):
            found = sorted(Path(each) for each in glob.glob(shown, recursive=True))  # noqa: PTH207
            return None, _of_files([each for each in found if each.is_file()], plugins, base)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(Diagnostic("KR621", f"`{shown}` cannot be read: {reason}")) from None
    message = f"there is no file or folder `{shown}`"
    raise UsageError(Diagnostic("KR621", message, help=sibling(path)))


def _files(folder: Path) -> list[Path]:
    names = sorted(os.listdir(folder))  # noqa: PTH208  names are what is wanted
    return [folder / each for each in names if not each.startswith(".")]


def _of_files(files: Iterable[Path], plugins: Plugins, base: Path) -> Found:
    found: Found = []
    for path in files:
        form = form_of(path.name)
        if form is None or not path.is_file():
            continue
        uri = f"{form}:{Path(os.path.relpath(path, base)).as_posix()}"
        found += _of_uri(uri, plugins, base)
    return found


def _of_uri(uri: str, plugins: Plugins, folder: Path) -> Found:
    """Return the tables of a source: those that it lists, else itself."""
    table = BookTable("accounts", uri, folder)
    listed = plugins.tables_of(table)
    each = (uri,) if listed is None else listed
    return [(named(one), replace(table, uri=one), False) for one in each]


def named(uri: str) -> str:
    """Return what a table is called by its URI: `?table=`, `?sheet=`, a file's name, or the end."""
    from urllib.parse import unquote  # noqa: PLC0415  rarely needed otherwise

    location, _, query = uri.partition(":")[2].partition("?")
    said = [each.partition("=") for each in query.split("&")]
    for key in ("table", "sheet", "resource"):
        for name, _, value in said:
            if name == key:
                return unquote(value).rpartition(".")[2] or unquote(value)
    last = location.rstrip("/").rpartition("/")[2]
    if form_of(last) is not None:
        return last.partition(".")[0]
    return last.rpartition(":")[2] or last


def _of_book(shown: str, folder: Path, plugins: Plugins) -> tuple[Book, Found]:
    """Return a book file with its tables, and the files beside it that it does not read."""
    book = Book.read(shown)
    found: Found = [(named(each.uri or name), each, True) for name, each in book.tables.items()]
    used = {each.path().resolve() for _, each, _ in found if form_of(each.location) is not None}
    if used:
        spare = [each for each in _files(folder) if each.resolve() not in used]
        found += _of_files(spare, plugins, folder)
    return book, found


def _sampled(
    name: str, table: BookTable, plugins: Plugins, most_rows: int, *, known: bool
) -> Source:
    connection, folder = connect(None, None, None)
    try:
        with told_as_data():
            rows = _sample(connection, plugins.open_source(table, connection), most_rows)
            if not rows[1] and rows[0] and table.account not in rows[0]:
                # a source may read no rows for a book that names a column which is not there
                table = replace(table, account=next(iter(rows[0])))
                rows = _sample(connection, plugins.open_source(table, connection), most_rows)
            return _source(name, table, rows, most_rows, known=known)
    finally:
        connection.close()
        folder.cleanup()


def _sample(connection: Any, opened: Rows, most_rows: int) -> Sample:  # noqa: ANN401  DuckDB's
    """Return the types of the columns and the first rows, one more than wanted; a stream is read once."""
    view = "looked_at"
    rows = opened.rows
    if hasattr(rows, "create_view"):
        rows.create_view(view, replace=True)
    else:
        connection.register(view, rows)
        rows = connection.table(view)
    of = zip(rows.columns, rows.types, strict=True)
    types = {column: str(kind) for column, kind in of if column != opened.line}
    if not types:
        return {}, []
    cells = ", ".join(f"left({quoted(each)}::VARCHAR, {_LONGEST})" for each in types)
    query = f"SELECT {cells} FROM {view} LIMIT {most_rows + 1}"  # noqa: S608  all quoted
    return types, connection.execute(query).fetchall()


def _source(name: str, table: BookTable, rows: Sample, most_rows: int, *, known: bool) -> Source:
    types, sample = rows
    whole = len(sample) <= most_rows
    sample = sample[:most_rows]
    columns = {
        column: Column(column, of, tuple(_shown(row[at], of) for row in sample))
        for at, (column, of) in enumerate(types.items())
    }
    return Source(
        name=name,
        uri=table.uri or "",
        columns=columns,
        rows=len(sample),
        whole=whole,
        options=table.options,
        table=table.name if known else None,
        taken=_taken(table) if known else frozenset(),
        filled=_filled(table, columns) if known else frozenset(),
    )


def _shown(cell: str | None, of: str) -> str | None:
    """Return a cell as text; a whole number in a column of floats loses its `.0`."""
    if cell is not None and of.startswith(_FLOATS):
        return cell.removesuffix(".0")
    return cell


def _taken(table: BookTable) -> frozenset[str]:
    mapped = {each.column for each in table.columns.values() if each.column is not None}
    return frozenset(mapped | {table.account, *table.only})


def _filled(table: BookTable, columns: Iterable[str]) -> frozenset[str]:
    by_name = set(columns) if table.automatic else set()
    return frozenset({*table.columns, *by_name, ACCOUNT_ID})


__all__: Sequence[str] = ["MOST_ROWS", "Looked", "is_uri", "look", "named"]
