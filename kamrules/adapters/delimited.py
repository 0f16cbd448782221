"""CSV files as source and sink: every cell as the text it is, lines that are broken told of.

A source's rows are loaded into DuckDB's own temporary storage, which spills to disk: one pass over the
text gives the rows and the lines that are none, however often the rows are then scanned.
"""

from __future__ import annotations

import codecs
import csv
from typing import TYPE_CHECKING, Any

from kamrules.adapters.failures import of_duckdb, reading, writing
from kamrules.adapters.formulas import harmless, quoted
from kamrules.adapters.lines import (
    Files,
    Reject,
    Scan,
    distinct_names,
    fresh_name,
    line_count,
    problems,
    rewritten,
    text_files,
)
from kamrules.adapters.paths import options, paths
from kamrules.book import Rows
from kamrules.diagnostics import DataError
from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kamrules.book import BookTable
    from kamrules.contracts import Format, Tables
    from kamrules.hookspecs import RegisterSource

_HEADER_LINES = 100
_DELIMITERS = ",;\t|"
_STRICT = "state machine reached an invalid state"
"""DuckDB's words for a file with line ends of several kinds."""


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """Name the source."""
    register("csv", open_csv)


@hookimpl
def register_formats(register: Callable[[str, Format], None]) -> None:
    """Name the form of files."""
    register("csv", write_csv)


def _one_character(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    if isinstance(value, str) and len(value) == 1 and value not in "\r\n":
        return None
    return 'has to be one character, as in delimiter = ";"'


def _quote(value: Any) -> str | None:  # noqa: ANN401
    if value == "" or _one_character(value) is None:
        return None
    return 'has to be one character, or "" for files without quoting'


def _encoding(value: Any) -> str | None:  # noqa: ANN401
    try:
        return None if codecs.lookup(value)._is_text_encoding else "names no text encoding"  # noqa: SLF001
    except (LookupError, TypeError, ValueError):
        return f'is `{value}`, which is no encoding; "utf-8", "cp1252" and "gb18030" are some'


def _decimal(value: Any) -> str | None:  # noqa: ANN401
    return None if value in (".", ",") else 'has to be "." or ","'


_OPTIONS = {
    "delimiter": _one_character,
    "quote": _quote,
    "encoding": _encoding,
    "decimal": _decimal,
}


def open_csv(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of one file, or of several with the same header; gz and zst are unpacked.

    Cells are texts, empty ones null. Options: `delimiter` (found in the header if not said),
    `quote` ('"'), `encoding` (utf-8) and `decimal` ("."; "," also takes the points out of 1.234,5,
    except in the account's column and in columns mapped with values or a date format).
    """
    chosen = options(table, _OPTIONS, "csv")
    files = paths(table)
    with (
        reading(table, "CSV"),
        text_files(table, files, chosen.get("encoding")) as readable,
    ):
        try:
            return _load(table, connection, readable, chosen)
        except Exception as error:
            if not of_duckdb(error) or _STRICT not in str(error):
                raise
        with rewritten(table, readable) as copies:
            return _load(table, connection, copies, chosen)


def _load(table: BookTable, connection: Any, files: Files, chosen: dict[str, Any]) -> Rows:  # noqa: ANN401
    quote = chosen.get("quote", '"')
    delimiter, header, skip, header_lines = _header(table, connection, files, chosen, quote)
    scan = Scan(
        files,
        [f"cell {number}" for number in range(len(header))],
        header=True,
        skip=skip,
        delim=delimiter,
        quote=quote,
        escape=quote,
        strict_mode=True,
    )
    names = distinct_names(header)
    cells = ", ".join(
        f"{_value(table, source, f'cell {number}', chosen)} AS {quoted(name)}"
        for number, (source, name) in enumerate(zip(header, names, strict=True))
    )
    name = fresh_name(table, "csv")
    query = f"CREATE TEMP TABLE {name} AS SELECT {cells} FROM {scan.sql}"  # noqa: S608  all quoted
    connection.execute(query, scan.parameters)
    rejects = scan.rejects(connection)
    _reconcile(table, connection, files, name, names, rejects, header_lines)
    return Rows(connection.sql(f"SELECT * FROM {name}"), problems(rejects, files.encoding))  # noqa: S608


def _value(table: BookTable, source: str, cell: str, chosen: dict[str, Any]) -> str:
    """Return the SQL of a cell: as it is, or with a decimal comma turned into a point."""
    column = quoted(cell)
    maps = [each for each in table.columns.values() if each.column == source]
    is_text = any(each.values or each.format or each.unknown for each in maps)
    if chosen.get("decimal") != "," or source == table.account or is_text:
        return column
    number = r"'\s*[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?\s*'"
    plain = f"replace(replace({column}, '.', ''), ',', '.')"
    return f"CASE WHEN regexp_full_match({column}, {number}) THEN {plain} ELSE {column} END"


def _header(
    table: BookTable,
    connection: Any,  # noqa: ANN401  DuckDB's
    files: Files,
    chosen: dict[str, Any],
    quote: str,
) -> tuple[str, list[str], int, int]:
    """Return delimiter, the header's cells, lines to skip before it, and its lines in all the files."""
    found: list[tuple[str, list[str], int, int]] = []
    for path, shown in zip(files.paths, files.shown, strict=True):
        one = Files((path,), files.encoding, (shown,))
        scan = Scan.of_lines(one)
        query = f"SELECT line FROM {scan.sql} LIMIT {_HEADER_LINES}"  # noqa: S608
        lines = [each for (each,) in connection.execute(query, scan.parameters).fetchall()]
        scan.rejects(connection)
        skip = next((number for number, line in enumerate(lines) if line), None)
        if skip is None:
            message = f"`{shown}` is empty: a line with the names of the columns is wanted"
            raise DataError(table.fault("KR624", message, "from"))
        found.append(_read_header(lines, skip, chosen.get("delimiter"), quote))
        if found[0][:3] != found[-1][:3]:
            message = f"`{shown}` has other columns than `{files.shown[0]}`"
            mend = "give all the files the same header, or make them tables of their own"
            raise DataError(table.fault("KR624", message, "from", help=mend))
    delimiter, header, skip, lines_each = found[0]
    return delimiter, header, skip, lines_each * len(found)


def _read_header(
    lines: list[str | None], skip: int, delimiter: str | None, quote: str
) -> tuple[str, list[str], int, int]:
    first = lines[skip] or ""
    if delimiter is None:
        outside = "".join(first.split(quote)[::2]) if quote else first
        delimiter = max(_DELIMITERS, key=outside.count)
    texts = [(each or "") + "\n" for each in lines[skip:]]
    reader = csv.reader(
        texts,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    header = next(reader)
    return delimiter, header, skip, sum(1 for each in texts[: reader.line_num] if each != "\n")


def _reconcile(  # noqa: PLR0913, PLR0917  everything that is counted
    table: BookTable,
    connection: Any,  # noqa: ANN401  DuckDB's
    files: Files,
    name: str,
    columns: list[str],
    rejects: list[Reject],
    header_lines: int,
) -> None:
    """Make sure that every line is in a row or among the rejects. Raises DataError when one is not."""
    lines = line_count(connection, files)
    left = lines - header_lines - sum(each.lines for each in rejects)
    # A row spans more lines than one if its cells hold line ends; empty lines do not count.
    runs = " + ".join(
        f"coalesce(len(regexp_extract_all({quoted(each)}, '[\\r\\n]+')), 0)" for each in columns
    )
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {name}").fetchall()  # noqa: S608
    if rows == left or (len(columns) == 1 and rows >= left):
        return
    ((inner,),) = connection.execute(f"SELECT sum({runs}) FROM {name}").fetchall()  # noqa: S608
    if rows + (inner or 0) == left:
        return
    first = next((each for each in rejects if each.kind == "UNQUOTED VALUE"), None)
    where = f"the quote that opens in line {first.line} of `{first.file}`" if first else "a quote"
    message = f"{where} is never closed, so the rows behind it cannot be told apart"
    mend = 'close it, or say options = { quote = "" } if the file has no quoting'
    raise DataError(table.fault("KR625", message, "from", help=mend))


def write_csv(tables: Tables, folder: Path, connection: Any) -> tuple[str, ...]:  # noqa: ANN401, ARG001
    """Write `<table>.csv` for each table, in UTF-8 with a header, ISO dates and harmless texts."""
    names = []
    for table, relation in tables.items():
        name = f"{table}.csv"
        with writing(folder, name):
            harmless(relation).write_csv(str(folder / name), header=True)
        names.append(name)
    return tuple(names)
