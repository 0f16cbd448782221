"""The batch engine by Polars: its trees as expressions, in streaming passes from a file to files."""

from __future__ import annotations

import os
import sys

_THREADS = "POLARS_MAX_THREADS"


def load(threads: int | None = None) -> None:
    """Load Polars, with so many threads; once it is loaded, it keeps those that it has."""
    if threads is None or "polars" in sys.modules:
        return
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = str(threads)
    try:
        import polars  # noqa: PLC0415  reads how many threads to start

        polars.thread_pool_size()
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before
