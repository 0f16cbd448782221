"""CSV files as source and sink: every cell as the text it is, lines that are broken told of.

A source's rows are loaded into DuckDB's own temporary storage, which spills to disk: one pass over the
text gives the rows and the lines that are none, however often the rows are then scanned.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kamrules.adapters.copies import Copies, as_duckdb, guesses
from kamrules.adapters.copying import copied
from kamrules.adapters.delimiters import header_of
from kamrules.adapters.failures import of_duckdb, reading, writing
from kamrules.adapters.formulas import harmless, quoted
from kamrules.adapters.lines import (
    Reject,
    Scan,
    distinct_names,
    fresh_name,
    line_count,
    problems,
)
from kamrules.adapters.numbers import (
    cell,
    check_signs,
    wrong_currency,
    wrong_decimal,
    wrong_thousands,
)
from kamrules.adapters.paths import files, options
from kamrules.adapters.unions import check_alike, lacking, union
from kamrules.book import Rows
from kamrules.contracts import Written
from kamrules.diagnostics import DataError
from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kamrules.adapters.copies import Text
    from kamrules.adapters.delimiters import Header
    from kamrules.book import BookTable
    from kamrules.contracts import Format, Tables
    from kamrules.hookspecs import RegisterSource

_STRICT = "state machine reached an invalid state"
"""DuckDB's words for a file with line ends of several kinds."""
_INVALID = "INVALID ENCODING"
_LONGEST = 4
"""So many bytes a delimiter of DuckDB's has at most."""
PACKINGS = {"": "none", ".gz": "gzip", ".zst": "zstd"}


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """Name the source."""
    register("csv", open_csv)


@hookimpl
def register_formats(register: Callable[[str, Format], None]) -> None:
    """Name the forms of files."""
    for ending in PACKINGS:
        register(f"csv{ending}", partial(write_csv, ending=ending))


def _delimiter(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    if isinstance(value, str) and 1 <= len(value.encode()) <= _LONGEST:
        return None if not set(value) & {"\r", "\n", '"'} else "may not be a line's end or a quote"
    return 'has to be one to four characters, as in delimiter = ";"'


def _quote(value: Any) -> str | None:  # noqa: ANN401
    if value == "" or (isinstance(value, str) and len(value) == 1 and value not in "\r\n"):
        return None
    return 'has to be one character, or "" for files without quoting'


def _encoding(value: Any) -> str | None:  # noqa: ANN401
    try:
        return None if codecs.lookup(value)._is_text_encoding else "names no text encoding"  # noqa: SLF001
    except (LookupError, TypeError, ValueError):
        return f'is `{value}`, which is no encoding; "utf-8", "cp1252" and "gb18030" are some'


def _line(value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000:
        return None
    return "has to be the number of the line with the columns' names, from 1 to 1000"


_OPTIONS = {
    "delimiter": _delimiter,
    "quote": _quote,
    "encoding": _encoding,
    "header": _line,
    "decimal": wrong_decimal,
    "thousands": wrong_thousands,
    "currency": wrong_currency,
}


def open_csv(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of one file, or of several whose columns are matched by name.

    Cells are texts, empty ones null; gz and zst are unpacked. Options: `delimiter` (found in the first
    lines if not said), `quote` ('"'), `encoding` (utf-8, or a guess that is told of), `header` (the line
    with the columns' names, the first that is not empty), `decimal` ("."), `thousands` (none; "." with
    decimal = ",") and `currency` (signs beside amounts), which do not touch the account's column and
    columns mapped with values or a date format.
    """
    chosen = options(table, _OPTIONS, "csv")
    check_signs(table, chosen)
    found = files(table)
    with reading(table, "CSV"), Copies(table, connection) as copies:
        texts = copies.texts(found, chosen.get("encoding"))
        load = partial(_loaded_by_either, table, connection, copies, chosen)
        loaded = load(texts)
        broken = {each.file for each in loaded.rejects if each.kind == _INVALID}
        if broken and (again := copies.judged(texts, broken)) is not None:
            connection.execute(f"DROP TABLE {loaded.name}")
            texts, loaded = again, load(again)
        rows = connection.sql(f"SELECT * FROM {loaded.name}")  # noqa: S608  a name of our own
        encoding = as_duckdb(texts).encoding
    told = (*guesses(texts), *lacking(loaded.columns), *problems(loaded.rejects, encoding))
    return Rows(rows, told)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A temporary table with the rows of some files, the columns of each file, and the lines left out."""

    name: str
    columns: dict[str, tuple[str, ...]]
    rejects: list[Reject]


def _loaded_by_either(
    table: BookTable,
    connection: Any,  # noqa: ANN401  DuckDB's
    copies: Copies,
    chosen: dict[str, Any],
    texts: Sequence[Text],
) -> _Loaded:
    """Load the texts as they are, or when their line ends are of several kinds, copies with one."""
    try:
        return _load(table, connection, texts, chosen)
    except Exception as error:
        if not of_duckdb(error) or _STRICT not in str(error):
            raise
    return _load(table, connection, [copies.rewritten(each) for each in texts], chosen)


def _load(
    table: BookTable,
    connection: Any,  # noqa: ANN401  DuckDB's
    texts: Sequence[Text],
    chosen: dict[str, Any],
) -> _Loaded:
    quote = chosen.get("quote", '"')
    headers = [
        header_of(table, each, chosen.get("delimiter"), quote, chosen.get("header"))
        for each in texts
    ]
    columns = {
        each.shown: tuple(distinct_names(header.columns))
        for each, header in zip(texts, headers, strict=True)
    }
    check_alike(table, columns)
    name = fresh_name(table, "csv")
    kinds = ", ".join(f"{quoted(each)} VARCHAR" for each in union(columns))
    connection.execute(f"CREATE TEMP TABLE {name} ({kinds})")
    rejects: list[Reject] = []
    try:
        for header, some in groupby(zip(headers, texts, strict=True), key=lambda pair: pair[0]):
            alike = [text for _, text in some]
            rejects += _insert(table, connection, name, alike, header, chosen)
        _reconcile(table, connection, texts, name, headers, rejects)
    except BaseException:
        connection.execute(f"DROP TABLE {name}")
        raise
    return _Loaded(name, columns, rejects)


def _insert(  # noqa: PLR0913, PLR0917  what a scan needs
    table: BookTable,
    connection: Any,  # noqa: ANN401  DuckDB's
    name: str,
    texts: Sequence[Text],
    header: Header,
    chosen: dict[str, Any],
) -> list[Reject]:
    """Add the rows of files with the same header, and return the lines that were left out."""
    quote = chosen.get("quote", '"')
    scan = Scan(
        as_duckdb(texts),
        [f"cell {number}" for number in range(len(header.columns))],
        header=True,
        skip=header.skip,
        delim=header.delimiter,
        quote=quote,
        escape=quote,
        strict_mode=True,
    )
    names = distinct_names(header.columns)
    cells = ", ".join(
        f"{cell(table, source, f'cell {number}', chosen)} AS {quoted(column)}"
        for number, (source, column) in enumerate(zip(header.columns, names, strict=True))
    )
    query = f"INSERT INTO {name} BY NAME SELECT {cells} FROM {scan.sql}"  # noqa: S608  all quoted
    connection.execute(query, scan.parameters)
    return scan.rejects(connection)


def _reconcile(  # noqa: PLR0913, PLR0917  everything that is counted
    table: BookTable,
    connection: Any,  # noqa: ANN401  DuckDB's
    texts: Sequence[Text],
    name: str,
    headers: Sequence[Header],
    rejects: list[Reject],
) -> None:
    """Make sure that every line is in a row or among the rejects. Raises DataError when one is not."""
    lines = line_count(connection, as_duckdb(texts))
    left = lines - sum(each.lines for each in headers) - sum(each.lines for each in rejects)
    # A row spans more lines than one if its cells hold line ends; empty lines do not count.
    columns = connection.table(name.strip('"')).columns
    runs = " + ".join(
        f"coalesce(len(regexp_extract_all({quoted(each)}, '[\\r\\n]+')), 0)" for each in columns
    )
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {name}").fetchall()  # noqa: S608
    one = any(len(each.columns) == 1 for each in headers)
    if rows == left or (one and rows >= left):
        return
    ((inner,),) = connection.execute(f"SELECT sum({runs}) FROM {name}").fetchall()  # noqa: S608
    if rows + (inner or 0) == left:
        return
    first = next((each for each in rejects if each.kind == "UNQUOTED VALUE"), None)
    where = f"the quote that opens in line {first.line} of `{first.file}`" if first else "a quote"
    message = f"{where} is never closed, so the rows behind it cannot be told apart"
    mend = 'close it, or say options = { quote = "" } if the file has no quoting'
    raise DataError(table.fault("KR625", message, "from", help=mend))


def write_csv(
    tables: Tables,
    folder: Path,
    connection: Any,  # noqa: ANN401  DuckDB's
    ending: str = "",
) -> tuple[str, ...]:
    """Write `<table>.csv` for each table, in UTF-8 with a header, ISO dates and harmless texts.

    `ending` is how the file is packed: `.gz`, `.zst`, or empty for not at all.
    """
    names = []
    for table, relation in tables.items():
        name = f"{table}.csv{ending}"
        with writing(folder, name):
            how = f"FORMAT csv, HEADER true, COMPRESSION {PACKINGS[ending]}"
            rows = copied(connection, harmless(relation), folder / name, how)
        names.append(Written(name, table, rows))
    return tuple(names)
