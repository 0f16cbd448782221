"""Books of many accounts: the book's order with several threads, little memory, the same every time."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING

import duckdb
import pytest

from kamrules.book import Book, BookTable
from kamrules.diagnostics import UsageError
from kamrules.memory import EarlierFiles
from tests.engines.sql.scene import decided, program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("each_engine")

COUNT = 300_000
RULES = """
[class.big]
when = "money > 500"
[class.small]
when = "not (money > 500)"
[action.sell]
title = "{money} {total}"
when = "money > 300"
priority = "number"
owner = "seller"
due_days = 3
because = "{rows} orders"
cooldown_days = 30
"""
IDS = f"'A' || ((i * {{}}) % {COUNT})::VARCHAR || '-{'x' * 30}'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("many")
    tables = {
        "accounts": f"SELECT {IDS.format(7919)} AS account_id, (i * 31) % 1000 AS money,"
        f" (i * 17) % 100 AS number, (i * 13) % 7 AS yes FROM range({COUNT}) t(i)",
        "orders": f"SELECT {IDS.format(104729)} AS account_id, (i * 37) % 1000 AS amount"
        f" FROM range({3 * COUNT}) t(i)",
    }
    states = f"SELECT {IDS.format(13)} AS account_id, 'big' AS class, NULL AS tier FROM range({COUNT}) t(i)"
    proposals = (
        f"SELECT {IDS.format(17)} AS account_id, 'sell' AS action, DATE '2026-06-15' AS proposed_on"
        f" FROM range({COUNT // 2}) t(i)"
    )
    with duckdb.connect() as connection:
        for name, query in tables.items():
            to = found / name
            connection.execute(f"COPY ({query}) TO '{to}.parquet' (ROW_GROUP_SIZE 10000)")
            connection.execute(f"COPY ({query}) TO '{to}.csv' (HEADER)")
        for name, query in (("states", states), ("proposals", proposals)):
            connection.execute(f"COPY ({query}) TO '{found / name}.csv' (HEADER)")
    return found


def book(folder: Path, form: str, *names: str) -> Book:
    tables = {each: BookTable(each, f"{form}:{each}.{form}", folder) for each in names}
    return Book("many", tables)


def ids(folder: Path) -> list[str]:
    with duckdb.connect() as connection:
        rows = connection.sql(f"SELECT account_id FROM '{folder / 'accounts.parquet'}'").fetchall()
    return [row[0] for row in rows]


def printed(decisions) -> str:
    """Return a digest of all output tables, rows in their order."""
    found = hashlib.sha256()
    for relation in decisions.tables.values():
        found.update(repr(relation.fetchall()).encode())
    return found.hexdigest()


@pytest.fixture(scope="module")
def expected(folder):
    """Return what one thread with all the memory says."""
    with decided(program("money", more=RULES), everything(folder, "parquet"), threads=1,
                 earlier=before(folder)) as decisions:  # fmt: skip
        return printed(decisions)


def everything(folder: Path, form: str) -> Book:
    return book(folder, form, "accounts", "orders")


def before(folder: Path) -> EarlierFiles:
    return EarlierFiles(folder / "states.csv", folder / "proposals.csv")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("names", [("accounts",), ("accounts", "orders")])
def test_accounts_come_out_in_the_books_order_whatever_the_number_of_threads(folder, form, names):
    with decided(program("money", more=RULES), book(folder, form, *names), threads=4) as decisions:
        rows = decisions.tables["decisions"].project("account_id").fetchall()
        actions = decisions.tables["actions"].project("account_id").fetchall()
    wanted = ids(folder)
    assert [row[0] for row in rows] == wanted
    place = {each: number for number, each in enumerate(wanted)}
    places = [place[row[0]] for row in actions]
    assert places == sorted(places)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("parquet", {"threads": 4}),
        ("csv", {"threads": 4}),
        ("parquet", {"threads": 2, "memory_limit": "200MB"}),
        ("csv", {"threads": 2, "memory_limit": "200MB"}),
    ],
)
def test_threads_form_and_memory_change_nothing(folder, expected, form, options, tmp_path):
    with decided(program("money", more=RULES), everything(folder, form), earlier=before(folder),
                 spill_folder=tmp_path / "spill", **options) as decisions:  # fmt: skip
        assert printed(decisions) == expected
    assert list((tmp_path / "spill").iterdir()) == []


@pytest.mark.slow
def test_lists_of_words_keep_the_books_order(tmp_path):
    query = "SELECT i::VARCHAR AS account_id, 'w' || i % 9 AS name FROM range(300000) t(i)"
    rules = """
[fact.listed]
type = "bool"
value = "name in ['w0', 'w1', 'w2', 'w3', 'w4', 'w5', 'w6']"
"""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY ({query}) TO '{tmp_path}/accounts.parquet' (ROW_GROUP_SIZE 10000)"
        )
    accounts = book(tmp_path, "parquet", "accounts")
    with decided(program("listed", more=rules), accounts, threads=4) as decisions:
        rows = decisions.tables["actions"].project("account_id, title").fetchall()
    assert rows == [(str(each), "yes" if each % 9 < 7 else "no") for each in range(300_000)]


@pytest.mark.slow
def test_duplicates_far_apart_keep_the_first_and_its_place(tmp_path):
    query = "SELECT (i % 200000)::VARCHAR AS account_id, i AS money FROM range(300000) t(i)"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY ({query}) TO '{tmp_path}/accounts.parquet' (ROW_GROUP_SIZE 10000)"
        )
    with decided(program("money"), book(tmp_path, "parquet", "accounts"), threads=4) as decisions:
        rows = decisions.tables["actions"].project("account_id, title").fetchall()
        problem = decisions.quality.tables[0].problems[0]
    assert [int(row[0]) for row in rows] == list(range(200_000))
    assert all(row[1].replace(",", "") == row[0] for row in rows)
    assert (problem.code, problem.count) == ("KR642", 100_000)


def test_several_parquet_files_are_one_book_in_the_order_of_their_names(tmp_path):
    with duckdb.connect() as connection:
        for part in range(3):
            query = f"SELECT (i + {part * 5})::VARCHAR AS account_id, i AS money FROM range(5) t(i)"
            connection.execute(f"COPY ({query}) TO '{tmp_path}/part{part}.parquet'")
        connection.execute(
            f"COPY (SELECT '7' AS account_id, 1 AS amount) TO '{tmp_path}/orders.parquet'"
        )
    tables = {
        "accounts": BookTable("accounts", "parquet:part*.parquet", tmp_path),
        "orders": BookTable("orders", "parquet:orders.parquet", tmp_path),
    }
    with decided(program("total"), Book("parts", tables)) as decisions:
        rows = decisions.tables["decisions"].project("account_id").fetchall()
    assert [row[0] for row in rows] == [str(each) for each in range(15)]


def test_parquet_files_with_columns_named_as_duckdbs_own_are_read_all_the_same(tmp_path):
    with duckdb.connect() as connection:
        query = "SELECT * FROM (VALUES ('B', 'x', 1), ('A', 'y', 2)) t(account_id, file_row_number, money)"
        connection.execute(f"COPY ({query}) TO '{tmp_path}/accounts.parquet'")
    with decided(program("money"), book(tmp_path, "parquet", "accounts")) as decisions:
        rows = decisions.tables["actions"].project("account_id, title").fetchall()
    assert rows == [("B", "1"), ("A", "2")]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"memory_limit": "much"}, "KR861", "`much` is no amount of memory"),
        ({"threads": 0}, "KR861", "`0` is no number of threads"),
        ({"spill_folder": "file"}, "KR860", "cannot be used to spill to"),
    ],
)
def test_limits_that_cannot_be_are_refused(tmp_path, options, code, words):
    (tmp_path / "file").write_text("")
    if "spill_folder" in options:
        options = {"spill_folder": tmp_path / "file"}
    table = [{"account_id": "A", "day": datetime.date(2026, 1, 1)}]
    with pytest.raises(UsageError) as caught:
        decided(program("day"), Book.of(tables={"accounts": table}), **options)
    assert caught.value.diagnostics[0].code == code
    assert words in str(caught.value)
