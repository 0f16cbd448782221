"""One account at a time: the row engine beside a hand-written function and other rule engines, on `kam`.

    python -m benchmarks.decide             # --complete: only the second part

All decide the same accounts of a sample book in the same run, and are compared before they are timed. The
row engine and the hand-written function decide everything. zen-engine and datalogic-py get the rules
translated from the same program (benchmarks/peers): aggregates over related tables, facts, scores, class,
tier, phase, strategy, and which actions fire with what priority. In their favour, first, last and distinct
values of tables are worked out beforehand, and gates of paths, gaps, bounds of scores and the ranking are
left out.

The second part decides by the whole of `kam` as it is now, each decision timed on its own: a sample book's
accounts in turn, which differ in their number of rows; one of them again and again, which shows how evenly
the engine itself works; and an account of 200 orders and 40 contacts.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import math
import sys
import time

from benchmarks.by_hand import decide
from benchmarks.kam_by_hand import AS_OF, RULESET, accounts, differences, fastest
from benchmarks.peers.translating import given_names
from kamrules import compile_ruleset, decide_many, load_ruleset
from kamrules.compiler.in_force import in_force
from kamrules.engines.row import engine_of
from kamrules.expression.types import PLACES
from kamrules.show import EPOCH

GOAL = 40.0
COMPLETE, EVENLY = 60.0, 2.0
GOALS = {"zen-engine": 10.0, "datalogic-py": 3.0}


def main() -> int:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.decide", description=__doc__.partition("\n")[0]
    )
    options.add_argument("--accounts", type=int, default=200)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--decisions", type=int, default=20_000)
    options.add_argument("--complete", action="store_true", help="only `kam` as it is now")
    given = options.parse_args()
    wrong = 0 if given.complete else beside_others(given)
    return wrong or complete(given)


def beside_others(given) -> int:
    """Print what the row engine and others take for `kam` 1.0."""
    program = in_force(compile_ruleset(load_ruleset(RULESET)), AS_OF)
    engine = engine_of(program)
    book = accounts(program, given.accounts)
    if found := len(list(differences(engine, book))):
        print(f"{found} accounts are decided differently by hand", file=sys.stderr)
        return 1
    prepared = [engine.prepare(each, strict=False) for each in book]
    row = fastest(lambda each: engine.compact(each, AS_OF), prepared, given.rounds)
    rows = [
        ("row engine, facts prepared", row, None),
        ("row engine, from dicts", fastest(
            lambda each: engine.compact(engine.prepare(each, strict=False), AS_OF),
            book, given.rounds), None),
        ("row engine, a Decision from dicts", fastest(
            lambda each: engine.decide(each, as_of=AS_OF, strict=False), book, 3), None),
        ("by hand, from dicts", fastest(lambda each: decide(each, AS_OF), book, given.rounds), None),
    ]  # fmt: skip
    flat = [flattened(program, engine, each) for each in prepared]
    for name, module in (("zen-engine", "zen"), ("datalogic-py", "datalogic")):
        peer = _peer(name, module, program)
        if peer is None:
            continue
        if not _agrees(program, engine, prepared, flat, peer, name):
            return 1
        rows.append((name, fastest(peer, flat, 3), GOALS[name]))
    print(f"{len(book)} accounts decided alike by all; microseconds an account, best of the rounds")
    for name, took, goal in rows:
        told = f"   (goal: at least {goal:g})" if goal else ""
        print(f"{name:36}{took:9.1f}{took / row:8.2f} times the row engine{told}")
    print(f"goals: row engine at most {GOAL:g} microseconds, and 2 times by hand")
    return 0


def complete(given) -> int:
    """Print what a decision by the whole of `kam` takes, and how evenly."""
    program = compile_ruleset(load_ruleset("kam"))
    engine = engine_of(program)
    book = accounts(program, given.accounts)
    prepared = [engine.prepare(each, strict=False) for each in book]

    def decide_one(facts):
        return engine.decide(facts, as_of=AS_OF, top=3, strict=False)

    middle = sorted(book, key=_rows)[len(book) // 2]
    large = _grown(max(book, key=_rows))
    rows = [
        ("facts prepared, ids and numbers", lambda one: engine.compact(one, AS_OF), prepared),
        ("a Decision from dicts", decide_one, book),
        ("the same, three actions read", lambda one: decide_one(one).actions, book),
        ("the same, all of it as JSON",
         lambda one: decide_one(one).model_dump_json(by_alias=True), book),
        ("one account, facts prepared", lambda one: engine.compact(one, AS_OF),
         [engine.prepare(middle, strict=False)]),
        ("one account, a Decision from dicts", decide_one, [middle]),
        ("200 orders, 40 contacts, from dicts", decide_one, [large]),
    ]  # fmt: skip
    of_rows = sum(map(_rows, book)) / len(book)
    print(f"{given.decisions} decisions by {program.name} {program.version}: {len(program.actions)} actions, "
          f"{len(program.facts)} facts, {of_rows:.0f} related rows an account")  # fmt: skip
    print(f"{'microseconds':38}{'median':>9}{'p99':>9}{'p99 / median':>14}")
    for name, run, some in rows:
        took = each_timed(run, some, given.decisions)
        median, late = took[len(took) // 2] / 1000, took[int(len(took) * 0.99)] / 1000
        print(f"{name:38}{median:9.1f}{late:9.1f}{late / median:14.1f}")
    print(f"goals: at most {COMPLETE:g} microseconds, p99 at most {EVENLY:g} times the median")
    for name, part in (("", "class_"), (", actions read", "actions")):
        many = itertools.islice(itertools.cycle(book), given.decisions)
        begun = time.perf_counter()
        for each in decide_many(program, many, as_of=AS_OF, top=3, strict=False):
            getattr(each, part)
        a_second = given.decisions / (time.perf_counter() - begun)
        print(f"decide_many{name}: {a_second:,.0f} accounts a second")
    return 0


def each_timed(run, some, count):
    """Return the nanoseconds that each of so many runs took, sorted; the things in turn."""
    for each in itertools.islice(itertools.cycle(some), 500):
        run(each)
    gc.collect()
    took, clock = [], time.perf_counter_ns
    for each in itertools.islice(itertools.cycle(some), count):
        begun = clock()
        run(each)
        took.append(clock() - begun)
    return sorted(took)


def _rows(facts):
    return sum(len(each) for each in facts.values() if isinstance(each, list))


def _grown(facts):
    grown = dict(facts)
    for table, count in (("orders", 200), ("contacts", 40)):
        grown[table] = list(itertools.islice(itertools.cycle(facts[table]), count))
    return grown


def flattened(program, engine, prepared):
    """Return an account's facts as the peers take them: dates as days, unknown as None, tables as dicts."""
    layout = engine.preparer.layout
    facts = dict(zip(layout.account, prepared.account, strict=True))
    for (table, used), rows in zip(layout.tables, prepared.tables, strict=True):
        powers = _powers(program.tables[table])
        facts[table] = [
            {
                name: cell / powers[name] if exact and cell is not None else cell
                for (name, exact), cell in zip(used, row, strict=True)
            }
            for row in rows or ()
        ]
    addresses = [each.address for each in program.aggregates]
    values = dict(zip(addresses, engine.compact(prepared, AS_OF).aggregates, strict=True))
    return facts | {name: values[address] for address, name in given_names(program).items()}


def _powers(table):
    return {name: 10.0 ** PLACES.get(each.type.kind, 0) for name, each in table.columns.items()}


def _peer(name, module, program):
    from importlib import import_module

    try:
        return import_module(f"benchmarks.peers.{module}").build(program, AS_OF.toordinal() - EPOCH)
    except ImportError:
        print(f"{name} is not installed; `pip install --group bench` brings it", file=sys.stderr)
        return None


def _agrees(program, engine, prepared, flat, peer, name) -> bool:
    for one, facts in zip(prepared, flat, strict=True):
        compact = engine.compact(one, AS_OF)
        theirs = peer(facts)
        ours = {
            "class": compact.class_,
            "tier": compact.tier,
            "phase": compact.phase,
            "strategy": compact.strategy,
        }
        ours |= {
            f"score__{each.id}": value[0]
            for each, value in zip(program.scores, compact.scores, strict=True)
        }
        fired = {key for key in theirs if key.startswith("action__") and theirs[key] is not None}
        count = len(program.actions)
        keys = [*compact.chosen, *(key for key, _ in compact.held)]
        chosen = {f"action__{program.actions[count - 1 - key % count].id}" for key in keys}
        wrong = {
            key: (value, theirs.get(key))
            for key, value in ours.items()
            if not _same(value, theirs.get(key))
        }
        if wrong or fired != chosen:
            print(
                f"{name} decides {one.account_id} differently: {wrong} {fired ^ chosen}",
                file=sys.stderr,
            )
            return False
    return True


def _same(one, other) -> bool:
    if isinstance(one, float) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other


if __name__ == "__main__":
    sys.exit(main())
