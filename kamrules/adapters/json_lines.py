"""JSON lines as source and sink: an object a line; native types where every value has the same one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from kamrules.adapters.copies import Copies, as_duckdb
from kamrules.adapters.copying import copied
from kamrules.adapters.delimited import PACKINGS
from kamrules.adapters.failures import reading, writing
from kamrules.adapters.formulas import quoted
from kamrules.adapters.lines import Files, Scan, distinct_names, example, fresh_name, problems
from kamrules.adapters.paths import files, options
from kamrules.book import Problem, Rows
from kamrules.book.quality import EXAMPLES
from kamrules.contracts import Written
from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from kamrules.book import BookTable
    from kamrules.contracts import Format, Tables
    from kamrules.hookspecs import RegisterSource

_TYPES = (
    # DuckDB's words for the values of a key, and the type that holds them all; UBIGINT is a whole
    # number that is not negative, and may be larger than a BIGINT
    ({"BIGINT"}, "BIGINT"),
    ({"BIGINT", "UBIGINT"}, "HUGEINT"),
    ({"BIGINT", "UBIGINT", "DOUBLE"}, "DOUBLE"),
    ({"BOOLEAN"}, "BOOLEAN"),
)
_IS_OBJECT = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE line IS NULL END"


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """Name the source."""
    register("jsonl", open_jsonl)


@hookimpl
def register_formats(register: Callable[[str, Format], None]) -> None:
    """Name the forms of files."""
    for ending in PACKINGS:
        register(f"jsonl{ending}", partial(write_jsonl, ending=ending))


def open_jsonl(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of one file, or of several; gz and zst are unpacked, empty lines passed over.

    Numbers and true or false keep their type where a key's values agree; what is mixed or nested is
    text. A line that is no JSON object is left out and told of.
    """
    options(table, {}, "jsonl")
    found = files(table)
    with reading(table, "JSON lines"), Copies(table, connection) as copies:
        # JSON is UTF-8, or UTF-16 with its mark, and nothing else
        return _load(table, connection, as_duckdb(copies.texts(found, None, guess=False)))


def _load(table: BookTable, connection: Any, files: Files) -> Rows:  # noqa: ANN401
    lines = fresh_name(table, "lines")
    connection.execute(f"CREATE TEMP TABLE {lines} (file VARCHAR, line VARCHAR, object BOOLEAN)")
    found: list[Problem] = []
    for path, shown in zip(files.paths, files.shown, strict=True):
        scan = Scan.of_lines(Files((path,), files.encoding, (shown,)))
        connection.execute(
            f"INSERT INTO {lines} SELECT $file, line, {_IS_OBJECT} FROM {scan.sql}",  # noqa: S608
            {"file": shown, **scan.parameters},
        )
        found += problems(scan.rejects(connection), files.encoding)
    found += _broken(connection, lines)
    structure = _structure(connection, lines)
    name = fresh_name(table, "jsonl")
    pointers = [f"/{key.replace('~', '~0').replace('/', '~1')}" for key in structure]
    cells = [
        f"cells[{number}]::{kind} AS {quoted(column)}"
        for number, (column, kind) in enumerate(
            zip(distinct_names(list(structure)), structure.values(), strict=True), 1
        )
    ] or ["NULL::VARCHAR AS column_1"]
    connection.execute(
        f"CREATE TEMP TABLE {name} AS SELECT {', '.join(cells)} FROM "  # noqa: S608  all quoted
        f"(SELECT json_extract_string(line, $pointers) AS cells FROM {lines} "
        "WHERE object AND line IS NOT NULL)",
        {"pointers": pointers},
    )
    connection.execute(f"DROP TABLE {lines}")
    return Rows(connection.sql(f"SELECT * FROM {name}"), tuple(found))  # noqa: S608


def _structure(connection: Any, lines: str) -> Mapping[str, str]:  # noqa: ANN401
    """Return the keys of all the objects, in the order they come, with DuckDB types."""
    # json_group_structure would tell as much, four times slower.
    query = f"""SELECT key, list(DISTINCT kind) FROM (
        SELECT rowid AS place, unnest(range(len(json_keys(line)))) AS spot,
               unnest(json_keys(line)) AS key, json_type(unnest(json_extract(line, '$.*'))) AS kind
        FROM {lines} WHERE object AND line IS NOT NULL
    ) GROUP BY key ORDER BY min((place, spot))"""  # noqa: S608  a name of our own
    found = connection.execute(query).fetchall()
    return {key: _type(set(kinds) - {"NULL"}) for key, kinds in found}


def _type(kinds: set[str]) -> str:
    return next((name for known, name in _TYPES if kinds and kinds <= known), "VARCHAR")


def _broken(connection: Any, lines: str) -> list[Problem]:  # noqa: ANN401
    query = f"SELECT count(*) FROM {lines} WHERE NOT object"  # noqa: S608
    ((count,),) = connection.execute(query).fetchall()
    if not count:
        return []
    query = f"""SELECT file, number, line FROM
        (SELECT *, row_number() OVER (PARTITION BY file ORDER BY rowid) AS number, rowid AS place
        FROM {lines})
        WHERE NOT object ORDER BY place LIMIT {EXAMPLES}"""  # noqa: S608
    rows = connection.execute(query).fetchall()
    examples = tuple(example(file, number, line) for file, number, line in rows)
    return [
        Problem("KR647", None, count, "the line is not a JSON object", examples, leaves_out=True)
    ]


def write_jsonl(
    tables: Tables,
    folder: Path,
    connection: Any,  # noqa: ANN401  DuckDB's
    ending: str = "",
) -> tuple[str, ...]:
    """Write `<table>.jsonl` for each table: an object a line, unknown as null, dates as ISO texts.

    `ending` is how the file is packed: `.gz`, `.zst`, or empty for not at all.
    """
    names = []
    for table, relation in tables.items():
        name = f"{table}.jsonl{ending}"
        with writing(folder, name):
            how = f"FORMAT json, COMPRESSION {PACKINGS[ending]}"
            rows = copied(connection, relation, folder / name, how)
        names.append(Written(name, table, rows))
    return tuple(names)
