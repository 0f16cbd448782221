"""What databases cost: reading beside ADBC alone, upserting beside a bare COPY, memory of large tables.

python -m benchmarks.databases [--rows 1000000 3000000 10000000]
"""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from kamrules.adapters.database import open_sink, open_table
from kamrules.book import BookTable
from kamrules.contracts import Run, Target
from tests.adapters.database import servers

ROWS, DECISIONS, TIMES = 500_000, 100_000, 7
SIZES = (1_000_000, 3_000_000, 10_000_000)
LIMIT = "100MB"
VARIABLE = "KAM_BENCHMARK_PASSWORD"
TABLE = """CREATE TABLE {name} AS SELECT 'C-' || (i % 10000) AS account_id,
    date '2020-01-01' + (i % 2000)::int AS date,
    ((i % 100000) / 7.0)::numeric(14, 2) AS amount, (i % 1000) / 3.0::float8 AS margin, (i % 7)::int AS kind
    FROM generate_series(1, {rows}) i"""
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
    parser.add_argument("--read", nargs=2, metavar=("URI", "TABLE"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.read:
        return _read_and_tell(*asked.read)
    os.environ[VARIABLE] = servers.PASSWORD
    with servers.postgres_on_loopback(servers.PASSWORD) as server:
        uri = f"postgresql://tester:${{env:{VARIABLE}}}@127.0.0.1:{server.port}/postgres"
        plain = _plain(server)
        _reading("PostgreSQL", uri, plain)
        _upserting(uri, plain)
        for rows in asked.rows:
            plain.execute(TABLE.format(name="large", rows=rows))
            _memory(uri, rows)
            plain.execute("DROP TABLE large")
        plain.close()
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


def _memory(uri, rows):
    """Read a large table in a process of its own, and print the most memory that it took."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.databases", "--read", uri, "large"],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    peak, took = done.stdout.split()
    print(
        f"{rows:>12,} rows with a memory limit of {LIMIT}: {peak} MB at most, {float(took):.1f} s"
    )


def _read_and_tell(uri, table):
    with tempfile.TemporaryDirectory() as folder:
        connection = duckdb.connect(config={"memory_limit": LIMIT, "temp_directory": folder})
        begun = time.perf_counter()
        rows = open_table(BookTable("orders", uri, options={"table": table}), connection).rows
        rows.aggregate("count(*), sum(amount)").fetchall()
        took = time.perf_counter() - begun
        peak = _most_memory()
        print(peak, took)
        connection.close()
    return 0


def _most_memory():
    """Return the most memory that this process held, in MB; getrusage would begin with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    sys.exit(main())
