"""One account at a time: the row engine beside a hand-written function and other rule engines, on `kam`.

    python -m benchmarks.decide

All decide the same accounts of a sample book in the same run, and are compared before they are timed. The
row engine and the hand-written function decide everything. zen-engine and datalogic-py get the rules
translated from the same program (benchmarks/peers): aggregates over related tables, facts, scores, class,
tier, phase, strategy, and which actions fire with what priority. In their favour, first, last and distinct
values of tables are worked out beforehand, and gates of paths, gaps, bounds of scores and the ranking are
left out.
"""

from __future__ import annotations

import argparse
import math
import sys

from benchmarks.by_hand import decide
from benchmarks.kam_by_hand import AS_OF, RULESET, accounts, differences, fastest
from benchmarks.peers.translating import given_names
from kamrules import compile_ruleset, load_ruleset
from kamrules.compiler.in_force import in_force
from kamrules.engines.row import engine_of
from kamrules.expression.types import PLACES
from kamrules.show import EPOCH

GOAL = 40.0
GOALS = {"zen-engine": 10.0, "datalogic-py": 3.0}


def main() -> int:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.decide", description=__doc__.partition("\n")[0]
    )
    options.add_argument("--accounts", type=int, default=200)
    options.add_argument("--rounds", type=int, default=15)
    given = options.parse_args()
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
