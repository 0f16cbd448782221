"""Kills runs of the installed command at random moments: `python -m tests.end_to_end.kills --kills 50`.

Each run decides the same book on the next day, with a state file and a sink. What an undisturbed run gives
is made first, on a copy. After the kill everything has to be as before the run, or as after it; the next
run has to succeed, to give what the undisturbed one gave, and to leave nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tests.commands import COMMAND, environment
from tests.end_to_end.scene import BOOK, RULES
from tests.end_to_end.wreckage import OUT, SINK, STATE, Kept, kept, left_over

FIRST = datetime.date(2026, 6, 30)
ACCOUNTS = 12_000
LATE = 0.4
"""The share of kills in the tenth of a second in which everything takes its place."""


def book(folder: Path, accounts: int) -> None:
    """Write a book of which a run takes some seconds."""
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    (folder / "book.toml").write_text(BOOK, encoding="utf-8")
    with (folder / "accounts.csv").open("w", encoding="utf-8") as file:
        file.write("account_id,name,rating\n")
        file.writelines(
            f"A{each},Company {each},{'gold' if each % 3 else 'silver'}\n"
            for each in range(accounts)
        )
    with (folder / "orders.csv").open("w", encoding="utf-8") as file:
        file.write("account_id,date,amount\n")
        for each in range(2 * accounts):
            # orders of the days to come, so that classes move from run to run
            day = FIRST + datetime.timedelta(days=each % 97 - 30)
            file.write(f"A{each % accounts},{day},{each % 1500}\n")


def words(day: datetime.date) -> list[str]:
    """Return the run of a day."""
    given = ["run", "book.toml", "--ruleset", "rules.toml", "--out", OUT, "--state", STATE]
    return [
        str(COMMAND),
        *given,
        "--to",
        f"sqlite:///{SINK}",
        "--as-of",
        day.isoformat(),
        "--quiet",
    ]


def undisturbed(folder: Path, day: datetime.date) -> float:
    """Do the run of a day, and return how many seconds it took."""
    start = time.monotonic()
    done = subprocess.run(
        words(day), cwd=folder, capture_output=True, text=True, check=False, env=environment()
    )
    assert done.returncode == 0, done.stderr
    assert not left_over(folder), left_over(folder)
    return time.monotonic() - start


def killed(folder: Path, day: datetime.date, after: float, *, late: bool) -> tuple[bool, int]:
    """Start the run of a day and kill it; return whether it still ran, and how often no output was seen.

    `after` is how many seconds later; if `late`, than when its output is written and takes its place.
    """
    gaps = 0
    ended = threading.Event()

    def read() -> None:
        nonlocal gaps
        while not ended.is_set():
            gaps += not (folder / OUT / "run.json").exists()

    reader = threading.Thread(target=read)
    with subprocess.Popen(
        words(day), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment(), start_new_session=True,
    ) as process:  # fmt: skip
        reader.start()
        while late and process.poll() is None and not written(folder):
            pass
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    ended.set()
    reader.join()
    return process.returncode == -signal.SIGKILL, gaps


def written(folder: Path) -> bool:
    """Whether the output of the run at work is whole, beside that of the last one."""
    return any(folder.glob(f".{OUT}.kamrules-*/run.json"))


def judge(found: Kept, before: Kept, after: Kept) -> str:
    """Return which state a killed run has left. Raises AssertionError when it is neither."""
    if found.run == before.run:
        assert found.state == before.state, "the output is the old one, the state is not"
        assert found.sink in {before.sink, after.sink}, "the sink holds half of a run"
        return "old" if found.sink == before.sink else "old, sink new"
    assert found.run == after.run, "the output is neither the old nor the new one"
    assert found.state == after.state, "the output is the new one, the state is not"
    assert found.sink in {before.sink, after.sink}, "the sink holds half of a run"
    return "new" if found.sink == after.sink else "new, sink old"


def one(folder: Path, day: datetime.date, chance: random.Random, took: float) -> tuple[str, float]:
    """Kill the run of a day; return what it left and how long an undisturbed one took."""
    before = kept(folder)
    copy = folder.with_name("undisturbed")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    took = undisturbed(copy, day)
    after = kept(copy)
    late = chance.random() < LATE
    after_that = chance.uniform(0, 0.1) if late else chance.uniform(0.1, took * 1.05)
    was_running, gaps = killed(folder, day, after_that, late=late)
    assert not gaps, f"a reader found no output {gaps} times"
    told = judge(kept(folder), before, after)
    undisturbed(folder, day)
    again = kept(folder)
    for part in ("run", "state", "sink"):
        same = getattr(again, part) == getattr(after, part)
        assert same, f"the run after the kill gives another {part}"
    return told if was_running else "ended before", took


def main() -> int:
    """Kill runs and tell what they left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    left: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="kamrules-kills-") as parent:
        folder = Path(parent) / "killed"
        folder.mkdir()
        book(folder, given.accounts)
        took = undisturbed(folder, FIRST)
        for number in range(given.kills):
            day = FIRST + datetime.timedelta(days=number + 1)
            told, took = one(folder, day, chance, took)
            left[told] += 1
            sys.stdout.write(f"{number + 1:4}  {day}  {took:5.1f} s undisturbed  left: {told}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{given.kills} kills, all clean: {dict(left)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
