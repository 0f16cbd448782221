"""From typed trees to Python source: values, and conditions twice, as "is true" and as "is false".

Kleene's logic then needs no third value: `a and b` is true when both are true and false when one is
false; where neither holds it is unknown. The source holds our own names and numbers only: every text
of an author is a constant of the pool, called k0, k1, ...
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.compiler.program import Logic
from kamrules.engines.row.joining import all_of, joined
from kamrules.engines.row.pieces import (
    Piece,
    above_zero,
    as_whole,
    int_only,
    nonzero,
    own,
    plain,
    pooled,
    simple,
)
from kamrules.engines.row.source import Source
from kamrules.expression import canonical
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
    Negate,
    Node,
    Not,
    Operator,
    Or,
    PluginCall,
    RowColumn,
    StepValue,
)
from kamrules.expression.types import Kind
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from kamrules.compiler.program import Condition

OPPOSITES = {
    Comparison.EQUAL: "!=",
    Comparison.NOT_EQUAL: "==",
    Comparison.LESS: ">=",
    Comparison.LESS_EQUAL: ">",
    Comparison.GREATER: "<=",
    Comparison.GREATER_EQUAL: "<",
}
LARGEST = "1.7976931348623157e308"


@dataclass(slots=True)
class Writer(Source):
    """Source in the making of values and conditions.

    `places` gives for account columns, row columns and steps the local variable, and whether it
    may be None. `assumed` are steps whose value is settled where
    the writing is: tests of them are decided now and not when the source runs.
    """

    places: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)
    assumed: dict[str, str | None] = field(default_factory=dict)
    head: list[str] = field(default_factory=list)
    fixed: dict[str, str] = field(default_factory=dict)

    # values

    def keep(self, piece: Piece) -> str:
        """Return a name that holds the piece's value, None while it is unknown."""
        if piece.source.isidentifier() and self.nullable(piece) == piece.source:
            return piece.source
        name = self.fresh()
        self.line(f"{name} = {self.nullable(piece)}")
        if piece.whole:
            self.whole.add(name)
        return name

    @staticmethod
    def nullable(piece: Piece) -> str:
        """Return the piece as one expression that is None while it is unknown."""
        if not piece.needs:
            return piece.source
        if piece.needs == (f"{piece.source} is not None",):
            return piece.source
        return f"({piece.source} if {' and '.join(piece.needs)} else None)"

    def held(self, name: str) -> Piece:
        """Return a piece for a local name that may be None."""
        return Piece(name, (f"{name} is not None",), name in self.whole)

    def value(self, node: Node) -> Piece:  # noqa: C901  one case a node
        """Return the source of a node's value."""
        match node:
            case Constant(value=str() as text):
                return Piece(self.constant(text))
            case Constant(value=value):
                return Piece(repr(value))
            case AsOf():
                return Piece("as_of", whole=True)
            case AccountColumn(name=name):
                return self._place("account", name)
            case RowColumn(name=name):
                return self._place("row", name)
            case StepValue(address=address):
                return self._place("step", address)
            case Negate(item=item):
                piece = self.value(item)
                return Piece(f"(-{piece.source})", piece.needs, piece.whole)
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case PluginCall():
                return self._of_plugin(node)
            case If():
                return self._if(node)
            case _:
                return self._truth(node)

    def _place(self, sort: str, name: str) -> Piece:
        if name.startswith("criterion.") and (sort, name) not in self.places:
            # a criterion that is not in force gives no points
            return Piece("None", ("False",))
        if sort == "step" and name in self.assumed:
            settled = self.assumed[name]
            return Piece("None", ("False",)) if settled is None else Piece(self.constant(settled))
        local, may_be_none = self.places[sort, name]
        return self.held(local) if may_be_none else Piece(local, whole=local in self.whole)

    def _truth(self, node: Node) -> Piece:
        """Return a condition as a value: True, False or None."""
        if isinstance(node, Compare):
            *needs, test = self._compare(node, node.comparison.value, sure=True)
            return Piece(f"({test})", tuple(needs))
        yes, no = self.true(node), self.false(node)
        if no == f"not ({yes})":
            return Piece(f"({yes})")
        name = self.fresh()
        self.line(f"{name} = True if {yes} else False if {no} else None")
        return self.held(name)

    def _arithmetic(self, node: Arithmetic) -> Piece:
        if (known := self._fixed(node)) is not None:
            return known
        added = node.operator in {Operator.ADD, Operator.SUBTRACT}
        left, right = self._pair(node.left, node.right, constants=added)
        if node.operator is Operator.MULTIPLY and left.whole and right.whole:
            # products are doubles everywhere, however large
            left = Piece(f"(1.0 * {left.source})", left.needs)
        needs = left.needs + tuple(each for each in right.needs if each not in left.needs)
        if node.operator is Operator.DIVIDE:
            if not simple(right.source):
                right = self.held(self.keep(right))
                needs = (*left.needs, *right.needs)
            if not nonzero(right.source):
                needs = (*needs, f"{right.source} != {0 if right.whole else 0.0}")
        whole = left.whole and right.whole and added
        piece = Piece(f"({left.source} {node.operator.value} {right.source})", needs, whole)
        return self._finite(piece) if node.may_overflow else piece

    def _pair(self, left: Node, right: Node, *, constants: bool = True) -> tuple[Piece, Piece]:
        """Return two values that meet; with `constants` one is an int where it meets an int."""
        one, two = self.value(left), self.value(right)
        if not constants:
            return one, two
        return as_whole(one, left, two), as_whole(two, right, one)

    def _finite(self, piece: Piece) -> Piece:
        name = self.keep(piece)
        return Piece(name, (f"{name} is not None", f"-{LARGEST} <= {name} <= {LARGEST}"))

    def _fixed(self, node: Node) -> Piece | None:
        """Return arithmetic with the date of the run as a local worked out once, at the top."""
        allowed = (Constant, AsOf, Arithmetic, Negate)
        parts = list(below(node))
        if not all(isinstance(each, allowed) for each in parts):
            return None
        if any(isinstance(each, Arithmetic) and (each.may_overflow or each.operator is Operator.DIVIDE)
               for each in parts):  # fmt: skip
            return None
        text = canonical(node)
        if text not in self.fixed:
            self.fixed[text] = f"d{len(self.fixed)}"
            whole = any(isinstance(each, AsOf) for each in parts) and int_only(parts)
            self.head.append(f"    {self.fixed[text]} = {plain(node, whole=whole)}")
            if whole:
                self.whole.add(self.fixed[text])
        return Piece(self.fixed[text], whole=self.fixed[text] in self.whole)

    def _call(self, node: Call) -> Piece:
        pieces = [self.value(each) for each in node.arguments]
        if node.function is Function.COALESCE:
            return self._coalesce(node, pieces)
        if node.function is Function.DECAY:
            return self._decay(pieces)
        needs = tuple(dict.fromkeys(need for each in pieces for need in each.needs))
        sources = [each.source for each in pieces]
        match node.function:
            case Function.CLAMP:
                source = f"max({sources[1]}, min({sources[0]}, {sources[2]}))"
            case Function.ROUND:
                places = node.arguments[1]
                digits = int(float(places.value)) if isinstance(places, Constant) else 0
                source = f"rounded({sources[0]}, {10.0**digits!r})"
            case _:
                source = f"{node.function.value}({', '.join(sources)})"
        whole = node.function is not Function.ROUND and all(each.whole for each in pieces)
        return Piece(source, needs, whole)

    def _coalesce(self, node: Call, pieces: list[Piece]) -> Piece:
        whole = next((each for each in pieces if each.whole), None)
        if whole is not None:
            pieces = [as_whole(one, each, whole)
                      for one, each in zip(pieces, node.arguments, strict=True)]  # fmt: skip
        source, sure = "None", False
        for piece in reversed(pieces):
            if not piece.needs:
                source, sure = piece.source, True
            else:
                source = f"{piece.source} if {' and '.join(piece.needs)} else {source}"
        name = self.fresh()
        self.line(f"{name} = {source}")
        if all(each.whole for each in pieces):
            self.whole.add(name)
        return Piece(name, whole=name in self.whole) if sure else self.held(name)

    def _decay(self, pieces: list[Piece]) -> Piece:
        needs = tuple(dict.fromkeys(need for each in pieces for need in each.needs))
        piece = Piece(f"decayed({pieces[0].source}, {pieces[1].source})", needs)
        # without a half-life above 0 it is unknown, whatever the age
        return piece if above_zero(pieces[1].source) else self.held(self.keep(piece))

    def _of_plugin(self, node: PluginCall) -> Piece:
        pieces = [self.value(each) for each in node.arguments]
        needs = tuple(dict.fromkeys(need for each in pieces for need in each.needs))
        called = self.constant(node.function.value)
        source = f"{called}({', '.join(each.source for each in pieces)})"
        return self.held(self.keep(Piece(source, needs)))

    def _if(self, node: If) -> Piece:
        condition = self.true(node.condition)
        then, otherwise = self.value(node.then), self.value(node.otherwise)
        name = self.fresh()
        self.line(f"{name} = {self.nullable(then)} if {condition} else {self.nullable(otherwise)}")
        return self.held(name) if then.needs or otherwise.needs else Piece(name)

    # conditions

    def true(self, node: Node) -> str:
        """Return source that is truthy exactly when the node is true."""
        match node:
            case And() | Compare() | Among():
                return all_of(self.conjuncts(node))
            case Or(items=items):
                return joined(" or ", [self.true(each) for each in items])
            case Not(item=item):
                return self.false(item)
            case IsUnknown(item=item):
                known = self._known(item)
                return f"not ({known})" if known else "False"
            case Call(
                function=Function.COALESCE, arguments=(first, Constant(value=bool() as rest))
            ):
                return f"not ({self.false(first)})" if rest else self.true(first)
            case Constant(value=value):
                return repr(bool(value))
            case _:
                piece = self.value(node)
                return piece.source if piece.source.isidentifier() else f"({self.nullable(piece)})"

    def false(self, node: Node) -> str:
        """Return source that is truthy exactly when the node is false."""
        match node:
            case And(items=items):
                return joined(" or ", [self.false(each) for each in items])
            case Or(items=items):
                return joined(" and ", [self.false(each) for each in items])
            case Not(item=item):
                return self.true(item)
            case Compare(comparison=comparison):
                return all_of(self._compare(node, OPPOSITES[comparison]))
            case Among():
                return all_of(self._among(node, "not in"))
            case IsUnknown(item=item):
                return self._known(item) or "True"
            case Constant(value=value):
                return repr(not value)
            case Call(
                function=Function.COALESCE, arguments=(first, Constant(value=bool() as rest))
            ):
                return self.false(first) if rest else f"not ({self.true(first)})"
            case _:
                piece = self.value(node)
                name = piece.source if piece.source.isidentifier() else self.keep(piece)
                return f"{name} is False"

    def conjuncts(self, node: Node) -> list[str]:
        """Return sources that are all truthy exactly when the node is true."""
        match node:
            case And(items=items):
                return [part for each in items for part in self.conjuncts(each)]
            case Compare(comparison=comparison):
                return self._compare(node, comparison.value)
            case Among():
                return self._among(node, "in")
            case _:
                return [self.true(node)]

    def _known(self, item: Node) -> str:
        """Return source that is truthy when the item is known; empty when it always is."""
        if item.type.kind is Kind.BOOL and isinstance(item, And | Or | Not | Compare | Among | If):
            return f"({self.true(item)} or {self.false(item)})"
        needs = list(self.value(item).needs)
        return joined(" and ", needs) if needs else ""

    def _compare(self, node: Compare, operator: str, *, sure: bool = False) -> list[str]:
        """Return what must hold for the comparison; `sure`: all that must be known, then the test."""
        left, right = self._pair(node.left, node.right)
        needs = [*left.needs, *(each for each in right.needs if each not in left.needs)]
        if operator in {"==", "!="} and not needs and pooled(left, right):
            return [repr((left.source == right.source) is (operator == "=="))]
        if operator == "==" and not sure and (left.needs == () or right.needs == ()):
            # None equals no value, so a plain name need not be looked at twice
            needs = [each for each in needs if each not in own(left, right)]
        return [*needs, f"{left.source} {operator} {right.source}"]

    def _among(self, node: Among, word: str) -> list[str]:
        item = self.value(node.item)
        if isinstance(node.item, StepValue) and node.item.address in self.assumed:
            settled = self.assumed[node.item.address]
            inside = any(each.value == settled for each in node.constants)
            return [repr(settled is not None and inside is (word == "in"))]
        values = self.constant(tuple(each.value for each in node.constants))
        needs = [each for each in item.needs if word == "not in" or each not in own(item)]
        return [*needs, f"{item.source} {word} {values}"]

    def holds(self, condition: Condition | None) -> str:
        """Return source that is truthy exactly when a condition is true; None always holds."""
        if condition is None:
            return "True"
        match condition.logic:
            case Logic.EXPRESSION:
                return "False" if condition.expression is None else self.true(condition.expression)
            case Logic.ALL:
                return joined(" and ", [self.holds(each) for each in condition.members])
            case Logic.ANY:
                return joined(" or ", [self.holds(each) for each in condition.members])
            case Logic.NOT:
                return self.fails(condition.members[0])
            case Logic.AT_LEAST:
                counted = " + ".join(
                    f"(1 if {self.holds(each)} else 0)" for each in condition.members
                )
                return f"({counted or '0'} >= {condition.needed})"

    def fails(self, condition: Condition | None) -> str:
        """Return source that is truthy exactly when a condition is false."""
        if condition is None:
            return "False"
        match condition.logic:
            case Logic.EXPRESSION:
                return "False" if condition.expression is None else self.false(condition.expression)
            case Logic.ALL:
                return joined(" or ", [self.fails(each) for each in condition.members])
            case Logic.ANY:
                return joined(" and ", [self.fails(each) for each in condition.members])
            case Logic.NOT:
                return self.holds(condition.members[0])
            case Logic.AT_LEAST:
                counted = " + ".join(
                    f"(0 if {self.fails(each)} else 1)" for each in condition.members
                )
                return f"({counted or '0'} < {condition.needed})"
