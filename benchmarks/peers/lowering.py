"""Writes the rules in the language of a peer, step by step, as somebody who knows them would by hand.

What such a person sees and no engine may assume: points times weight are whole numbers; no priority has to
be clamped; the part of a priority that depends on a score is the same for many actions; and a rank is one
whole number, `thousandths of the priority * 25 + place from the end`, so that the three largest are the
best.
"""

from __future__ import annotations

from typing import Any, Protocol

from benchmarks.peers.rules import ACTIONS, CLASSES, CRITERIA, FACTS, SCORES, TIERS, nullable

NOT_PROPOSED = -1
COUNT = len(ACTIONS)
CLASS_NUMBERS = {name: number for number, name in enumerate(CLASSES)}


class Form(Protocol):
    """How a peer writes things. `guards`: a comparison with an unknown value has to be kept from it."""

    guards: bool

    def constant(self, value: Any) -> Any: ...
    def name(self, name: str) -> Any: ...
    def known(self, item: Any) -> Any: ...
    def binary(self, operator: str, left: Any, right: Any) -> Any: ...
    def every(self, items: list[Any]) -> Any: ...
    def some(self, items: list[Any]) -> Any: ...
    def choose(self, condition: Any, then: Any, otherwise: Any) -> Any: ...
    def total(self, items: list[Any]) -> Any: ...
    def days(self, name: str) -> Any:
        """Return the days from a date to the run."""

    def half_up(self, item: Any) -> Any:
        """Return a number of at least zero as a whole one."""


def layers(form: Form) -> list[list[tuple[str, Any]]]:
    """Return named steps in layers: facts, scores, class and level, parts of priorities, keys of actions.

    A layer reads the accounts' columns and what earlier layers made. `class` is the number of the class in
    the order written, `level` that of the tier from 1 on, `key<n>` the rank of an action or NOT_PROPOSED.
    """
    write = _Writing(form)
    return [
        *placing(form),
        [(f"key{n}", write.key(*each)) for n, each in enumerate(proposals(form))],
    ]


def placing(form: Form) -> list[list[tuple[str, Any]]]:
    """Return the layers before the actions' keys."""
    write = _Writing(form)
    parts = dict.fromkeys((each.slope, each.score) for each in ACTIONS.values())
    return [
        [(name, write.fact(each)) for name, each in FACTS.items()],
        [(name, write.score(name)) for name in SCORES],
        [("class", write.class_()), ("level", write.level())],
        [(part(*each), write.part(*each)) for each in parts],
    ]


def proposals(form: Form) -> list[tuple[Any, str, int]]:
    """Return of each action its tests, and its rank as the name of a step and a whole number to add."""
    write = _Writing(form)
    return [
        (
            form.every([write.passes(test) for test in each.when]),
            part(each.slope, each.score),
            each.start * 1000 * COUNT + COUNT - 1 - number,
        )
        for number, each in enumerate(ACTIONS.values())
    ]


def part(slope: float, score: str) -> str:
    """Return the name of the step for the part of priorities that depends on a score."""
    return f"{score}_{int(slope * 10)}"


def decided(class_: int, level: int, keys: list[int]) -> tuple[str, str | None, tuple[str, ...]]:
    """Return class, tier and the best actions by their names."""
    names, tiers = tuple(ACTIONS), (None, *TIERS)
    return (
        tuple(CLASSES)[class_],
        tiers[level],
        tuple(names[COUNT - 1 - key % COUNT] for key in keys if key >= 0),
    )


class _Writing:
    """Writes rules in one form."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def fact(self, fact):
        form = self.form
        if fact.kind == "days":
            value = form.days(fact.one)
            return self._unless_unknown(value, fact.one)
        one, other = form.name(fact.one), form.name(fact.other)
        if fact.kind == "growth":
            one = form.binary("-", one, other)
        return self._unless_unknown(form.binary("/", one, other), fact.one, fact.other)

    def _unless_unknown(self, value, *names):
        form = self.form
        if not form.guards:
            return value
        known = [form.known(form.name(each)) for each in names]
        return form.choose(form.every(known), value, form.constant(None))

    def passes(self, test):
        form = self.form
        item = form.name(test.name)
        if test.value is True:
            return item
        if test.name == "class":
            names = test.value if test.sign == "in" else (test.value,)
            numbers = [form.constant(CLASS_NUMBERS[each]) for each in names]
            return form.some([form.binary("==", item, each) for each in numbers])
        compared = form.binary(test.sign, item, form.constant(test.value))
        if form.guards and nullable(test.name):
            return form.every([form.known(item), compared])
        return compared

    def score(self, name):
        form = self.form
        points = [self._points(each) for each in CRITERIA.values() if each.score == name]
        return form.binary("/", form.total(points), form.constant(100.0))

    def _points(self, criterion):
        """Return weight times points."""
        form, value = self.form, self.form.name(criterion.value)
        weight = criterion.weight
        found = form.constant(weight * criterion.below)
        if not form.guards and criterion.below:
            lowest = form.binary("<", value, form.constant(criterion.steps[-1][0]))
            found = form.choose(lowest, found, form.constant(0))
        for bound, points in reversed(criterion.steps):
            above = form.binary(">=", value, form.constant(bound))
            found = form.choose(above, form.constant(weight * points), found)
        if form.guards:
            found = form.choose(form.known(value), found, form.constant(0))
        return found

    def class_(self):
        form = self.form
        *tested, last = CLASSES
        found = form.constant(CLASS_NUMBERS[last])
        for name in reversed(tested):
            tests = form.every([self.passes(each) for each in CLASSES[name]])
            found = form.choose(tests, form.constant(CLASS_NUMBERS[name]), found)
        return found

    def level(self):
        form = self.form
        found = form.constant(len(TIERS))
        for level, tests in reversed(list(enumerate(TIERS.values()))):
            gates = form.every([self.passes(each) for each in tests])
            found = form.choose(gates, found, form.constant(level))
        return found

    def part(self, slope, score):
        """Return the thousandths of a priority that come from a score, times the number of actions."""
        form = self.form
        thousandths = form.binary("*", form.name(score), form.constant(slope * 1000))
        return form.binary("*", form.half_up(thousandths), form.constant(COUNT))

    def key(self, tests, name, rest):
        form = self.form
        rank = form.binary("+", form.name(name), form.constant(rest))
        return form.choose(tests, rank, form.constant(NOT_PROPOSED))
