"""Which tables and views a database has."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from kamrules.adapters.database.address import POSTGRESQL, dialect_of, of_table
from kamrules.adapters.database.connecting import connected_to_read
from kamrules.adapters.database.faults import not_read, of_database
from kamrules.adapters.database.toolkit import needed

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from kamrules.adapters.database.address import Address
    from kamrules.book import BookTable

_OURS: dict[str, type] = {"table": str, "schema": str, "query": str, "batch": int}


def listed(table: BookTable) -> list[str]:
    """Return what `from` would say for each table and view, sorted. Raises DataError."""
    address = of_table(table, _OURS)
    schema = address.options.get("schema")
    with connected_to_read(address) as database:
        names = names_in(address, database, schema)
    written = table.uri or ""
    base, _, query = written.partition("?")
    kept = [each for each in query.split("&") if each and each.partition("=")[0] not in _OURS]
    if schema is not None:
        kept.append(f"schema={quote(schema, safe='')}")
    return [f"{base}?{'&'.join([*kept, f'table={quote(name, safe=str())}'])}" for name in names]


def names_in(address: Address, database: Connection, schema: str | None) -> list[str]:
    """Return the names of the tables and views of a schema, of the default one if it is None, sorted.

    Empty for a schema that is not there. Raises DataError when the database does not tell.
    """
    inspector = needed("sqlalchemy", address.fault).inspect(database)
    try:
        names = {*inspector.get_table_names(schema), *inspector.get_view_names(schema)}
        if dialect_of(database.engine.url) == POSTGRESQL:
            names |= {*inspector.get_materialized_view_names(schema)}
            names |= {*inspector.get_foreign_table_names(schema)}
    except Exception as error:
        if not of_database(error):
            raise
        database.rollback()
        if schema is not None:
            return []
        raise not_read(error, address, "the list of tables") from None
    return sorted(names)
