"""An executor that dies in the middle of a run changes nothing of what comes out."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import duckdb
import spark_scene
from spark_scene import assert_same, run, small


def executors(spark):
    """Return the executors' processes by their ids: they are below the driver's Java machine."""
    machine = spark.sparkContext._gateway.proc.pid
    parents, found = {}, {}
    for each in Path("/proc").iterdir():
        if not each.name.isdigit():
            continue
        try:
            parents[int(each.name)] = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            words = (each / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended in this moment
        if "org.apache.spark.executor.CoarseGrainedExecutorBackend" in words:
            found[int(each.name)] = words[words.index("--executor-id") + 1]
    return {name: pid for pid, name in found.items() if machine in _above(pid, parents)}


def _above(pid, parents):
    while pid in parents:
        pid = parents[pid]
        yield pid


class Killing:
    """Kills one executor by SIGKILL as soon as it is at work for the run, and remembers which."""

    def __init__(self, spark):
        self.spark = spark
        self.killed = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _watch(self):
        active_only = True
        store = self.spark.sparkContext._jsc.sc().statusStore()
        while not self._ended.wait(0.02):
            listed = store.executorList(active_only)
            for number in range(listed.size()):
                one = listed.apply(number)
                # its second task at least: what it has done before is lost with it
                if one.id() != "driver" and one.activeTasks() and one.completedTasks():
                    pid = executors(self.spark).get(one.id())
                    if pid is not None:
                        os.kill(pid, signal.SIGKILL)
                        self.killed = one.id()
                        return


def removed(spark):
    """Return the ids of executors that Spark has lost."""
    active_only = False
    listed = spark.sparkContext._jsc.sc().statusStore().executorList(active_only)
    found = [listed.apply(number) for number in range(listed.size())]
    return {each.id() for each in found if not each.isActive()}


def book_of(folder):
    """Write a book that takes an executor some seconds, and return its folder."""
    small(folder)
    duckdb.sql(
        """SELECT 'K' || i AS account_id, 'Account ' || i AS name, (i % 200)::DECIMAL(9, 2) AS revenue,
        DATE '2000-01-01' + (i % 9000)::INTEGER AS since, ['food', 'steel', 'coal'][i % 3 + 1] AS sector
        FROM range(20000) t(i)"""
    ).write_parquet(str(folder / "accounts.parquet"))
    duckdb.sql(
        """SELECT 'K' || (i * 7919 % 20100) AS account_id, DATE '2024-01-01' + (i % 900)::INTEGER AS date,
        (i % 1000)::DECIMAL(9, 2) / 8 AS amount, i % 3 > 0 AS paid FROM range(200000) t(i)"""
    ).write_parquet(str(folder / "orders.parquet"))
    return folder


def test_a_run_that_loses_an_executor_comes_out_as_one_that_does_not(spark, tmp_path):
    book = book_of(tmp_path / "book")
    words = {"ruleset": str(book / "rules.toml"), "as_of": spark_scene.AS_OF, "leave_out": True}
    ours = run("duckdb", book, tmp_path / "duckdb", **words).report
    before = set(executors(spark))
    assert len(before) == 2
    with Killing(spark) as killing:
        theirs = run("spark", book, tmp_path / "spark", **words).report
    assert killing.killed in before
    assert killing.killed in removed(spark)
    assert_same(tmp_path)
    assert theirs["counts"] == ours["counts"]
    assert theirs["quality"] == ours["quality"]
    assert theirs["accounts"] == 20000
