"""The row engine against a hand-written function of the same rules: the same decisions, and how fast.

    python -m benchmarks.kam_by_hand            # checks every account of a sample book, then times both

The hand-written one reads dicts; the row engine's facts are prepared before, as a CRM that embeds it would,
and are timed with the preparation as well.
"""

from __future__ import annotations

import argparse
import datetime
import math
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.by_hand import decide
from kamrules import compile_ruleset, load_ruleset
from kamrules.engines.row import engine_of
from kamrules.workbench.sample import sample_book
from tests.rulesets.reading import read_facts

AS_OF = datetime.date(2026, 6, 30)
RULESET = Path(__file__).with_name("ruleset")
"""`kam` as of version 1.0.0: measurements can be compared only while the work stays the same."""


def accounts(program, count):
    """Return the accounts of a sample book as the hand-written function wants them: dates are dates."""
    with tempfile.TemporaryDirectory() as folder:
        sample_book(Path(folder), accounts=count, as_of=AS_OF)
        found = read_facts(Path(folder), program)
    return [dated(each, program) for each in found]


def dated(facts, program):
    """Return an account with dates instead of their texts, and unknown for what the vocabulary refuses."""
    tables = program.tables
    own = {name: value for name, value in facts.items() if name not in tables}
    row = _row(own, tables["accounts"].columns) | {"account_id": facts["account_id"]}
    for name, table in tables.items():
        if name in facts:
            row[name] = [_row(each, table.columns) for each in facts[name]]
    return row


def _row(row, columns):
    return {
        name: _value(value, columns[name].type)
        for name, value in row.items()
        if name in columns and value is not None
    }


def _value(value, type_):
    if type_.kind == "choice" and value not in type_.choices:
        return None
    if type_.kind == "date" and not isinstance(value, datetime.date):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            return None
    return value


def outcome(engine, decision):
    """Return a Decision of the row engine in the hand-written function's form."""
    state = {"met": True, "unmet": False, "unknown": None}
    program = engine.program
    gates = [gate for each in (*program.paths, *program.tiers) for gate in each.gates]
    return (
        decision.class_, decision.tier, decision.phase, decision.strategy,
        tuple((each.value, each.low, each.high, each.band) for each in decision.scores),
        tuple(state[decision.gates[each.address]] for each in gates),
        [(each.priority, each.id) for each in decision.actions],
    )  # fmt: skip


def same(one, other):
    """Return whether two outcomes are equal, floats to the last few digits."""
    if isinstance(one, float) or isinstance(other, float):
        return one == other or (
            None not in (one, other) and math.isclose(one, other, rel_tol=1e-9, abs_tol=0.001)
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def differences(engine, book, as_of=AS_OF):
    """Yield the accounts on which the two do not agree."""
    for facts in book:
        ours = outcome(engine, engine.decide(facts, as_of=as_of, top=3, strict=False))
        theirs = decide(facts, as_of)
        if not same(ours, theirs):
            yield facts["account_id"], ours, theirs


def fastest(run, book, rounds):
    """Return the microseconds an account of the fastest of some rounds over the book."""
    least = math.inf
    for _ in range(rounds):
        begun = time.perf_counter()
        for each in book:
            run(each)
        least = min(least, time.perf_counter() - begun)
    return least / len(book) * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    program = compile_ruleset(load_ruleset(RULESET))
    engine = engine_of(program)
    book = accounts(program, asked.accounts)
    different = list(differences(engine, book))
    for account, ours, theirs in different[:5]:
        print(f"{account}\n  row engine   {ours}\n  by hand      {theirs}")
    if different:
        print(f"{len(different)} of {len(book)} accounts are decided differently", file=sys.stderr)
        return 1
    prepared = [engine.prepare(each, strict=False) for each in book]
    by_hand = fastest(lambda each: decide(each, AS_OF), book, asked.rounds)
    row = fastest(lambda each: engine.compact(each, AS_OF), prepared, asked.rounds)
    whole = fastest(
        lambda each: engine.compact(engine.prepare(each, strict=False), AS_OF), book, asked.rounds
    )
    rows = sum(
        len(each.get(name) or ()) for each in book for name in program.tables if name != "accounts"
    )
    print(f"{len(book)} accounts with {rows / len(book):.0f} related rows each: all decided alike")
    print(f"by hand, on dicts                 {by_hand:7.1f} microseconds an account")
    print(f"row engine, facts prepared        {row:7.1f}   {row / by_hand:.2f} times by hand")
    print(f"row engine, facts prepared by it  {whole:7.1f}   {whole / by_hand:.2f} times by hand")
    return 0


if __name__ == "__main__":
    sys.exit(main())
