"""The writer of a store: commits what waits, all together, and chains the log.

Who posts while nobody commits does it itself, which spares two changes of thread; what comes meanwhile is
committed together, by a thread of its own.
"""

from __future__ import annotations

import datetime
import queue
import sqlite3
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from kamrules import __version__
from kamrules.diagnostics import Diagnostic
from kamrules.live.entries import BEGINNING, hash_of_row
from kamrules.live.refusals import NotStored
from kamrules.live.statements import Statements, written
from kamrules.live.store import book_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from kamrules.live.state import AccountState
    from kamrules.live.store import Store

_MOST = 500
"""So many pieces of work are committed together."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry of the log before it has a number; fields as those of Entry.

    `body` is what was posted, `steps` are (item, status) of action items, `poison` the question on which the
    live engine failed.
    """

    kind: str
    account_id: str | None
    as_of: datetime.date | None
    ruleset: tuple[str, str, str]
    changes: str
    key: str | None = None
    content: str | None = None
    body: str | None = None
    inputs: str | None = None
    outcome: str | None = None
    engine: str | None = None
    trouble: str | None = None
    steps: tuple[tuple[str, str], ...] = ()
    poison: str | None = None

    def row(self, number: int, previous: str) -> dict[str, Any]:
        """Return the row of the log that it becomes, chained to the one before."""
        name, version, digest = self.ruleset
        row: dict[str, Any] = {
            "number": number,
            "kind": self.kind,
            "account_id": self.account_id,
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "key": self.key,
            "content": self.content,
            "ruleset": name,
            "version": version,
            "digest": digest,
            "kamrules": __version__,
            "inputs": self.inputs,
            "outcome": self.outcome,
            "engine": self.engine,
            "trouble": self.trouble,
            "changes": self.changes,
            "previous": previous,
        }
        row["hash"] = hash_of_row(row)
        return row


@dataclass(frozen=True, slots=True)
class Work:
    """What is committed as one: entries, and accounts as they were and as they are.

    `generation` is that of the cache from which the states came, `known` are the tables that the book had
    then; when the store failed since, or the book has other tables now, the states are outdated. `rulesets`
    are (digest, name, version, files); `cursors` are deliveries' names and entries.
    """

    generation: int
    known: str
    drafts: tuple[Draft, ...] = ()
    states: tuple[tuple[AccountState, AccountState], ...] = ()
    as_of: datetime.date | None = None
    tables: str | None = None
    rulesets: tuple[tuple[str, str, str, str], ...] = ()
    cursors: tuple[tuple[str, int], ...] = ()
    done: Future[tuple[int, ...]] = field(default_factory=Future)


class Outdated(Exception):  # noqa: N818  a turn to do it again, not an error
    """The states of some work were read before the store failed."""


class Writer:
    """Owns a store and writes to it; `submit` is called from any thread."""

    def __init__(
        self, store: Store, generation: Callable[[], int], forget: Callable[[], None]
    ) -> None:
        """Take the store over.

        `generation` and `forget` are of the cache, which is emptied when the store failed, since then it is
        not known what it holds. Raises DataError when another process owns the store (KR823), and as
        Store.check; StoreFailed when it fails (KR816).
        """
        self._store = store
        self._generation = generation
        self._forget = forget
        self._statements = Statements(store.engine.dialect)
        self._queue: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._wake = threading.Event()
        self._connection: Connection | None = None
        self.head = 0
        self.head_hash = BEGINNING
        self.as_of: datetime.date | None = None
        self._stored_as_of: datetime.date | None = None
        self.tables = "[]"
        self.healthy = False
        self.commits = self.written = 0
        with store.failures(), store.alone():
            self._connect()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="kamrules-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work) -> tuple[int, ...]:
        """Commit some work and return the numbers of its entries, once it is durable.

        Raises Outdated for states read before the store failed, NotStored when it fails now (KR816),
        DataError when another process has taken the store meanwhile (KR823).
        """
        with self._closing:
            if self._closed:
                raise NotStored(Diagnostic("KR816", "the book is closed"))
            self._queue.put(work)
        if self._turn.acquire(blocking=False):
            try:
                self._commit_some()
            finally:
                self._turn.release()
        if not self._queue.empty():
            # it came while somebody committed, or is more than one group
            self._wake.set()
        return work.done.result()

    def close(self) -> None:
        """Commit what waits, and stop."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._wake.set()
        self._thread.join()
        with self._turn:
            self._disconnect()

    def waiting(self) -> int:
        """Return about how many pieces of work wait."""
        return self._queue.qsize()

    # the connection

    def _connect(self) -> None:
        """Connect, own the store, and read what it holds of the book."""
        connection = self._store.engine.connect()
        try:
            self._store.ownership.take(connection)
            self._store.check(connection, make=True)
            head = (book_value(connection, "head") or f"0 {BEGINNING}").split()
            as_of = book_value(connection, "as_of")
            tables = book_value(connection, "tables")
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        self.head, self.head_hash = int(head[0]), head[1]
        stored = self._stored_as_of = None if as_of is None else datetime.date.fromisoformat(as_of)
        if self.as_of is None or (stored is not None and stored > self.as_of):
            self.as_of = stored
        self.tables = tables or "[]"
        self._connection = connection
        self.healthy = True

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.rollback()
            if not self._store.location.in_memory:
                # not back to the pool: the session of a server holds the ownership
                connection.invalidate()
            connection.close()
        except SQLAlchemyError:
            connection.detach()

    # the thread

    def _work(self) -> None:
        while not self._closed or not self._queue.empty():
            self._wake.wait()
            self._wake.clear()
            while not self._queue.empty():
                with self._turn:
                    self._commit_some()
        # who comes last may have found the turn taken, and its work left to this thread
        with self._turn:
            while not self._queue.empty():
                self._commit_some()

    def _commit_some(self) -> None:
        """Commit what waits, as many pieces as go together. The caller has the turn."""
        group: list[Work] = []
        while len(group) < _MOST and not self._queue.empty():
            group.append(self._queue.get())
        if group:
            self._commit(group)

    def _commit(self, group: list[Work]) -> None:
        try:
            with self._store.alone():
                if not self.healthy:
                    self._recover()
                usable = self._usable(group)
                entries = self._write(usable)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            told = self._store.failure(error)
            mend = "nothing was stored; post it again under its key"
            self._fail(group, NotStored(Diagnostic("KR816", told.message, help=mend)))
        except Exception as error:  # noqa: BLE001  whatever it was, those who wait must hear of it
            self._fail(group, error)
        else:
            for work, found in zip(usable, entries, strict=True):
                work.done.set_result(found)

    def _recover(self) -> None:
        """Connect again after a failure; what was read before is forgotten first and last."""
        self._forget()
        self._disconnect()
        self._connect()
        self._forget()

    def _usable(self, group: list[Work]) -> list[Work]:
        now = self._generation()
        usable = []
        for work in group:
            if not work.states or (work.generation == now and work.known == self.tables):
                usable.append(work)
            else:
                work.done.set_exception(Outdated())
        return usable

    def _fail(self, group: list[Work], error: Exception) -> None:
        self.healthy = False
        self._disconnect()
        self._forget()
        for work in group:
            if not work.done.done():
                work.done.set_exception(error)

    def _write(self, group: list[Work]) -> list[tuple[int, ...]]:
        """Write a group in one transaction and return the numbers of each one's entries."""
        if not group or self._connection is None:
            return []
        number, previous = self.head, self.head_hash
        chained: list[list[dict[str, Any]]] = []
        for work in group:
            rows = []
            for draft in work.drafts:
                row = draft.row(number + 1, previous)
                number, previous = row["number"], row["hash"]
                rows.append(row)
            chained.append(rows)
        as_of = max((each.as_of for each in group if each.as_of is not None), default=None)
        if as_of is None or (self.as_of is not None and as_of < self.as_of):
            as_of = self.as_of
        tables = next((each.tables for each in reversed(group) if each.tables), self.tables)
        book = {"head": f"{number} {previous}"}
        if as_of is not None and as_of != self._stored_as_of:
            book["as_of"] = as_of.isoformat()
        if tables != self.tables:
            book["tables"] = tables
        self._statements.run(self._connection, written(group, chained, book))
        self._connection.commit()
        self.written += number - self.head
        self.head, self.head_hash, self.tables = number, previous, tables
        self.as_of = self._stored_as_of = as_of
        self.commits += 1
        return [tuple(row["number"] for row in rows) for rows in chained]
