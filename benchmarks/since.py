"""Runs with --since against whole runs: how the cost follows the number of accounts that changed.

    python -m benchmarks.since                                # 1 million accounts
    python -m benchmarks.since --accounts 200_000 --changed 0 100
    python -m benchmarks.since --copies 200                   # the sample book so many times, by kam

A book is decided with --since, then again as it is and with so many accounts changed, spread over all of it:
each by whole runs with --state, by either engine, and by a run with --since, all from copies of the same
state file, in turns, and each in a process of its own. The files that DuckDB writes in both ways are compared
byte by byte. Last the next night of the unchanged book, when rules that count days see another date in every
account.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import duckdb

from benchmarks.books import ruleset, write_book
from benchmarks.copies import ACCOUNTS, edit_copies, write_copies
from benchmarks.folders import add_folder, working_folder

if TYPE_CHECKING:
    from pathlib import Path

CHANGED = (0, 100, 10_000, 100_000)
RUN = """
import datetime, json, resource, sys, time
from pathlib import Path
began = time.perf_counter()
from kamrules.run import Order, run_book
book, out, rules, state, sort, day, threads, limit = sys.argv[1:]
since = sort == "since"
order = Order(Path(book), Path(out), ruleset=rules, as_of=datetime.date.fromisoformat(day), state=Path(state),
              since=since, engine="auto" if since else sort, threads=int(threads),
              memory_limit=None if sort == "polars" else limit, spill_folder=Path(out).parent)
report = run_book(order).report
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": time.perf_counter() - began, "processor": used.ru_utime + used.ru_stime,
                  "peak": used.ru_maxrss / 1024, "since": report.get("since"), "parts": report["durations"]}))
"""
SINCE = "since"
WAYS = ("polars", "duckdb", SINCE)
"""Whole runs by either engine, and one that decides what changed."""
NIGHT, NEXT = "2026-06-29", "2026-06-30"


def main() -> None:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.since", description=__doc__.partition("\n")[0]
    )
    options.add_argument("--accounts", type=int, default=1_000_000, metavar="N")
    options.add_argument(
        "--copies", type=int, metavar="N", help=f"{ACCOUNTS} accounts each, in place of flat ones"
    )
    options.add_argument("--changed", type=int, nargs="+", default=list(CHANGED), metavar="N")
    add_folder(options)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--memory-limit", default="2GB")
    options.add_argument("--repeat", type=int, default=2, help="the best of so many is told")
    given = options.parse_args()
    with working_folder(given.folder) as folder:
        _Bench(folder, given).tell()


class _Bench:
    def __init__(self, folder: Path, given: argparse.Namespace) -> None:
        self.folder = folder
        self.given = given
        self.copies = given.copies
        self.accounts = given.copies * ACCOUNTS if given.copies else given.accounts
        self.rules: Path | str = "kam" if given.copies else folder / "batch.toml"
        if not given.copies:
            (folder / "batch.toml").write_text(ruleset(), encoding="utf-8")
        self.book = folder / ("book" if given.copies else "accounts.parquet")
        self.state = folder / "state.db"

    def tell(self) -> None:
        connection = duckdb.connect()
        if self.copies:
            write_copies(connection, self.copies, self.book)
        else:
            write_book(connection, self.accounts, self.book)
        first = self._run(self.book, self.state, SINCE, NIGHT)
        size = self.state.stat().st_size / 2**20
        print(
            f"{self.accounts:,} accounts; the first run with --since takes "
            f"{first['seconds']:.1f} s and keeps {size:,.0f} MB"
        )
        head = "".join(f"{each:>12}" for each in ("decided", *WAYS))
        print(
            f"{'':>12}{'':>12}{'seconds (processor, MB)':^36}\n{'changed':>12}{head}  whole : since"
        )
        for changed in self.given.changed:
            self._edited(connection, changed)
            self._row(f"{changed:,}", NIGHT)
        self._edited(connection, 0)
        self._row("next night", NEXT)
        connection.close()

    def _edited(self, connection: duckdb.DuckDBPyConnection, changed: int) -> None:
        """Write the book with so many accounts changed, spread over all of it."""
        every = self.accounts // changed if changed else 0
        if self.copies:
            edit_copies(connection, self.book, every, self._book)
            return
        test = f"file_row_number % {every} = 0" if every else "false"
        connection.execute(
            f"COPY (SELECT * EXCLUDE (file_row_number) REPLACE (CASE WHEN {test} THEN "
            f"coalesce(money0, 0) + 1000.5 ELSE money0 END::DECIMAL(14, 2) AS money0) "
            f"FROM read_parquet('{self.book}', file_row_number = true)) TO '{self._book}' (FORMAT parquet)"
        )

    @property
    def _book(self) -> Path:
        return self.folder / ("edited" if self.copies else "edited.parquet")

    def _row(self, name: str, day: str) -> None:
        found: dict[str, list[dict[str, Any]]] = {sort: [] for sort in WAYS}
        for _ in range(self.given.repeat):
            for sort, some in found.items():
                state = self.folder / f"{sort}.db"
                shutil.copyfile(self.state, state)
                some.append(self._run(self._book, state, sort, day))
            self._compare()
        best = {sort: min(some, key=lambda one: one["seconds"]) for sort, some in found.items()}
        took = {sort: one["seconds"] for sort, one in best.items()}
        ratio = min(took[sort] for sort in WAYS if sort != SINCE) / took[SINCE]
        decided = best[SINCE]["since"]["decided"]
        print(f"{name:>12}{decided:>12,}{_row('{seconds:.1f}', best)}{ratio:>8.2f}")
        print(f"{'':>24}{_row('({processor:.1f}, {peak:,.0f})', best)}")
        for sort, one in best.items():
            parts = ", ".join(f"{key} {value:.1f}" for key, value in one["parts"].items())
            print(f"           {sort}: {parts}", file=sys.stderr)

    def _compare(self) -> None:
        """Stop unless both runs wrote the same."""
        ours, theirs = self.folder / "out-since", self.folder / "out-duckdb"
        for each in sorted(theirs.rglob("*")):
            other = ours / each.relative_to(theirs)
            if each.name != "run.json" and each.is_file() and not filecmp.cmp(each, other, False):
                sys.exit(f"{each.name} differs")

    def _run(self, book: Path, state: Path, sort: str, day: str) -> dict[str, Any]:
        words = (book, self.folder / f"out-{sort}", self.rules, state, sort, day, self.given.threads,
                 self.given.memory_limit)  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", RUN, *map(str, words)],
            check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def _row(form: str, best: dict[str, dict[str, Any]]) -> str:
    return "".join(f"{form.format(**best[sort]):>12}" for sort in WAYS)


if __name__ == "__main__":
    main()
