"""Parquet files of equal tables are equal, byte for byte, however many threads there are to write them."""

from __future__ import annotations

import duckdb
import pytest

from kamrules.adapters.parquet import write_parquet
from kamrules.run.parts import Parts

ROWS = 1_000_000
"""More than eight groups of rows, as DuckDB has them."""


@pytest.fixture
def connection():
    with duckdb.connect() as made:
        made.execute(f"CREATE TABLE book AS SELECT i FROM range({ROWS}) t(i)")
        yield made


def written(connection, folder, threads, write):
    """Return the bytes of what several threads write, after which there are as many as before."""
    connection.execute(f"SET threads = {threads}")
    below = folder / str(threads)
    below.mkdir()
    names = write({"gaps": connection.sql("FROM book WHERE i % 10 < 7")}, below)
    told = connection.execute("SELECT current_setting('threads')").fetchone()
    assert told == (threads,)
    return {name: (below / name).read_bytes() for name in names}


@pytest.mark.parametrize("rows_per_file", [None, 400_000])
def test_files_do_not_depend_on_how_many_threads_there_are(connection, tmp_path, rows_per_file):
    def write(tables, folder):
        def whole(some, into):
            return write_parquet(some, into, connection)

        if rows_per_file is None:
            return whole(tables, folder)
        return Parts(connection, folder, whole, rows_per_file, ()).write(tables)

    one, several = (written(connection, tmp_path, threads, write) for threads in (1, 4))
    assert len(one) == (1 if rows_per_file is None else 2)
    assert several == one
