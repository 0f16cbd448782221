"""Formulas: conditions without a `not`, over what is measured of an account and what was concluded of it.

Kleene's three values need two formulas, one that holds when a condition is true and one that holds when it
is false; where neither does it is unknown. So a matcher that knows nothing but presence is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.expression.nodes import Comparison


@dataclass(frozen=True, slots=True)
class Measured:
    """The quantity is known and compares so with the constant."""

    quantity: int
    comparison: Comparison
    constant: float | str | bool


@dataclass(frozen=True, slots=True)
class Known:
    """The quantity has a value, or with `known` False it has none."""

    quantity: int
    known: bool = True


@dataclass(frozen=True, slots=True)
class Concluded:
    """Something was concluded, or with `held` False it was not, although all was that could be."""

    name: str
    held: bool = True


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; without parts it always does."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """A part holds; without parts none does."""

    parts: tuple[Formula, ...]


Literal = Measured | Known | Concluded
Formula = Literal | All | Any
Conjunction = tuple[Literal, ...]

ALWAYS = All(())
NEVER = Any(())


def all_of(parts: Iterable[Formula]) -> Formula:
    """Return a formula that holds when all parts do, in its simplest form."""
    found: dict[Formula, None] = {}
    for part in parts:
        if part == NEVER:
            return NEVER
        found.update(dict.fromkeys(part.parts if isinstance(part, All) else (part,)))
    return next(iter(found)) if len(found) == 1 else All(tuple(found))


def any_of(parts: Iterable[Formula]) -> Formula:
    """Return a formula that holds when some part does, in its simplest form."""
    found: dict[Formula, None] = {}
    for part in parts:
        if part == ALWAYS:
            return ALWAYS
        found.update(dict.fromkeys(part.parts if isinstance(part, Any) else (part,)))
    return next(iter(found)) if len(found) == 1 else Any(tuple(found))


def alternatives(formula: Formula) -> int:
    """Return how many conjunctions the formula is made of when it is multiplied out."""
    match formula:
        case All(parts=parts):
            number = 1
            for each in parts:
                number *= alternatives(each)
            return number
        case Any(parts=parts):
            return sum(alternatives(each) for each in parts)
        case _:
            return 1


def conjunctions(formula: Formula) -> list[Conjunction]:
    """Return the formula multiplied out."""
    match formula:
        case All(parts=parts):
            found: list[Conjunction] = [()]
            for each in parts:
                found = [(*one, *two) for one in found for two in conjunctions(each)]
            return found
        case Any(parts=parts):
            return [one for each in parts for one in conjunctions(each)]
        case _:
            return [(formula,)]
