"""Databases as source and sink: PostgreSQL, MySQL and MariaDB, SQLite, and what else SQLAlchemy speaks.

The libraries are the extra `kamrules[database]`, loaded when a database is first opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.book import BookTable, Rows
    from kamrules.contracts import Delivery, Sink, Target
    from kamrules.hookspecs import RegisterSource

SCHEMES = ("postgresql", "postgres", "mysql", "mariadb", "sqlite", "sql")
"""What `from` and `--to` may begin with; a driver may follow behind a plus, as in `mysql+mysqldb`."""


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """Name the sources."""
    for scheme in SCHEMES:
        register(scheme, open_table, tables=tables_of)


@hookimpl
def register_sinks(register: Callable[[str, Sink], None]) -> None:
    """Name the sinks."""
    for scheme in SCHEMES:
        register(scheme, open_sink)


def open_table(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of a table, a view or a query. Raises DataError when there is none to be had."""
    from kamrules.adapters.database.reading import read_table  # noqa: PLC0415  an extra

    return read_table(table, connection)


def tables_of(table: BookTable) -> Sequence[str]:
    """Return the `from` of each table and view of the database's default schema, or of the one named."""
    from kamrules.adapters.database.listing import listed  # noqa: PLC0415  an extra

    return listed(table)


def open_sink(target: Target) -> Delivery:
    """Return the delivery into a database. Raises DataError when it cannot be reached."""
    from kamrules.adapters.database.delivery import DatabaseDelivery  # noqa: PLC0415  an extra

    return DatabaseDelivery(target)
