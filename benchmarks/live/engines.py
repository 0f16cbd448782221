"""Decisions of all of `kam`, account after account: row engine, live engine, durable-rules used directly.

    python -m benchmarks.live.engines

All decide the same accounts in the same process. What the live engine decides is compared with the row engine
before anything is timed, and what durable-rules concludes directly with the live engine's matcher.
Facts are prepared beforehand. The live engine remembers what parts of the rules concluded from equal cells,
which here is all after the first round; `live, all matched anew` lets it forget between accounts. `live, as a
worker` adds preparing, comparing and the outcome in words.
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks.kam_by_hand import AS_OF, RULESET, accounts
from benchmarks.live.directly import Directly
from kamrules import compile_ruleset, load_ruleset
from kamrules.engines.live import LiveEngine
from kamrules.live.worker import Worker, answered


def main() -> int:
    """Print milliseconds a decision; return 1 when engines decide differently."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.live.engines", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    told = parser.parse_args()
    program = compile_ruleset(load_ruleset(RULESET))
    book = accounts(program, told.accounts)
    live = LiveEngine(program)
    row = live.row
    prepared = [row.prepare(each, strict=False) for each in book]
    different = sum(live.compact(each, AS_OF) != row.compact(each, AS_OF) for each in prepared)
    print(f"{len(book)} accounts; decided differently by live and row: {different}")
    worker = Worker()
    worker.learn(program.digest, program)
    tried = [
        ("row engine", lambda n: row.compact(prepared[n], AS_OF)),
        ("live engine", lambda n: live.compact(prepared[n], AS_OF)),
        ("live, all matched anew", lambda n: _anew(live, prepared[n])),
        ("live, as a worker", lambda n: answered(worker.decide(program.digest, book[n], AS_OF, None))),
        ("durable-rules directly", _directly(live, prepared)),
    ]  # fmt: skip
    print(f"{'':24}{'p50 ms':>10}{'p99 ms':>10}{'a second':>12}")
    for name, decide in tried:
        took = _timed(decide, len(book), told.rounds)
        print(
            f"{name:24}{took[len(took) // 2] * 1e3:10.3f}{took[-max(1, len(took) // 100)] * 1e3:10.3f}"
            f"{len(took) / sum(took):12.0f}"
        )
    return 1 if different else 0


def _directly(live, prepared):
    program = live.slice(AS_OF).program
    directly = Directly(program, live.row.preparer.layout)
    asked = [live.row.asked(each, AS_OF) for each in prepared]
    slice_ = live.slice(AS_OF)
    differing = 0
    for each in asked:
        _, (cells, _keys, _rows) = slice_.measure(*each)
        differing += slice_.matcher.match(cells) != directly.conclusions(each)
    print(f"accounts about which durable-rules directly concludes otherwise: {differing}")
    return lambda n: directly.conclusions(asked[n])


def _anew(live, prepared):
    live.slice(AS_OF).matcher.forget()
    return live.compact(prepared, AS_OF)


def _timed(decide, count, rounds):
    for n in range(min(count, 30)):
        decide(n)
    took = []
    for _ in range(rounds):
        for n in range(count):
            begun = time.perf_counter()
            decide(n)
            took.append(time.perf_counter() - begun)
    return sorted(took)


if __name__ == "__main__":
    sys.exit(main())
