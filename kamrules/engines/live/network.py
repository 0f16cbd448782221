"""The network: rules that conclude something from formulas, in stages that a matcher goes through in order.

What a rule reads was concluded in an earlier stage, and is settled when its own stage begins. So `not
concluded` can be asked as well, and no rule waits for facts to be joined, which costs durable-rules more than
a stage does (a third of the time for `kam`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.engines.live.formula import (
    All,
    Any,
    Concluded,
    Conjunction,
    Formula,
    alternatives,
    conjunctions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ALTERNATIVES = 6
"""Of more conjunctions than this a part becomes a conclusion of its own."""
GIVEN = -1


class TooLargeError(Exception):
    """The rules do not fit into what durable-rules can hold safely."""


@dataclass(slots=True)
class Rule:
    """Concludes all of `names` when every literal holds."""

    names: tuple[str, ...]
    when: Conjunction
    stage: int = 0


@dataclass(slots=True)
class Network:
    """Rules, and the stage in which each conclusion is settled (after `settle`).

    What is given, concluded before the first stage by something else, has the stage -1.
    """

    rules: list[Rule] = field(default_factory=list)
    stages: dict[str, int] = field(default_factory=dict)
    _parts: dict[Formula, str] = field(default_factory=dict)

    def conclude(self, names: str | tuple[str, ...], formula: Formula) -> None:
        """Add rules that conclude the names whenever the formula holds."""
        told = (names,) if isinstance(names, str) else names
        for name in told:
            self.stages.setdefault(name, 0)
        for each in self._flat(formula):
            self.rules.append(Rule(told, tuple(dict.fromkeys(each))))

    def give(self, name: str) -> None:
        """Add a conclusion that is known before the first stage."""
        self.stages[name] = GIVEN

    def _flat(self, formula: Formula) -> list[Conjunction]:
        match formula:
            case Any(parts=parts):
                return [one for each in parts for one in self._flat(each)]
            case All(parts=parts) if alternatives(formula) > MOST_ALTERNATIVES:
                found: list[Conjunction] = [()]
                for each in sorted(parts, key=alternatives):
                    size = alternatives(each)
                    few = size * len(found) <= MOST_ALTERNATIVES
                    told = conjunctions(each) if few else [(self._part(each),)]
                    found = [(*one, *two) for one in found for two in told]
                return found
            case _:
                return conjunctions(formula)

    def _part(self, formula: Formula) -> Concluded:
        """Return a formula as a conclusion of its own."""
        name = self._parts.get(formula)
        if name is None:
            name = self._parts[formula] = f"part={len(self._parts)}"
            self.conclude(name, formula)
        return Concluded(name)

    def named(self, name: str, formula: Formula) -> Formula:
        """Return a formula that many rules read as a conclusion, unless it is as short as one."""
        if not isinstance(formula, All | Any):
            return formula
        self.conclude(name, formula)
        return Concluded(name)

    def settle(self) -> None:
        """Put every rule into the first stage in which what it reads can be read."""
        self._drop_idle()
        for _ in range(len(self.stages) + 2):
            if not self._raised():
                return
        raise TooLargeError("conclusions that rest on themselves")

    def _drop_idle(self) -> None:
        """Leave out what can never be concluded, and rules that wait for it."""
        while True:
            made = {name for each in self.rules for name in each.names}
            made |= {name for name, stage in self.stages.items() if stage == GIVEN}
            for each in self.rules:
                each.when = tuple(one for one in each.when if not _empty(one, made))
            kept = [
                each
                for each in self.rules
                if all(name in made for name, held in _read(each) if held)
            ]
            if len(kept) == len(self.rules):
                return
            self.rules = kept

    def _raised(self) -> bool:
        """Put rules behind what they read; return whether one had to move."""
        raised = False
        for rule in self.rules:
            stage = max((self.stages[name] + 1 for name, _ in _read(rule)), default=0)
            stage = max(stage, *(self.stages[name] for name in rule.names))
            if stage != rule.stage or any(self.stages[name] != stage for name in rule.names):
                rule.stage = stage
                self.stages |= dict.fromkeys(rule.names, stage)
                raised = True
        return raised


def _read(rule: Rule) -> Iterator[tuple[str, bool]]:
    return ((each.name, each.held) for each in rule.when if isinstance(each, Concluded))


def _empty(literal: object, made: set[str]) -> bool:
    """Whether a literal says only that something is not concluded which never is."""
    return isinstance(literal, Concluded) and not literal.held and literal.name not in made


def none_of(names: tuple[str, ...]) -> Formula:
    """Return that none of the names was concluded."""
    return All(tuple(Concluded(each, held=False) for each in names))
