"""Databases as source: a table, a view or a query, once through and straight into DuckDB's storage."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database.address import BATCH, POSTGRESQL, SQLITE, dialect_of, of_table
from kamrules.adapters.database.connecting import connected_to_read
from kamrules.adapters.database.faults import Kind, kind_of, not_read, of_database, reason
from kamrules.adapters.database.listing import names_in
from kamrules.adapters.database.postgresql import PostgreSQLReader
from kamrules.adapters.database.rows import NoRowsError, RowReader
from kamrules.adapters.database.sqlite import SQLiteReader
from kamrules.adapters.database.wanted import Copy, Wanted, identifier
from kamrules.adapters.formulas import quoted
from kamrules.adapters.keeping import ORDER
from kamrules.adapters.lines import distinct_names, fresh_name
from kamrules.book import Rows
from kamrules.diagnostics import DataError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection

    from kamrules.adapters.database.address import Address
    from kamrules.adapters.database.wanted import Reader
    from kamrules.book import BookTable

OPTIONS: dict[str, type] = {"table": str, "schema": str, "query": str, "batch": int}
_SELECT = "write one SELECT; what it names has to be there, and it cannot change anything"


def read_table(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of a book's table. Raises DataError when there is none to be had."""
    address = of_table(table, OPTIONS)
    name = fresh_name(table, "rows")
    with connected_to_read(address) as database:
        wanted = _wanted(address, table, database)
        reader = _reader(address, database)
        with _reading(address, wanted, database), closing(reader):
            columns = reader.columns(database, wanted)
            names = distinct_names([each.name for each in columns])
            places, rows = _places(table, names)
            copy = Copy(connection, name, places, names, rows=rows)
            reader.copy(database, wanted, columns, copy)
    chosen = [names[place] for place in places]
    if ORDER in {each.casefold() for each in chosen}:
        return Rows(connection.sql(f"SELECT * FROM {name}"))  # noqa: S608  a name of ours
    line = fresh_name(table, "line")
    items = ", ".join(map(quoted, chosen))
    found = connection.sql(f"SELECT {items}, {ORDER} AS {line} FROM {name}")  # noqa: S608  all quoted
    return Rows(found, line=line.strip('"'))


def _reader(address: Address, database: Connection) -> Reader:
    """Return what reads a dialect fastest; a driver that the URI names is taken at its word."""
    known = dialect_of(database.engine.url), database.dialect.driver
    if known == (POSTGRESQL, "psycopg"):
        return PostgreSQLReader(address)
    if known == (SQLITE, "pysqlite"):
        return SQLiteReader(address)
    return RowReader()


def _wanted(address: Address, table: BookTable, database: Connection) -> Wanted:
    """Return what is to be read. A query is taken as it stands, a table's name is quoted."""
    options = address.options
    batch = options.get("batch", BATCH)
    query = options.get("query")
    if query is not None:
        if "table" in options or "schema" in options:
            message = "a query stands alone: it says itself which tables it reads"
            raise DataError(address.fault("KR633", message, None))
        text = query.strip().removesuffix(";").rstrip()
        return Wanted(text, "the query", query=True, batch=batch)
    name, schema = options.get("table", table.name), options.get("schema")
    if schema is None and "." in name and name not in names_in(address, database, None):
        schema, _, name = name.partition(".")
    parts = [each for each in (schema, name) if each is not None]
    source = ".".join(identifier(database, each) for each in parts)
    return Wanted(source, f"table `{'.'.join(parts)}`", query=False, batch=batch)


def _places(table: BookTable, names: Sequence[str]) -> tuple[list[int], bool]:
    """Return the columns to fetch by position, and whether rows are of use.

    Where the book file names a column that is not there, the run ends with that: all columns
    then go without a row, so that the nearest name is told at once.
    """
    chosen = set(table.chosen(names))
    places = [place for place, each in enumerate(names) if each in chosen]
    return places, table.named <= set(names)


@contextmanager
def _reading(address: Address, wanted: Wanted, database: Connection) -> Iterator[None]:
    """Turn what a database says while it is read into a DataError."""
    try:
        yield
    except DataError:
        raise
    except NoRowsError:
        message = f"the query to `{address.shown}` gives no rows to read"
        raise DataError(address.fault("KR665", message, _SELECT)) from None
    except Exception as error:
        if not of_database(error) and not isinstance(error, OSError | UnicodeError):
            raise
        kind = kind_of(error)
        if wanted.query and kind in {Kind.REFUSED, Kind.NO_TABLE}:
            message = f"`{address.shown}` does not take the query: {reason(error)}"
            raise DataError(address.fault("KR665", message, _SELECT)) from None
        if kind is Kind.NO_TABLE:
            raise _no_table(address, wanted, database) from None
        raise not_read(error, address, wanted.shown) from None


def _no_table(address: Address, wanted: Wanted, database: Connection) -> DataError:
    """Return the error about a table that is not there, with the one whose name is nearest."""
    shown = wanted.shown.removeprefix("table ").strip("`")
    schema, dot, name = shown.rpartition(".")
    database.rollback()
    there = names_in(address, database, schema if dot else None)
    near = nearest(name, there)
    mend = f"did you mean `{near}`?" if near else None
    if mend is None and there:
        mend = f"there are {', '.join(there[:8])}{', ...' if len(there) > 8 else ''}"
    return DataError(address.fault("KR622", f"`{address.shown}` has no table `{shown}`", mend))
