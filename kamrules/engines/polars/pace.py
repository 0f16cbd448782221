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

    def stop(self) -> None:
        """Stop the pass; from any thread."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Return whether it is asked to stop."""
        return self._stopped.is_set()

    def along(self, frame: pl.LazyFrame, step: str) -> pl.LazyFrame:
        """Return a frame whose rows are counted as they pass."""
        # batches pass on several threads, and who is told is told one thing at a time
        telling, done = threading.Lock(), 0

        def passed(rows: pl.DataFrame) -> pl.DataFrame:
            nonlocal done
            if self._stopped.is_set():
                raise Stopped
            with telling:
                done += len(rows)
                self._progress(step, min(done, self._of), self._of, "accounts")
            return rows

        return frame.map_batches(passed, streamable=True)
