"""Nearest change on the demo book: the least that would have to change for the next class and the next tier.

    python -m benchmarks.nearest

For every account of the book, up to three ways each. Every way is decided again by the row engine: on the
measured facts, and on the account itself where only its own columns change. None may be refuted. Times are
those of the processor: the work is in one thread and reads nothing.
"""

from __future__ import annotations

import argparse
import datetime
import statistics
import sys
import time
from dataclasses import dataclass, field

from benchmarks.kam_by_hand import AS_OF, accounts
from kamrules import Earlier, compile_ruleset, load_ruleset
from kamrules.engines.row import Compact, engine_of
from kamrules.engines.row.generate import generate
from kamrules.show import EPOCH
from kamrules.workbench.nearest import nearest
from kamrules.workbench.nearest.levers import ANYTHING
from kamrules.workbench.nearest.measured import Inputs

MEDIAN, LAST = 50.0, 1_000.0
"""Milliseconds that an answer may take: the median, the 99th percentile."""
PROVED = 0.999
WARM = 40
"""Accounts asked before the clock runs: there are some twenty questions, and each is compiled once."""


@dataclass
class Measured:
    """What was measured: milliseconds an answer, and how the answers stood up."""

    took: list[float] = field(default_factory=list)
    questions: int = 0
    ways: int = 0
    unproved: list[str] = field(default_factory=list)
    answered: int = 0
    nothing: int = 0
    given_up: list[str] = field(default_factory=list)
    on_columns: int = 0
    refuted: list[str] = field(default_factory=list)


class Checking:
    """Decides an account again with the changes of a way."""

    def __init__(self, program):
        self.program = program
        self.engine = engine_of(program)
        current = self.engine.slice(AS_OF)[0]
        self.inputs = Inputs.of(current, self.engine.preparer.layout.account)
        self.decide = generate(self.inputs.program, self.inputs.layout)
        self.places = {each.name: n for n, each in enumerate(self.inputs.facts)}
        self.columns = set(program.tables["accounts"].columns)

    def measured(self, facts, way, part, wanted, earlier):
        """Return whether the outcome comes out of the measured facts with the changes."""
        prepared = self.engine.prepare(facts, strict=False)
        values = self.inputs.values(prepared, self.engine.compact(prepared, AS_OF, earlier))
        for each in way.changes:
            after = ANYTHING if each.after is None else each.after
            if isinstance(after, datetime.date):
                after = after.toordinal() - EPOCH
            values[self.places[each.fact]] = after
        before = (earlier.class_, earlier.tier)
        decided = Compact._make(self.decide(values, (), AS_OF.toordinal() - EPOCH, *before, {}))
        return getattr(decided, part) == wanted

    def columns_only(self, way):
        return all(each.fact in self.columns for each in way.changes)

    def account(self, facts, way, part, wanted, earlier):
        """Return whether the outcome comes out of the account with other values of its own columns."""
        changed = facts | {
            each.fact: ANYTHING if each.after is None else each.after for each in way.changes
        }
        decided = self.engine.decide(changed, as_of=AS_OF, earlier=earlier, strict=False)
        return getattr(decided, part) == wanted


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.nearest", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--most", type=int, default=1_000, help="boxes looked at, at most")
    asked = parser.parse_args()
    program = compile_ruleset(load_ruleset("kam"))
    book = accounts(program, asked.accounts)
    found = measured(program, book, asked.most)
    took = sorted(found.took)
    last = took[min(len(took) - 1, round(0.99 * len(took)))]
    print(f"{len(book)} accounts, {found.questions} next classes and tiers, {found.ways} ways")
    print(f"median {statistics.median(took):8.1f} ms an answer    (goal: under {MEDIAN:g})")
    print(f"p99    {last:8.1f} ms               (goal: under {LAST:g})")
    print(f"worst  {took[-1]:8.1f} ms")
    print(f"{len(found.unproved)} of {found.answered} cheapest ways not proved to be the cheapest")
    print(
        f"{found.nothing} proved to be out of reach, {len(found.given_up)} given up without an answer"
    )
    print(
        f"{len(found.refuted)} of {found.ways} ways refuted by the engine; "
        f"{found.on_columns} decided from the account itself"
    )
    for each in (*found.refuted, *found.given_up, *found.unproved):
        print(f"  {each}", file=sys.stderr)
    return 1 if found.refuted else 0


def measured(program, book, most):
    """Ask for every account, with the clock running, then decide every answer again."""
    engine, checking, found = engine_of(program), Checking(program), Measured()
    for facts in book[:WARM]:
        _asked(engine, facts, most)
    for facts in book:
        earlier, steps = _steps(engine, facts)
        for name, part, to in steps:
            begun = time.process_time()
            answer = nearest(
                program,
                facts,
                f"{name}={to}",
                as_of=AS_OF,
                earlier=earlier,
                strict=False,
                most=most,
            )
            found.took.append((time.process_time() - begun) * 1e3)
            told = f"{facts['account_id']} {name}={to}"
            _judge(found, checking, facts, told, part, to, earlier, answer)
    return found


def _asked(engine, facts, most):
    """Ask once, so that what is made once for a program and a question is made."""
    earlier, steps = _steps(engine, facts)
    for name, _, to in steps:
        nearest(
            engine.program,
            facts,
            f"{name}={to}",
            as_of=AS_OF,
            earlier=earlier,
            strict=False,
            most=most,
        )


def _steps(engine, facts):
    """Return what the next run will know from before, and the next class and tier."""
    decision = engine.decide(facts, as_of=AS_OF, strict=False)
    steps = (("class", "class_", decision.next_class), ("tier", "tier", decision.next_tier))
    return (
        Earlier(class_=decision.class_, tier=decision.tier),
        [(name, part, step.to) for name, part, step in steps if step is not None],
    )


def _judge(found, checking, facts, told, part, wanted, earlier, answer):
    found.questions += 1
    found.ways += len(answer.ways)
    found.answered += bool(answer.ways)
    if not answer.ways and not answer.reached:
        if answer.searched:
            found.nothing += 1
        else:
            found.given_up.append(f"{told}: given up")
    elif answer.ways and answer.ways[0].at_least < answer.ways[0].cost * PROVED:
        found.unproved.append(
            f"{told}: costs {answer.ways[0].cost:g}, at least {answer.ways[0].at_least:g}"
        )
    for way in answer.ways:
        if not checking.measured(facts, way, part, wanted, earlier):
            found.refuted.append(f"{told}: {[(each.fact, each.after) for each in way.changes]}")
        elif checking.columns_only(way):
            found.on_columns += 1
            if not checking.account(facts, way, part, wanted, earlier):
                found.refuted.append(f"{told}, on its columns: {way.changes}")


if __name__ == "__main__":
    sys.exit(main())
