"""Polars decides what DuckDB decides, whatever the book, in one pass or several, and its files are alike."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from kamrules.book import Book, BookTable
from kamrules.diagnostics import DataError
from kamrules.engines import DUCKDB, POLARS
from kamrules.engines.polars import deciding
from kamrules.engines.polars.writing import told_as_data, write
from tests.engines.sql.scene import csv_book, decided, program, rows
from tests.engines.sql.test_results import RULES

ACTIONS = "".join(
    f"""
[action.more{number}]
title = "more {number}"
when = "money > {number}"
priority = "{number}.5"
owner = "seller"
due_days = {number}
because = "{{money}} is over {number}"
cooldown_days = 9
"""
    for number in range(1, 12)
)
"""More than can be found by a network when all are kept."""
ACCOUNTS = ("A", 120.5), ("B", 30), ("C", 1), ("D", None), ("E", 65), ("F", 12_345_678.9)


@pytest.fixture
def parquet(tmp_path):
    """Return a function that writes accounts as a Parquet file, and gives the book."""

    def written(*accounts, kind="decimal(12, 2)"):
        items = ", ".join(
            f"('{key}', {'NULL' if value is None else value})" for key, value in accounts
        )
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT col0 AS account_id, CAST(col1 AS {kind}) AS money FROM (VALUES {items})) "
                f"TO '{tmp_path}/accounts.parquet'"
            )
        table = BookTable("accounts", "parquet:accounts.parquet", tmp_path)
        return Book("flat", {"accounts": table})

    return written


def tables(rules, book, engine, **options):
    with decided(rules, book, engine=engine, **options) as found:
        return {name: rows(each) for name, each in found.tables.items()}, found.summary()


@pytest.mark.parametrize("kind", ["decimal(12, 2)", "double", "integer", "decimal(38, 2)"])
@pytest.mark.parametrize("top", [3, 100])
def test_a_parquet_file_is_decided_alike(parquet, kind, top):
    rules, book = program(more=RULES + ACTIONS), parquet(*ACCOUNTS, kind=kind)
    ours, theirs = (tables(rules, book, engine, top=top) for engine in (POLARS, DUCKDB))
    assert ours == theirs
    most = max(row["rank"] for row in ours[0]["actions"])
    assert most == (3 if top == 3 else 13)


def test_an_account_that_is_there_twice_counts_once(parquet):
    rules, book = program(more=RULES), parquet(*ACCOUNTS, ("B", 99), ("", 5))
    with decided(rules, book, engine=POLARS) as found:
        kept = [row["account_id"] for row in rows(found.tables["decisions"])]
        told = [(each.code, each.count) for each in found.quality.tables[0].problems]
    assert kept == [key for key, _ in ACCOUNTS]
    assert told == [("KR640", 1), ("KR642", 1)]


def test_many_accounts_are_decided_in_a_pass_for_each_table_with_the_same_outcome(
    parquet, monkeypatch
):
    rules, book = program(more=RULES + ACTIONS), parquet(*ACCOUNTS)
    in_one = tables(rules, book, POLARS)
    monkeypatch.setattr(deciding, "AT_ONCE", 0)
    steps = []
    assert tables(rules, book, POLARS, progress=lambda step, *_: steps.append(step)) == in_one
    told = [step for step, _ in groupby(steps)]
    first = told.index("writing decisions")
    assert told[first:] == [f"writing {name}" for name in in_one[0]]


def test_rows_that_are_summed_up_stand_beside_their_accounts(tmp_path):
    book = csv_book(
        tmp_path,
        accounts="account_id\nB\nA\nC\n",
        orders="account_id,amount\nA,1.10\nB,2\nA,3\nX,9\n",
    )
    rules = program("total", "rows")
    ours, theirs = (tables(rules, book, engine) for engine in (POLARS, DUCKDB))
    assert ours == theirs
    assert [row["title"] for row in ours[0]["actions"]] == ["2 1", "4 2", "0 0"]


def test_sums_stand_beside_the_accounts_of_a_parquet_file_in_their_order(tmp_path):
    accounts, each = 5_000, 3
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT printf('A%04d', i * 7 % 5000) AS account_id, i AS money "
            f"FROM range({accounts}) t(i)) TO '{tmp_path}/accounts.parquet'"
        )
        connection.execute(
            "COPY (SELECT printf('A%04d', i % 5000) AS account_id, i % 5000 AS amount "
            f"FROM range({accounts * each}) t(i)) TO '{tmp_path}/orders.parquet'"
        )
    names = "accounts", "orders"
    book = Book(
        "both", {name: BookTable(name, f"parquet:{name}.parquet", tmp_path) for name in names}
    )
    rules = program("money", "total", "rows")
    ours, theirs = (tables(rules, book, engine) for engine in (POLARS, DUCKDB))
    assert ours == theirs
    for place, row in enumerate(ours[0]["actions"]):
        number = place * 7 % accounts
        assert row["account_id"] == f"A{number:04}"
        assert row["title"].replace(",", "") == f"{place} {number * each} {each}"


def test_files_say_of_their_columns_what_those_of_duckdb_say(parquet, tmp_path):
    rules, book = program(more=RULES), parquet(*ACCOUNTS)
    (tmp_path / "out").mkdir()
    with decided(rules, book, engine=POLARS, into=tmp_path / "out") as found:
        assert found.files == tuple(f"{name}.parquet" for name in found.tables)
    with decided(rules, book, engine=DUCKDB) as found:
        for name, relation in found.tables.items():
            relation.write_parquet(str(tmp_path / f"{name}.parquet"))
            ours = pl.read_parquet_schema(tmp_path / "out" / f"{name}.parquet")
            assert ours == pl.read_parquet_schema(tmp_path / f"{name}.parquet")
            texts = {
                str(each) for each in pq.read_schema(tmp_path / "out" / f"{name}.parquet").types
            }
            assert texts <= {"large_string", "double", "int64", "date32[day]"}


def test_whatever_is_in_a_folders_name_is_no_pattern(parquet, tmp_path):
    out = tmp_path / "a[b]*?"
    out.mkdir()
    with decided(program(more=RULES), parquet(*ACCOUNTS), engine=POLARS, into=out) as found:
        assert len(rows(found.tables["decisions"])) == len(ACCOUNTS)


@pytest.mark.parametrize("engine", [POLARS, DUCKDB])
@pytest.mark.parametrize("column", ["account_id", "money"])
def test_a_damaged_file_is_told_of(column, engine, tmp_path):
    path = tmp_path / "accounts.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT hash(i)::VARCHAR AS account_id, (hash(i + 7) % 99991)::DOUBLE AS money "
            f"FROM range(5000) t(i)) TO '{path}'"
        )
        ((first, size),) = connection.execute(
            "SELECT coalesce(dictionary_page_offset, data_page_offset), total_compressed_size "
            f"FROM parquet_metadata('{path}') WHERE path_in_schema = '{column}'"
        ).fetchall()
    written = bytearray(path.read_bytes())
    for place in range(first + size // 4, first + size - 8, 50):
        written[place] ^= 0x5A
    path.write_bytes(written)
    book = Book("flat", {"accounts": BookTable("accounts", "parquet:accounts.parquet", tmp_path)})
    with pytest.raises(DataError) as caught:
        decided(program(more=RULES), book, engine=engine)
    assert [each.code for each in caught.value.diagnostics] == ["KR863"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is full")
def test_a_full_disk_is_told_of():
    rows = pl.LazyFrame({"x": range(1000)})
    with pytest.raises(DataError) as caught, told_as_data():
        write({Path("/dev/full"): rows}, {})
    (told,) = caught.value.diagnostics
    assert (told.code, told.message) == (
        "KR862",
        "the decisions cannot be written: no space left on device",
    )
