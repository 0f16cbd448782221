"""Parquet files as source and sink; DuckDB reads and writes them natively."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from kamrules.adapters.copying import in_one_thread
from kamrules.adapters.failures import reading, writing
from kamrules.adapters.formulas import literal, quoted
from kamrules.adapters.lines import fresh_name
from kamrules.adapters.paths import escaped, files, options
from kamrules.adapters.unions import check_alike, lacking
from kamrules.book import Problem, Rows
from kamrules.diagnostics import DataError
from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from kamrules.adapters.paths import File
    from kamrules.book import BookTable
    from kamrules.contracts import Format, Tables
    from kamrules.hookspecs import RegisterSource

_COUNTED = ("file_index", "file_row_number")
"""Columns that DuckDB makes up: the number of the file, and that of the row in it."""
_LINE = f"{_COUNTED[0]}::BIGINT * {2**40} + {_COUNTED[1]}"
_FAMILIES = (
    ("text", ("VARCHAR", "ENUM", "UUID", "JSON")),
    ("date", ("DATE", "TIMESTAMP")),
    ("truth", ("BOOLEAN",)),
    ("number", ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
                "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")),
)  # fmt: skip
"""Types whose values DuckDB turns into one another without loss or surprise."""
STEADY = frozenset({"decisions", "scores", "gates"})
"""Tables that every account has as many rows of, so that several threads write them alike each time."""


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """Name the source."""
    register("parquet", open_parquet)


@hookimpl
def register_formats(register: Callable[[str, Format], None]) -> None:
    """Name the form of files."""
    register("parquet", write_parquet)


def open_parquet(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of one file, or of several whose columns are matched by name.

    Below a folder or pattern, the parts of paths such as year=2026 are columns of texts.
    """
    options(table, {}, "parquet")
    found = files(table)
    keys = _partitions(table, found)
    told: list[Problem] = []
    with reading(table, "Parquet"):
        opened = _names(table, found, connection)
        if len(found) > 1:
            columns = _columns(connection, found, opened)
            check_alike(table, columns)
            told = [*lacking(columns), *_types(table, columns)]
        scan = (
            f"read_parquet([{', '.join(map(literal, opened))}], union_by_name = {len(found) > 1}, "
            f"hive_partitioning = {bool(keys)}, hive_types_autocast = false)"
        )
        rows = connection.sql(f"SELECT * FROM {scan}")  # noqa: S608  literals
        data = [each for each in rows.columns if not keys or each not in _above(opened[0], keys)]
        if any(each.casefold() in _COUNTED for each in data):
            return Rows(
                rows.project(", ".join(map(quoted, data))), tuple(told)
            )  # which hide DuckDB's own
        line = fresh_name(table, "line")
        items = ", ".join([*map(quoted, data), f"{_LINE} AS {line}"])
        relation = connection.sql(f"SELECT {items} FROM {scan}")  # noqa: S608
        alone = len(found) == 1 and not keys and found[0].system is None
        return Rows(relation, tuple(told), line.strip('"'), found[0].path if alone else None)


def _names(table: BookTable, found: Sequence[File], connection: Any) -> list[str]:  # noqa: ANN401
    """Return the names by which DuckDB reads the files."""
    if found[0].system is None:
        return [escaped(each.path) for each in found]
    from kamrules.adapters.remote import on_connection  # noqa: PLC0415  rarely needed

    return on_connection(table, found, connection)


def _partitions(table: BookTable, found: Sequence[File]) -> tuple[str, ...]:
    """Return the columns that the files' paths hold. Raises DataError when not all hold the same."""
    keys = {each.shown: _keys(each.shown) for each in found}
    first = keys[found[0].shown]
    for each, some in keys.items():
        if some != first:
            message = f"`{each}` and `{found[0].shown}` are not partitioned by the same columns"
            mend = "put the files of one table into folders of the same kind, as in year=2026/"
            raise DataError(table.fault("KR651", message, "from", help=mend))
    return first


def _keys(path: str) -> tuple[str, ...]:
    parts = (each.partition("=") for each in path.split("/")[:-1])
    return tuple(key for key, equals, _ in parts if key and equals)


def _above(name: str, keys: tuple[str, ...]) -> set[str]:
    """Return columns that DuckDB takes from folders above those of the table."""
    return set(_keys(name)) - set(keys)


def _columns(
    connection: Any,  # noqa: ANN401  DuckDB's
    found: Sequence[File],
    opened: Sequence[str],
) -> dict[str, dict[str, str]]:
    """Return the columns of each file with their types, nested ones as `STRUCT`."""
    shown: dict[str, dict[str, str]] = {each.shown: {} for each in found}
    left: dict[str, int] = {}
    rows = connection.execute(
        "SELECT file_name, name, coalesce(num_children, 0), duckdb_type FROM parquet_schema($files)",
        {"files": list(opened)},
    ).fetchall()
    order = list(dict.fromkeys(name for name, *_ in rows))
    inside = dict(zip(order, shown, strict=True))
    for file, name, children, kind in rows:
        if file not in left:  # the first row of a file stands for all its columns
            left[file] = 0
        elif left[file]:
            left[file] += children - 1
        else:
            shown[inside[file]][name] = kind if not children else "STRUCT"
            left[file] = children
    return shown


def _types(table: BookTable, columns: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    """Yield what is told of columns that are text in some files only. Raises DataError for other changes."""
    first: dict[str, tuple[str, str]] = {}
    told = set()
    for shown, some in columns.items():
        for column, kind in some.items():
            where, before = first.setdefault(column.casefold(), (shown, kind))
            families = {_family(before), _family(kind)}
            if len(families) == 1 or column.casefold() in told:
                continue
            message = f"`{column}` is {before} in `{where}` and {kind} in `{shown}`"
            if "text" not in families:
                mend = "write the files with the same types, or make them tables of their own"
                raise DataError(table.fault("KR659", message, "from", help=mend))
            told.add(column.casefold())
            yield Problem("KR659", None, 0, f"{message}; all its values are read as texts")


def _family(kind: str) -> str:
    return next((name for name, some in _FAMILIES if kind.startswith(some)), kind)


def write_parquet(tables: Tables, folder: Path, connection: Any) -> tuple[str, ...]:  # noqa: ANN401  DuckDB's
    """Write `<table>.parquet` for each table."""
    written = []
    for table, relation in tables.items():
        name = f"{table}.parquet"
        steady = nullcontext() if table in STEADY else in_one_thread(connection)
        with writing(folder, name), steady:
            relation.write_parquet(str(folder / name))
        written.append(name)
    return tuple(written)
