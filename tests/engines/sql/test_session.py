"""The engine as a guest in another process: quiet at exit, interruptible, loaded only when needed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import duckdb
import pytest

from kamrules.book import Book, BookTable
from tests.engines.sql.scene import decided, program

START = """
import sys
from tests.engines.sql.scene import *
book = Book.of(tables={"accounts": [{"account_id": "A", "money": 1}], "orders": []})
rules = program("money", "total")
"""
ENDINGS = {
    "closed": "with decided(rules, book) as d: print(rows(d.tables['actions']))",
    "never closed": "d = decided(rules, book); print(rows(d.tables['actions']))",
    "a relation kept": "d = decided(rules, book); t = d.tables; d.close()",
    "left in the middle": "with decided(rules, book) as d: t = d.tables; sys.exit(0)",
    "summed up": "with decided(rules, book) as d: d.summary(); d.urgent(); kept = d.tables",
    "failed": """
try:
    decided(rules, Book.of(tables={"accounts": [{"id": "A"}]}))
except Exception as error:
    kept = error
""",
    "failed when read": """
with decided(rules, book) as d:
    t = d.tables["actions"]
try:
    t.fetchall()
except Exception as error:
    kept = error
""",
}


@pytest.mark.parametrize("how", ENDINGS)
def test_nothing_is_said_at_exit(how):
    told = subprocess.run(
        [sys.executable, "-c", START + ENDINGS[how]], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_the_machines_time_zone_changes_nothing():
    code = """
import datetime, pyarrow as pa
from tests.engines.sql.scene import *
late = datetime.datetime(2026, 1, 2, 4, 30, tzinfo=datetime.timezone.utc)
values = pa.array([late], pa.timestamp("us", tz="UTC"))
table = pa.table({"account_id": ["A"], "day": values, "name": values})
print(told(Book.of(tables={"accounts": table}), "day", "name")["A"])
"""
    found = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                       env={**os.environ, "TZ": zone}).stdout
        for zone in ("UTC", "America/New_York", "Asia/Shanghai")
    }  # fmt: skip
    assert found == {"2026-01-02 2026-01-02 04:30:00+00\n"}


def test_importing_kamrules_imports_neither_duckdb_nor_sqlglot():
    code = "import sys, kamrules; print(sorted({'duckdb', 'sqlglot', 'click', 'rich'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_work_can_be_stopped_from_another_thread(tmp_path):
    with duckdb.connect() as connection:
        query = "SELECT i::VARCHAR AS account_id, i AS amount FROM range(3000000) t(i)"
        connection.execute(f"COPY ({query}) TO '{tmp_path}/orders.parquet'")
        connection.execute(
            f"COPY (FROM '{tmp_path}/orders.parquet') TO '{tmp_path}/accounts.parquet'"
        )
    tables = {
        name: BookTable(name, f"parquet:{name}.parquet", tmp_path)
        for name in ("accounts", "orders")
    }

    def soon(stop):
        timer = threading.Timer(0.3, stop)
        timer.start()

    with pytest.raises(duckdb.InterruptException):
        decided(program("total", "rows"), Book("long", tables), stoppable=soon, threads=1,
                spill_folder=tmp_path / "spill")  # fmt: skip
    assert list((tmp_path / "spill").iterdir()) == []


def test_what_was_spilled_is_gone_when_decisions_are_closed_or_fail(tmp_path):
    book = Book.of(tables={"accounts": [{"account_id": "A", "money": 1}]})
    with decided(program("money"), book, spill_folder=tmp_path / "a"):
        assert list((tmp_path / "a").iterdir()) != []
    assert list((tmp_path / "a").iterdir()) == []
    with pytest.raises(Exception, match="KR850"):
        decided(
            program("money"),
            Book.of(tables={"accounts": [{"id": "A"}]}),
            spill_folder=tmp_path / "b",
        )
    assert list((tmp_path / "b").iterdir()) == []
