"""What an edit does to a book, and one step of sensitivity, against two whole runs in the same process.

Run it with `python -m benchmarks.differences --accounts 1000000`.
"""

from __future__ import annotations

import argparse
import datetime
import time
from typing import TYPE_CHECKING

import duckdb

from benchmarks.books import ruleset, write_book
from benchmarks.folders import add_folder, working_folder
from kamrules.book import Book
from kamrules.document import load_ruleset
from kamrules.plugins import Plugins
from kamrules.run import Order, run_book
from kamrules.workbench.difference import compare
from kamrules.workbench.sensitivity import sensitivity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = datetime.date(2026, 6, 30)
EDITED, NOW, THEN = "key_attractiveness", 55, 60
GOAL = 1.0
"""A difference, and one step of sensitivity, take at most so many times as long as two runs."""


def main() -> None:
    """Measure and tell."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.differences", description=__doc__)
    options.add_argument("--accounts", type=int, nargs="+", default=[200_000])
    add_folder(options)
    options.add_argument("--repeat", type=int, default=3, help="the best of so many is told")
    given = options.parse_args()
    print(
        f"{'accounts':>12} {'two runs, s':>12} {'diff, s':>9} {'ratio':>7} {'step, s':>9} {'ratio':>7}"
    )
    for accounts in given.accounts:
        with working_folder(given.folder) as folder:
            _tell(accounts, _Measured(folder, accounts).best(given.repeat))
    print(f"goals: both ratios at most {GOAL:g}")


class _Measured:
    """A book and two rulesets that one parameter tells apart."""

    def __init__(self, folder: Path, accounts: int) -> None:
        self.folder = folder
        self.book = folder / "accounts.parquet"
        connection = duckdb.connect()
        write_book(connection, accounts, self.book)
        connection.close()
        self.rules = [folder / "old.toml", folder / "new.toml"]
        for path, value in zip(self.rules, (NOW, THEN), strict=True):
            path.write_text(_ruleset(value), encoding="utf-8")
        self.plugins = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""})

    def best(self, repeat: int) -> tuple[float, float, float]:
        """Return the seconds of two runs, of a difference, and of a step; in turns, on one machine."""
        found = [
            [_timed(each) for each in (self.runs, self.difference, self.step)]
            for _ in range(repeat)
        ]
        runs, difference, step = (min(times) for times in zip(*found, strict=True))
        return runs, difference, step

    def runs(self) -> None:
        """Decide and write the book by the old ruleset and by the new one."""
        for each in self.rules:
            out = self.folder / f"out-{each.stem}"
            run_book(Order(self.book, out, str(each), as_of=DAY), self.plugins)

    def difference(self) -> None:
        """Compare the two over the book."""
        found = compare(
            *(load_ruleset(each) for each in self.rules), Book.read(self.book), as_of=DAY,
            open_source=self.plugins.open_source,
        )  # fmt: skip
        assert found.effect is not None
        assert found.effect.changed

    def step(self) -> None:
        """Try one value on each side of one parameter, the reading of the book included."""
        sensitivity(
            load_ruleset(self.rules[0]), Book.read(self.book), as_of=DAY, only=[EDITED], nearest=0,
            open_source=self.plugins.open_source,
        )  # fmt: skip


def _ruleset(value: int) -> str:
    """Return the ruleset of the books, with what makes an account key as a parameter."""
    parameter = f'[parameter.{EDITED}]\ntype = "score"\nvalue = {value}\nlow = 45\nhigh = 65\n'
    return ruleset().replace(f"attractiveness >= {NOW}", f"attractiveness >= {EDITED}") + parameter


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _tell(accounts: int, found: tuple[float, float, float]) -> None:
    runs, difference, step = found
    print(
        f"{accounts:>12,} {runs:>12.2f} {difference:>9.2f} {difference / runs:>7.2f} {step:>9.2f} "
        f"{step / runs:>7.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
