"""Placing: the part of a program that says where accounts stand, and whether two mean the same by it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING

from kamrules.compiler.parts import needs
from kamrules.compiler.program import Message
from kamrules.expression.nodes import StepValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.compiler.program import Class, Gate, Program

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
    program: Program, *, scores: bool = False, memory: bool = False, also: Iterable[str] = ()
) -> Program:
    """Return the program with nothing but class and tier, and with `scores` every score, and what they need.

    `also` are addresses of other values that are wanted.

    Without `memory` no account has been decided before, so that paths and what is enough to stay don't
    count. No actions, strategies' texts or gaps are left.
    """
    classes, paths, tiers = program.classes, program.paths, program.tiers
    if memory:
        paths = tuple(replace(each, gates=_plain(each.gates, memory=True)) for each in paths)
    else:
        paths = ()
        classes = tuple(replace(each, stay=None) for each in classes)
    tiers = tuple(replace(each, gates=_plain(each.gates, memory=memory)) for each in tiers)
    lean = replace(
        program, classes=classes, paths=paths, tiers=tiers, actions=(), gaps=(), translations={},
        strategies=tuple(replace(each, objective=Message({})) for each in program.strategies),
    )  # fmt: skip
    roots = {"class", "tier", *also}
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
        program = self._program
        classes = tuple((each.id, each.level) for each in program.classes)
        paths = tuple((each.origin, each.target, len(each.gates)) for each in program.paths)
        tiers = tuple((each.id, each.level, len(each.gates)) for each in program.tiers)
        whole = (classes, program.class_hit, paths, tiers, self.step("class"), self.step("tier"))
        return self._number(whole)

    def step(self, address: str) -> int:
        """Return the meaning of a step, or of a part of one such as `score.x.band`."""
        if address not in self._steps:
            step = step_of(address, self._owner)
            if step != address or step not in self._parts:
                inner = self.step(step) if step in self._parts else -1
                self._steps[address] = self._number((address, inner))
            else:
                self._steps[address] = self._of(self._parts[step])
        return self._steps[address]

    def _of(self, part: object) -> int:
        if isinstance(part, StepValue):
            return self.step(part.address)
        if isinstance(part, tuple):
            return self._number(tuple(self._of(each) for each in part))
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
