"""The service under load, and what is true afterwards: `python -m benchmarks.live.soak --events 1000000`.

Events of many accounts are posted over loopback by several clients, each account's in order and by one
client; a client posts an event again until it is answered. With `--kills` the service and its workers are
killed (SIGKILL) at random moments. In the end every event must stand in the log exactly once, the log's
chain must hold, replaying must come to the same, and every account must be decided as `kamrules.decide`
decides the rows it should have.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

from benchmarks.live.happening import START, Account
from benchmarks.live.serving import Connection, Service
from kamrules import compile_ruleset, decide, load_ruleset

SEED = 7
COMPARED = ("class", "tier", "phase", "actions", "gates", "facts")


class Load:
    """Clients that post, and what they were told."""

    def __init__(self, service, accounts, events, batch, clients):
        self.service, self.batch = service, batch
        self.left = events
        self.parts = [accounts[n::clients] for n in range(clients)]
        self.sent = Counter()
        self.took = []
        self.answered = 0
        self.repeated = 0
        self.again = 0
        self.refused = []

    async def run(self):
        await asyncio.gather(*(self._client(n, part) for n, part in enumerate(self.parts)))

    async def _client(self, number, accounts):
        connection, chance = Connection(self.service.port), random.Random(f"{SEED} client {number}")
        while self.left > 0 and accounts:
            count = min(self.batch, self.left)
            self.left -= count
            events = []
            for _ in range(count):
                account = chance.choice(accounts)
                events.append(account.next())
                self.sent[account.id] += 1
            await self._until_answered(connection, events)
        connection.close()

    async def _until_answered(self, connection, events):
        while True:
            begun = time.perf_counter()
            try:
                status, body = await connection.post(events)
            except OSError:
                self.again += 1
                await asyncio.sleep(0.05)
                continue
            if status == 503:
                self.again += 1
                await asyncio.sleep(0.05)
                continue
            self.took.append(time.perf_counter() - begun)
            told = json.loads(body)
            found = told["results"] if len(events) > 1 else [told | {"status": status}]
            retry = [
                event for event, each in zip(events, found, strict=True) if each["status"] == 503
            ]
            for each in found:
                if each["status"] == 200:
                    self.answered += 1
                    self.repeated += bool(each.get("repeated"))
                elif each["status"] != 503:
                    self.refused.append(each)
            if not retry:
                return
            events = retry


async def watched(load, service, kills, every):
    """Run the load; kill processes meanwhile; return what memory was held."""
    memory, begun = [], time.monotonic()
    task = asyncio.create_task(load.run())
    chance = random.Random(SEED)
    total, killed, next_kill = load.left, 0, load.left
    if kills:
        next_kill = total - chance.randrange(1, max(2, total // kills))
    last = begun
    while not task.done():
        await asyncio.sleep(0.02)
        if killed < kills and load.left <= next_kill:
            killed += 1
            next_kill = load.left - chance.randrange(1, max(2, load.left // (kills - killed + 1)))
            _kill(service, chance)
        if not service.running:
            service.start()
        if time.monotonic() - last > every:
            last = time.monotonic()
            memory.append((total - load.left, *service.memory()))
            done, own, workers = memory[-1]
            rate = done / (last - begun)
            print(
                f"  {done:>9,} events  {rate:6.0f}/s  service {own:6.0f} MB, workers {workers:6.0f} MB",
                flush=True,
            )
    await task
    return memory, killed, time.monotonic() - begun


def _kill(service, chance):
    workers = service.children()
    if workers and chance.random() < 0.5:
        try:
            os.kill(chance.choice(workers), signal.SIGKILL)
        except ProcessLookupError:
            return
    elif service.running:
        service.kill()


async def entries(service):
    """Return every entry of the log, over HTTP."""
    connection, after, found = Connection(service.port), 0, []
    while True:
        status, body = await connection.ask("GET", f"/log?after={after}&limit=1000")
        page = json.loads(body)
        assert status == 200, page
        rows = page["entries"]
        if not rows:
            return found
        found += [(each["number"], each["kind"], each.get("account_id"), each.get("key"),
                   each.get("engine"), each.get("trouble")) for each in rows]  # fmt: skip
        after = rows[-1]["number"]


async def wrong_decisions(service, accounts, program):
    """Return the accounts that are not decided as their rows demand."""
    connection, found = Connection(service.port), []
    for account in accounts:
        status, body = await connection.ask("GET", f"/accounts/{account.id}/decision")
        told = json.loads(body)
        expected = decide(program, account.facts, as_of=START, strict=False)
        ours = json.loads(expected.model_dump_json(by_alias=True))
        if status != 200 or any(
            told.get(each) != ours[each]
            for each in ("class", "tier", "phase", "actions", "gates", "facts")
        ):
            found.append(account.id)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.live.soak", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--batch", type=int, default=1, help="events of one request")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--every", type=float, default=20.0, help="seconds between two lines")
    parser.add_argument("--store", help="a URL; a file of its own by default")
    parser.add_argument(
        "--look-at", type=int, default=500, help="accounts whose decision is compared"
    )
    told = parser.parse_args()
    program = compile_ruleset(load_ruleset("kam"))
    tables = {name: each for name, each in program.tables.items() if name != "accounts"}
    with tempfile.TemporaryDirectory() as folder:
        store = told.store or str(Path(folder) / "book.db")
        accounts = [Account(n, SEED, tables) for n in range(told.accounts)]
        service = Service(store, told.workers, START)
        service.start()
        load = Load(service, accounts, told.events, told.batch, told.clients)
        memory, killed, took = asyncio.run(watched(load, service, told.kills, told.every))
        print(
            f"{load.answered:,} events in {took:.0f} s: {load.answered / took:.0f} a second; "
            f"{killed} kills, {load.again} requests again, {load.repeated} told as repeated"
        )
        failed = _judge(load, service, accounts, program, told)
        service.stop()
        for name, command in (
            ("log verify", ["log", "verify", store]),
            ("replay", ["replay", store]),
        ):
            begun = time.monotonic()
            done = subprocess.run(
                [str(Path(sys.executable).parent / "kamrules"), *command],
                check=False, capture_output=True, text=True,
            )  # fmt: skip
            took, end = time.monotonic() - begun, done.stdout.strip()[-300:]
            print(f"{name}: exit {done.returncode} in {took:.0f} s  {end}")
            failed += done.returncode != 0
        if len(memory) > 3:
            for when, at in (("half way", len(memory) // 2), ("at the end", -1)):
                _, own, workers = memory[at]
                print(f"memory {when}: service {own:.0f} MB, workers {workers:.0f} MB")
    return 1 if failed else 0


def _judge(load, service, accounts, program, told):
    found = asyncio.run(entries(service))
    numbers = [each[0] for each in found]
    keys = Counter(each[3] for each in found if each[1] == "event")
    expected = sum(load.sent.values())
    engines = Counter((each[4], each[5]) for each in found if each[1] == "event")
    seen = [each for each in accounts if load.sent[each.id]]
    wrong = asyncio.run(wrong_decisions(service, seen[: told.look_at], program))
    checks = {
        "refused": len(load.refused),
        "events that are not in the log": expected - len(keys),
        "events that are there twice": sum(count > 1 for count in keys.values()),
        "holes in the log": sum(b - a != 1 for a, b in pairwise(numbers)),
        f"of {min(len(seen), told.look_at)} accounts decided otherwise": len(wrong),
    }
    for name, count in checks.items():
        print(f"{name}: {count}")
    print(
        "decided by",
        {f"{engine} {trouble or ''}".strip(): n for (engine, trouble), n in engines.most_common()},
    )
    if load.refused:
        print(load.refused[0], file=sys.stderr)
    if wrong:
        print(wrong[:5], file=sys.stderr)
    return sum(map(bool, checks.values()))


if __name__ == "__main__":
    sys.exit(main())
