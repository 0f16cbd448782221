"""What is kept of rows that come only once, when they are few and when they are many."""

from __future__ import annotations

import resource
import subprocess
import sys

import duckdb
import pytest

from kamrules.adapters.keeping import MANY, keep

ROWS = 300_000
SOURCE = f"(SELECT ('A' || range) AS id, range::DECIMAL(18, 4) AS amount, -range AS n FROM range({ROWS}))"
READ = 'SELECT id, "a ""b""", rowid FROM kept'
FULL = """
import resource
import sys
import duckdb
from kamrules.adapters.keeping import MANY, keep
from kamrules.diagnostics import DataError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
with duckdb.connect(config={"temp_directory": sys.argv[1], "threads": 2}) as connection:
    try:
        keep(connection, "kept", ["range", "hash(range)"], ["a", "b"], "range(1000000)", MANY + 1)
    except DataError as error:
        print(error)
    print(connection.sql("SELECT current_setting('threads')").fetchall())
"""


def kept(folder, size, threads=2, names=("id", 'a "b"')):
    connection = duckdb.connect(config={"temp_directory": str(folder), "threads": threads})
    keep(connection, "kept", ["id", "amount"], names, SOURCE, size)
    return connection


@pytest.mark.parametrize("threads", [1, 2])
def test_many_rows_are_kept_in_a_file_and_are_the_same_in_the_same_order(threads, tmp_path):
    with kept(tmp_path, MANY, threads) as few:
        assert not list(tmp_path.iterdir())
        expected = few.sql(READ)
        types, rows = expected.types, expected.fetchall()
    with kept(tmp_path, MANY + 1, threads) as many:
        assert [each.suffix for each in tmp_path.iterdir()] == [".parquet"]
        found = many.sql(READ)
        assert found.types == types
        assert found.fetchall() == rows
        assert [line for *_, line in rows] == list(range(ROWS))
        # and the others go on with as many threads as before
        assert many.sql("SELECT current_setting('threads')").fetchall() == [(threads,)]


@pytest.mark.parametrize("own", ["rowid", "RowID"])
def test_a_column_called_as_the_order_is_stays_data(own, tmp_path):
    with kept(tmp_path, MANY + 1, names=("id", own)) as connection:
        assert connection.table("kept").columns == ["id", own]
        assert not list(tmp_path.iterdir())


def test_rows_of_a_connection_that_spills_nowhere_stay_in_memory(tmp_path):
    with kept(tmp_path / "gone", MANY + 1) as connection:
        assert connection.sql("SELECT count(*) FROM kept").fetchall() == [(ROWS,)]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["it's [a] *?", "c0=year"])
def test_a_folder_whose_name_means_something_to_duckdb_is_taken_as_it_is_called(name, tmp_path):
    (strange := tmp_path / name).mkdir()
    with kept(strange, MANY + 1) as connection:
        assert connection.table("kept").columns == ["id", 'a "b"', "rowid"]
        assert connection.sql("SELECT min(id), count(*) FROM kept").fetchall() == [("A0", ROWS)]


def test_tables_kept_on_one_connection_do_not_get_into_each_others_way(tmp_path):
    with kept(tmp_path, MANY + 1) as connection:
        keep(connection, "others", ["n"], ["n"], SOURCE, MANY + 1)
        assert connection.sql("SELECT min(n) FROM others").fetchall() == [(1 - ROWS,)]
        assert connection.sql("SELECT id FROM kept LIMIT 1").fetchall() == [("A0",)]


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs limits of the file size")
def test_a_disk_that_is_full_is_told_as_one(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], check=True, capture_output=True, text=True
    )
    assert "KR862" in done.stdout
    assert "there is not enough disk to spill to" in done.stdout
    assert "[(2,)]" in done.stdout
    assert not list(tmp_path.iterdir())
