"""Pace: how far a pass over the accounts is, and where it is stopped from outside."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from kamrules.progress import Progress


class Stopped(Exception):  # noqa: N818  not an error: it was asked for
    """Somebody asked for the end of a pass."""

    def __init__(self) -> None:
        super().__init__("interrupted")


class Pace:
    """Tells how many rows of a pass have come by, and lets none by once it is asked to stop."""

    def __init__(self, progress: Progress, of: int) -> None:
        self._progress = progress
        self._of = of
        self._stopped = threading.Event()
        self._step, self._done = "", 0
        # batches pass on several threads, and who is told is told one thing at a time
        self._telling = threading.Lock()

    def stop(self) -> None:
        """Stop the pass; from any thread."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Return whether it is asked to stop."""
        return self._stopped.is_set()

    def begin(self, step: str) -> None:
        """Begin a pass over the rows, which is told as a step."""
        self._step, self._done = step, 0

    def along(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Return a frame whose rows are counted as they pass."""
        return frame.map_batches(self._passed, streamable=True)

    def _passed(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self.stopped:
            raise Stopped
        with self._telling:
            self._done += len(rows)
            self._progress(self._step, min(self._done, self._of), self._of, "accounts")
        return rows
