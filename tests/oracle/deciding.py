"""Decides one account step by step, each only when another asks for it, as docs/semantics.md says."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kamrules.compiler.program import Logic
from tests.oracle.expression import World, kleene_and, kleene_not, kleene_or, number, value_of
from tests.oracle.measuring import inside, points_of, weighted
from tests.oracle.reading import TOO_LONG, half_away
from tests.oracle.showing import shown
from tests.oracle.signals import signal
from tests.oracle.standing import standing

if TYPE_CHECKING:
    from kamrules.compiler.program import (
        ActionRule,
        BookStep,
        Class,
        Condition,
        Gate,
        Message,
        Phase,
        Program,
        Score,
        Strategy,
    )
    from kamrules.decision import Earlier
    from kamrules.expression.nodes import Node
    from tests.oracle.reading import Value

FAULTS = {
    "en": ("no class holds", "several classes hold: "),
    "zh": ("没有任何客户类别成立", "多个客户类别同时成立："),
}


@dataclass
class Scored:
    """What one score comes to."""

    value: float | None
    low: float | None
    high: float | None
    band: str | None
    points: dict[str, float | None]


@dataclass
class Placed:
    """A class or tier, how it came about, and the fault if there is one."""

    id: str | None
    move: str | None
    fault: str = ""


class Account(Mapping[str, "Value"]):
    """One account under a program: a mapping from the address of a step to its result."""

    def __init__(
        self,
        program: Program,
        facts: Mapping[str, Any],
        as_of: datetime.date,
        earlier: Earlier | None,
        language: str,
        book: Sequence[Mapping[str, Any]] | None = None,
        signals: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.signals = signals or {}
        self.program = standing(program, as_of)
        self.as_of = as_of
        self.language = language
        self.book = book
        self.class_before = earlier.class_ if earlier else None
        if self.class_before not in [each.id for each in self.program.classes]:
            self.class_before = None
        self.tier_before = earlier.tier if earlier else None
        if self.tier_before not in [each.id for each in self.program.tiers]:
            self.tier_before = None
        self.proposed_before = dict(earlier.proposed) if earlier else {}
        self.done: dict[object, Any] = {}
        self.world = World(facts, as_of, self.program.tables, self)

    def once(self, key: object, compute: Callable[[], Any]) -> Any:
        """Return what was computed for the key, now or before."""
        if key not in self.done:
            self.done[key] = compute()
        return self.done[key]

    def __getitem__(self, address: str) -> Value:
        return self.once(address, lambda: self._step(address))  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        return iter(self.program.order)

    def __len__(self) -> int:
        return len(self.program.order)

    def _step(self, address: str) -> Value:
        kind, _, rest = address.partition(".")
        program = self.program
        if kind == "aggregate":
            [step] = [each for each in program.aggregates if each.address == address]
            return value_of(step.aggregate, self.world)
        if kind == "book":
            return self._of_book(*rest.split("."))
        if kind == "fact":
            [fact] = [each for each in program.facts if each.id == rest]
            return value_of(fact.value, self.world)
        if kind == "signal":
            name, _, part = rest.partition(".")
            holds, day = self.once(
                ("signal", name), lambda: signal(self.signals[name], program, self.world)
            )
            return day if part else holds  # type: ignore[no-any-return]
        if kind == "score":
            name, _, part = rest.partition(".")
            return getattr(self.score(name), part or "value")  # type: ignore[no-any-return]
        if kind == "criterion":
            for score in program.scores:
                if rest in [each.id for each in score.criteria]:
                    return self.score(score.id).points[rest]
            return None
        if address == "tier.level":
            levels = [float(each.level) for each in program.tiers if each.id == self.tier().id]
            return levels[0] if levels else None
        given: dict[str, Callable[[], str | None]] = {
            "class": lambda: self.class_().id,
            "tier": lambda: self.tier().id,
            "phase": self.phase,
            "strategy": self.strategy,
            "class_before": lambda: self.class_before,
            "tier_before": lambda: self.tier_before,
        }
        return given[address]()

    def _of_book(self, number: str, function: str) -> float | None:
        """Compare the account with all of the book, each worked out anew."""
        [step] = [each for each in self.program.book_steps if each.address == f"book.{number}"]
        mine = compared(step.item, self.world)
        if mine is None or self.book is None:
            return None
        if step.summed is not None:
            return self._running(step, mine, function)
        others = [compared(step.item, self._beside(facts).world) for facts in self.book]
        known = [each for each in others if each is not None]
        rank = 1 + len([each for each in known if each > mine])
        if function == "rank":
            return float(rank)
        if function == "rank_share":
            return float(rank) / float(len(known)) if known else None
        total = sum(known)
        return None if total == 0 or abs(total) >= TOO_LONG else float(mine) / float(total)

    def _running(self, step: BookStep, mine: int, function: str) -> float | None:
        """Add a number up over the accounts that are not below this one by another."""
        if compared(step.summed, self.world) is None:
            return None
        worlds = [self._beside(facts).world for facts in self.book]
        both = [(compared(step.item, each), compared(step.summed, each)) for each in worlds]
        known = [(by, added) for by, added in both if by is not None and added is not None]
        found = sum(added for by, added in known if by >= mine)
        if abs(found) >= TOO_LONG:
            return None
        if function == "running_total":
            return float(found) / (10_000.0 if step.summed.type.kind == "money" else 1_000_000.0)
        total = sum(added for _, added in known)
        return None if total == 0 or abs(total) >= TOO_LONG else float(found) / float(total)

    def _beside(self, facts: Mapping[str, Any]) -> Account:
        """Return another account of the book."""
        return Account(self.program, facts, self.as_of, None, self.language, signals=self.signals)

    # conditions and messages

    def holds(self, condition: Condition | None) -> bool | None:
        """Return whether the condition holds; no condition always does."""
        if condition is None:
            return True
        if condition.logic is Logic.EXPRESSION:
            assert condition.expression is not None
            value = value_of(condition.expression, self.world)
            assert value is None or isinstance(value, bool)
            return value
        members = [self.holds(each) for each in condition.members]
        if condition.logic is Logic.ALL:
            return kleene_and(members)
        if condition.logic is Logic.ANY:
            return kleene_or(members)
        if condition.logic is Logic.NOT:
            return kleene_not(members[0])
        true, unknown = members.count(True), members.count(None)
        if true >= condition.needed:
            return True
        return False if true + unknown < condition.needed else None

    def lacking(self, condition: Condition | None) -> list[str]:
        """Return the texts of the members that are not true."""
        if condition is None or self.holds(condition) is True:
            return []
        if condition.logic is not Logic.ALL:
            return [condition.text]
        return [each.text for each in condition.members if self.holds(each) is not True]

    def text(self, message: Message) -> str:
        """Return the message with its slots filled."""
        language = self.language
        if language not in message.texts:
            language = next(iter(message.texts))
        pieces = message.texts[language]
        return "".join(
            each
            if isinstance(each, str)
            else shown(value_of(each, self.world), each.type, language)
            for each in pieces
        )

    # scores

    def score(self, name: str) -> Scored:
        """Return what the score comes to."""
        [score] = [each for each in self.program.scores if each.id == name]
        return self.once(("score", name), lambda: self._score(score))  # type: ignore[no-any-return]

    def _score(self, score: Score) -> Scored:
        points: dict[str, float | None] = {}
        in_use: list[tuple[float, float]] = []
        lows: list[tuple[float, float]] = []
        highs: list[tuple[float, float]] = []
        for each in score.criteria:
            given = points_of(each, value_of(each.value, self.world))
            known = given is not None
            lows.append((each.weight, given if given is not None else each.least))
            highs.append((each.weight, given if given is not None else each.most))
            if not known and each.unknown.value == "points":
                given = each.unknown_points
            if given is not None:
                in_use.append((each.weight, given))
            points[each.id] = given
        value, low, high = weighted(in_use), weighted(lows), weighted(highs)
        if value is not None and low is not None and high is not None:
            low, high = min(low, value), max(high, value)
        band = None
        if value is not None:
            bands = [each.id for each in score.bands if inside(value, each.interval)]
            band = bands[0] if bands else None
        return Scored(value, low, high, band, points)

    # gates, class, tier, phase, strategy

    def gate(self, gate: Gate) -> str:
        """Return met, unmet or unknown."""
        return {True: "met", False: "unmet", None: "unknown"}[self.holds(gate.when)]

    def met(self, gates: tuple[Gate, ...]) -> bool:
        """Return whether all of the gates are met."""
        return all(self.gate(each) == "met" for each in gates)

    def class_(self) -> Placed:
        """Return the class."""
        return self.once("the class", self._class)  # type: ignore[no-any-return]

    def _class(self) -> Placed:
        classes = self.program.classes
        holding = [(each, self.holds(each.when)) for each in classes]
        true = [each.id for each, holds in holding if holds is True]
        unknown = any(holds is None for _, holds in holding)
        if len(true) > 1 and self.program.class_hit.value == "unique":
            return Placed(None, None, FAULTS[self.language][1] + ", ".join(true))
        if not true and not unknown:
            return Placed(None, None, FAULTS[self.language][0]) if classes else Placed(None, None)
        right = true[0] if true else None
        before = next((each for each in classes if each.id == self.class_before), None)
        if before is None:
            return Placed(right, "placed" if right else None)
        stays = self._stays(before)
        if right is None:
            return Placed(before.id, "held") if stays is not False else Placed(None, None)
        if right == before.id:
            return Placed(right, "stayed")
        levels = {each.id: each.level for each in classes}
        if levels[right] < before.level:
            return Placed(right, "down") if stays is False else Placed(before.id, "held")
        for path in self.program.paths:
            leads_up = before.level < levels[path.target] <= levels[right]
            if path.origin == before.id and leads_up and self.met(path.gates):
                return Placed(path.target, "up")
        return Placed(before.id, "held")

    def _stays(self, before: Class) -> bool | None:
        return self.holds(before.stay if before.stay is not None else before.when)

    def tier(self) -> Placed:
        """Return the tier."""
        return self.once("the tier", self._tier)  # type: ignore[no-any-return]

    def _tier(self) -> Placed:
        tiers = self.program.tiers
        ids = [each.id for each in tiers]
        highest = 0
        while highest < len(tiers) and self.met(tiers[highest].gates):
            highest += 1
        if self.tier_before is None:
            return Placed(ids[highest - 1], "placed") if highest else Placed(None, None)
        before = ids.index(self.tier_before) + 1
        kept = 0
        while kept < before and all(self.keeps(each) for each in tiers[kept].gates):
            kept += 1
        if kept < before:
            return Placed(ids[kept - 1] if kept else None, "down")
        if highest > before:
            return Placed(ids[before], "up")
        return Placed(self.tier_before, "stayed" if highest == before else "held")

    def keeps(self, gate: Gate) -> bool:
        """Return whether the gate is good enough to stay."""
        return self.holds(gate.stay if gate.stay is not None else gate.when) is not False

    def phase(self) -> str | None:
        """Return the phase."""
        return self._the_one(self.program.phases, self.program.phase_hit.value)

    def strategy(self) -> str | None:
        """Return the strategy."""
        return self._the_one(self.program.strategies, self.program.strategy_hit.value)

    def _the_one(self, rules: tuple[Phase, ...] | tuple[Strategy, ...], hit: str) -> str | None:
        true = [each.id for each in rules if self.holds(each.when) is True]
        if hit == "first":
            return true[0] if true else None
        return true[0] if len(true) == 1 else None

    # actions

    def live(self, action: ActionRule) -> bool:
        """Return whether the action fires and none that is live excludes it."""
        return self.holds(action.when) is True and not self.excluding(action)

    def excluding(self, action: ActionRule) -> list[str]:
        """Return the live actions that exclude this one, in the order written."""
        return [
            each.id
            for each in self.program.actions
            if each.id in action.excluded_by
            and self.once(("live", each.id), lambda each=each: self.live(each))  # type: ignore[misc]
        ]

    def priority(self, action: ActionRule) -> float:
        """Return the priority, from 0 to 100 in steps of 0.001."""
        value = value_of(action.priority, self.world)
        if value is None:
            return 0.0
        clamped = max(0.0, min(number(value), 100.0))
        return math.floor(clamped * 1000.0 + 0.5) / 1000.0

    def free_on(self, action: ActionRule) -> datetime.date | None:
        """Return the date on which the action's cooldown ends, None when it is in none."""
        day = self.proposed_before.get(action.id)
        if day is None or not 0 < (self.as_of - day).days < action.cooldown_days:
            return None
        return day + datetime.timedelta(days=action.cooldown_days)


def compared(item: Node, world: World) -> int | None:
    """Return a number in the units in which accounts are compared, None when it is unknown."""
    value = value_of(item, world)
    if value is None:
        return None
    scaled = number(value) * (10_000.0 if item.type.kind.value == "money" else 1_000_000.0)
    units = half_away(Fraction(scaled)) if math.isfinite(scaled) else TOO_LONG
    return units if abs(units) < TOO_LONG else None
