"""Where a store is: its URL, its engine of SQLAlchemy, and that one process at a time writes to it."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.live.database import sqlalchemy

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

MEMORY = "memory"
SQLITE, POSTGRESQL = "sqlite", "postgresql"
OURS = int.from_bytes(b"kaml", "big")
"""What SQLite calls the application id; it tells our files from other programs' databases."""
PATIENCE = 10.0
"""Seconds for which a reader of a file waits until it is free, and for which a server may keep silent."""
_KEPT, _MOST = 20, 100
"""Connections for readers: kept open, and at once."""
_MAGIC = b"SQLite format 3\x00"
_LOCK_CLASS = OURS


@dataclass(frozen=True, slots=True)
class Location:
    """Where a store is: `url` for SQLAlchemy, `path` of the file (None: none), `shown` as users are told."""

    url: URL
    shown: str
    path: Path | None = None

    @property
    def dialect(self) -> str:
        """Which database it is: sqlite or postgresql."""
        return self.url.get_backend_name()

    @property
    def in_memory(self) -> bool:
        """Whether it lives in this process only."""
        return self.dialect == SQLITE and self.path is None


def locate(store: str | Path) -> Location:
    """Return where a store is that is named by a URL, a path, or `memory`.

    Raises UsageError for what is none, or another database than SQLite and PostgreSQL (KR821).
    """
    text = os.fspath(store)
    if text == MEMORY:
        return Location(sqlalchemy.URL.create(SQLITE), MEMORY)
    if "://" not in text:
        return _file(Path(text))
    try:
        url = sqlalchemy.make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        message = "the store is neither a path nor a URL such as sqlite:///book.db"
        raise UsageError(Diagnostic("KR821", message)) from None
    if backend == SQLITE:
        if url.database in {None, "", ":memory:"}:
            return Location(sqlalchemy.URL.create(SQLITE), MEMORY)
        return _file(Path(str(url.database)))
    if backend != POSTGRESQL:
        message = f"a store is in SQLite or PostgreSQL, not in `{backend}`"
        raise UsageError(Diagnostic("KR821", message))
    url = url.set(drivername="postgresql+psycopg")
    return Location(url, url.set(drivername=POSTGRESQL).render_as_string(hide_password=True))


def _file(path: Path) -> Location:
    return Location(sqlalchemy.URL.create(SQLITE, database=str(path)), str(path), path)


def look_at(location: Location, *, must_exist: bool) -> None:
    """Raise when the file of a store cannot be one: UsageError (KR821), and DataError for other files."""
    path = location.path
    if path is None:
        return
    try:
        exists = path.exists()
        if not exists and must_exist:
            raise UsageError(Diagnostic("KR821", f"there is no store `{location.shown}`"))
        if not exists and not path.absolute().parent.is_dir():
            message = f"store `{location.shown}` cannot be made: there is no folder `{path.parent}`"
            raise UsageError(Diagnostic("KR821", message))
        start = b"" if not exists else _start(path)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        message = f"store `{location.shown}` cannot be opened: {reason}"
        raise UsageError(Diagnostic("KR821", message)) from None
    if start and (start != _MAGIC or not _is_ours(location, path)):
        raise no_store(location)


def _is_ours(location: Location, path: Path) -> bool:
    """Whether a database is a store, or has nothing in it yet; looked at so that it stays as it is."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE)) as connection:
            ((ours,),) = connection.execute("PRAGMA application_id")
            ((there,),) = connection.execute("SELECT count(*) FROM sqlite_schema")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            return False
        message = f"store `{location.shown}` cannot be opened: {str(error).lower()}"
        raise UsageError(Diagnostic("KR821", message)) from None
    return ours == OURS or (not ours and not there)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_MAGIC))


def no_store(location: Location) -> DataError:
    """Return the error about a file or database that holds something else."""
    mend = "name another file or database for the store"
    return DataError(
        Diagnostic("KR822", f"`{location.shown}` is no store of a live book", help=mend)
    )


def make_engine(location: Location, *, read_only: bool = False) -> Engine:
    """Return the engine of SQLAlchemy for a store. Raises UsageError without its driver (KR824)."""
    if location.dialect == POSTGRESQL:
        return _postgresql(location)
    if location.in_memory:
        engine = sqlalchemy.create_engine(
            location.url, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        uri = Path(str(location.path)).absolute().as_uri()
        # not `ro`: a reader of a write-ahead log makes its index, where nobody else has
        mode = "rw" if read_only else "rwc"
        url = sqlalchemy.URL.create(
            SQLITE,
            database=f"{uri.replace('file://', 'file:')}",
            query={"mode": mode, "uri": "true"},
        )
        engine = sqlalchemy.create_engine(
            url,
            pool_size=_KEPT,
            max_overflow=_MOST - _KEPT,
            connect_args={"timeout": PATIENCE, "check_same_thread": False},
        )
    sqlalchemy.event.listen(engine, "connect", _prepare_reader if read_only else _prepare)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """Make commits durable, and readers independent of the writer."""
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _postgresql(location: Location) -> Engine:
    try:
        return sqlalchemy.create_engine(
            location.url,
            pool_pre_ping=True,
            pool_size=_KEPT,
            max_overflow=_MOST - _KEPT,
            connect_args={"connect_timeout": int(PATIENCE)},
        )
    except ModuleNotFoundError:
        message = "a store in PostgreSQL needs psycopg, which is not installed"
        mend = 'pip install "kamrules[postgresql]"'
        raise UsageError(Diagnostic("KR824", message, help=mend)) from None


class Ownership:
    """That this process alone writes to a store; it ends with the process, however that ends.

    Of a file: a lock of the operating system on a file beside it. Of PostgreSQL: an advisory lock of the
    session that writes.
    """

    def __init__(self, location: Location) -> None:
        self._location = location
        self._file: Any = None

    def take(self, connection: Connection) -> None:
        """Take it for the connection that writes. Raises DataError when another process has it (KR823)."""
        if self._location.dialect == POSTGRESQL:
            if connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "off":
                # what was answered must be durable, whatever else the server is for
                connection.exec_driver_sql("SET synchronous_commit = on")
            found = connection.exec_driver_sql(
                "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))", (_LOCK_CLASS,)
            ).scalar()
            connection.commit()
            if not found:
                raise self._taken(None)
        elif self._location.path is not None and self._file is None:
            self._take_file(Path(f"{self._location.path}-owner"))

    def _take_file(self, path: Path) -> None:
        try:
            file = path.open("a+", encoding="ascii")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"store `{self._location.shown}` cannot be opened: {reason}"
            raise UsageError(Diagnostic("KR821", message)) from None
        if not _lock(file):
            file.seek(0)
            owner = file.read(20).strip()
            file.close()
            raise self._taken(owner)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def _taken(self, owner: str | None) -> DataError:
        who = f"process {owner}" if owner else "another process"
        message = f"store `{self._location.shown}` is in use by {who}"
        mend = "one process at a time owns a store; ask that one, or stop it"
        return DataError(Diagnostic("KR823", message, help=mend))

    def release(self) -> None:
        """Give it up. That of a server ends with the connection."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: Any) -> bool:  # noqa: ANN401  an open file
        try:
            # a byte far behind the number of the process, which others want to read
            file.seek(1_000)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(file: Any) -> bool:  # noqa: ANN401  an open file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
