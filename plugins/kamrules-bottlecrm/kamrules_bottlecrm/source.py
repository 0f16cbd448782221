"""Tables of BottleCRM as tables of a book: `from = "bottlecrm:deals"`, or with a URL before the name."""

from __future__ import annotations

import itertools
import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from kamrules import DataError
from kamrules.diagnostics import nearest

from kamrules_bottlecrm.client import Client
from kamrules_bottlecrm.records import READINGS, ShiftedError, records, restless
from kamrules_bottlecrm.site import OPTIONS, Site, check_options
from kamrules_bottlecrm.tables import HOMES, TABLES, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.book import BookTable

    from kamrules_bottlecrm.tables import Row, Table

_NUMBERS = itertools.count(1)


def open_table(table: BookTable, connection: Any) -> Any:  # noqa: ANN401  DuckDB's
    """Return the rows of a table as a DuckDB relation, every cell as text.

    Raises DataError when BottleCRM cannot be read, with what it was (KR720 to KR724, KR728).
    """
    url, name = _parts(table.location)
    wanted = TABLES.get(name)
    on_records = wanted is not None and wanted.on_records
    known = {**OPTIONS, "on": _homes} if on_records else OPTIONS
    check_options(table.options, known, table.fault, "source")
    if wanted is None:
        near = nearest(name, TABLES)
        message = f"BottleCRM has no table `{name}` for a book; it has {', '.join(TABLES)}"
        mend = f"did you mean `{near}`?" if near else None
        raise DataError(table.fault("KR622", message, "from", help=mend))
    with closing(Client(Site.of(url, table.options, table.fault), table.fault)) as client:
        homes: Any = table.options.get("on", HOMES)
        return _load(client, wanted, homes, connection)


def list_tables(table: BookTable) -> list[str]:
    """Return what `from` says for each table there is; BottleCRM is not asked."""
    url = table.location.rstrip("/")
    return [f"{table.scheme}:{url}/{name}" if url else f"{table.scheme}:{name}" for name in TABLES]


def _parts(location: str) -> tuple[str, str]:
    """Return the URL, empty without one, and the table's name, which stands last."""
    url, slash, name = location.rpartition("/")
    return (url, name) if slash else ("", location)


def _homes(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    fits = isinstance(value, list) and value and all(each in HOMES for each in value)
    return None if fits else f"has to be a list of some of {', '.join(HOMES)}"


def _load(client: Client, table: Table, homes: list[str], connection: Any) -> Any:  # noqa: ANN401
    """Return the rows of a table, by way of a file: one page at a time is held in memory."""
    for _ in range(READINGS):
        with tempfile.TemporaryDirectory(prefix="kamrules-bottlecrm-") as folder:
            path = Path(folder) / "rows.jsonl"
            try:
                with path.open("w", encoding="utf-8") as file:
                    columns = _written(_rows(client, table, homes), file) or list(table.columns)
            except ShiftedError:
                continue
            return _loaded(path, columns, connection)
    raise DataError(restless(client, table))


def _rows(client: Client, table: Table, homes: list[str]) -> Iterator[Row]:
    for record, accounts in records(client, table, homes):
        yield from rows_of(table, record, accounts)


def _written(rows: Iterator[Row], file: TextIO) -> list[str]:
    """Write rows as JSON, their cells under numbers, and return the columns' names by number."""
    numbers: dict[str, int] = {}
    for row in rows:
        cells = {f"c{numbers.setdefault(name, len(numbers))}": cell for name, cell in row.items()}
        file.write(json.dumps(cells) + "\n")
    return list(numbers)


def _loaded(path: Path, columns: list[str], connection: Any) -> Any:  # noqa: ANN401  DuckDB's
    name = f"bottlecrm_{next(_NUMBERS)}"
    named = ", ".join(f"c{at} AS {_quoted(each)}" for at, each in enumerate(_distinct(columns)))
    connection.execute(
        f"CREATE TEMP TABLE {name} AS SELECT {named} FROM read_json($path, "  # noqa: S608  all quoted
        "format = 'newline_delimited', columns = $columns, maximum_object_size = 67108864)",
        {"path": str(path), "columns": {f"c{at}": "VARCHAR" for at in range(len(columns))}},
    )
    return connection.sql(f"SELECT * FROM {name}")  # noqa: S608


def _distinct(columns: list[str]) -> list[str]:
    """Return names that differ in more than case, as DuckDB needs them: two custom fields may not."""
    taken: set[str] = set()
    found = []
    for each in columns:
        name = next(n for n in _numbered(each) if n.casefold() not in taken)
        taken.add(name.casefold())
        found.append(name)
    return found


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{number}" for number in itertools.count(2))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
