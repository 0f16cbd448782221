"""Copying a relation into a file, in whatever form DuckDB writes, alike each time; and how many rows went."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kamrules.adapters.formulas import literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VIEW = "kamrules_copied"


@contextmanager
def in_one_thread(connection: Any) -> Iterator[None]:  # noqa: ANN401  DuckDB's
    """Let one thread do the work, such as writing equal rows as equal bytes.

    Where several threads give DuckDB fewer rows at a time than a row group of Parquet takes, it depends on
    which of them comes first where a group ends. It costs a third more time.
    """
    ((threads,),) = connection.execute("SELECT current_setting('threads')").fetchall()
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        connection.execute(f"SET threads = {int(threads)}")


def copied(connection: Any, relation: Any, path: Path, how: str) -> int:  # noqa: ANN401  DuckDB's
    """Write a relation of a connection to a file as `how` says (DuckDB's COPY), and return its rows."""
    relation.create_view(_VIEW, replace=True)
    copy = f"COPY (FROM {_VIEW}) TO {literal(str(path))} ({how})"
    ((rows,),) = connection.execute(copy).fetchall()
    connection.execute(f"DROP VIEW {_VIEW}")
    return int(rows)
