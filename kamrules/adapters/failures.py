"""What DuckDB and the file system refuse, told as a diagnostic; adapters see DuckDB only as a connection."""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kamrules.diagnostics import DataError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kamrules.book import BookTable

_OWN = re.compile(r"^[A-Za-z ]*Error: ")
_SERVED = re.compile(r"kamrules\d+://\d+/")
"""What stands before the names of remote files where DuckDB reads them."""
_FULL = re.compile(r"no space left|disk (is )?full|max_temp_directory_size", re.IGNORECASE)
_LIMIT = re.compile(r"file too large|quota", re.IGNORECASE)


def of_duckdb(error: BaseException) -> bool:
    """Return whether DuckDB raised an error that is about its work, not about being stopped."""
    names = {each.__name__ for each in type(error).__mro__ if "duckdb" in each.__module__}
    return "Error" in names and names.isdisjoint(
        {"InterruptException", "InternalException", "FatalException", "OutOfMemoryException"}
    )


def told(error: BaseException) -> str:
    """Return the first line of what went wrong, without the class that DuckDB writes before it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    first = next((each for each in str(error).splitlines() if each.strip()), type(error).__name__)
    text = _SERVED.sub("", _OWN.sub("", first)).strip().rstrip(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


@contextmanager
def reading(table: BookTable, what: str) -> Iterator[None]:
    """Turn a failure to read a table's rows into a DataError: `what` is not to be read as it should."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, OSError) and not of_duckdb(error):
            raise
        message = f"`{table.location}` cannot be read as {what}: {told(error)}"
        raise DataError(table.fault("KR623", message, "from")) from error


@contextmanager
def writing(folder: Path, name: str) -> Iterator[None]:
    """Turn a failure to write a file into a DataError with one clear sentence."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, OSError) and not of_duckdb(error):
            raise
        if full(error):
            message = f"the disk is full: `{name}` cannot be written"
            mend = "free some space, or name a folder on another disk"
            raise DataError(Diagnostic("KR648", message, help=mend)) from error
        message = f"`{name}` cannot be written: {told(error)}".replace(os.fspath(folder), "")
        raise DataError(Diagnostic("KR648", message)) from error


def full(error: BaseException) -> bool:
    """Return whether an error says that there is no room left for a file."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return True
    return _FULL.search(str(error)) is not None or _LIMIT.search(str(error)) is not None
