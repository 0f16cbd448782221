"""Databases as source: a table, a view or a query, once through and straight into DuckDB's storage."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database import postgresql, sqlite, streamed
from kamrules.adapters.database.address import BATCH, POSTGRESQL, SQLITE, dialect_of, of_table
from kamrules.adapters.database.connecting import connected_to_read
from kamrules.adapters.database.faults import Kind, kind_of, not_read, of_database, reason
from kamrules.adapters.database.listing import names_in
from kamrules.adapters.formulas import quoted
from kamrules.adapters.lines import distinct_names, fresh_name
from kamrules.book import Rows
from kamrules.diagnostics import DataError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection

    from kamrules.adapters.database.address import Address
    from kamrules.book import BookTable

OPTIONS: dict[str, type] = {"table": str, "schema": str, "query": str, "batch": int}
_ROWID = "rowid"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read: the FROM clause (quoted by its dialect), or a query; `shown` names it to people."""

    source: str
    shown: str
    query: bool
    batch: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the source, and the type in which DuckDB keeps it (None: the one it comes in)."""

    name: str
    kept: str | None = None


def read_table(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of a book's table. Raises DataError when there is none to be had."""
    address = of_table(table, OPTIONS)
    with connected_to_read(address) as database:
        wanted = _wanted(address, table, database)
        with _reading(address, wanted, database):
            reader = _reader(address, database)
            columns = reader.columns(database, wanted)
        names = distinct_names([each.name for each in columns])
        places, whole = _places(table, names)
        with _reading(address, wanted, database):
            return _copied(table, connection, reader, database, wanted, columns, names, places, whole=whole)


def _reader(address: Address, database: Connection) -> Any:  # noqa: ANN401  a module of ours
    """Return the module that reads a dialect fastest; another driver than ours is taken at its word."""
    dialect, driver = dialect_of(database.engine.url), database.dialect.driver
    if dialect == POSTGRESQL and driver == "psycopg":
        return postgresql.Reader(address)
    if dialect == SQLITE and driver == "pysqlite":
        return sqlite.Reader(address)
    return streamed.Reader(address)


def _wanted(address: Address, table: BookTable, database: Connection) -> Wanted:
    """Return what is to be read. A query is taken as it stands, a table's name is quoted."""
    options = address.options
    batch = options.get("batch", BATCH)
    query = options.get("query")
    if query is not None:
        if "table" in options:
            message = "a table and a query are named; which of them is meant"
            raise DataError(address.fault("KR633", message, None))
        return Wanted(query.strip().removesuffix(";").rstrip(), "the query", query=True, batch=batch)
    name, schema = options.get("table", table.name), options.get("schema")
    if schema is None and "." in name and name not in names_in(database, None):
        schema, _, name = name.partition(".")
    quote = database.dialect.identifier_preparer.quote_identifier
    source = quote(name) if schema is None else f"{quote(schema)}.{quote(name)}"
    shown = name if schema is None else f"{schema}.{name}"
    return Wanted(source, f"table `{shown}`", query=False, batch=batch)
