"""The SQL engine on books of 1 and 10 million accounts, Parquet in and out, beside DuckDB copying the file.

    python -m benchmarks.batch                                # both sizes; the larger needs some 8 GB of disk
    python -m benchmarks.batch --accounts 1_000_000 --folder /somewhere/large

Every figure is of a process of its own, so that its peak memory is its own: a whole run as the command line
does it (five tables of decisions and run.json), and `COPY (FROM book) TO copy` by DuckDB, both with the same
number of threads. The ruleset has 40 actions, 10 criteria and 20 gates, the accounts have 44 columns.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.books import ruleset, write_book

SIZES = (1_000_000, 10_000_000)
GOAL, MEMORY_GOAL = 2.0, 3000

COPY = """
import duckdb, sys
connection = duckdb.connect()
connection.execute(f"SET threads = {sys.argv[3]}").fetchall()
connection.execute(f"COPY (FROM '{sys.argv[1]}') TO '{sys.argv[2]}' (FORMAT parquet)").fetchall()
connection.close()
"""
RUN = """
import datetime, sys
from pathlib import Path
from kamrules.run import Order, run_book
book, out, rules, threads, limit = sys.argv[1:]
run_book(Order(Path(book), Path(out), ruleset=rules, as_of=datetime.date(2026, 6, 30),
               threads=int(threads), memory_limit=limit, spill_folder=Path(out).parent))
"""
MEASURED = """
import json, resource, time
began = time.perf_counter()
{body}
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({{"seconds": time.perf_counter() - began, "peak": used.ru_maxrss / 1024}}))
"""


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.batch", description=__doc__.partition("\n")[0]
    )
    options.add_argument("--accounts", type=int, nargs="+", default=list(SIZES), metavar="N")
    options.add_argument(
        "--folder", type=Path, help="where books and output go; a temporary folder"
    )
    options.add_argument("--threads", type=int, default=2)
    options.add_argument(
        "--memory-limit", default="2GB", help="of the SQL engine; the rest is spilled"
    )
    options.add_argument("--repeat", type=int, default=3, help="the best of so many is told")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="kamrules-bench-", dir=given.folder) as folder:
        found = [_measure(Path(folder), accounts, given) for accounts in given.accounts]
    _tell(found)


def _measure(folder: Path, accounts: int, given: argparse.Namespace) -> dict[str, float]:
    book, rules = folder / f"accounts{accounts}.parquet", folder / "batch.toml"
    rules.write_text(ruleset(), encoding="utf-8")
    print(f"writing a book of {accounts:,} accounts", file=sys.stderr)
    connection = duckdb.connect()
    write_book(connection, accounts, book)
    connection.close()
    threads = str(given.threads)
    copies, runs = [], []
    # in turns, so that a busy machine is busy for both
    for _ in range(given.repeat):
        copies.append(_timed(COPY, book, folder / "copy.parquet", threads))
        runs.append(_timed(RUN, book, folder / "out", rules, threads, given.memory_limit))
    best = min(runs, key=lambda each: each["seconds"])
    book.unlink()
    return {
        "accounts": accounts,
        "copy": min(each["seconds"] for each in copies),
        "run": best["seconds"],
        "peak": max(each["peak"] for each in runs),
    }


def _timed(body: str, *arguments: object) -> dict[str, float]:
    script = MEASURED.format(body=body)
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _tell(found: list[dict[str, float]]) -> None:
    print(
        f"{'accounts':>12} {'copy, s':>9} {'run, s':>9} {'ratio':>7} {'a second':>10} {'peak, MB':>9}"
    )
    for each in found:
        ratio, speed = each["run"] / each["copy"], each["accounts"] / each["run"]
        print(
            f"{each['accounts']:>12,} {each['copy']:>9.2f} {each['run']:>9.2f} "
            f"{ratio:>7.2f} {speed:>10,.0f} {each['peak']:>9,.0f}"
        )
    print(f"goals: ratio at most {GOAL:g}, peak under {MEMORY_GOAL:,} MB, time linear in accounts")
    if len(found) > 1:
        first, last = found[0], found[-1]
        times = last["run"] / first["run"]
        print(
            f"{last['accounts'] / first['accounts']:g} times the accounts take {times:.1f} times the time"
        )


if __name__ == "__main__":
    main()
