"""Watching: takes over the ruleset whenever its files change; a broken one is told, and the old one stays."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kamrules.diagnostics import KamrulesError, render
from kamrules.workbench.testing.watching import SECONDS, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kamrules.live.days import Reloaded


class Watcher(threading.Thread):
    """Calls `reload` after each change of a ruleset's files, until the end."""

    def __init__(
        self,
        ruleset: str,
        folders: Sequence[Path],
        reload: Callable[[], Reloaded],
        tell: Callable[[str], None],
    ) -> None:
        """Take the ruleset's name or path, and the folders in which it is looked up. Raises UsageError."""
        super().__init__(name="kamrules-watch", daemon=True)
        self._watch = Watch.of(ruleset, folders)
        self._reload, self._tell = reload, tell
        self._ended = threading.Event()

    def run(self) -> None:
        """Watch until the end."""
        rounds = self._watch.rounds(self._pause)
        try:
            next(rounds)  # the files as they are at the start, which the book has read
            for _ in rounds:
                try:
                    found = self._reload()
                    self._tell(f"`{found.ruleset}` {found.version} decides from now on")
                except KamrulesError as error:
                    told = render(error.diagnostics)
                    self._tell(f"the ruleset is broken, and the old one stays\n{told}")
        except _Ended:
            return

    def end(self) -> None:
        """Watch no more."""
        self._ended.set()

    def _pause(self) -> None:
        if self._ended.wait(SECONDS):
            raise _Ended


class _Ended(Exception):  # noqa: N818  no error
    """The end of watching."""
