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
    RowColumn,
    StepValue,
)
from kamrules.expression.types import Kind
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from collections.abc import Mapping

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


@dataclass(frozen=True, slots=True)
class Piece:
    """A value: source that holds only while every requirement (a condition in source) does."""

    source: str
    needs: tuple[str, ...] = ()


@dataclass(slots=True)
class Writer:
    """Source in the making: lines, the pool of constants, and the names that hold values.

    `places` gives for account columns, row columns and steps the local variable, and whether it
    may be None.
    """

    lines: list[str] = field(default_factory=list)
    depth: int = 1
    pool: dict[object, str] = field(default_factory=dict)
    places: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)
    head: list[str] = field(default_factory=list)
    fixed: dict[str, str] = field(default_factory=dict)
    names: int = 0

    def line(self, text: str) -> None:
        """Add a line at the current depth."""
        self.lines.append("    " * self.depth + text)

    def fresh(self, letter: str = "t") -> str:
        """Return a new local name."""
        self.names += 1
        return f"{letter}{self.names}"

    def constant(self, value: object) -> str:
        """Return the pool's name for a constant (strings, tuples, dicts as item tuples)."""
        key = (type(value), value)
        if key not in self.pool:
            self.pool[key] = f"k{len(self.pool)}"
        return self.pool[key]

    def constants(self) -> Mapping[str, object]:
        """Return the pool as the function's globals."""
        return {name: value for (_, value), name in self.pool.items()}  # type: ignore[misc,has-type]

    # values

    def keep(self, piece: Piece) -> str:
        """Return a name that holds the piece's value, None while it is unknown."""
        if not piece.needs and piece.source.isidentifier():
            return piece.source
        name = self.fresh()
        self.line(f"{name} = {self.nullable(piece)}")
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
        return Piece(name, (f"{name} is not None",))

    def value(self, node: Node) -> Piece:  # noqa: C901  one case a node
        """Return the source of a node's value."""
        match node:
            case Constant(value=str() as text):
                return Piece(self.constant(text))
            case Constant(value=value):
                return Piece(repr(value))
            case AsOf():
                return Piece("as_of")
            case AccountColumn(name=name):
                return self._place("account", name)
            case RowColumn(name=name):
                return self._place("row", name)
            case StepValue(address=address):
                return self._place("step", address)
            case Negate(item=item):
                piece = self.value(item)
                return Piece(f"(-{piece.source})", piece.needs)
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case If():
                return self._if(node)
            case _:
                return self._truth(node)

    def _place(self, sort: str, name: str) -> Piece:
        if name.startswith("criterion.") and (sort, name) not in self.places:
            # a criterion that is not in force gives no points
            return Piece("None", ("False",))
        local, may_be_none = self.places[sort, name]
        return self.held(local) if may_be_none else Piece(local)

    def _truth(self, node: Node) -> Piece:
        """Return a condition as a value: True, False or None."""
        yes, no = self.true(node), self.false(node)
        if no == f"not ({yes})":
            return Piece(f"({yes})")
        name = self.fresh()
        self.line(f"{name} = True if {yes} else False if {no} else None")
        return self.held(name)

    def _arithmetic(self, node: Arithmetic) -> Piece:
        if (known := self._fixed(node)) is not None:
            return known
        left, right = self.value(node.left), self.value(node.right)
        needs = left.needs + tuple(each for each in right.needs if each not in left.needs)
        if node.operator is Operator.DIVIDE:
            if not _simple(right.source):
                right = self.held(self.keep(right))
                needs = (*left.needs, *right.needs)
            if not _nonzero(right.source):
                needs = (*needs, f"{right.source} != 0")
        piece = Piece(f"({left.source} {node.operator.value} {right.source})", needs)
        return self._finite(piece) if node.may_overflow else piece

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
            self.fixed[text] = self.fresh("d")
            self.head.append(f"    {self.fixed[text]} = {_plain(node)}")
        return Piece(self.fixed[text])

    def _call(self, node: Call) -> Piece:
        pieces = [self.value(each) for each in node.arguments]
        if node.function is Function.COALESCE:
            return self._coalesce(pieces)
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
        return Piece(source, needs)

    def _coalesce(self, pieces: list[Piece]) -> Piece:
        source, sure = "None", False
        for piece in reversed(pieces):
            if not piece.needs:
                source, sure = piece.source, True
            else:
                source = f"{piece.source} if {' and '.join(piece.needs)} else {source}"
        name = self.fresh()
        self.line(f"{name} = {source}")
        return Piece(name) if sure else self.held(name)

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
        return joined(" and ", list(self.value(item).needs)) if self.value(item).needs else ""

    def _compare(self, node: Compare, operator: str) -> list[str]:
        left, right = self.value(node.left), self.value(node.right)
        needs = [*left.needs, *(each for each in right.needs if each not in left.needs)]
        if operator == "==" and (left.needs == () or right.needs == ()):
            # None equals no value, so a plain name need not be looked at twice
            needs = [each for each in needs if each not in _own(left, right)]
        return [*needs, f"{left.source} {operator} {right.source}"]

    def _among(self, node: Among, word: str) -> list[str]:
        item = self.value(node.item)
        values = self.constant(tuple(each.value for each in node.constants))
        needs = [each for each in item.needs if word == "not in" or each not in _own(item)]
        return [*needs, f"{item.source} {word} {values}"]

    def holds(self, condition: Condition | None) -> str:
        """Return source that is truthy exactly when a condition is true; None always holds."""
        if condition is None:
            return "True"
        match condition.logic:
            case Logic.EXPRESSION:
                return "False" if condition.expression is None else self.true(condition.expression)
            case Logic.ALL:
                return joined(" and ", [self.holds(each) for each in condition.members], "True")
            case Logic.ANY:
                return joined(" or ", [self.holds(each) for each in condition.members], "False")
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
                return joined(" or ", [self.fails(each) for each in condition.members], "False")
            case Logic.ANY:
                return joined(" and ", [self.fails(each) for each in condition.members], "True")
            case Logic.NOT:
                return self.holds(condition.members[0])
            case Logic.AT_LEAST:
                counted = " + ".join(
                    f"(0 if {self.fails(each)} else 1)" for each in condition.members
                )
                return f"({counted or '0'} < {condition.needed})"


def _own(*pieces: Piece) -> set[str]:
    return {f"{each.source} is not None" for each in pieces}


def _simple(source: str) -> bool:
    return source.isidentifier() or _nonzero(source)


def _nonzero(source: str) -> bool:
    try:
        return float(source) != 0
    except ValueError:
        return False


def _plain(node: Node) -> str:
    match node:
        case Constant(value=value):
            return repr(value)
        case Negate(item=item):
            return f"(-{_plain(item)})"
        case Arithmetic(left=left, right=right, operator=operator):
            return f"({_plain(left)} {operator.value} {_plain(right)})"
        case _:
            return "as_of"
