"""Matching: a network in durable-rules, in parts that each read one message.

More than 64 conditions that match one message at once, 255 rules behind one condition or 511 conditions at
one level break the library: rules stand in groups of 30 behind a property of their own, and messages hold few
properties. What a part concludes depends on its message alone, so what was concluded from a message is
remembered: most events change few of the cells that rules can tell apart.
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
MOST_WAYS = 10
"""Of so many ways at most one rule is made."""
MOST_GROUPS = 12
"""Groups are two thirds full at least, so a part of 240 ways has 12; what is left of 64 is for matches."""
MOST_PROPERTIES = 180
FEW_PROPERTIES = 48
"""Parts are kept so small where rules allow it: small messages come again more often than large ones."""
REMEMBERED = 2_000
"""So many messages of a part are remembered, those that came first forgotten first."""


@dataclass(slots=True)
class _Part:
    """Rules that read one message: its groups, and the quantities and conclusions that are its properties."""

    rules: list[Rule] = field(default_factory=list)
    quantities: dict[int, None] = field(default_factory=dict)
    conclusions: dict[str, str] = field(default_factory=dict)

    def takes(self, quantities: dict[int, None], conclusions: dict[str, str]) -> bool:
        """Whether a rule that reads these may be added."""
        together = len(self.quantities | quantities) + len(self.conclusions | conclusions)
        few = together <= FEW_PROPERTIES or not self.rules
        return few and len(self.rules) < MOST_GROUPS * (GROUP - MOST_WAYS)


class _Ready:
    """A part with its rules in durable-rules, and what it concluded from messages so far."""

    def __init__(self, name: str, part: _Part, definition: dict[str, Any], head: str,
                 fires: dict[str, tuple[str, ...]]) -> None:  # fmt: skip
        self.session = Session(name, definition)
        self.head = head
        self.quantities = tuple(part.quantities)
        self.conclusions = tuple(part.conclusions.items())
        self._fires = fires
        self._known: dict[str, frozenset[str]] = {}

    @property
    def remembered(self) -> int:
        """How many messages are remembered."""
        return len(self._known)

    def forget(self) -> None:
        """Forget what was concluded so far."""
        self._known.clear()

    def concluded(self, message: str) -> frozenset[str]:
        """Return what the rules conclude from a message."""
        found = self._known.get(message)
        if found is None:
            fired = self.session.run((message,))
            found = frozenset(
                name for text in fired for name in self._fires[text[2 : text.index('"', 2)]]
            )
            if len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[message] = found
        return found


class Matcher:
    """A network, ready to be matched; for one thread at a time.

    Raises ImportError where durable-rules cannot be imported, TooLargeError for rules that it cannot hold.
    """

    def __init__(self, network: Network, quantities: Sequence[Quantity]) -> None:
        self._quantities = quantities
        self._network = network
        self._short = {each: f"c{number}" for number, each in enumerate(network.stages)}
        self._cells = [
            tuple(f'"q{number}":{cell}' for cell in range(each.cells))
            for number, each in enumerate(quantities)
        ]
        stages = range(max(network.stages.values(), default=0) + 1)
        parts = [part for stage in stages for part in self._parts(stage)]
        self._parts_ready = [self._ready(f"k{number}", each) for number, each in enumerate(parts)]

    @property
    def remembered(self) -> int:
        """How many messages of a part are remembered, at most."""
        return max((each.remembered for each in self._parts_ready), default=0)

    def forget(self) -> None:
        """Forget what was concluded from messages, so that the next ones are matched again."""
        for each in self._parts_ready:
            each.forget()

    def close(self) -> None:
        """Give the memory back."""
        for each in self._parts_ready:
            each.session.close()
        self._parts_ready = []

    # compiling

    def _parts(self, stage: int) -> Iterator[_Part]:
        part = _Part()
        for rule in self._network.rules:
            if rule.stage != stage:
                continue
            quantities, conclusions = self._properties(rule)
            if len(quantities) + len(conclusions) > MOST_PROPERTIES:
                raise TooLargeError(f"a rule reads {len(quantities)} quantities")
            if not part.takes(quantities, conclusions):
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

    def _ready(self, name: str, part: _Part) -> _Ready:
        """Give durable-rules the rules of a part."""
        definition: dict[str, Any] = {}
        fires: dict[str, tuple[str, ...]] = {}
        groups, held = 0, GROUP
        for names, ways in self._together(part):
            if held + len(ways) > GROUP:
                groups, held = groups + 1, 0
            held += len(ways)
            some = ways[0] if len(ways) == 1 else [{"$or": [_all(each) for each in ways]}]
            rule = f"r{len(fires)}"
            definition[rule] = {"all": [{"m": _all([{f"g{groups}": 1}, *some])}]}
            fires[rule] = names
        head = ",".join(['"id":"p"', *(f'"g{number}":1' for number in range(1, groups + 1))])
        return _Ready(name, part, definition, head, fires)

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
        Raises TooLargeError, and MemoryError or what else the library raises.
        """
        found = set(given)
        told = [None if cell is None else texts[cell]
                for cell, texts in zip(cells, self._cells, strict=True)]  # fmt: skip
        for part in self._parts_ready:
            items = [text for each in part.quantities if (text := told[each]) is not None]
            items += [text for name, text in part.conclusions if name in found]
            found |= part.concluded(",".join([part.head, *items]))
        return found


def _all(tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a test that holds when all do; each message holds the first property, whatever group it is."""
    return tests[0] if len(tests) == 1 else {"$and": tests}
