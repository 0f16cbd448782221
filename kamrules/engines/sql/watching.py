"""Watching DuckDB at work: how far a statement is, asked by a thread of its own while the statement runs."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from kamrules.progress import PER_CENT, silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from kamrules.progress import Progress

_EVERY = 0.25
"""Seconds between two questions."""
_WHOLE = 100.0


@contextmanager
def watched(
    connection: DuckDBPyConnection,
    progress: Progress,
    step: str,
    of: int = 0,
    unit: str = "accounts",
) -> Iterator[None]:
    """Tell `progress` of a step, and how far the block's statements on the connection are.

    `of` is how many of `unit` the step has; 0 when that is not known, and per cent are told. A step of
    several statements begins anew with each; DuckDB tells nothing of what lies between them.
    """
    progress(step, 0, of, unit)
    if progress is silent:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(
        target=_watch, args=(connection, progress, step, of, unit, ended), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _watch(  # noqa: PLR0913, PLR0917  a thread's
    connection: DuckDBPyConnection,
    progress: Progress,
    step: str,
    of: int,
    unit: str,
    ended: threading.Event,
) -> None:
    while not ended.wait(_EVERY):
        try:
            found = connection.query_progress()
        except (
            duckdb.ConnectionException
        ):  # closed by whoever was interrupted before this thread ended
            return
        if not 0 <= found <= _WHOLE:
            continue  # between two statements, or not known yet
        if of:
            progress(step, of * found / _WHOLE, of, unit)
        else:
            progress(step, found, _WHOLE, PER_CENT)
