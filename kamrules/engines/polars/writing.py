"""Writing: all tables of a run as Parquet files, in one streaming pass over the accounts."""

from __future__ import annotations

import base64
import io
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import polars as pl

from kamrules.diagnostics import DataError, Diagnostic
from kamrules.tables import DATE, NUMBER, TEXT, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SORTS = {TEXT: pl.String, NUMBER: pl.Float64, WHOLE: pl.Int64, DATE: pl.Date}
COMPRESSION: Literal["snappy"] = "snappy"
_OF_SYSTEM = re.compile(r"(?P<reason>[^:()]+) \(os error \d+\)")
CHUNK, CHUNK_IS_SET = 40_000, "POLARS_IDEAL_MORSEL_SIZE"
"""Rows that Polars takes at a time, and what tells it otherwise.

Of its own 100,000, with the hundreds of columns of a run, it holds up to twice the memory, and takes as long.
"""
FLAGS = pl.QueryOptFlags(comm_subexpr_elim=False)
"""What is read more than once is a column already, and to look for more takes its time."""


@contextmanager
def told_as_data() -> Iterator[None]:
    """Turn what Polars says of a disk, or of a damaged file, into a DataError; all else is a defect."""
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        found = _OF_SYSTEM.search(str(error))
        if found is None and not isinstance(error, OSError):
            first = str(error).strip().partition("\n")[0]
            if first.startswith("parquet:"):
                raise DataError(Diagnostic("KR863", f"the book cannot be read: {first}")) from error
            raise
        reason = (
            found["reason"].strip() if found else getattr(error, "strerror", None) or str(error)
        )
        message = f"the decisions cannot be written: {reason.lower()}"
        mend = (
            "name a spill folder or an output folder on a disk that has room and may be written to"
        )
        raise DataError(Diagnostic("KR862", message, help=mend)) from error


def write(
    frames: Mapping[Path, pl.LazyFrame], kinds: Mapping[Path, Mapping[str, pl.DataType]]
) -> None:
    """Write frames to files in one pass, each with columns that are read as of the kinds given."""
    plans = [
        frame.sink_parquet(
            path, compression=COMPRESSION, lazy=True, metadata=_told(kinds.get(path))
        )
        for path, frame in frames.items()
    ]
    with _in_chunks():
        pl.collect_all(plans, engine="streaming", optimizations=FLAGS)


@contextmanager
def _in_chunks() -> Iterator[None]:
    """Let Polars take so many rows at a time, unless whoever runs us has said how many."""
    if CHUNK_IS_SET in os.environ:
        yield
        return
    pl.Config.set_streaming_chunk_size(CHUNK)
    try:
        yield
    finally:
        pl.Config.set_streaming_chunk_size(None)


def kinds_of(columns: Sequence[tuple[str, str]]) -> dict[str, pl.DataType]:
    """Return the types of an output table's columns."""
    return {name: SORTS[sort]() for name, sort in columns}


def _told(kinds: Mapping[str, pl.DataType] | None) -> dict[str, str] | None:
    """Return what a file tells readers of its columns' types.

    Words are written from an enumeration, which is fast; they are to be read as texts, as other engines
    write them. The message is the one that begins an Arrow stream.
    """
    if kinds is None:
        return None
    stream = io.BytesIO()
    pl.DataFrame(schema=kinds).write_ipc_stream(stream, compat_level=pl.CompatLevel.oldest())
    written = stream.getvalue()
    length = 8 + int.from_bytes(written[4:8], "little")
    return {"ARROW:schema": base64.b64encode(written[:length]).decode()}
