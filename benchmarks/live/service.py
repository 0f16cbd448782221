"""The service as a client sees it: milliseconds from POST to the durable answer, and events a second.

    python -m benchmarks.live.service

All of `kam`, over loopback, into SQLite on the disk; client, service and workers share this machine's
cores. Accounts have some thirty rows in five tables when the clock begins to run. Goals: with one worker
and one client p50 under 3 ms and p99 under 15 ms; with two workers 500 events a second.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.live.happening import START, Account
from benchmarks.live.serving import Service
from benchmarks.live.soak import SEED, Load
from kamrules import compile_ruleset, load_ruleset

SEEDED = 40
"""Events an account has had before anything is timed."""


def main() -> int:
    """Print what each way of posting takes; return 1 when something was refused."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.live.service", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--events", type=int, default=4_000)
    told = parser.parse_args()
    program = compile_ruleset(load_ruleset("kam"))
    tables = {name: each for name, each in program.tables.items() if name != "accounts"}
    print(f"{'':34}{'p50 ms':>9}{'p99 ms':>9}{'events/s':>11}")
    refused = 0
    for name, workers, clients, batch in (
        ("1 worker, 1 client", 1, 1, 1),
        ("1 worker, 8 clients", 1, 8, 1),
        ("2 workers, 16 clients", 2, 16, 1),
        ("2 workers, 4 clients, 50 at once", 2, 4, 50),
        ("no worker (row engine), 16 clients", 0, 16, 1),
    ):
        with tempfile.TemporaryDirectory() as folder:
            service = Service(Path(folder) / "book.db", workers, START)
            service.start()
            accounts = [Account(n, SEED, tables) for n in range(told.accounts)]
            posted(service, accounts, SEEDED * told.accounts, 100, 8)
            load, took = posted(service, accounts, told.events, batch, clients)
            service.stop()
        refused += len(load.refused)
        times = sorted(load.took)
        p50, p99 = times[len(times) // 2] * 1e3, times[-max(1, len(times) // 100)] * 1e3
        print(f"{name:34}{p50:9.2f}{p99:9.2f}{load.answered / took:11.0f}", flush=True)
    return 1 if refused else 0


def posted(service, accounts, events, batch, clients):
    """Post so many events and return the load and the seconds it took."""
    load = Load(service, accounts, events, batch, clients)
    begun = time.perf_counter()
    asyncio.run(load.run())
    return load, time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
