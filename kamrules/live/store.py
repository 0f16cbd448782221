"""The store of a live book: opening and checking it, and reading from it; kamrules.live.writing writes."""

from __future__ import annotations

import datetime
import json
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from kamrules.decision import Earlier
from kamrules.diagnostics import DataError, Diagnostic
from kamrules.live import schema
from kamrules.live.deciding import Outcome
from kamrules.live.entries import BEGINNING, RULESET, Entry
from kamrules.live.items import ActionItem
from kamrules.live.location import (
    OURS,
    SQLITE,
    Ownership,
    locate,
    look_at,
    make_engine,
    no_store,
)
from kamrules.live.refusals import StoreFailed
from kamrules.live.state import AccountState, Stored
from kamrules.live.statements import Ready

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from kamrules.live.location import Location

_BY_KEY = select(schema.event.c.entry).where(schema.event.c.key == bindparam("wanted"))
_IN_BOOK = select(schema.account.c.account_id).where(schema.account.c.present.is_(True))


class Store:
    """A store that is open. Every method raises StoreFailed when the database fails (KR816)."""

    def __init__(self, location: Location, *, read_only: bool) -> None:
        self.location = location
        self.engine = make_engine(location, read_only=read_only)
        self.ownership = Ownership(location)
        self.closed = False
        self._by_key = Ready(_BY_KEY, self.engine.dialect)
        # a store in memory is one connection for readers and the writer
        self._alone = threading.RLock() if location.in_memory else None

    @staticmethod
    def open(store: str | Path, *, read_only: bool = False) -> Store:
        """Return the store at a URL or path, or in `memory`; only one to read must be there already.

        Raises UsageError for a place that cannot hold one (KR821, KR824), DataError for one that is no
        store (KR822, it stays as it is), of a later version (KR866), or failing (KR816). One to write to is
        checked, or made, by its Writer.
        """
        location = locate(store)
        look_at(location, must_exist=read_only)
        found = Store(location, read_only=read_only)
        if read_only:
            try:
                with found.reading() as connection:
                    found.check(connection, make=False)
            except BaseException:
                found.close()
                raise
        return found

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read with."""
        if self.closed:
            raise StoreFailed(Diagnostic("KR816", "the book is closed"))
        with self.failures(), self.alone(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others out where there is only one connection."""
        if self._alone is None:
            yield
            return
        with self._alone:
            yield

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turn what the database refuses into StoreFailed."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StoreFailed(self.failure(error)) from error

    def failure(self, error: Exception) -> Diagnostic:
        """Return what is told of a failure of the database."""
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        told = (reason[0] if reason else type(error).__name__).lower().rstrip(".")
        return Diagnostic("KR816", f"store `{self.location.shown}` failed: {told}")

    def check(self, connection: Connection, *, make: bool) -> None:
        """Make the tables of a new store if wanted, and raise DataError when it is none of ours to use.

        Raises as well what the database raises.
        """
        if not inspect(connection).has_table(schema.book.name):
            if not make:
                raise no_store(self.location)
            self._make(connection)
            return
        version = int(book_value(connection, "version") or 0)
        if version != schema.VERSION:
            message = (
                f"store `{self.location.shown}` is of version {version}, "
                f"and this kamrules knows {schema.VERSION}"
            )
            mend = "use the kamrules that wrote it, or a later one"
            raise DataError(Diagnostic("KR866", message, help=mend))

    def _make(self, connection: Connection) -> None:
        schema.tables.create_all(connection)
        first = [{"name": "version", "value": str(schema.VERSION)}]
        connection.execute(insert(schema.book), first)
        if self.location.dialect == SQLITE:
            connection.exec_driver_sql(f"PRAGMA application_id = {OURS}")
        connection.commit()

    def close(self) -> None:
        """Close the connections and give up the ownership."""
        self.closed = True
        self.engine.dispose()
        self.ownership.release()

    # the book

    def book_value(self, name: str) -> str | None:
        """Return what the book has under a name."""
        with self.reading() as connection:
            return book_value(connection, name)

    def head(self) -> tuple[int, str]:
        """Return the number and hash of the entry that was committed last."""
        number, hash_ = (self.book_value("head") or f"0 {BEGINNING}").split()
        return int(number), hash_

    def account_ids(
        self, after: str = "", limit: int = 1_000, *, before: datetime.date | None = None
    ) -> list[str]:
        """Return ids of accounts in the book behind one, by id; with `before` those decided earlier only."""
        column = schema.account.c.account_id
        wanted = _IN_BOOK.where(column > after).order_by(column).limit(limit)
        if before is not None:
            wanted = wanted.where(schema.account.c.as_of < before.isoformat())
        with self.reading() as connection:
            return list(connection.execute(wanted).scalars())

    def count_accounts(self) -> int:
        """Return how many accounts are in the book."""
        counted = select(func.count()).select_from(_IN_BOOK.subquery())
        with self.reading() as connection:
            return int(connection.execute(counted).scalar_one())

    def account(self, account_id: str) -> AccountState:
        """Return the state of an account; that of one which never was in the book is empty."""
        with self.reading() as connection:
            found = connection.execute(
                select(schema.account).where(schema.account.c.account_id == account_id)
            ).one_or_none()
            if found is None:
                return AccountState(account_id)
            rows = connection.execute(
                select(
                    schema.row.c.table_name,
                    schema.row.c.row_id,
                    schema.row.c.position,
                    schema.row.c.cells,
                )
                .where(schema.row.c.account_id == account_id)
                .order_by(schema.row.c.position)
            ).all()
            items = connection.execute(
                select(schema.action)
                .where(schema.action.c.account_id == account_id)
                .order_by(schema.action.c.number)
            ).all()
        return _state(found, rows, items)

    # events and the log

    def by_key(self, key: str) -> Entry | None:
        """Return the entry of what was posted under a key."""
        with self.reading() as connection:
            number = self._by_key.run(connection, [{"wanted": key}]).scalar()
        if number is None:
            return None
        (row,) = self.entries(number - 1, 1)
        return Entry.of(row)

    def entries(
        self,
        after: int = 0,
        limit: int = 1_000,
        *,
        account_id: str | None = None,
        kinds: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """Return rows of the log behind a number, in order."""
        wanted = select(schema.log).where(schema.log.c.number > after)
        if account_id is not None:
            wanted = wanted.where(schema.log.c.account_id == account_id)
        if kinds:
            wanted = wanted.where(schema.log.c.kind.in_(kinds))
        with self.reading() as connection:
            rows = connection.execute(wanted.order_by(schema.log.c.number).limit(limit)).mappings()
            return [dict(each) for each in rows]

    def entries_about(
        self, account_ids: Sequence[str], after: int, limit: int
    ) -> list[dict[str, Any]]:
        """Return rows of the log behind a number that are about some accounts, or the whole book."""
        one = schema.log.c
        about = one.account_id.in_(account_ids) | one.account_id.is_(None)
        wanted = select(schema.log).where(one.number > after, about)
        with self.reading() as connection:
            rows = connection.execute(wanted.order_by(one.number).limit(limit)).mappings()
            return [dict(each) for each in rows]

    def logged_accounts(self) -> list[str]:
        """Return the accounts that the log has decided, by id."""
        one = schema.log.c.account_id
        wanted = select(one).where(one.is_not(None)).distinct().order_by(one)
        with self.reading() as connection:
            return list(connection.execute(wanted).scalars())

    def bodies(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return what was posted, by the entries' numbers."""
        wanted = select(schema.event.c.entry, schema.event.c.body)
        with self.reading() as connection:
            found = connection.execute(wanted.where(schema.event.c.entry.in_(numbers)))
            return dict(map(tuple, found))

    def ruleset_files(self, digest: str) -> str | None:
        """Return the kept files of a ruleset."""
        wanted = select(schema.ruleset.c.files).where(schema.ruleset.c.digest == digest)
        with self.reading() as connection:
            return connection.execute(wanted).scalar_one_or_none()

    def last_ruleset(self) -> str | None:
        """Return the digest of the ruleset that the log says is in use."""
        one = schema.log.c
        wanted = select(one.digest).where(one.kind == RULESET, one.account_id.is_(None))
        with self.reading() as connection:
            last = wanted.order_by(one.number.desc()).limit(1)
            return connection.execute(last).scalar_one_or_none()

    def cursor(self, name: str) -> int | None:
        """Return up to which entry a receiver has been told."""
        wanted = select(schema.delivery.c.entry).where(schema.delivery.c.name == name)
        with self.reading() as connection:
            return connection.execute(wanted).scalar_one_or_none()

    # action items

    def item(self, item_id: str) -> ActionItem | None:
        """Return an action item."""
        wanted = select(schema.action).where(schema.action.c.id == item_id)
        with self.reading() as connection:
            found = connection.execute(wanted).one_or_none()
        return None if found is None else _item(found)

    def items(
        self,
        owner: str | None,
        account_id: str | None,
        status: Sequence[str],
        limit: int,
        after: ActionItem | None,
    ) -> list[ActionItem]:
        """Return action items, the most urgent first, behind one."""
        one = schema.action.c
        wanted = select(schema.action).order_by(one.priority.desc(), one.id).limit(limit)
        for column, value in ((one.owner, owner), (one.account_id, account_id)):
            if value is not None:
                wanted = wanted.where(column == value)
        if status:
            wanted = wanted.where(one.status.in_(status))
        if after is not None:
            behind = (one.priority == after.priority) & (one.id > after.id)
            wanted = wanted.where((one.priority < after.priority) | behind)
        with self.reading() as connection:
            return [_item(each) for each in connection.execute(wanted)]

    def steps(self, item_id: str) -> list[tuple[int, str, datetime.date]]:
        """Return the history of an item: entry, status and day of each step."""
        one = schema.step.c
        wanted = select(one.entry, one.status, one.on_day).where(one.item == item_id)
        with self.reading() as connection:
            found = connection.execute(wanted.order_by(one.entry, one.place))
            return [
                (entry, status, datetime.date.fromisoformat(day)) for entry, status, day in found
            ]


def book_value(connection: Connection, name: str) -> str | None:
    """Return what the book has under a name."""
    wanted = select(schema.book.c.value).where(schema.book.c.name == name)
    return connection.execute(wanted).scalar_one_or_none()


def _state(found: Any, rows: Sequence[Any], items: Sequence[Any]) -> AccountState:  # noqa: ANN401  rows of SQLAlchemy
    tables: dict[str, dict[str, Stored]] = {name: {} for name in json.loads(found.seen)}
    for table, row_id, position, cells in rows:
        tables.setdefault(table, {})[row_id] = Stored(position, json.loads(cells))
    earlier = None if found.earlier is None else Earlier.model_validate_json(found.earlier)
    outcome = None if found.outcome is None else Outcome.of(json.loads(found.outcome))
    return AccountState(
        account_id=found.account_id,
        present=found.present,
        as_of=datetime.date.fromisoformat(found.as_of),
        columns=json.loads(found.columns),
        tables=tables,
        next_row=found.next_row,
        earlier=earlier,
        outcome=outcome,
        ruleset=found.ruleset,
        items={each.action: _item(each) for each in items},
    )


def _item(found: Any) -> ActionItem:  # noqa: ANN401  a row of SQLAlchemy
    day = datetime.date.fromisoformat
    values = dict(found._mapping)  # noqa: SLF001  its documented name
    dates = {name: day(values[name]) for name in ("opened_on", "due_on", "changed_on")}
    return ActionItem(**{**values, **dates})
