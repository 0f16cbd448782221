"""Memory: what was decided before, so that hysteresis, one-step moves and cooldowns work from run to run.

It is one SQLite file. A state is kept from the run in which it came up, so runs in which nothing moves
cost no room; a proposal is kept with its date. A run reads what was known strictly before its date,
so running a date again gives the same, and replaces what that date left behind.
"""

from __future__ import annotations

import csv
import datetime
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kamrules.decision import Earlier
from kamrules.diagnostics import DataError, Diagnostic, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

STATES = ("account_id", "class", "tier")
PROPOSALS = ("account_id", "action", "proposed_on")

_MAGIC = b"SQLite format 3\x00"
_OURS = int.from_bytes(b"kamr", "big")
"""What SQLite calls the application id; it tells our files from other programs' databases."""
_VERSION = 1
_PATIENCE = 2.0
"""Seconds to wait for another run; those that take longer are real runs, not ends of runs."""
_CACHE_KIB = 256 * 1024
_SCHEMA = """
CREATE TABLE run (
    as_of TEXT PRIMARY KEY, ruleset TEXT NOT NULL, digest TEXT NOT NULL, accounts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE state (
    account_id TEXT NOT NULL, as_of TEXT NOT NULL, class TEXT, tier TEXT, PRIMARY KEY (account_id, as_of)
) WITHOUT ROWID;
CREATE TABLE proposal (
    account_id TEXT NOT NULL, action TEXT NOT NULL, proposed_on TEXT NOT NULL,
    PRIMARY KEY (account_id, action, proposed_on)
) WITHOUT ROWID;
"""
# SQLite takes the other columns of a group from the row that holds the maximum.
_LATEST_STATES = """
SELECT account_id, class, tier FROM (
    SELECT account_id, class, tier, max(as_of) FROM state WHERE as_of < ? GROUP BY account_id
)"""
_LATEST_PROPOSALS = """
SELECT account_id, action, max(proposed_on) FROM proposal WHERE proposed_on < ?
GROUP BY account_id, action"""
_KEEP_STATE = """
INSERT OR REPLACE INTO state (account_id, as_of, class, tier)
SELECT ?, ?, ?, ? WHERE NOT EXISTS (
    SELECT 1 FROM (
        SELECT class, tier FROM state WHERE account_id = ? AND as_of < ? ORDER BY as_of DESC LIMIT 1
    ) WHERE class IS ? AND tier IS ?
)"""
# What a later run found unchanged stands only in earlier rows, which are about to go.
_PIN_STATES = """
INSERT OR IGNORE INTO state (account_id, as_of, class, tier)
SELECT account_id, ?, class, tier FROM (
    SELECT account_id, class, tier, max(as_of) FROM state WHERE as_of <= ? GROUP BY account_id
)"""


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """An earlier run's states and proposals as UTF-8 CSV files with a header.

    `states`: account_id,class,tier (an empty cell is none). `proposals`: account_id,action,proposed_on
    (ISO date), the last date on which the action was newly proposed.
    """

    states: Path
    proposals: Path


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run that the memory knows: its date, the ruleset by name and digest, and how many accounts."""

    as_of: datetime.date
    ruleset: str
    digest: str
    accounts: int


class Memory:
    """The memory in one SQLite file; a context manager, which `Memory.open` returns.

    Every method raises DataError when the file fails: full disk, damage, another run's lock.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, new: bool) -> None:
        """Take an open connection; `new` says that the file holds nothing yet."""
        self._path = path
        self._connection = connection
        self._new = new

    @staticmethod
    def open(path: str | Path) -> Memory:
        """Return the memory in a file, which need not exist: a first run that succeeds makes it.

        Raises UsageError when there can be no such file, DataError when it is not a memory of
        kamrules, or one of a later version; such a file stays as it is.
        """
        path = Path(path)
        try:
            new = _is_new(path)
            uri = f"{path.absolute().as_uri()}?mode={'rwc' if new else 'rw'}"
            connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
        except (OSError, ValueError, sqlite3.Error) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            message = f"memory `{path}` cannot be opened: {reason}"
            raise UsageError(Diagnostic("KR680", message)) from error
        memory = Memory(path, connection, new=new)
        try:
            if not new:
                memory._check()
            # Accounts come in the book's order: their pages are all over the file.
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        except BaseException:
            connection.close()
            raise
        return memory

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file; what was not committed is gone."""
        self.close()

    def close(self) -> None:
        """Close the file, and remove it again if nothing was ever committed to it."""
        self._connection.close()
        if self._new and self._path.exists() and self._path.stat().st_size == 0:
            self._path.unlink()

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        """Keep what is recorded inside if the block ends well, and nothing of it otherwise.

        Other runs are kept out from the beginning; DataError when one is at work.
        """
        with self._failures():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            with self._failures():
                if self._new:
                    self._create()
            yield self
            with self._failures():
                self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._new = False

    def earlier(self, as_of: datetime.date, folder: Path) -> EarlierFiles | None:
        """Write what was known before a date to files in a folder; None when nothing was.

        Each account has its latest state, each action of it the last date on which it was proposed.
        """
        if self._new:
            return None
        date = as_of.isoformat()
        found = EarlierFiles(folder / "states.csv", folder / "proposals.csv")
        with self._failures():
            select = self._connection.execute
            states = _write(found.states, STATES, select(_LATEST_STATES, (date,)))
            proposals = _write(found.proposals, PROPOSALS, select(_LATEST_PROPOSALS, (date,)))
        return found if states or proposals else None

    def earlier_of(self, account_id: str, as_of: datetime.date) -> Earlier | None:
        """Return what was known of one account before a date; None when nothing was."""
        if self._new:
            return None
        wanted = (as_of.isoformat(), account_id)
        with self._failures():
            state = self._connection.execute(
                "SELECT class, tier FROM state WHERE as_of < ? AND account_id = ? "
                "ORDER BY as_of DESC LIMIT 1",
                wanted,
            ).fetchone()
            proposed = self._connection.execute(
                "SELECT action, max(proposed_on) FROM proposal "
                "WHERE proposed_on < ? AND account_id = ? GROUP BY action",
                wanted,
            ).fetchall()
        if state is None and not proposed:
            return None
        known_class, tier = state or (None, None)
        dates = {action: datetime.date.fromisoformat(date) for action, date in proposed}
        return Earlier.model_validate({"class": known_class, "tier": tier, "proposed": dates})

    def record(
        self, as_of: datetime.date, files: EarlierFiles, *, ruleset: str = "", digest: str = ""
    ) -> None:
        """Keep a run's states and proposals, in place of those that the same date left before.

        States of later dates stay as they are; run those again if they are to follow.
        """
        if not self._connection.in_transaction:
            with self.transaction():
                self.record(as_of, files, ruleset=ruleset, digest=digest)
            return
        date = as_of.isoformat()
        with self._failures():
            execute = self._connection.execute
            ((later,),) = execute("SELECT min(as_of) FROM run WHERE as_of > ?", (date,))
            if later is not None:
                execute(_PIN_STATES, (later, later))
            if execute("SELECT 1 FROM run WHERE as_of = ?", (date,)).fetchone():
                execute("DELETE FROM state WHERE as_of = ?", (date,))
                execute("DELETE FROM proposal WHERE proposed_on = ?", (date,))
            # twice: numbered parameters, which could be used twice, warn in Python 3.12
            counted = _Counted((each[0], date, each[1] or None, each[2] or None) * 2
                               for each in _read(files.states))  # fmt: skip
            self._connection.executemany(_KEEP_STATE, counted)
            # An earlier proposal is here since the run that made it, unless no run was here then.
            first = execute("SELECT 1 FROM run WHERE as_of < ?", (date,)).fetchone() is None
            self._connection.executemany(
                "INSERT OR IGNORE INTO proposal VALUES (?, ?, ?)",
                (each for each in _read(files.proposals)
                 if each[2] == date or (first and each[2] < date)),
            )  # fmt: skip
            execute(
                "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?)",
                (date, ruleset, digest, counted.count),
            )

    def runs(self) -> tuple[RecordedRun, ...]:
        """Return the runs that were recorded, by date."""
        if self._new:
            return ()
        with self._failures():
            rows = self._connection.execute("SELECT as_of, ruleset, digest, accounts FROM run")
            return tuple(
                RecordedRun(datetime.date.fromisoformat(as_of), *rest)
                for as_of, *rest in sorted(rows)
            )

    def _create(self) -> None:
        # Another first run may have made the file while this one was opening it.
        ((tables,),) = self._connection.execute("SELECT count(*) FROM sqlite_schema")
        if tables:
            return
        for statement in _SCHEMA.split(";"):
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA application_id = {_OURS}")
        self._connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _check(self) -> None:
        """Raise DataError when the file is not ours to use."""
        with self._failures():
            ((ours,),) = self._connection.execute("PRAGMA application_id")
            ((version,),) = self._connection.execute("PRAGMA user_version")
        if ours != _OURS:
            message = f"`{self._path}` is a database, but no memory of kamrules"
            mend = "name another file for `--state`"
            raise DataError(Diagnostic("KR681", message, help=mend))
        if version != _VERSION:
            message = (
                f"memory `{self._path}` is of version {version}, and this kamrules knows {_VERSION}"
            )
            mend = "use the kamrules that wrote it, or a later one"
            raise DataError(Diagnostic("KR682", message, help=mend))

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn what SQLite and the file system refuse into a DataError."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                message = f"memory `{self._path}` is in use by another run"
                mend = "wait until it is done; nothing was changed"
                raise DataError(Diagnostic("KR683", message, help=mend)) from error
            raise DataError(self._failure(error)) from error
        except sqlite3.NotSupportedError as error:
            raise DataError(self._failure(error)) from error
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise DataError(_no_database(self._path)) from error
            raise DataError(self._failure(error)) from error
        except (OSError, csv.Error, UnicodeError) as error:
            raise DataError(self._failure(error)) from error

    def _failure(self, error: Exception) -> Diagnostic:
        return Diagnostic("KR684", f"memory `{self._path}` failed: {str(error).lower()}")


class _Counted:
    """An iterator that counts; executemany tells no number of its own."""

    def __init__(self, rows: Iterable[tuple[str | None, ...]]) -> None:
        self._rows = iter(rows)
        self.count = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[str | None, ...]:
        row = next(self._rows)
        self.count += 1
        return row


def _is_new(path: Path) -> bool:
    """Return whether there is nothing in the file. Raises DataError when it is no database."""
    if not path.exists():
        if not path.parent.is_dir():
            raise FileNotFoundError(0, f"there is no folder `{path.parent}`")
        return True
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start and start != _MAGIC:
        raise DataError(_no_database(path))
    return not start


def _no_database(path: Path) -> Diagnostic:
    mend = "name another file for `--state`"
    return Diagnostic("KR681", f"`{path}` is no memory of kamrules", help=mend)


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bool:
    """Write a CSV file and return whether it has rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        # all quoted: Python leaves a carriage return in an id as it is, which would end the line
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        empty = file.tell()
        writer.writerows(rows)
        return file.tell() > empty


def _read(path: Path) -> Iterator[list[str]]:
    """Give the rows of a CSV file behind its header."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, strict=True)
        next(rows, None)
        yield from rows
