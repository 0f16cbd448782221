"""Shared aggregates and whole-book steps, and an order in which every step comes after what it needs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar, get_args

from kamrules.compiler.bounds import SMALLEST, Bounds, marked
from kamrules.compiler.gaps import gaps
from kamrules.compiler.parts import changed, needs
from kamrules.compiler.program import AggregateStep, BookStep, Condition
from kamrules.expression import canonical
from kamrules.expression.nodes import Aggregate, BookFunction, Node, OfBook, StepValue
from kamrules.expression.types import DIGITS
from kamrules.expression.walk import with_children

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.compiler.draft import Draft
    from kamrules.compiler.program import Class, Gate

Part = TypeVar("Part")
NODES = get_args(Node)
PLACED = ("class", "tier", "phase", "strategy")
GIVEN = {"class_before", "tier_before"}
OF_BOOK = {
    BookFunction.RANK: Bounds(1.0, 10.0**DIGITS),
    BookFunction.RANK_SHARE: Bounds(10.0**-DIGITS, 1.0),
    BookFunction.SHARE_OF_TOTAL: Bounds(10.0**-DIGITS, 10.0**DIGITS),
    BookFunction.RUNNING_TOTAL: Bounds(10.0**-DIGITS, 10.0**DIGITS),
    BookFunction.RUNNING_SHARE: Bounds(10.0**-DIGITS, 10.0**DIGITS),
}


def order(draft: Draft) -> None:
    """Lift aggregates and whole-book functions out of the rules, sort the steps, and settle which
    arithmetic can overflow.
    """
    draft.gaps = gaps(draft)
    lifted = _Lifted()
    for name in ("facts", "scores", "classes", "paths", "tiers", "phases", "strategies", "actions"):
        setattr(draft, name, [changed(each, lifted.lift) for each in getattr(draft, name)])
    draft.gaps = [changed(each, lifted.lift) for each in draft.gaps]
    draft.aggregates, draft.book_steps = lifted.steps, lifted.book_steps
    draft.order = _sorted(draft)
    if not draft.failed:
        _settle_bounds(draft)


@dataclass(slots=True)
class _Lifted:
    """The steps found so far; equal ones are one step, however often they are written."""

    steps: list[AggregateStep] = field(default_factory=list)
    known: dict[str, StepValue] = field(default_factory=dict)
    book_steps: list[BookStep] = field(default_factory=list)
    compared: dict[str, str] = field(default_factory=dict)

    def lift(self, node: Node) -> Node:
        copy = with_children(node, self.lift)
        if isinstance(copy, OfBook) and isinstance(node, OfBook):
            return self._of_book(copy, _known_by(node))
        if not isinstance(copy, Aggregate):
            return copy
        key = canonical(copy)
        if key not in self.known:
            address = f"aggregate.{len(self.steps)}"
            self.steps.append(AggregateStep(address, copy))
            self.known[key] = StepValue(address, copy.type, copy.span)
        return self.known[key]

    def _of_book(self, node: OfBook, text: str) -> StepValue:
        """Return a part of the step that compares what is written so; the functions of one share it."""
        if text not in self.compared:
            self.compared[text] = f"book.{len(self.book_steps)}"
            self.book_steps.append(BookStep(self.compared[text], node.item, text, node.summed))
        return StepValue(f"{self.compared[text]}.{node.function.value}", node.type, node.span)


def _known_by(node: OfBook) -> str:
    """Return what a step of a whole-book function is known by: the number, or the two numbers."""
    item = canonical(node.item)
    return item if node.summed is None else f"{canonical(node.summed)} by {item}"


def _conditions(rules: Sequence[Class | Gate]) -> tuple[Condition | None, ...]:
    return tuple(condition for each in rules for condition in (each.when, each.stay))


def _step_of(draft: Draft) -> Callable[[str], str]:
    """Return a function from the address of a value to that of the step which yields it."""
    scores = {
        criterion.address: each.address for each in draft.scores for criterion in each.criteria
    }

    def step(address: str) -> str:
        if address in scores:
            return scores[address]
        parts = address.split(".")
        if parts[0] in {"score", "book"}:
            return ".".join(parts[:2])
        return parts[0] if parts[0] in PLACED else address

    return step


def _requirements(draft: Draft) -> dict[str, set[str]]:
    """Return every step with the steps it needs, in the order in which they are to be preferred."""
    # whole-book steps wait for each other, so that an engine works them all out in one pass
    compared = needs(tuple(draft.book_steps))
    raw: dict[str, set[str]] = {each.address: compared for each in draft.book_steps}
    raw |= {each.address: needs(each) for each in draft.aggregates}
    raw |= {each.address: needs(each) for each in draft.facts}
    raw |= {each.address: needs(each) for each in draft.scores}
    # what messages show is no need: they are written when everything is decided
    paths = tuple(_conditions(each.gates) for each in draft.paths)
    raw["class"] = needs((_conditions(draft.classes), paths))
    raw["tier"] = needs(tuple(_conditions(each.gates) for each in draft.tiers))
    raw["phase"] = needs(tuple(each.when for each in draft.phases))
    raw["strategy"] = needs(tuple(each.when for each in draft.strategies))
    step = _step_of(draft)
    return {
        address: {step(each) for each in wanted if each not in GIVEN}
        for address, wanted in raw.items()
    }


def _sorted(draft: Draft) -> tuple[str, ...]:
    """Return the steps so that each comes after all it needs; report circles (KR323)."""
    waiting = _requirements(draft)
    done: dict[str, None] = {}
    while waiting:
        ready = next((each for each, wanted in waiting.items() if wanted <= done.keys()), None)
        if ready is None:
            _report_circle(draft, waiting)
            return tuple(done)
        done[ready] = None
        del waiting[ready]
    return tuple(done)


def _report_circle(draft: Draft, waiting: dict[str, set[str]]) -> None:
    """Report one circle, named from its first fact or rule."""
    current = next(iter(waiting))
    seen: list[str] = []
    while current not in seen:
        seen.append(current)
        missing = sorted(each for each in waiting[current] if each in waiting)
        if not missing:
            # what it waits for failed to compile and has been reported already
            return
        current = missing[0]
    lifted = ("aggregate.", "book.")
    circle = [each for each in seen[seen.index(current) :] if not each.startswith(lifted)]
    first = circle[0]
    chain = " -> ".join(f"`{_name(each)}`" for each in [*circle, first])
    path = first.split(".") if "." in first else [first]
    draft.report("KR323", f"`{_name(first)}` is defined by itself: {chain}", *path)


def _name(address: str) -> str:
    return address.split(".", 1)[-1]


def _settle_bounds(draft: Draft) -> None:
    """Mark, step by step, the arithmetic whose result may not be a finite number."""
    hundred = Bounds(SMALLEST, 100.0)
    known = {each.address: hundred for score in draft.scores for each in score.criteria}
    for score in draft.scores:
        known |= {score.address + part: hundred for part in ("", ".low", ".high")}
    known["tier.level"] = Bounds(1.0, 1000.0)

    def mark(node: Node) -> Node:
        return marked(node, known)[0]

    for each in draft.book_steps:
        known |= {f"{each.address}.{part}": bounds for part, bounds in OF_BOOK.items()}
    aggregates = {each.address: each for each in draft.aggregates}
    facts = {each.address: each for each in draft.facts}
    for address in draft.order:
        if address in aggregates:
            step = changed(aggregates[address].aggregate, mark)
            aggregates[address] = replace(aggregates[address], aggregate=step)
            known[address] = marked(step, known)[1]
        elif address in facts:
            value, bounds = marked(facts[address].value, known)
            facts[address] = replace(facts[address], value=value)
            known[address] = bounds
    draft.aggregates = list(aggregates.values())
    draft.book_steps = [changed(each, mark) for each in draft.book_steps]
    draft.facts = list(facts.values())
    for name in ("scores", "classes", "paths", "tiers", "phases", "strategies", "actions"):
        setattr(draft, name, [changed(each, mark) for each in getattr(draft, name)])
