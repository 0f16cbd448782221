"""Whole runs on books of up to 30 million accounts, Parquet in and out, beside DuckDB copying the files.

    python -m benchmarks.batch                          # all sizes; the largest needs some 25 GB of disk
    python -m benchmarks.batch --flat 1_000_000 --related --plot batch.svg
    python -m benchmarks.batch --flat --related 200_000x50x5 --tables decisions --folder /somewhere/large

Flat books have accounts of 44 columns. `1_000_000x10x5` is a book of a million accounts with ten orders
and five contacts each, all over their files, and facts over these rows. The ruleset has 40 actions, 10
criteria and 20 gates.

Every figure is of a process of its own, so that its peak memory is its own: a whole run as the command line
does it (the tables of decisions and run.json), and `COPY (FROM book) TO copy` by DuckDB of every file, both
with the same number of threads. `write` is the copy of the finished tables: a run that writes them hardly
takes less. The best of several is told, taken in turns.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.books import ruleset, write_book, write_related
from benchmarks.folders import add_folder, working_folder
from benchmarks.plotting import Line, plot
from kamrules.tables import NAMES

FLAT, RELATED = (1_000_000, 10_000_000, 30_000_000), ("1_000_000x10x5", "200_000x50x5")
GOAL, MEMORY_GOAL = 1.5, 4000

COPY = """
import duckdb, sys
folder, to, threads = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"SET threads = {threads}").fetchall()
import glob, os
os.makedirs(to, exist_ok=True)
for path in sorted(glob.glob(folder + "/*.parquet")):
    connection.execute(f"COPY (FROM '{path}') TO '{to}/{os.path.basename(path)}' (FORMAT parquet)").fetchall()
connection.close()
"""
RUN = """
import datetime, sys
from pathlib import Path
from kamrules.run import Order, run_book
book, out, rules, threads, engine, limit, tables = sys.argv[1:]
run_book(Order(Path(book), Path(out), ruleset=rules, as_of=datetime.date(2026, 6, 30), threads=int(threads),
               engine=engine, memory_limit=limit or None, spill_folder=Path(out).parent,
               tables=tuple(tables.split(","))))
"""
MEASURED = """
import json, resource, time
began = time.perf_counter()
{body}
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({{"seconds": time.perf_counter() - began, "peak": used.ru_maxrss / 1024,
                  "processor": used.ru_utime + used.ru_stime}}))
"""


@dataclass(frozen=True)
class Shape:
    """How many accounts a book has, and how many orders and contacts each of them."""

    accounts: int
    orders: int = 0
    contacts: int = 0

    @staticmethod
    def read(text: str) -> Shape:
        """Return the shape that is written as `1_000_000x10x5`, or as `1_000_000`."""
        return Shape(*(int(each) for each in text.split("x")))

    def __str__(self) -> str:
        """Return it as a table shows it."""
        if not self.orders and not self.contacts:
            return f"{self.accounts:,}"
        return f"{self.accounts:,} x ({self.orders} + {self.contacts})"


@dataclass(frozen=True)
class Measured:
    """The best copy and the best run of a book: seconds, processor seconds, and peaks in MB."""

    shape: Shape
    copy: dict[str, float]
    run: dict[str, float]
    write: dict[str, float]


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.batch", description=__doc__.partition("\n")[0]
    )
    options.add_argument("--flat", type=int, nargs="*", default=None, metavar="N")
    options.add_argument(
        "--related", type=Shape.read, nargs="*", default=None, metavar="NxORDERSxCONTACTS"
    )
    options.add_argument("--tables", default=",".join(NAMES), help="those that a run writes")
    add_folder(options)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--engine", choices=["polars", "duckdb"], default="polars")
    options.add_argument(
        "--memory-limit", default="2GB", help="of engine duckdb; it spills the rest"
    )
    options.add_argument("--repeat", type=int, default=3, help="the best of so many is told")
    options.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw time and peak memory")
    given = options.parse_args()
    with working_folder(given.folder) as folder:
        found = [_measure(folder, each, given) for each in _shapes(given)]
    _tell(found, given.tables)
    if given.plot is not None:
        _plot(found, given.plot)


def _shapes(given: argparse.Namespace) -> list[Shape]:
    """Return the shapes asked for: an option without values stands for its sizes, none for all."""
    flat, related = given.flat, given.related
    if flat is None and related is None:
        flat, related = [], []
        every = True
    else:
        every = False
    shapes = [Shape(each) for each in flat or (FLAT if every else ())]
    if related is not None:
        shapes += related or [Shape.read(each) for each in RELATED]
    return shapes


def _measure(folder: Path, shape: Shape, given: argparse.Namespace) -> Measured:
    book, rules = folder / "book", folder / "batch.toml"
    related = bool(shape.orders or shape.contacts)
    rules.write_text(ruleset(related=related), encoding="utf-8")
    print(f"writing a book of {shape} rows", file=sys.stderr)
    book.mkdir()
    with duckdb.connect() as connection:
        write_book(connection, shape.accounts, book / "accounts.parquet")
        if related:
            write_related(
                connection, shape.accounts, book, orders=shape.orders, contacts=shape.contacts
            )
    threads, out = str(given.threads), folder / "out"
    copies, runs, writes = [], [], []
    # in turns, so that a busy machine is busy for all
    for _ in range(given.repeat):
        copies.append(_timed(COPY, book, folder / "copy", threads))
        limit = given.memory_limit if given.engine == "duckdb" else ""
        runs.append(_timed(RUN, book, out, rules, threads, given.engine, limit, given.tables))
        writes.append(_timed(COPY, out, folder / "copy", threads))
    shutil.rmtree(book)
    return Measured(shape, *(_best(each) for each in (copies, runs, writes)))


def _best(found: list[dict[str, float]]) -> dict[str, float]:
    least = min(found, key=lambda each: each["seconds"])
    return least | {"peak": max(each["peak"] for each in found)}


def _timed(body: str, *arguments: object) -> dict[str, float]:
    script = MEASURED.format(body=body)
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _tell(found: list[Measured], tables: str) -> None:
    print(f"tables: {tables}")
    print(
        f"{'accounts':>24} {'copy, s':>8} {'run, s':>8} {'ratio':>6} {'of processor':>13} {'write, s':>9} "
        f"{'a second':>9} {'peak, MB':>9} {'copy, MB':>9}"
    )
    for each in found:
        seconds, copy = each.run["seconds"], each.copy["seconds"]
        print(
            f"{each.shape!s:>24} {copy:>8.2f} {seconds:>8.2f} {seconds / copy:>6.2f} "
            f"{each.run['processor'] / each.copy['processor']:>13.2f} {each.write['seconds']:>9.2f} "
            f"{each.shape.accounts / seconds:>9,.0f} {each.run['peak']:>9,.0f} {each.copy['peak']:>9,.0f}"
        )
    print(f"goals: ratio at most {GOAL:g}, peak under {MEMORY_GOAL:,} MB, time linear in accounts")
    flat = [each for each in found if not each.shape.orders]
    if len(flat) > 1:
        first, last = flat[0], flat[-1]
        times = last.run["seconds"] / first.run["seconds"]
        more = last.shape.accounts / first.shape.accounts
        print(f"{more:g} times the accounts take {times:.1f} times the time")


def _plot(found: list[Measured], path: Path) -> None:
    """Draw what flat books take over their accounts."""
    flat = [each for each in found if not each.shape.orders]
    times, peaks = [], []
    for name, part in (
        ("run", "run"),
        ("copy of the book", "copy"),
        ("copy of the tables", "write"),
    ):
        measured = [(each.shape.accounts / 1e6, getattr(each, part)) for each in flat]
        times.append(Line(name, [(x, one["seconds"]) for x, one in measured]))
        peaks.append(Line(name, [(x, one["peak"]) for x, one in measured]))
    drawn = plot({"seconds": times, "peak memory, MB": peaks}, "million accounts")
    path.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
