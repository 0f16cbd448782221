"""Connections by SQLAlchemy: one a use, with a limit to how long a server may keep silent at first."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database.address import MYSQL, POSTGRESQL, SQLITE, dialect_of
from kamrules.adapters.database.faults import of_database, unreachable
from kamrules.adapters.database.toolkit import missing, needed
from kamrules.book.files import sibling
from kamrules.diagnostics import DataError, nearest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sqlalchemy.engine import URL, Connection, Engine

    from kamrules.adapters.database.address import Address

PATIENCE = 10
"""Seconds for which a server may keep silent when it is called, and others may keep a table locked."""
_TIMEOUT = {"psycopg": "connect_timeout", "psycopg2": "connect_timeout", "pymysql": "connect_timeout",
            "mysqldb": "connect_timeout", "pysqlite": "timeout"}  # fmt: skip
_UNEXPECTED = re.compile(r"unexpected keyword argument '([^']+)'")
_OWN = ("table", "schema", "query", "batch", "prefix")
_READ_ONLY = {
    POSTGRESQL: ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET TimeZone = 'UTC'"),
    MYSQL: ("SET SESSION TRANSACTION READ ONLY", "SET SESSION time_zone = '+00:00'"),
}
"""What makes a session one that only reads; times with a zone are told in UTC."""


@contextmanager
def connected_to_read(address: Address) -> Iterator[Connection]:
    """Give a connection that cannot write, as far as the database has such; nothing is committed on it.

    Raises DataError when the database cannot be reached.
    """
    engine = _engine(address, address.url(), reads=True)
    try:
        connection = _connected(engine, address)
        try:
            for statement in _READ_ONLY.get(dialect_of(engine.url), ()):
                connection.exec_driver_sql(statement)
            connection.commit()
            yield connection
        finally:
            connection.close()
    finally:
        engine.dispose()


def connected_to_write(address: Address) -> tuple[Engine, Connection]:
    """Return an engine and a connection of it. Raises DataError when the database cannot be reached."""
    engine = _engine(address, address.url(), reads=False)
    try:
        return engine, _connected(engine, address)
    except BaseException:
        engine.dispose()
        raise


def _connected(engine: Engine, address: Address) -> Connection:
    try:
        return engine.connect()
    except ModuleNotFoundError as error:
        raise missing(error, address.fault) from None
    except TypeError as error:
        found = _UNEXPECTED.search(str(error))
        if found is None:
            raise
        near = nearest(found[1], _OWN)
        message = f"neither kamrules nor the driver has an option `{found[1]}`"
        mend = f"did you mean `{near}`?" if near else None
        raise DataError(address.fault("KR632", message, mend)) from None
    except Exception as error:
        if "cryptography" in str(error) and isinstance(error, RuntimeError):
            raise missing(ModuleNotFoundError(name="cryptography"), address.fault) from None
        if not of_database(error) and not isinstance(error, OSError | UnicodeError | ValueError):
            raise
        # not `from error`: what a driver raises may show its arguments, and with them the password
        raise unreachable(error, address) from None


def _engine(address: Address, url: URL, *, reads: bool) -> Engine:
    sqlalchemy = needed("sqlalchemy", address.fault)
    arguments: dict[str, Any] = {}
    try:
        driver = url.get_driver_name()
        if driver in _TIMEOUT and _TIMEOUT[driver] not in url.query:
            arguments[_TIMEOUT[driver]] = PATIENCE
        if dialect_of(url) == SQLITE:
            url = _sqlite(address, url, reads=reads)
        pool = needed("sqlalchemy.pool", address.fault)
        engine: Engine = sqlalchemy.create_engine(
            url, poolclass=pool.NullPool, connect_args=arguments, hide_parameters=True
        )
    except ModuleNotFoundError as error:
        raise missing(error, address.fault) from None
    except sqlalchemy.exc.NoSuchModuleError:
        message = f"`{url.drivername}` is no database that SQLAlchemy knows"
        mend = "install the package that brings it, such as oracledb or duckdb-engine"
        raise DataError(address.fault("KR661", message, mend)) from None
    except sqlalchemy.exc.ArgumentError:
        message = f"`{address.shown}` does not say what its driver needs"
        raise DataError(address.fault("KR661", message, None)) from None
    if dialect_of(url) == SQLITE:
        _begin_by_ourselves(sqlalchemy, engine, reads=reads)
    return engine


def _sqlite(address: Address, url: URL, *, reads: bool) -> URL:
    """Return the URL of a file that is only read, or made when it is written and not there."""
    path = Path(str(url.database))
    shown = address.shown.partition("://")[2].removeprefix("/")
    try:
        there = path.is_file()
        folder = path.is_dir()
    except (OSError, ValueError):
        there = folder = False
    if folder or (reads and not there):
        message = f"`{shown}` is a folder" if folder else f"there is no file `{shown}`"
        raise DataError(address.fault("KR622", message, None if folder else sibling(path)))
    mode = "ro" if reads else "rwc"
    name = path.as_uri().replace("file://", "file:")
    return url.set(database=name, query={**url.query, "mode": mode, "uri": "true"})


def _begin_by_ourselves(sqlalchemy: Any, engine: Engine, *, reads: bool) -> None:  # noqa: ANN401
    """Let a transaction of SQLite begin where SQLAlchemy's does, and take the right to write at once."""

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    sqlalchemy.event.listen(engine, "connect", prepare)
    sqlalchemy.event.listen(engine, "begin", begin)
