"""Terms: what conditions compare, each as one input of its own, so that cases can be told apart exactly.

A condition compares terms (a column, an aggregate, a derived number, a score) with constants. The
constants cut
a term's range into points and open stretches, and within one such cell no condition changes. What is
proved of terms that vary freely is true of accounts, whose terms hang together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kamrules.compiler.parts import changed
from kamrules.engines.row.question import Every, Holds, Lacks, Some
from kamrules.expression import canonical
from kamrules.expression.folding import folded
from kamrules.expression.nodes import (
    AccountColumn,
    Among,
    And,
    Arithmetic,
    AsOf,
    Call,
    Compare,
    Comparison,
    Constant,
    Function,
    If,
    IsUnknown,
    Not,
    Operator,
    Or,
    StepValue,
)
from kamrules.expression.types import ACCOUNTS, DATE, NUMBER, Column, Kind
from kamrules.expression.walk import below, with_children
from kamrules.workbench.nearest.measured import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import Band, Program
    from kamrules.engines.row.question import Question
    from kamrules.expression.nodes import Node
    from kamrules.expression.types import Type

PLACED = {"class", "tier", "phase", "strategy"}
GIVEN = {"class_before", "tier_before"}
FACTS, CONDITIONS, PLACES = range(3)
DEEPEST = 8
"""A number defined through more definitions than this is a term of its own."""


@dataclass(slots=True)
class Term:
    """One input: its type, the tree it stands for, the numbers and texts it is compared with."""

    name: str
    type: Type
    node: Node
    cuts: set[float]
    named: set[str]


class Terms:
    """A program whose only inputs are terms. `program` is sound for questions made by `question`.

    `depth` says how far conditions are taken apart: FACTS takes each yes-or-no fact, class and tier as a
    term of
    its own, CONDITIONS looks into facts, PLACES also into how class, tier, phase and strategy come about.
    """

    def __init__(self, program: Program, today: int, depth: int) -> None:
        self.original = program
        self.depth = depth
        self.today = today
        self.terms: dict[str, Term] = {}
        self.held: list[tuple[str, float]] = []
        self.facts = {each.address: each.value for each in program.facts}
        self.bands = {each.address: each.bands for each in program.scores}
        rules: dict[str, Any] = {
            name: tuple(changed(each, self.piece) for each in getattr(program, name))
            for name in ("classes", "paths", "tiers", "phases", "strategies")
        }
        facts = tuple(
            replace(each, value=self.piece(each.value))
            for each in program.facts
            if each.type.kind is Kind.BOOL
        )
        kept = {each.address for each in facts} | {"class", "tier", "phase", "strategy"}
        self._rules = replace(
            program, **rules, facts=facts, scores=(), aggregates=(), book_steps=(), actions=(),
            gaps=(), order=tuple(each for each in program.order if each in kept),
        )  # fmt: skip

    @property
    def program(self) -> Program:
        """The program over all terms met so far."""
        columns = {each.name: Column(each.name, each.type) for each in self.terms.values()}
        accounts = replace(self._rules.tables[ACCOUNTS], columns=columns)
        return replace(self._rules, tables={ACCOUNTS: accounts})

    def question(self, question: Question) -> Question:
        """Return a question about accounts as one about terms."""
        match question:
            case Holds(condition=condition):
                return Holds(changed(condition, self.piece))
            case Lacks(condition=condition):
                return Lacks(changed(condition, self.piece))
            case Every(parts=parts):
                return Every(tuple(self.question(each) for each in parts))
            case Some(parts=parts):
                return Some(tuple(self.question(each) for each in parts))

    def name(self, node: Node) -> str | None:
        """Return the term that stands for a value, None when it is none by itself."""
        kept = self.piece(node)
        return kept.name if isinstance(kept, AccountColumn) else None

    def piece(self, node: Node) -> Node:
        """Return the tree over terms."""
        match node:
            case AsOf():
                return Constant(float(self.today), DATE)
            case Constant():
                return node
            case AccountColumn(name=name):
                return self._term(f"{ACCOUNTS}.{name}", node)
            case StepValue(address=address):
                return self._step(node, address)
            case Compare():
                return self._compare(node)
            case Among(item=item, constants=constants):
                kept = self.piece(item)
                self._cut(kept, [each.value for each in constants])
                return replace(node, item=kept)
            case And() | Or() | Not() | If() | IsUnknown():
                return with_children(node, self.piece)
            case Call(function=Function.COALESCE) if _plain(node) or node.type.kind is Kind.BOOL:
                return with_children(node, self.piece)
            case _:
                value = folded(self._dated(node)) if node.type.kind in NUMBERS else None
                if value is not None:
                    return Constant(value, node.type)
                return self._term(canonical(node), node)

    def _step(self, node: StepValue, address: str) -> Node:
        if address in GIVEN or (address in PLACED and self.depth >= PLACES):
            return node
        if address in self.facts and node.type.kind is Kind.BOOL and self.depth >= CONDITIONS:
            return node
        value = self.facts.get(address)
        if value is not None and _plain(value, self.facts):
            return self.piece(value)
        return self._term(address, node)

    def _term(self, name: str, node: Node) -> Node:
        if name not in self.terms:
            self.terms[name] = Term(name, node.type, node, set(), set())
        return AccountColumn(name, node.type)

    def _dated(self, node: Node) -> Node:
        if isinstance(node, AsOf):
            return Constant(float(self.today), DATE)
        return with_children(node, self._dated)

    def _compare(self, node: Compare) -> Node:
        banded = self._banded(node)
        if banded is not None:
            return banded
        if node.left.type.kind not in NUMBERS:
            left, right = self.piece(node.left), self.piece(node.right)
            self._cut(left, [right.value] if isinstance(right, Constant) else [])
            self._cut(right, [left.value] if isinstance(left, Constant) else [])
            return replace(node, left=left, right=right)
        sides = [folded(self._dated(each)) for each in (node.left, node.right)]
        for side, bound, turned in ((node.left, sides[1], False), (node.right, sides[0], True)):
            if bound is None:
                continue
            kept = self.piece(side)
            self._cut(kept, [bound])
            constant = Constant(bound, side.type)
            left, right = (constant, kept) if turned else (kept, constant)
            return replace(node, left=left, right=right)
        both = Arithmetic(Operator.SUBTRACT, node.left, node.right, NUMBER)
        gap = self._term(canonical(both), both)
        self._cut(gap, [0.0])
        return replace(node, left=gap, right=Constant(0.0, NUMBER))

    def _banded(self, node: Compare) -> Node | None:
        """Return `score.band == 'x'` as a comparison of the score; None for anything else."""
        left, right = node.left, node.right
        if not (isinstance(left, StepValue) and left.address.endswith(".band")):
            return None
        address = left.address.removesuffix(".band")
        bands = self.bands.get(address, ())
        if not isinstance(right, Constant) or not bands:
            return None
        score = StepValue(address, NUMBER)
        found = next((each for each in bands if each.id == right.value), None)
        if found is None:
            return None
        inside = self._inside(score, found)
        return inside if node.comparison is Comparison.EQUAL else Not(inside)

    def _inside(self, score: StepValue, band: Band) -> Node:
        span, parts = band.interval, []
        if span.low is not None:
            sign = Comparison.GREATER_EQUAL if span.low_closed else Comparison.GREATER
            parts.append(self.piece(Compare(sign, score, Constant(span.low, NUMBER))))
        if span.high is not None:
            sign = Comparison.LESS_EQUAL if span.high_closed else Comparison.LESS
            parts.append(self.piece(Compare(sign, score, Constant(span.high, NUMBER))))
        return And(tuple(parts))

    def _cut(self, node: Node, values: Sequence[float | str | bool]) -> None:
        """Note for every term of a tree what it is held against."""
        for each in below(node):
            if isinstance(each, AccountColumn) and each.name in self.terms:
                term = self.terms[each.name]
                for value in values:
                    if isinstance(value, str):
                        term.named.add(value)
                    elif not isinstance(value, bool):
                        term.cuts.add(float(value))
                        self.held.append((each.name, float(value)))


def _plain(node: Node, facts: dict[str, Node] | None = None, depth: int = 0) -> bool:
    """Whether a tree only picks among columns, aggregates and constants, so that cuts stay as they are."""
    if depth > DEEPEST:
        return False
    match node:
        case AccountColumn() | Constant():
            return True
        case StepValue(address=address):
            inner = (facts or {}).get(address)
            return True if inner is None else _plain(inner, facts, depth + 1)
        case Call(function=Function.COALESCE, arguments=arguments):
            return all(_plain(each, facts, depth + 1) for each in arguments)
        case If(then=then, otherwise=otherwise):
            return _plain(then, facts, depth + 1) and _plain(otherwise, facts, depth + 1)
        case _:
            return False
