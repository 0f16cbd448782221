"""Placing: the part of a program that says where accounts stand, and whether two mean the same by it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING

from kamrules.compiler.parts import needs
from kamrules.compiler.program import Condition, Hit, Message
from kamrules.expression.nodes import And, Or, StepValue
from kamrules.expression.types import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.compiler.program import ActionRule, Class, Gate, Phase, Program, Strategy

PLACED = ("class", "tier", "phase", "strategy")
UNREAD = frozenset(
    {
        "address", "place", "span", "about", "title", "text", "source", "advice", "parameter",
        "may_overflow", "changing", "info_level", "validity", "objective", "least", "most",
    }
)  # fmt: skip
"""Fields of rules and trees that make no difference to what comes out; `least` and `most` follow from others,
and move only a score's bounds."""


def for_placement(
    program: Program,
    *,
    scores: bool = False,
    actions: bool = False,
    memory: bool = False,
    also: Iterable[str] = (),
) -> Program:
    """Return the program with nothing but class and tier, and what they need.

    With `scores` every score is left too, with `actions` all actions. `also` are addresses of other values
    that are wanted.

    Without `memory` no account has been decided before, so that paths and what is enough to stay don't
    count. No texts of actions and strategies and no gaps are left.
    """
    classes, paths, tiers = program.classes, program.paths, program.tiers
    if memory:
        paths = tuple(replace(each, gates=_plain(each.gates, memory=True)) for each in paths)
    else:
        paths = ()
        classes = tuple(replace(each, stay=None) for each in classes)
    tiers = tuple(replace(each, gates=_plain(each.gates, memory=memory)) for each in tiers)
    silent = Message({})
    wanted = tuple(
        replace(each, title=silent, because=silent) for each in program.actions if actions
    )
    lean = replace(
        program, classes=classes, paths=paths, tiers=tiers, actions=wanted, gaps=(), translations={},
        strategies=tuple(replace(each, objective=silent) for each in program.strategies),
    )  # fmt: skip
    roots = {"class", "tier", *also, *needs(wanted)}
    if scores:
        roots |= {each.address for each in program.scores}
    return _reduced(lean, roots)


def _plain(gates: Iterable[Gate], *, memory: bool) -> tuple[Gate, ...]:
    return tuple(replace(each, advice=None, stay=each.stay if memory else None) for each in gates)


def _reduced(program: Program, roots: Iterable[str]) -> Program:
    """Return the program with only the steps of some addresses and all that they read."""
    parts = parts_of(program)
    owner = {one.address: each.address for each in program.scores for one in each.criteria}
    kept: set[str] = set()
    waiting = list(roots)
    while waiting:
        step = step_of(waiting.pop(), owner)
        if step in kept or step not in parts:
            continue
        kept.add(step)
        if step.startswith("book."):
            # an engine works all of them out in one pass
            waiting += [each.address for each in program.book_steps]
        waiting += needs(parts[step])
    return replace(
        program,
        aggregates=tuple(each for each in program.aggregates if each.address in kept),
        facts=tuple(each for each in program.facts if each.address in kept),
        scores=tuple(each for each in program.scores if each.address in kept),
        book_steps=tuple(each for each in program.book_steps if each.address in kept),
        phases=program.phases if "phase" in kept else (),
        strategies=program.strategies if "strategy" in kept else (),
        order=tuple(each for each in program.order if each in kept),
    )


def parts_of(program: Program) -> dict[str, object]:
    """Return what every step of a program is made of, by its address."""
    parts: dict[str, object] = {each.address: each for each in program.aggregates}
    parts |= {each.address: each for each in program.facts}
    parts |= {each.address: each for each in program.scores}
    parts |= {each.address: each for each in program.book_steps}
    parts["class"] = (_rules(program.classes), tuple(_rules(each.gates) for each in program.paths))
    parts["tier"] = tuple(_rules(each.gates) for each in program.tiers)
    parts["phase"] = tuple(each.when for each in program.phases)
    parts["strategy"] = tuple(each.when for each in program.strategies)
    return parts


def _rules(rules: Sequence[Class | Gate]) -> tuple[object, ...]:
    return tuple(condition for each in rules for condition in (each.when, each.stay))


def step_of(address: str, owner: dict[str, str]) -> str:
    """Return the address of the step that yields a value; `owner` gives the score of each criterion."""
    if address in owner:
        return owner[address]
    parts = address.split(".")
    if parts[0] in {"score", "book"}:
        return ".".join(parts[:2])
    return parts[0] if parts[0] in PLACED else address


@dataclass(slots=True)
class Meanings:
    """Numbers for what rules mean: equal numbers, equal values for every account. Shared by many programs."""

    numbers: dict[object, int] = field(default_factory=dict)

    def of(self, program: Program) -> Meaning:
        """Return the meanings of a program's steps."""
        return Meaning(program, self.numbers)


class Meaning:
    """What the steps of one program mean, all that they read included, as numbers."""

    def __init__(self, program: Program, numbers: dict[object, int]) -> None:
        self._parts = parts_of(program)
        self._owner = {
            one.address: each.address for each in program.scores for one in each.criteria
        }
        self._program = program
        self._numbers = numbers
        self._steps: dict[str, int] = {}

    def placement(self) -> int:
        """Return the meaning of class and tier."""
        return self._number((self.class_(), self.tier()))

    def class_(self) -> int:
        """Return the meaning of the class."""
        program = self._program
        classes = [
            self._number((each.id, each.level, self._of(each.when), self._of(each.stay)))
            for each in program.classes
        ]
        ways: dict[str, list[int]] = {}
        for path in program.paths:
            ways.setdefault(path.origin, []).append(
                self._number((path.target, self._gates(path.gates)))
            )
        # of two paths from one class, the first whose gates are met is taken
        paths = sorted((origin, tuple(some)) for origin, some in ways.items())
        return self._number(("class", self._found(classes, program.class_hit), tuple(paths)))

    def tier(self) -> int:
        """Return the meaning of the tier."""
        tiers = tuple(
            (each.id, each.level, self._gates(each.gates)) for each in self._program.tiers
        )
        return self._number(("tier", tiers))

    def first(self, what: str) -> int:
        """Return the meaning of the phase or the strategy."""
        program = self._program
        rules: Sequence[Phase | Strategy] = (
            program.phases if what == "phase" else program.strategies
        )
        hit = program.phase_hit if what == "phase" else program.strategy_hit
        found = [self._number((each.id, self._of(each.when))) for each in rules]
        return self._number((what, self._found(found, hit)))

    def _gates(self, gates: Sequence[Gate]) -> tuple[int, ...]:
        """Return the meaning of gates that must all be met, in whichever order."""
        return tuple(
            sorted(self._number((self._of(each.when), self._of(each.stay))) for each in gates)
        )

    @staticmethod
    def _found(rules: list[int], hit: Hit) -> tuple[Hit, tuple[int, ...]]:
        """Return rules of which the first that holds counts, or the only one, in whichever order."""
        return hit, tuple(rules if hit is Hit.FIRST else sorted(rules))

    def proposal(self, action: str) -> int:
        """Return the meaning of whether an action is proposed; never, for one that there is not."""
        rules = {each.id: each for each in self._program.actions}
        if action not in rules:
            return self._number("never proposed")
        # no action is in cooldown on the day itself
        days = max(rules[action].cooldown_days, 1)
        return self._number((self._live(action, rules), days))

    def _live(self, action: str, rules: dict[str, ActionRule]) -> int:
        """Return the meaning of whether an action holds and no other takes its place."""
        rule = rules[action]
        others = frozenset(self._live(each, rules) for each in rule.excluded_by)
        return self._number((self._of(rule.when), others))

    def ranking(self) -> int:
        """Return the meaning of which proposed actions come first."""
        rules = self._program.actions
        return self._number(
            tuple((each.id, self.proposal(each.id), self._of(each.priority)) for each in rules)
        )

    def decided(self) -> int:
        """Return the meaning of class, tier and actions."""
        return self._number((self.placement(), self.ranking()))

    def step(self, address: str) -> int:
        """Return the meaning of a step, or of a part of one such as `score.x.band`."""
        if address not in self._steps:
            step = step_of(address, self._owner)
            if step != address or step not in self._parts:
                inner = self.step(step) if step in self._parts else -1
                # whole-book steps are numbered as they come; which one it is, is in what it means
                name = address.removeprefix(step) if step.startswith("book.") else address
                self._steps[address] = self._number((name, inner))
            else:
                self._steps[address] = self._whole(step)
        return self._steps[address]

    def _whole(self, step: str) -> int:
        match step:
            case "class":
                return self.class_()
            case "tier":
                return self.tier()
            case "phase" | "strategy":
                return self.first(step)
        return self._of(self._parts[step])

    def _of(self, part: object) -> int:
        if isinstance(part, StepValue):
            return self.step(part.address)
        if isinstance(part, tuple):
            return self._number(tuple(self._of(each) for each in part))
        if isinstance(part, Type):
            # choices are compared as texts, in whichever order they are declared
            return self._number((part.kind, *sorted(part.choices)))
        if isinstance(part, And | Or):
            items = sorted(self._of(each) for each in part.items)
            return self._number((type(part).__name__, *items))
        if isinstance(part, Condition) and part.members:
            # all of them, any, or so many: in whichever order
            members = sorted(self._of(each) for each in part.members)
            return self._number((part.logic, part.needed, *members))
        if is_dataclass(part):
            read = [
                self._of(getattr(part, each.name))
                for each in fields(part)
                if each.name not in UNREAD
            ]
            return self._number((type(part).__name__, *read))
        # True and 1 are equal, and not the same
        return self._number((type(part).__name__, part))

    def _number(self, key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers))
