"""Matching: a network in durable-rules, a message for each part of a stage.

More than 64 conditions that match one message at once, 255 rules behind one condition or 511 conditions at
one level break the library: rules stand in groups of 30 behind a property of their own, and messages hold
at most 180 properties.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kamrules.engines.live.formula import Concluded, Known, Literal, Measured
from kamrules.engines.live.network import TooLargeError
from kamrules.engines.live.session import Session
from kamrules.expression.nodes import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kamrules.engines.live.network import Network, Rule
    from kamrules.engines.live.quantities import Quantity

GROUP = 30
MOST_WAYS_OF_PART = 400
MOST_PROPERTIES = 180
MOST_WAYS = 10
MOST_AT_ROOT = 400
"""Groups are two thirds full at least: a message looks at 20 of them at most, which leaves 44 for matches."""


@dataclass(slots=True)
class _Part:
    """Rules that read one message: its groups, and the quantities and conclusions that are its properties."""

    rules: list[Rule] = field(default_factory=list)
    quantities: dict[int, None] = field(default_factory=dict)
    conclusions: dict[str, str] = field(default_factory=dict)
    head: str = ""


@dataclass(slots=True)
class _Ruleset:
    """One ruleset of durable-rules, and the parts whose messages it is sent in turn."""

    parts: list[_Part]
    session: Session


class Matcher:
    """A network, ready to be matched; for one thread at a time.

    Raises ImportError where durable-rules cannot be imported, TooLargeError for rules that it cannot hold.
    """

    def __init__(self, network: Network, quantities: Sequence[Quantity]) -> None:
        self._quantities = quantities
        self._network = network
        self._short = {each: f"c{number}" for number, each in enumerate(network.stages)}
        self._fires: dict[str, tuple[str, ...]] = {}
        self._cells = [
            tuple(f'"q{number}":{cell}' for cell in range(each.cells))
            for number, each in enumerate(quantities)
        ]
        self._rulesets = [
            _Ruleset(parts, Session(f"k{number}", definition))
            for number, (parts, definition) in enumerate(self._split())
        ]

    @property
    def rules(self) -> int:
        """How many rules durable-rules holds."""
        return len(self._fires)

    def definitions(self) -> list[dict[str, Any]]:
        """Return the rulesets as durable-rules reads them."""
        return [each.session.definition for each in self._rulesets]

    def close(self) -> None:
        """Give the memory back."""
        for each in self._rulesets:
            each.session.close()
        self._rulesets = []

    # compiling

    def _split(self) -> Iterator[tuple[list[_Part], dict[str, Any]]]:
        """Yield the parts of each ruleset with its definition; a new one begins where one would be full."""
        parts: list[_Part] = []
        at_root = 0
        for stage in range(max(self._network.stages.values(), default=0) + 1):
            for part in self._parts(stage):
                more = len(part.rules) // (GROUP - MOST_WAYS) + 1
                if parts and at_root + more > MOST_AT_ROOT:
                    yield parts, self._definition(parts)
                    parts, at_root = [], 0
                parts.append(part)
                at_root += more
        if parts:
            yield parts, self._definition(parts)

    def _parts(self, stage: int) -> Iterator[_Part]:
        part = _Part()
        for rule in self._network.rules:
            if rule.stage != stage:
                continue
            quantities, conclusions = self._properties(rule)
            if len(quantities) + len(conclusions) > MOST_PROPERTIES:
                raise TooLargeError(f"a rule reads {len(quantities)} quantities")
            together = len(part.quantities | quantities) + len(part.conclusions | conclusions)
            if together > MOST_PROPERTIES or len(part.rules) >= MOST_WAYS_OF_PART:
                yield part
                part = _Part()
            part.rules.append(rule)
            part.quantities |= quantities
            part.conclusions |= conclusions
        if part.rules:
            yield part

    def _properties(self, rule: Rule) -> tuple[dict[int, None], dict[str, str]]:
        return (
            {each.quantity: None for each in rule.when if isinstance(each, Measured | Known)},
            {each.name: f'"{self._short[each.name]}":1' for each in rule.when
             if isinstance(each, Concluded)},
        )  # fmt: skip

    def _definition(self, parts: list[_Part]) -> dict[str, Any]:
        definition: dict[str, Any] = {}
        group = 0
        for part in parts:
            groups = []
            held = GROUP
            for names, ways in self._together(part):
                if held + len(ways) > GROUP:
                    group, held = group + 1, 0
                    groups.append(f'"g{group}":1')
                held += len(ways)
                name = f"r{len(self._fires)}"
                some = ways[0] if len(ways) == 1 else [{"$or": [_all(each) for each in ways]}]
                definition[name] = {"all": [{"m": _all([{f"g{group}": 1}, *some])}]}
                self._fires[name] = names
            part.head = f'{{"sid":"s","id":"p{group}",{",".join(groups)}'
        return definition

    def _together(
        self, part: _Part
    ) -> Iterator[tuple[tuple[str, ...], list[list[dict[str, Any]]]]]:
        """Yield what is concluded with the ways in which it can be, as many as one rule should have.

        One rule with several ways costs a session as much as a rule with one.
        """
        for names, rules in groupby(part.rules, key=lambda each: each.names):
            ways = [found for each in rules if (found := self._way(each)) is not None]
            if [] in ways:
                ways = [[]]  # it always holds
            for start in range(0, len(ways), MOST_WAYS):
                yield names, ways[start : start + MOST_WAYS]

    def _way(self, rule: Rule) -> list[dict[str, Any]] | None:
        """Return the tests of a message for which the rule holds; None when one never does."""
        tests: list[dict[str, Any]] = []
        for each in rule.when:
            found = self._tests(each)
            if found is None:
                return None
            tests += found
        return tests

    def _tests(self, literal: Literal) -> list[dict[str, Any]] | None:
        if isinstance(literal, Concluded):
            name = self._short[literal.name]
            return [{name: 1} if literal.held else {"$nex": {name: 1}}]
        name = f"q{literal.quantity}"
        if isinstance(literal, Known):
            return [{"$gte": {name: 0}} if literal.known else {"$nex": {name: 1}}]
        quantity = self._quantities[literal.quantity]
        ranges = quantity.ranges(literal)
        if not ranges:
            return None
        if literal.comparison is Comparison.NOT_EQUAL:
            if len(ranges) == 2:
                return [{"$neq": {name: ranges[0][1] + 1}}]
            edge = ranges[0]
            return [{"$neq": {name: 0 if edge[0] == 1 else edge[1] + 1}}]
        ((first, last),) = ranges
        if first == last:
            return [{name: first}]
        tests = [{"$gte": {name: first}}] if first or last == quantity.cells - 1 else []
        return tests + ([{"$lte": {name: last}}] if last < quantity.cells - 1 else [])

    # matching

    def match(self, cells: Sequence[int | None], given: Iterable[str] = ()) -> set[str]:
        """Return all that is concluded, `given` included: what was concluded before, by their names.

        `cells` has the cell of every quantity, None where its value is unknown.
        Raises OverBudgetError, and MemoryError or what else the library raises.
        """
        found = set(given)
        told = [None if cell is None else texts[cell]
                for cell, texts in zip(cells, self._cells, strict=True)]  # fmt: skip
        for ruleset in self._rulesets:
            self._matched(ruleset, told, found)
        return found

    def _matched(self, ruleset: _Ruleset, told: list[str | None], found: set[str]) -> None:
        session = ruleset.session
        session.open()
        try:
            for part in ruleset.parts:
                items = [text for each in part.quantities if (text := told[each]) is not None]
                items += [text for each, text in part.conclusions.items() if each in found]
                message = ",".join([part.head, *items]) + "}"
                for text in session.fired(message):
                    found.update(self._fires[text[2 : text.index('"', 2)]])
        finally:
            session.end()


def _all(tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a test that holds when all do; each message holds the first property, whatever group it is."""
    return tests[0] if len(tests) == 1 else {"$and": tests}
