"""durable-rules alone: a Host, an account as a fact, what follows from it by actions in Python.

What its documented way does not survive has been taken care of, since it would not end otherwise: a session
is thrown away after each account (1,024 at most can live), rules stand in groups, each with a message of
its own (65 that match one message are an error), there are no threads in the background (they crash after a
session is deleted), and tiny numbers are made greater (1e-7 is an error). It adds nothing up: that happens
between stages.
"""

from __future__ import annotations

import contextlib
import math

from benchmarks.peers.forms.days import with_days
from benchmarks.peers.lowering import CLASS_NUMBERS, COUNT
from benchmarks.peers.rules import (
    ACTIONS,
    AS_OF,
    CLASSES,
    CRITERIA,
    FACTS,
    SCORES,
    TIERS,
    TOP,
)

GROUP = 30
_SIGNS = {">=": "$gte", "<": "$lt"}


def build():
    """Return a function from accounts to their decisions."""
    return _Directly().decide


class _Directly:
    """Decides accounts by a Host; `noted` is where its actions put what they conclude."""

    def __init__(self) -> None:
        from durable.engine import Host, MessageNotHandledException

        class Quiet(Host):
            def _run(self):
                pass

        self.unhandled = MessageNotHandledException
        self.noted: list[tuple] = []
        self.rules = {"boot": {"all": [{"m": {"kind": "boot"}}], "run": lambda _c: None}}
        self.groups = [self._stage(number, each) for number, each in enumerate(_stages())]
        self.rules["handled"] = {"all": [{"m": {"$ex": {"name": 1}}}], "run": lambda _c: None}
        self.host = Quiet()
        self.host.set_rulesets({"peers": self.rules})

    def _stage(self, stage, rules):
        """Add the rules of a stage; return the names by which messages tell which of them they are for."""
        groups = []
        for number, (tests, conclusion) in enumerate(rules):
            if number % GROUP == 0:
                groups.append(f"group{stage}_{number}")
            when = {"$and": [{groups[-1]: 1}, *tests]}
            self.rules[f"rule{stage}_{number}"] = {
                "all": [{"m": when}],
                "run": self._noting(conclusion),
            }
        return groups

    def _noting(self, conclusion):
        return lambda _c: self.noted.append(conclusion)

    def decide(self, accounts):
        for account in accounts:
            values = _values(account)
            self.host.assert_fact("peers", {"sid": "a", "id": "boot", "kind": "boot"})
            try:
                yield self._decided(values)
            finally:
                self.host.delete_state("peers", "a")

    def _decided(self, values):
        points = dict.fromkeys(SCORES, 0)
        for score, number in self._concluded(0, values):
            points[score] += number
        values |= {score: number / 100 for score, number in points.items()}
        found = self._concluded(1, values)
        # of classes the first counts, of tiers the highest
        values["class"] = min(number for what, number in found if what == "class")
        values["level"] = max((number for what, number in found if what == "level"), default=0)
        keys = sorted(
            (_key(number, values) for _, number in self._concluded(2, values)), reverse=True
        )
        return values["class"], values["level"], *(values[each] for each in SCORES), keys[:TOP]

    def _concluded(self, stage, values):
        self.noted = []
        for group in self.groups[stage]:
            with contextlib.suppress(self.unhandled):
                self.host.assert_fact("peers", {"sid": "a", "id": group, group: 1, **values})
        return self.noted


def _values(account):
    """Return what is known as durable-rules takes it: no exponents, no unknown values."""
    days = with_days(account)
    found = {name: value for name, value in days.items() if value is not None}
    for name, fact in FACTS.items():
        one, other = days[fact.one], days.get(fact.other)
        if one is None or (fact.other and other is None):
            continue
        if fact.kind == "days":
            found[name] = AS_OF.toordinal() - one
        else:
            value = (one - other) / other if fact.kind == "growth" else one / other
            # JSON would write a smaller one with an exponent; no bound lies between it and zero but zero
            found[name] = value if not value or abs(value) >= 1e-4 else math.copysign(1e-4, value)
    return found


def _key(number, values):
    action = tuple(ACTIONS.values())[number]
    thousandths = int(action.slope * 1000 * values[action.score] + 0.5) + action.start * 1000
    return thousandths * COUNT + COUNT - 1 - number


def _stages():
    """Return the rules in stages as tests and what follows: points, then class and tier, then actions."""
    placing = [(_tests(tests), ("class", CLASS_NUMBERS[name])) for name, tests in CLASSES.items()]
    gates = ()
    for level, tests in enumerate(TIERS.values(), start=1):
        gates += tests
        placing.append((_tests(gates), ("level", level)))
    proposing = [
        (_tests(each.when), ("action", number)) for number, each in enumerate(ACTIONS.values())
    ]
    return [rule for each in CRITERIA.values() for rule in _points(each)], placing, proposing


def _points(criterion):
    upper = []
    for bound, points in [*criterion.steps, (None, criterion.below)]:
        above = [] if bound is None else [{"$gte": {criterion.value: bound}}]
        yield [*above, *upper], (criterion.score, criterion.weight * points)
        upper = [{"$lt": {criterion.value: bound}}]


def _tests(tests):
    found = []
    for each in tests:
        if each.value is True:
            found.append({each.name: True})
        elif each.name == "class":
            names = each.value if each.sign == "in" else (each.value,)
            equal = [{"class": CLASS_NUMBERS[name]} for name in names]
            found.append(equal[0] if len(equal) == 1 else {"$or": equal})
        elif each.sign == "==":
            found.append({each.name: each.value})
        else:
            found.append({_SIGNS[each.sign]: {each.name: each.value}})
    return found
