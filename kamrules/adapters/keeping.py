"""Keeping rows that come only once: in DuckDB's memory, or when they are many in a file where it spills."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.copying import in_one_thread
from kamrules.adapters.failures import full, told
from kamrules.adapters.formulas import literal, quoted
from kamrules.adapters.paths import escaped
from kamrules.diagnostics import DataError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MANY = 64 << 20
"""Rows of more bytes than this, as far as that is known before they come, are kept in a file."""
ORDER = "rowid"
"""The column of what is kept whose whole numbers rise in the order in which the rows came."""
_VALUES, _MOST_ROWS, _FEWEST_ROWS = 2_000_000, 122_880, 8_192
"""So many values are in a row group of a file, and so many rows at most and at least."""
_NUMBERS = itertools.count(1)


def keep(  # noqa: PLR0913, PLR0917  what is kept, of what, and where
    connection: Any,  # noqa: ANN401  DuckDB's
    name: str,
    items: Sequence[str],
    names: Sequence[str],
    source: str,
    size: int,
) -> None:
    """Keep what is selected of a relation under a quoted name: as a temporary table, or as a view of a file.

    `items` are expressions of SQL over `source`, which stands behind FROM; `names` are the columns that they
    become. `size` is about how many bytes all rows have. A table grows in memory with its rows, up to
    DuckDB's limit; a file is written and read bit by bit. Both have a column ORDER, which `*` shows of a view
    only. Rows that have one of that name, and those of a connection that spills nowhere, become a table.

    Raises DataError (KR862) when the disk is full.
    """
    own = any(each.casefold() == ORDER for each in names)
    folder = spill_folder(connection) if size > MANY and not own else None
    if folder is None:
        selected = [f"{item} AS {quoted(each)}" for item, each in zip(items, names, strict=True)]
        query = f"SELECT {', '.join(selected)} FROM {source}"  # noqa: S608  quoted by who asks
        connection.execute(f"CREATE TEMP TABLE {name} AS {query}")
        return
    path = Path(folder) / f"kept-{next(_NUMBERS)}.parquet"
    inside = [f"c{place}" for place in range(len(items))]
    selected = [f"{item} AS {each}" for item, each in zip(items, inside, strict=True)]
    rows = max(min(_VALUES // len(items), _MOST_ROWS), _FEWEST_ROWS)
    # several threads gather row groups until they can be written in order, without limit
    with in_one_thread(connection), _spilling():
        query = f"SELECT {', '.join(selected)} FROM {source}"  # noqa: S608
        how = f"FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE {rows}"
        connection.execute(f"COPY ({query}) TO {literal(str(path))} ({how})")
    named = [f"{each} AS {quoted(own)}" for each, own in zip(inside, names, strict=True)]
    connection.execute(
        f"CREATE TEMP VIEW {name} AS SELECT {', '.join(named)}, file_row_number AS {ORDER} "  # noqa: S608
        f"FROM read_parquet({literal(escaped(str(path)))}, hive_partitioning = false)"
    )


def spill_folder(connection: Any) -> str | None:  # noqa: ANN401  DuckDB's
    """Return the folder in which a connection spills, None when it has none that is there."""
    ((folder,),) = connection.execute("SELECT current_setting('temp_directory')").fetchall()
    return folder if folder and Path(folder).is_absolute() and Path(folder).is_dir() else None


@contextmanager
def _spilling() -> Iterator[None]:
    """Tell of a disk that is full as when DuckDB itself finds no room to spill."""
    try:
        yield
    except Exception as error:
        if "duckdb" not in type(error).__module__ or not full(error):
            raise
        message = f"there is not enough disk to spill to: {told(error)}"
        mend = "name a spill folder on a larger disk"
        raise DataError(Diagnostic("KR862", message, help=mend)) from error
