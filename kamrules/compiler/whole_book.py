"""A stage of its own: what whole-book functions compare must be known before anything is decided."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic
from kamrules.expression.nodes import OfBook, StepValue
from kamrules.expression.text import name_of
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kamrules.compiler.draft import Draft
    from kamrules.compiler.program import Condition, FactStep
    from kamrules.diagnostics import Place
    from kamrules.expression.nodes import Node

STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class _Written:
    """An expression of a rule, and where it stands: its path, or its place where it has none."""

    tree: Node
    path: tuple[str | int, ...] = ()
    place: Place | None = None


def whole_book(draft: Draft) -> None:
    """Report whole-book functions of facts that compare accounts (KR260) or read decisions (KR261).

    What stands in one expression the expression's own check has seen.
    """
    facts = {each.address: each for each in draft.facts}
    for written in _expressions(draft):
        for node in below(written.tree):
            if isinstance(node, OfBook) and (wrong := _wrong(node, facts)) is not None:
                _report(draft, *wrong, node, written)


def _wrong(node: OfBook, facts: dict[str, FactStep]) -> tuple[str, str] | None:
    """Return the code and message for the first fact behind a whole-book function that must not be there."""
    waiting = [address for each in node.numbers for address in _facts(each)]
    seen: set[str] = set()
    while waiting:
        address = waiting.pop()
        fact = facts.get(address)
        if fact is None or address in seen:
            continue
        seen.add(address)
        for each in below(fact.value):
            if isinstance(each, OfBook):
                lead = f"`{node.function}` takes what is known of one account"
                return "KR260", f"{lead}, and fact `{fact.id}` compares all with `{each.function}`"
            if isinstance(each, StepValue) and each.address not in facts:
                lead = f"`{node.function}` comes before scores and decisions"
                return "KR261", f"{lead}, and fact `{fact.id}` reads `{name_of(each.address)}`"
        waiting += _facts(fact.value)
    return None


def _facts(tree: Node) -> Iterator[str]:
    return (each.address for each in below(tree) if isinstance(each, StepValue))


def _report(draft: Draft, code: str, message: str, node: OfBook, written: _Written) -> None:
    if not written.path:
        draft.diagnostics.append(Diagnostic(code, message, place=written.place))
        return
    text = draft.ruleset.text(*written.path)
    draft.diagnostics.append(text.diagnostic(code, message, node.span.start, node.span.end))


def _expressions(draft: Draft) -> Iterator[_Written]:
    """Yield every expression of the rules that may hold a call."""
    for fact in draft.facts:
        if fact.id in draft.ruleset.model.fact:
            yield _Written(fact.value, ("fact", fact.id, "value"))
        else:
            # a test asks for it
            yield _Written(fact.value, place=fact.place)
    for score in draft.scores:
        for criterion in score.criteria:
            yield _Written(criterion.value, ("criterion", criterion.id, "value"))
    for each in _members(_conditions(draft)):
        if each.expression is not None:
            yield _Written(each.expression, path_of(each.address))
    for action in draft.actions:
        yield _Written(action.priority, ("action", action.id, "priority"))


def _conditions(draft: Draft) -> Iterator[Condition | None]:
    for gate in draft.gates():
        yield from (gate.when, gate.stay)
    for placed in draft.classes:
        yield from (placed.when, placed.stay)
    yield from (each.when for each in draft.phases)
    yield from (each.when for each in draft.strategies)
    yield from (each.when for each in draft.actions)


def _members(conditions: Iterable[Condition | None]) -> Iterator[Condition]:
    """Yield the conditions and all their members."""
    for each in conditions:
        if each is not None:
            yield each
            yield from _members(each.members)


def path_of(address: str) -> tuple[str | int, ...]:
    """Return the path of an address such as `class.key.when[1]`."""
    return tuple(int(index) if index else name for name, index in STEP.findall(address))
