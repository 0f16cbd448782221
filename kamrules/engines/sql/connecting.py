"""The DuckDB connection of a run: its limits, where it spills, and what its failures mean to people."""

from __future__ import annotations

import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.engines.sql.showing import lay_endings

if TYPE_CHECKING:
    from collections.abc import Iterator

SPILL = "kamrules-spill-"
WITHOUT = ("build_side_probe_side", "join_order", "in_clause")
"""Optimizers that are switched off: the accounts stay on the side of joins that streams, as the other
side has to fit into memory; and lists of words stay tests, as joins they would lose the book's order,
and DuckDB fails to join some of them."""
RAISED = re.compile(r"^[\w.]+(?:Error|Exception|Timeout)\b.*$", re.MULTILINE)
"""The line of a traceback, which DuckDB gives as text, that says what was raised."""
UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def connect(
    memory_limit: str | None, spill_folder: Path | None, threads: int | None
) -> tuple[duckdb.DuckDBPyConnection, tempfile.TemporaryDirectory[str]]:
    """Return a connection to nothing yet, and the folder in which it may spill.

    Raises UsageError for a limit or folder that cannot be.
    """
    try:
        if spill_folder is not None:
            Path(spill_folder).mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(
            prefix=SPILL, dir=spill_folder, ignore_cleanup_errors=True
        )
    except OSError as error:
        where = "the temporary folder" if spill_folder is None else f"`{spill_folder}`"
        message = f"{where} cannot be used to spill to: {(error.strerror or str(error)).lower()}"
        raise UsageError(Diagnostic("KR860", message)) from error
    settings: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": folder.name,
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    if threads is not None:
        settings["threads"] = threads
    try:
        connection = duckdb.connect(":memory:", config=settings)
    except duckdb.Error as error:
        folder.cleanup()
        raise UsageError(_refused(memory_limit, threads, error)) from error
    connection.execute(f"SET disabled_optimizers = '{','.join(WITHOUT)}'")
    # else a time with a zone would be written by the machine's
    connection.execute("SET TimeZone = 'UTC'")
    lay_endings(connection)
    # how far a statement is can be asked only then; nothing is printed
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    return connection, folder


def _refused(memory_limit: str | None, threads: int | None, error: duckdb.Error) -> Diagnostic:
    if threads is not None and threads < 1:
        return Diagnostic("KR861", f"`{threads}` is no number of threads; at least 1 is needed")
    message = f"`{memory_limit}` is no amount of memory: {_first_line(error)}"
    return Diagnostic("KR861", message, help="write it like 2GB or 500MB")


def most_memory(connection: duckdb.DuckDBPyConnection) -> float:
    """Return the most memory that a connection takes, in bytes."""
    written = str(connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])
    number, _, unit = written.partition(" ")
    return float(number) * UNITS.get(unit, 1)


def literally(path: Path) -> str:
    """Return a path as DuckDB wants it: nothing in a name means a pattern."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in str(path))


@contextmanager
def told_as_data() -> Iterator[None]:
    """Turn what DuckDB says of sources, memory and disk into a DataError."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        message = f"there is not enough memory or disk to spill to: {_first_line(error)}"
        mend = "give it more with a higher memory limit, or name a spill folder on a larger disk"
        raise DataError(Diagnostic("KR862", message, help=mend)) from error
    except duckdb.InternalException:
        raise
    except (duckdb.IOException, duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise DataError(
            Diagnostic("KR863", f"the book cannot be read: {_first_line(error)}")
        ) from error
    except duckdb.Error as error:
        if type(error) is not duckdb.Error:
            raise
        # what Python raised where DuckDB reads through it, such as a server that is gone
        found = RAISED.search(str(error))
        why = found[0] if found else _first_line(error)
        raise DataError(Diagnostic("KR863", f"the book cannot be read: {why}")) from error


def _first_line(error: BaseException) -> str:
    line = next((each for each in str(error).splitlines() if each.strip()), type(error).__name__)
    return line.partition("Error: ")[2] or line
