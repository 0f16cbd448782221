"""The syntax tree: an expression as written, every node with its span, nothing yet known of names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamrules.expression.nodes import Comparison, Operator, Span


@dataclass(frozen=True, slots=True)
class Number:
    """A number: plain, a share written with %, or a span of days written with d."""

    value: float
    unit: str
    span: Span


@dataclass(frozen=True, slots=True)
class Date:
    """A date, as days since 1970-01-01."""

    value: float
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Truth:
    """true or false."""

    value: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Part:
    """`owner.name`: a column of rows, or a part of a score or tier; `where` is the name's span."""

    owner: Tree
    name: str
    where: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Filter:
    """`table[condition]`."""

    table: Tree
    condition: Tree
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`; `where` is the name's span."""

    name: str
    arguments: tuple[Tree, ...]
    where: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Minus:
    """Minus something."""

    item: Tree
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic."""

    operator: Operator
    left: Tree
    right: Tree
    span: Span


@dataclass(frozen=True, slots=True)
class Chain:
    """`a < b <= c`: items and the comparisons between them."""

    items: tuple[Tree, ...]
    comparisons: tuple[Comparison, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Between:
    """`[low..high)`; None is an open end."""

    low: Tree | None
    low_closed: bool
    high: Tree | None
    high_closed: bool
    span: Span


@dataclass(frozen=True, slots=True)
class In:
    """`item in [a, b]` or `item in [low..high)`, or the same with `not in`."""

    item: Tree
    members: tuple[Tree, ...] | Between
    negated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Unknown:
    """`item is unknown` or `item is not unknown`."""

    item: Tree
    negated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Negation:
    """`not item`."""

    item: Tree
    span: Span


@dataclass(frozen=True, slots=True)
class Junction:
    """`a and b and c`, or the same with `or`."""

    word: str
    items: tuple[Tree, ...]
    span: Span


Tree = (
    Number | Date | Text | Truth | Name | Part | Filter | Call | Minus | Binary | Chain | In
    | Unknown | Negation | Junction
)  # fmt: skip
