"""Measures: small engines in turns within this process, whole books each in a process of its own."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import duckdb

from benchmarks.peers.accounts import write_accounts
from benchmarks.peers.forms import kamrules_engines
from benchmarks.peers.known import ONE_BY_ONE, WHOLE_BOOKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS = 3
OURS = {
    "kamrules.decide": kamrules_engines.build_decide,
    "kamrules.decide_many": kamrules_engines.build_decide_many,
    "kamrules' row engine, ids and numbers": kamrules_engines.build_compact,
}
"""The first two give whole Decisions with texts; the third what the other peers give."""
DECISIONS = "kamrules, table decisions"
KAMRULES = {
    DECISIONS: ("polars", "decisions"),
    "kamrules, decisions and actions": ("polars", "decisions", "actions"),
    "kamrules, all five tables": ("polars",),
    "the same by DuckDB": ("duckdb",),
}
"""Runs by what they are called: the engine, and the tables that each writes; none named are all."""
_MEASURED = """
import time
began = time.perf_counter()
import json, resource, sys
from pathlib import Path
from benchmarks.peers.forms import {form} as form
book, out, threads, *rest = sys.argv[1:]
form.{what}(Path(book), Path(out), int(threads), *rest)
took = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_SELF)
peak, status = used.ru_maxrss, Path("/proc/self/status")
if status.exists():
    peak = next(int(line.split()[1]) for line in status.open() if line.startswith("VmHWM"))
print(json.dumps([took, used.ru_utime + used.ru_stime, peak / 1024]))
"""
"""Time counts from before the imports: those of a library are a part of what it costs.

On Linux the greatest memory that getrusage tells is never below that of the parent when it forked.
"""


def one_by_one(accounts: list[dict[str, Any]], seconds: float) -> list[tuple[str, float]]:
    """Return the accounts a second of each small engine, the best of some rounds in turns.

    A round of an engine takes as many of the accounts as it manages in a share of the seconds.
    """
    deciders: dict[str, Callable[..., Any]] = {name: build() for name, build in OURS.items()}
    deciders |= {peer.name: peer.decider() for peer in ONE_BY_ONE if peer.is_here}
    some = accounts[:50]
    counts = {}
    for name, decide in deciders.items():
        _seconds(decide, some)
        fits = int(seconds / ROUNDS / _seconds(decide, some) * len(some))
        counts[name] = max(len(some), min(fits, len(accounts)))
    best = dict.fromkeys(deciders, math.inf)
    for _ in range(ROUNDS):
        for name, decide in deciders.items():
            took = _seconds(decide, accounts[: counts[name]])
            best[name] = min(best[name], took / counts[name])
    return [(name, 1 / took) for name, took in best.items()]


def _seconds(decide, accounts) -> float:
    begun = time.perf_counter()
    for _ in decide(accounts):
        pass
    return time.perf_counter() - begun


def whole_books(
    folder: Path, accounts: int, threads: int, repeat: int
) -> list[tuple[str, float, float, float]]:
    """Return name, seconds, seconds of processor and peak memory (MB) of each way from file to file.

    The best time of some rounds in turns, so that a busy machine is busy for all, and the greatest memory.
    """
    book = folder / f"accounts{accounts}.parquet"
    with duckdb.connect() as connection:
        write_accounts(connection, accounts, book)
    ways = _ways(book, folder, threads)
    runs: dict[str, list[list[float]]] = {name: [] for name in ways}
    for _ in range(repeat):
        for name, (form, what, *arguments) in ways.items():
            runs[name].append(_in_process(form, what, tuple(arguments), threads))
    book.unlink()
    return [
        (
            name,
            *(min(each[place] for each in found) for place in (0, 1)),
            max(each[2] for each in found),
        )
        for name, found in runs.items()
    ]


def _ways(book: Path, folder: Path, threads: int) -> dict[str, tuple[Any, ...]]:
    """Return what is measured by name: form, what of it is called, and its arguments."""
    found: dict[str, tuple[Any, ...]] = {}
    for peer in WHOLE_BOOKS:
        if peer.is_here:
            asked = book, folder / f"{peer.form}.parquet", threads
            found[f"copy by {peer.form.partition('_')[0]}"] = peer.form, "copy", *asked
            found[peer.name] = peer.form, "run", *asked
    asked = book, folder / "kamrules", threads, kamrules_engines.write_ruleset(folder)
    for name, more in KAMRULES.items():
        found[name] = "kamrules_engines", "run", *asked, *more
    return found


def _in_process(form: str, what: str, arguments: tuple[Any, ...], threads: int) -> list[float]:
    script = _MEASURED.format(form=form, what=what)
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        check=True, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"POLARS_MAX_THREADS": str(threads)},
    )  # fmt: skip
    measured: list[float] = json.loads(done.stdout.splitlines()[-1])
    return measured
