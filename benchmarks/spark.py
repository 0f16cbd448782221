"""Spark beside DuckDB on the same two cores: the same book and ruleset, from Parquet to Parquet.

    python -m benchmarks.spark                                       # 1 million accounts, 1 and 2 executors
    python -m benchmarks.spark --accounts 10_000_000 --folder /somewhere/large

Every run is a process of its own, as the command line does it. `local-cluster[N,1,MB]` starts N executors,
each a Java machine with one core; their start is told apart, since a cluster that stands does without. The
figures are for the record: on one machine the built-in engine is the one to take.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from benchmarks.books import ruleset, write_book
from benchmarks.folders import add_folder, working_folder

ROOT = Path(__file__).resolve().parents[1]
RUN = """
import datetime, json, sys
from pathlib import Path
from kamrules.plugins import Plugins
from kamrules.run import Order, run_book
book, out, rules, engine, master, memory = sys.argv[1:]
plugins = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""})
options, words = {}, {}
if engine == "spark":
    import kamrules_spark
    plugins.add(kamrules_spark)
    options = {"master": master, "spark.executor.memory": memory}
else:
    words = {"threads": 2, "memory_limit": "2GB", "spill_folder": Path(out).parent}
order = Order(Path(book), Path(out), ruleset=rules, as_of=datetime.date(2026, 6, 30), engine=engine,
              engine_options=options, **words)
print(json.dumps(run_book(order, plugins).report["durations"]))
"""


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.spark", description=__doc__.partition("\n")[0]
    )
    options.add_argument("--accounts", type=int, nargs="+", default=[1_000_000], metavar="N")
    options.add_argument("--executors", type=int, nargs="+", default=[1, 2], metavar="N")
    options.add_argument("--memory", type=int, default=2048, help="of an executor, in MB")
    options.add_argument("--repeat", type=int, default=2, help="the best of so many is told")
    add_folder(options)
    given = options.parse_args()
    with working_folder(given.folder) as folder:
        print("accounts     engine              seconds    of it start    processor    of DuckDB's")
        for accounts in given.accounts:
            _measure(folder, accounts, given)


def _measure(folder: Path, accounts: int, given: argparse.Namespace) -> None:
    book, rules = folder / f"accounts{accounts}.parquet", folder / "batch.toml"
    rules.write_text(ruleset(), encoding="utf-8")
    connection = duckdb.connect()
    write_book(connection, accounts, book)
    connection.close()
    masters = [f"local-cluster[{each},1,{given.memory}]" for each in given.executors]
    runs = {"duckdb": [], **{each: [] for each in masters}}
    # in turns, so that a busy machine is busy for all
    for _ in range(given.repeat):
        for name, found in runs.items():
            engine = "duckdb" if name == "duckdb" else "spark"
            out = folder / "out"
            words = [str(book), str(out), str(rules), engine, name, f"{given.memory}m"]
            found.append(_timed(words))
    fastest = {name: min(found) for name, found in runs.items()}
    for name, (seconds, processor) in fastest.items():
        start = 0.0 if name == "duckdb" else _start_of(name)
        ratio = seconds / fastest["duckdb"][0]
        print(
            f"{accounts:>10,}   {name:22} {seconds:7.1f} {start:14.1f} {processor:12.1f} {ratio:14.1f}"
        )


def _timed(words: list[str]) -> tuple[float, float]:
    """Return the seconds that a run takes, and those of all processors, executors included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    _python(RUN, *words)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used


def _start_of(master: str) -> float:
    """Return the seconds that a session takes until its executors have answered."""
    code = """
import sys
from kamrules_spark.session import session
with session({"master": sys.argv[1]}) as spark:
    spark.range(100).selectExpr("sum(id)").collect()
"""
    began = time.perf_counter()
    _python(code, master)
    return time.perf_counter() - began


def _python(code: str, *words: str) -> None:
    plugin = str(ROOT / "plugins" / "kamrules-spark")
    path = os.pathsep.join([plugin, str(ROOT), os.environ.get("PYTHONPATH", "")])
    environ = {**os.environ, "PYTHONPATH": path, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr[-3000:])


if __name__ == "__main__":
    main()
