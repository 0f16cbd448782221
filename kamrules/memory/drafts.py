"""Drafts: the next version of a state file, which counts from the moment its output is in place.

A run writes into a copy beside the state file, which notes the run and the output folder it belongs to.
When the folder is in place the draft takes the state file's name, in one step. A run that is killed
leaves a draft; the next who opens the state file finds out whether its output came into place, and lets
it count or removes it. So state and output agree, whenever the run was killed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from kamrules.diagnostics import DataError, Diagnostic
from kamrules.disk import BESIDE, beside, flush
from kamrules.manifest import report_in

_TRIES = 5
_NOTE = "CREATE TABLE IF NOT EXISTS output (run TEXT NOT NULL, folder TEXT NOT NULL)"


class Draft:
    """The next version of a state file, in a file beside it of which nobody else knows."""

    def __init__(self, path: Path) -> None:
        """Copy the state file, which the caller keeps others from changing. Raises OSError."""
        self._target = path
        self._path = beside(path)
        self.connection: sqlite3.Connection | None = None
        try:
            shutil.copyfile(path, self._path)
            shutil.copymode(path, self._path)
        except BaseException:
            self.discard()
            raise

    def open(self) -> sqlite3.Connection:
        """Return a connection to it, inside a transaction, which is never to be rolled back.

        It has no journal and waits for no disk: if anything fails, the whole file is thrown away.
        """
        self.connection = sqlite3.connect(self._path, isolation_level=None)
        for each in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            self.connection.execute(f"PRAGMA {each}")
        self.connection.execute("BEGIN")
        return self.connection

    def finish(self, folder: Path | None, run: str) -> None:
        """Bring it to the disk, with the run and the folder of its output, None when it has none.

        The folder is kept as seen from the state file, so that both may be moved together.
        """
        connection = self.connection
        if connection is None:  # finished already
            return
        connection.execute(_NOTE)
        connection.execute("DELETE FROM output")
        if folder is not None:
            note = (run, _seen_from(self._target.parent, folder))
            connection.execute("INSERT INTO output VALUES (?, ?)", note)
        connection.execute("COMMIT")
        connection.close()
        self.connection = None
        flush(self._path)
        flush(self._path.parent)

    def take_place(self) -> None:
        """Let it be the state file from now on. Raises OSError."""
        self._path.replace(self._target)
        with suppress(
            OSError
        ):  # it has its name; a file system that keeps no promises still has it
            flush(self._target.parent)

    def discard(self) -> None:
        """Leave no trace of it."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        self._path.unlink(missing_ok=True)


def agrees(path: Path) -> tuple[str, Path] | None:
    """Return the run and the output folder that a state file, or a draft of one, belongs to."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            found = connection.execute("SELECT run, folder FROM output").fetchone()
        except sqlite3.DatabaseError:  # no such table, or half a file
            return None
    if found is None:
        return None
    run, folder = found
    return run, (path.parent / folder)


def hold(path: Path, patience: float) -> sqlite3.Connection:
    """Return a connection that keeps all others from changing the file that is at a path now.

    Makes an empty file where there is none. Raises OSError, and sqlite3.Error: OperationalError when
    another run holds the file.
    """
    for _ in range(_TRIES):
        path.touch()
        before = path.stat()
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            # who waited for a run to end holds a file that the run has replaced
            if is_still(path, before):
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
    raise OSError("other runs keep replacing it")


def is_still(path: Path, before: os.stat_result) -> bool:
    """Whether the file at a path is the one that it was."""
    try:
        return os.path.samestat(path.stat(), before)
    except FileNotFoundError:
        return False


def settle(path: Path, patience: float) -> None:
    """Let the draft of a run that was killed count if its output is in place, else remove it.

    A run that is still at work holds the state file; then everything stays as it is. Raises DataError
    when a draft that counts cannot take its place.
    """
    if not _left(path):
        return
    new = not path.exists()
    with suppress(
        sqlite3.Error, OSError
    ):  # a run is at work, or what is wrong is told when it is opened
        with closing(hold(path, patience)):
            for each in _left(path):
                _settle(each, path)
        if new and not path.stat().st_size:
            path.unlink()


def settle_with(folder: Path) -> None:
    """Settle the state file that an output folder tells of, before the folder is replaced.

    Only as long as the folder is there is it to be known that its run was done. Raises DataError.
    """
    try:
        state = (report_in(folder) or {}).get("state")
    except OSError:
        return
    if isinstance(state, str):
        settle(Path(state), 0)


def _left(path: Path) -> list[Path]:
    prefix = f".{path.name}{BESIDE}"
    try:
        return [each for each in path.parent.iterdir() if each.name.startswith(prefix)]
    except OSError:
        return []


def _settle(draft: Path, path: Path) -> None:
    """Settle one draft of a state file that is held."""
    found = None if draft.name.endswith("-journal") else agrees(draft)
    try:
        if found is not None and _run_in(found[1]) == found[0]:
            flush(draft)
            draft.replace(path)
            flush(path.parent)
            return
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        message = f"a run that was killed has left state `{path}` behind its output: {why}"
        mend = "run again as someone who may read the output folder and write beside the state file"
        raise DataError(Diagnostic("KR672", message, help=mend)) from error
    with suppress(OSError):  # it does not count; whoever may remove it will
        draft.unlink()


def _run_in(folder: Path) -> str | None:
    """Return the run whose output a folder holds, None when it holds none. Raises OSError."""
    return (report_in(folder) or {}).get("run")


def _seen_from(here: Path, folder: Path) -> str:
    try:
        return os.path.relpath(folder, here)
    except ValueError:  # on another drive
        return os.fspath(folder)
