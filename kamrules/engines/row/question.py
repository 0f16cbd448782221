"""Questions: whether something holds for an account, as a function that works out only what it needs.

A decision answers everything about an account; a question answers one thing, in a fraction of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.compiler.parts import needs
from kamrules.engines.row.code import Writer
from kamrules.engines.row.generate import function, write_steps
from kamrules.engines.row.joining import joined

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.compiler.program import (
        Condition,
        Program,
    )
    from kamrules.engines.layout import Layout


@dataclass(frozen=True, slots=True)
class Holds:
    """The condition is true."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Lacks:
    """The condition is not true: false or unknown."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Question, ...]


Question = Holds | Lacks | Every | Some


def steps_of(program: Program, question: Question) -> frozenset[str]:
    """Return the addresses of all steps that the question needs, directly or through other steps."""
    parts: dict[str, object] = {each.address: each for each in program.aggregates}
    parts |= {each.address: each for each in program.facts}
    parts |= {each.address: each for each in program.scores}
    parts |= {each.address: each for each in program.book_steps}
    gates = tuple((gate.when, gate.stay) for path in program.paths for gate in path.gates)
    tiers = tuple((gate.when, gate.stay) for tier in program.tiers for gate in tier.gates)
    parts |= {
        "class": (tuple((rule.when, rule.stay) for rule in program.classes), gates),
        "tier": tiers,
        "phase": tuple(phase.when for phase in program.phases),
        "strategy": tuple(rule.when for rule in program.strategies),
    }
    criteria = {one.address: each.address for each in program.scores for one in each.criteria}
    found: set[str] = set()
    waiting = list(needs(conditions_of(question)))
    while waiting:
        wanted = _step(waiting.pop(), criteria)
        if wanted not in found and wanted in parts:
            found.add(wanted)
            waiting += needs(parts[wanted])
    return frozenset(found)


def conditions_of(question: Question) -> tuple[Condition, ...]:
    """Return all conditions that a question is made of."""
    match question:
        case Holds(condition=condition) | Lacks(condition=condition):
            return (condition,)
        case Every(parts=parts) | Some(parts=parts):
            return tuple(one for each in parts for one in conditions_of(each))


def _step(address: str, criteria: dict[str, str]) -> str:
    if address in criteria:
        return criteria[address]
    parts = address.split(".")
    if parts[0] in {"score", "book"}:
        return ".".join(parts[:2])
    return "tier" if parts[0] == "tier" else address


def asked(program: Program, layout: Layout, question: Question) -> Callable[..., bool]:
    """Return a function (account, tables, as_of, class_before, tier_before) that answers the question.

    It takes prepared facts in the layout, the date as days since 1970-01-01, and what was decided before.
    """
    writer = Writer()
    write_steps(program, layout, writer, steps_of(program, question))
    writer.line(f"return bool({_source(writer, question)})")
    head = "def answer(account, tables, as_of, class_before, tier_before):"
    source = "\n".join([head, *writer.head, *writer.lines]) + "\n"
    made: Callable[..., Any] = function(source, "answer", writer)
    return made


def _source(writer: Writer, question: Question) -> str:
    match question:
        case Holds(condition=condition):
            return f"({writer.holds(condition)})"
        case Lacks(condition=condition):
            return f"(not ({writer.holds(condition)}))"
        case Every(parts=parts):
            return joined(" and ", [_source(writer, each) for each in parts])
        case Some(parts=parts):
            return joined(" or ", [_source(writer, each) for each in parts])
