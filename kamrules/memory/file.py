"""The state file: the memory in one SQLite file (kamrules.memory.remembering says how things stand in it).

A run reads what was known strictly before its date, so running a date again gives the same, and replaces
what that date left behind. A run takes room for the accounts that it moves; what the others have is in the
file once.
"""

from __future__ import annotations

import csv
import datetime
import sqlite3
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kamrules.decision import Earlier
from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.memory.drafts import Draft, agrees, hold, is_still, settle
from kamrules.memory.kept import NOTHING_KEPT, KeptDecisions, read_kept, write_kept
from kamrules.memory.remembering import (
    PROPOSALS,
    SCHEMA,
    STATES,
    first_known,
    first_known_of,
    known_of,
    known_of_all,
    tidy,
    upgrade,
    write_known,
    write_proposals,
    write_states,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

_MAGIC = b"SQLite format 3\x00"
_OURS = int.from_bytes(b"kamr", "big")
"""What SQLite calls the application id; it tells our files from other programs' databases."""
_VERSION = 2
_PATIENCE = 2.0
"""Seconds to wait for another run; those that take longer are real runs, not ends of runs."""
_CACHE_KIB = 256 * 1024
_REPLACED = "someone else has replaced it during the run"
_FIRST_VERSION = 1


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """An earlier run's states and proposals as UTF-8 CSV files with a header.

    `states`: account_id,class,tier (an empty cell is none). `proposals`: account_id,action,proposed_on
    (ISO date), a date on which the action was newly proposed; of several the last one counts.
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
        self._draft: Draft | None = None

    @staticmethod
    def open(path: str | Path) -> Memory:
        """Return the memory in a file, which need not exist: a first run that succeeds makes it.

        Raises UsageError when there can be no such file, DataError when it is not a memory of
        kamrules, or one of a later version; such a file stays as it is.
        """
        # a link stays one, and what it leads to is replaced
        path = Path(path).resolve() if Path(path).is_symlink() else Path(path)
        settle(path, _PATIENCE)
        try:
            new = _is_new(path)
            connection = _connected(path, new=new)
        except (OSError, ValueError, sqlite3.Error) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            message = f"memory `{path}` cannot be opened: {reason}"
            raise UsageError(Diagnostic("KR680", message)) from error
        memory = Memory(path, connection, new=new)
        try:
            if not new:
                memory._check()
            memory._tune()
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

        Other runs are kept out from the beginning; DataError when one is at work. What is read and
        recorded inside goes to a draft (kamrules.memory.drafts), which takes the file's place at the end.
        """
        with self._failures():
            held = hold(self._path, _PATIENCE)
            before = self._path.stat()
            self._new = not before.st_size
        draft = None
        try:
            with self._failures():
                draft = self._draft = Draft(self._path)
                self._connection.close()
                self._connection = draft.open()
                self._tune()
                if self._new:
                    self._create()
                elif self._version() == _FIRST_VERSION:
                    upgrade(self._connection)
                    self._connection.execute(f"PRAGMA user_version = {_VERSION}")
            yield self
            with self._failures():
                draft.finish(None, "")
                if not is_still(self._path, before):
                    raise OSError(_REPLACED)
                draft.take_place()
            self._new = False
        finally:
            self._draft = None
            if draft is not None:
                draft.discard()
            held.close()
            self._connection.close()
            with suppress(sqlite3.Error):  # what is wrong with the file has been told
                self._connection = _connected(self._path, new=self._new)
                self._tune()

    def prepare(self, folder: Path, run: str) -> None:
        """Bring what was recorded to the disk; it counts as soon as a folder holds the run's output.

        Inside a transaction, as the last: nothing more can be recorded. `run` is what stands in the
        folder's run.json.
        """
        with self._failures():
            if self._draft is not None:
                self._draft.finish(folder, run)

    def interrupt(self) -> None:
        """Stop a statement that is at work, from another thread; it then fails."""
        self._connection.interrupt()

    def output(self) -> tuple[str, Path] | None:
        """Return the run and the output folder that the file belongs to; None without output."""
        return None if self._new else agrees(self._path)

    def earlier(self, as_of: datetime.date, folder: Path) -> EarlierFiles | None:
        """Write what was known before a date to files in a folder; None when nothing was.

        Each account has its latest state, each action of it the last date on which it was proposed.
        """
        if self._new:
            return None
        date = as_of.isoformat()
        found = EarlierFiles(folder / "states.csv", folder / "proposals.csv")
        with self._failures():
            if self._version() == _FIRST_VERSION:
                known = first_known(self._connection, date)
                states = _write(found.states, STATES, known[0])
                proposals = _write(found.proposals, PROPOSALS, known[1])
                return found if states or proposals else None
            some = write_known(self._connection, date, found.states, found.proposals)
        return found if some else None

    def kept(self, folder: Path) -> KeptDecisions:
        """Write the decisions that runs with --since have kept to files in a folder."""
        if self._new:
            return NOTHING_KEPT
        with self._failures():
            return read_kept(self._connection, folder)

    def keep(self, kept: KeptDecisions) -> None:
        """Keep decisions for later runs with --since; inside a transaction."""
        with self._failures():
            write_kept(self._connection, kept)

    def earlier_of(self, account_id: str, as_of: datetime.date) -> Earlier | None:
        """Return what was known of one account before a date; None when nothing was."""
        if self._new:
            return None
        before = as_of.isoformat()
        with self._failures():
            if self._version() == _FIRST_VERSION:
                return _earlier(*first_known_of(self._connection, account_id, before))
            return _earlier(*known_of(self._connection, account_id, before))

    def every_earlier(self, as_of: datetime.date) -> Callable[[str], Earlier | None]:
        """Return what `earlier_of` returns, for those who ask for one account after the other.

        All that was known is read when the first is asked for, and held.
        """
        held: list[tuple[dict[str, list[str]], dict[str, dict[str, str]]]] = []

        def ask(account_id: str) -> Earlier | None:
            if self._new:
                return None
            with self._failures():
                if self._version() == _FIRST_VERSION:
                    return self.earlier_of(account_id, as_of)
                if not held:
                    held.append(known_of_all(self._connection, as_of.isoformat()))
            states, proposals = held[0]
            return _earlier(states.get(account_id), proposals.get(account_id, {}))

        return ask

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
            accounts = write_states(self._connection, date, files.states)
            write_proposals(self._connection, date, files.proposals)
            tidy(self._connection)
            self._connection.execute(
                "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?)", (date, ruleset, digest, accounts)
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

    def _tune(self) -> None:
        # Accounts come in the book's order: their pages are all over the file.
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

    def _create(self) -> None:
        for statement in SCHEMA.split(";"):
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA application_id = {_OURS}")
        self._connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _version(self) -> int:
        ((version,),) = self._connection.execute("PRAGMA user_version")
        return int(version)

    def _check(self) -> None:
        """Raise DataError when the file is not ours to use."""
        with self._failures():
            ((ours,),) = self._connection.execute("PRAGMA application_id")
            version = self._version()
        if ours != _OURS:
            message = f"`{self._path}` is a database, but no memory of kamrules"
            mend = "name another file for `--state`"
            raise DataError(Diagnostic("KR681", message, help=mend))
        if version not in {_FIRST_VERSION, _VERSION}:
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
            if _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                message = f"memory `{self._path}` is in use by another run"
                mend = "wait until it is done; nothing was changed"
                raise DataError(Diagnostic("KR683", message, help=mend)) from error
            raise DataError(self._failure(error)) from error
        except sqlite3.NotSupportedError as error:
            raise DataError(self._failure(error)) from error
        except sqlite3.DatabaseError as error:
            if _code(error) == sqlite3.SQLITE_NOTADB:
                raise DataError(_no_database(self._path)) from error
            raise DataError(self._failure(error)) from error
        except (OSError, csv.Error, UnicodeError) as error:
            raise DataError(self._failure(error)) from error

    def _failure(self, error: Exception) -> Diagnostic:
        return Diagnostic("KR684", f"memory `{self._path}` failed: {str(error).lower()}")


def _connected(path: Path, *, new: bool) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if new else 'rw'}"
    return sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)


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


def _code(error: sqlite3.Error) -> int | None:
    """Return SQLite's number for an error; what Python raises itself has none."""
    return getattr(error, "sqlite_errorcode", None)


def _earlier(state: Sequence[str | None] | None, proposed: Mapping[str, str]) -> Earlier | None:
    """Return what is known of an account: its class and tier, and when actions were last proposed."""
    if state is None and not proposed:
        return None
    known_class, tier = state or (None, None)
    dates = {action: datetime.date.fromisoformat(date) for action, date in proposed.items()}
    return Earlier.model_validate(
        {"class": known_class or None, "tier": tier or None, "proposed": dates}
    )
