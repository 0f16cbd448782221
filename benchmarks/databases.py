"""What databases cost: reading beside ADBC alone, few columns of many, upserts beside a bare COPY, memory.

python -m benchmarks.databases [--rows 1000000 3000000 10000000]
"""

from __future__ import annotations

import argparse
import datetime
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import duckdb

from kamrules.adapters.database import open_sink, open_table
from kamrules.book import BookTable
from kamrules.contracts import Run, Target
from tests.adapters.database import servers

ROWS, DECISIONS, TIMES = 500_000, 100_000, 7
WIDE, COLUMNS, READ = 50_000, 200, 8
SIZES = (1_000_000, 3_000_000, 10_000_000)
ACCOUNTS = 10_000
VARIABLE = "KAM_BENCHMARK_PASSWORD"
TABLE = """CREATE TABLE {name} AS SELECT 'C-' || (i % 10000) AS account_id,
    date '2020-01-01' + (i % 2000)::int AS date,
    ((i % 100000) / 7.0)::numeric(14, 2) AS amount, (i % 1000) / 3.0::float8 AS margin, (i % 7)::int AS kind
    FROM generate_series(1, {rows}) i"""
RULES = """
[ruleset]
name = "small"
version = "1"
[table.accounts.column]
name = { type = "text" }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
margin = { type = "money" }
kind = { type = "integer" }
[fact.revenue]
type = "money"
value = "sum(orders[date > as_of - 365d].amount)"
[fact.earned]
type = "money"
value = "sum(orders[kind != 3].margin)"
[class.key]
level = 2
when = "coalesce(revenue, 0) >= 1_000_000 or earned >= 100_000"
[class.ordinary]
level = 1
when = "not (coalesce(revenue, 0) >= 1_000_000 or earned >= 100_000)"
"""
BOOK = """
[book]
as_of = 2024-06-30
[table.accounts]
from = "{uri}"
options = {{ table = "customers" }}
[table.orders]
from = "{uri}"
options = {{ table = "large" }}
"""
RUN = Run("kam", "1", "d", datetime.date(2026, 6, 30), "book", None)
DECIDED = f"""SELECT 'C-' || i AS account_id, 'Name ' || i AS name, DATE '2026-06-30' AS as_of,
    'ordinary' AS class, 'key' AS class_before, 'partner' AS tier, 'growth' AS phase, 'strategy' AS strategy,
    (i % 1000) / 10.0::DOUBLE AS attractiveness, (i % 777) / 10.0::DOUBLE AS relationship,
    (i % 5)::BIGINT AS actions, 'open_top_floor' AS top_action FROM range({DECISIONS}) t(i)"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.databases")
    parser.add_argument(
        "--rows", type=int, nargs="*", default=SIZES, help="sizes of the tables for memory"
    )
    parser.add_argument("--run", metavar="FOLDER", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.run:
        return _run_and_tell(asked.run)
    os.environ[VARIABLE] = servers.PASSWORD
    with servers.postgres_on_loopback(servers.PASSWORD) as server:
        uri = f"postgresql://tester:${{env:{VARIABLE}}}@127.0.0.1:{server.port}/postgres"
        plain = _plain(server)
        _reading("PostgreSQL", uri, plain)
        _of_many(uri, plain)
        _upserting(uri, plain)
        plain.execute(
            f"CREATE TABLE customers AS SELECT 'C-' || i AS account_id, 'Name ' || i AS name "
            f"FROM generate_series(0, {ACCOUNTS - 1}) i"
        )
        for rows in asked.rows:
            plain.execute(TABLE.format(name="large", rows=rows))
            _memory("PostgreSQL", uri, rows)
            plain.execute("DROP TABLE large")
        plain.close()
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "crm.db"
            _fill(path, rows)
            _memory("SQLite", f"sqlite:///{path}", rows)
    return 0


def _plain(server):
    import psycopg

    return psycopg.connect(
        host="127.0.0.1", port=server.port, user="tester", password=servers.PASSWORD, dbname="postgres",
        autocommit=True,
    )  # fmt: skip


def _reading(name, uri, plain):
    """Read a table by ADBC alone, as an Arrow table and drained, and by the source into DuckDB."""
    plain.execute(TABLE.format(name="orders", rows=ROWS))
    plain.execute("VACUUM ANALYZE orders")
    ways = {
        "ADBC, Arrow table": _arrow_table,
        "ADBC, drained": _drained,
        "kamrules, into DuckDB": _source,
    }
    took = {each: [] for each in ways}
    for _ in range(TIMES):
        for way, read in ways.items():
            took[way].append(_timed(read, uri))
    print(f"{ROWS:,} rows x 5 columns from {name}, {TIMES} times in turn")
    base = statistics.median(took["ADBC, Arrow table"])
    for way, times in took.items():
        middle = statistics.median(times)
        print(
            f"  {way:24}{min(times):7.3f} s least {middle:7.3f} s median {middle / base:6.2f} times"
        )
    print("  goal: at most 1.5 times ADBC alone")


def _timed(work, *arguments):
    begun = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begun


def _adbc(uri):
    import adbc_driver_postgresql.dbapi

    from kamrules.secrets import revealed_uri

    connection = adbc_driver_postgresql.dbapi.connect(revealed_uri(uri))
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM orders")
    return connection, cursor


def _arrow_table(uri):
    connection, cursor = _adbc(uri)
    assert cursor.fetch_arrow_table().num_rows == ROWS
    cursor.close()
    connection.close()


def _drained(uri):
    connection, cursor = _adbc(uri)
    assert sum(each.num_rows for each in cursor.fetch_record_batch()) == ROWS
    cursor.close()
    connection.close()


def _source(uri):
    connection = duckdb.connect()
    rows = open_table(BookTable("orders", uri), connection).rows
    assert rows.aggregate("count(*)").fetchall() == [(ROWS,)]
    connection.close()


def _of_many(uri, plain):
    """Read a few columns of a wide table, beside all of it."""
    others = ", ".join(
        f"(i * {number} % 997)::text AS more_{number}" for number in range(COLUMNS - 1)
    )
    plain.execute(
        f"CREATE TABLE wide AS SELECT 'C-' || (i % 10000) AS account_id, {others} "
        f"FROM generate_series(1, {WIDE}) i"
    )
    plain.execute("VACUUM ANALYZE wide")
    table = BookTable("orders", uri, options={"table": "wide"})
    few = table.wanting([f"more_{number}" for number in range(READ - 1)])
    took = {READ: [], COLUMNS: []}
    for _ in range(3):
        for count, one in ((READ, few), (COLUMNS, table)):
            took[count].append(_timed(_opened, one, count))
    print(f"{WIDE:,} rows from PostgreSQL, 3 times in turn")
    for count, times in took.items():
        print(f"  {count:>3} of {COLUMNS} columns      {min(times):7.3f} s least")


def _opened(table, count):
    with duckdb.connect() as connection:
        opened = open_table(table, connection)
        assert len(opened.rows.columns) == count + 1  # the order of the rows


def _upserting(uri, plain):
    """Upsert decisions over themselves, beside a COPY of the same rows into a table without a key."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE decided AS {DECIDED}")
    _deliver(uri, "replace", connection)
    columns = ", ".join(f'"{each}"' for each in connection.table("decided").columns)
    plain.execute(f"CREATE TABLE bare AS SELECT {columns} FROM kam_decisions LIMIT 0")
    upserts, copies = [], []
    for _ in range(TIMES):
        copies.append(_timed(_copy, plain, connection))
        upserts.append(_timed(_deliver, uri, "upsert", connection))
    print(
        f"upsert of {DECISIONS:,} decisions x 12 columns into PostgreSQL, all of them there, {TIMES} times"
    )
    for way, times in (("bare COPY", copies), ("kamrules, upsert", upserts)):
        middle = statistics.median(times)
        ratio = middle / statistics.median(copies)
        print(f"  {way:24}{min(times):7.3f} s least {middle:7.3f} s median {ratio:6.2f} times")
    print("  goal: under 3 s")
    connection.close()


def _deliver(uri, mode, connection):
    delivery = open_sink(Target(uri, RUN, mode))
    try:
        delivery.stage({"decisions": connection.table("decided")}, connection)
        delivery.commit()
    finally:
        delivery.abandon()


def _copy(plain, connection):
    plain.execute("TRUNCATE bare")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        connection.table("decided").write_csv(str(path), header=False)
        with plain.cursor() as cursor, cursor.copy("COPY bare FROM STDIN (FORMAT csv)") as copy:
            copy.write(path.read_bytes())


def _fill(path, rows):
    """Write the tables of the runs into a file of SQLite."""
    numbers = (
        "WITH RECURSIVE s(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM s WHERE i < {last})"
    )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            f"CREATE TABLE customers AS {numbers.format(first=0, last=ACCOUNTS - 1)} "
            "SELECT 'C-' || i AS account_id, 'Name ' || i AS name FROM s"
        )
        connection.execute(
            f"CREATE TABLE large AS {numbers.format(first=1, last=rows)} "
            "SELECT 'C-' || (i % 10000) AS account_id, "
            "date('2020-01-01', '+' || (i % 2000) || ' days') AS date, "
            "round((i % 100000) / 7.0, 2) AS amount, (i % 1000) / 3.0 AS margin, i % 7 AS kind FROM s"
        )
        connection.commit()


def _memory(name, uri, rows):
    """Run a book over a large table in a process of its own, and print the most memory that it took."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "book.toml").write_text(BOOK.format(uri=uri), encoding="utf-8")
        (Path(folder) / "rules.toml").write_text(RULES, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.databases", "--run", folder],
            check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
    peak, took = done.stdout.split()
    print(f"{rows:>12,} rows from {name} into a run: {peak} MB at most, {float(took):.1f} s")


def _run_and_tell(folder):
    from kamrules.run import Order, run_book

    begun = time.perf_counter()
    done = run_book(
        Order(book=folder / "book.toml", ruleset=str(folder / "rules.toml"), out=folder / "out")
    )
    took = time.perf_counter() - begun
    assert done.report["accounts"] == ACCOUNTS
    print(_most_memory(), took)
    return 0


def _most_memory():
    """Return the most memory that this process held, in MB; getrusage would begin with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    sys.exit(main())
