"""Bounds: a question as a function that tells whether it may hold while measured facts lie in ranges.

The function is made once for a question, of the same typed trees that the engines run. What it rules out
cannot happen; what it lets pass may.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kamrules.compiler.program import Logic
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
    Not,
    Operator,
    Or,
    PluginCall,
    StepValue,
)
from kamrules.expression.types import Kind
from kamrules.workbench.nearest.pieces import (
    Number,
    Piece,
    Truth,
    Values,
    all_sources,
    any_source,
)
from kamrules.workbench.nearest.ranges import ANY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import Condition, Program
    from kamrules.expression.nodes import Node


@dataclass(slots=True)
class BoundsWriter:
    """Source of ranges in the making; `places` holds what is known of columns and steps."""

    program: Program
    places: dict[str, Piece] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    pool: dict[str, Any] = field(default_factory=dict)
    count: int = 0

    def fresh(self) -> str:
        """Return a new name."""
        self.count += 1
        return f"v{self.count}"

    def constant(self, value: Any) -> str:  # noqa: ANN401  whatever the source needs
        """Return the name of a value of the pool."""
        name = f"k{len(self.pool)}"
        self.pool[name] = value
        return name

    def set(self, source: str) -> str:
        """Write an assignment to a new name and return it."""
        name = self.fresh()
        self.lines.append(f"    {name} = {source}")
        return name

    def number(self, source: str) -> Number:
        """Write what yields a range and return its four names."""
        names = [self.fresh() for _ in range(4)]
        self.lines.append(f"    {', '.join(names)} = {source}")
        return Number(*names)

    def truth_of(self, source: str) -> Truth:
        """Write what yields a truth and return its three names."""
        names = [self.fresh() for _ in range(3)]
        self.lines.append(f"    {', '.join(names)} = {source}")
        return Truth(*names)

    # values

    def value(self, node: Node) -> Piece:  # noqa: C901, PLR0912  one case a node
        """Return the piece of a node."""
        match node:
            case Constant(value=bool() as value):
                return Truth(repr(value), repr(not value))
            case Constant(value=str() as value):
                return Values(self.constant(frozenset({value})))
            case Constant(value=value):
                return Number(repr(value), repr(value))
            case AsOf():
                return Number("as_of", "as_of")
            case AccountColumn(name=name):
                return self.places[f"account:{name}"]
            case StepValue(address=address):
                return self._step(node, address)
            case Negate(item=item):
                one = self._number(item)
                return Number(
                    self.set(f"-{one.high}"), self.set(f"-{one.low}"), one.unknown, one.known
                )
            case Arithmetic(left=If() as choice):
                # x / if(c, 1, 0) is never x / 0.5: each branch is worked out for itself
                then = replace(node, left=choice.then)
                return self._if(
                    replace(choice, then=then, otherwise=replace(node, left=choice.otherwise))
                )
            case Arithmetic(right=If() as choice):
                then = replace(node, right=choice.then)
                return self._if(
                    replace(choice, then=then, otherwise=replace(node, right=choice.otherwise))
                )
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case PluginCall():
                return self._of_plugin(node)
            case If():
                return self._if(node)
            case _:
                return self.truth(node)

    def _step(self, node: StepValue, address: str) -> Piece:
        if address not in self.places:  # a criterion that is not in force, or what nobody looks at
            return Number("0.0", "0.0", "True", "False")
        del node
        return self.places[address]

    def _number(self, node: Node) -> Number:
        piece = self.value(node)
        assert isinstance(piece, Number), node
        return piece

    def _arithmetic(self, node: Arithmetic) -> Number:
        a, b = self._number(node.left), self._number(node.right)
        unknown, known = any_source(a.unknown, b.unknown), all_sources(a.known, b.known)
        match node.operator:
            case Operator.ADD:
                return Number(
                    self.set(f"{a.low} + {b.low}"), self.set(f"{a.high} + {b.high}"), unknown, known
                )
            case Operator.SUBTRACT:
                return Number(
                    self.set(f"{a.low} - {b.high}"), self.set(f"{a.high} - {b.low}"), unknown, known
                )
            case Operator.MULTIPLY:
                low, high = self._two(f"product({a.low}, {a.high}, {b.low}, {b.high})")
            case Operator.DIVIDE:
                low, high = self._two(f"quotient({a.low}, {a.high}, {b.low}, {b.high})")
                unknown = any_source(unknown, self.set(f"{b.low} <= 0 <= {b.high}"))
                known = all_sources(known, self.set(f"not ({b.low} == 0 == {b.high})"))
        if node.may_overflow:
            unknown = any_source(unknown, self.set(f"{low} == -infinity or {high} == infinity"))
        return Number(low, high, unknown, known)

    def _two(self, source: str) -> tuple[str, str]:
        low, high = self.fresh(), self.fresh()
        self.lines.append(f"    {low}, {high} = {source}")
        return low, high

    def _call(self, node: Call) -> Piece:
        pieces = [self.value(each) for each in node.arguments]
        if node.function is Function.COALESCE:
            return self._coalesce(pieces)
        parts = [each for each in pieces if isinstance(each, Number)]
        match node.function:
            case Function.MIN | Function.MAX:
                pick = node.function.value
                return Number(
                    self.set(f"{pick}({', '.join(each.low for each in parts)})"),
                    self.set(f"{pick}({', '.join(each.high for each in parts)})"),
                    any_source(*(each.unknown for each in parts)),
                    all_sources(*(each.known for each in parts)),
                )
            case Function.CLAMP:
                unknown = any_source(*(each.unknown for each in parts))
                known = all_sources(*(each.known for each in parts))
                x, least, most_ = parts
                return Number(
                    self.set(f"max({least.low}, min({x.low}, {most_.low}))"),
                    self.set(f"max({least.high}, min({x.high}, {most_.high}))"), unknown, known,
                )  # fmt: skip
            case Function.ROUND:
                places = node.arguments[1]
                scale = 10.0 ** int(float(places.value)) if isinstance(places, Constant) else 1.0
                x = parts[0]
                ends = [self.set(f"rounded({each}, {scale!r})") for each in (x.low, x.high)]
                return Number(ends[0], ends[1], x.unknown, x.known)
            case Function.ABS:
                x = parts[0]
                low = self.set(
                    f"0.0 if {x.low} <= 0 <= {x.high} else min(abs({x.low}), abs({x.high}))"
                )
                return Number(
                    low, self.set(f"max(abs({x.low}), abs({x.high}))"), x.unknown, x.known
                )
            case _:  # decay: less with age, more with a longer half-life
                age, half = parts
                unknown = any_source(age.unknown, half.unknown, self.set(f"{half.low} <= 0"))
                known = all_sources(age.known, half.known, self.set(f"{half.high} > 0"))
                low = self.set(f"(decayed({age.high}, {half.low}) or 0.0)")
                high = self.set(f"(decayed({age.low}, {half.high}) or 0.0)")
                return Number(low, high, unknown, known)

    def _of_plugin(self, node: PluginCall) -> Piece:
        pieces = [self.value(each) for each in node.arguments]
        boxes = [each.name if isinstance(each, Values) else each.whole for each in pieces]
        source = f"answers({self.constant(node.function)}, {', '.join(boxes)})"
        match node.type.kind:
            case Kind.BOOL:
                return self.truth_of(source)
            case Kind.TEXT:
                return Values(self.set(source))
            case _:
                return self.number(source)

    def _coalesce(self, pieces: Sequence[Piece]) -> Piece:
        found = pieces[0]
        for each in pieces[1:]:
            match found, each:
                case Number(), Number():
                    found = self.number(f"first_known({found.whole}, {each.whole})")
                case Values(name=a), Values(name=b):
                    found = Values(self.set(f"{a} if None not in {a} else ({a} - nothing) | {b}"))
                case Truth() as a, Truth() as b:
                    found = Truth(
                        self.set(f"{a.true} or ({a.unknown} and {b.true})"),
                        self.set(f"{a.false} or ({a.unknown} and {b.false})"),
                        self.set(f"{a.unknown} and {b.unknown}"),
                    )
        return found

    def _if(self, node: If) -> Piece:
        test = self.truth(node.condition)
        other = any_source(test.false, test.unknown)
        match self.value(node.then), self.value(node.otherwise):
            case Number() as a, Number() as b:
                return self.number(
                    f"hull({a.whole}, {b.whole}) if {test.true} and ({other}) "
                    f"else {a.whole} if {test.true} else {b.whole}"
                )
            case Values(name=a), Values(name=b):
                return Values(
                    self.set(f"({a} if {test.true} else none) | ({b} if {other} else none)")
                )
            case Truth() as a, Truth() as b:
                return Truth(
                    *(
                        self.set(f"({test.true} and {x}) or (({other}) and {y})")
                        for x, y in ((a.true, b.true), (a.false, b.false), (a.unknown, b.unknown))
                    )
                )
            case _:
                raise AssertionError(node)

    # conditions

    def truth(self, node: Node) -> Truth:
        """Return what a condition may be."""
        match node:
            case And(items=items):
                return self.all_of([self.truth(each) for each in items])
            case Or(items=items):
                return self.any_of([self.truth(each) for each in items])
            case Not(item=item):
                one = self.truth(item)
                return Truth(one.false, one.true, one.unknown)
            case IsUnknown(item=item):
                return self._is_unknown(self.value(item))
            case Compare():
                return self._compare(node.comparison, self.value(node.left), self.value(node.right))
            case Among(item=item, constants=constants):
                return self._among(self.value(item), [each.value for each in constants])
            case _:
                piece = self.value(node)
                assert isinstance(piece, Truth), node
                return piece

    @staticmethod
    def _is_unknown(piece: Piece) -> Truth:
        match piece:
            case Number():
                return Truth(piece.unknown, piece.known)
            case Values(name=name):
                return Truth(f"(None in {name})", f"({name} != nothing)")
            case Truth():
                return Truth(piece.unknown, any_source(piece.true, piece.false))

    def _compare(self, comparison: Comparison, a: Piece, b: Piece) -> Truth:
        match a, b:
            case Number(), Number():
                return self._order(comparison, a, b)
            case Values(), Values():
                found = self.truth_of(f"equal({a.name}, {b.name})")
            case Truth(), Truth():
                found = Truth(
                    self.set(f"({a.true} and {b.true}) or ({a.false} and {b.false})"),
                    self.set(f"({a.true} and {b.false}) or ({a.false} and {b.true})"),
                    any_source(a.unknown, b.unknown),
                )
            case _:
                raise AssertionError(comparison)
        if comparison is Comparison.EQUAL:
            return found
        return Truth(found.false, found.true, found.unknown)

    def _order(self, comparison: Comparison, a: Number, b: Number) -> Truth:
        known, unknown = all_sources(a.known, b.known), any_source(a.unknown, b.unknown)
        tests = {
            Comparison.LESS: (f"{a.low} < {b.high}", f"{a.high} >= {b.low}"),
            Comparison.LESS_EQUAL: (f"{a.low} <= {b.high}", f"{a.high} > {b.low}"),
            Comparison.GREATER: (f"{a.high} > {b.low}", f"{a.low} <= {b.high}"),
            Comparison.GREATER_EQUAL: (f"{a.high} >= {b.low}", f"{a.low} < {b.high}"),
        }
        if comparison in tests:
            yes, no = tests[comparison]
        else:
            yes = f"{a.low} <= {b.high} and {b.low} <= {a.high}"
            no = f"not ({a.low} == {a.high} == {b.low} == {b.high})"
            if comparison is Comparison.NOT_EQUAL:
                yes, no = no, yes
        return Truth(
            self.set(all_sources(known, f"({yes})")),
            self.set(all_sources(known, f"({no})")),
            unknown,
        )

    def _among(self, piece: Piece, constants: Sequence[float | str | bool]) -> Truth:
        match piece:
            case Number() as x:
                some = " or ".join(f"{x.low} <= {each!r} <= {x.high}" for each in constants)
                other = " or ".join(f"{x.low} == {each!r} == {x.high}" for each in constants)
                return Truth(
                    self.set(all_sources(x.known, f"({some})")),
                    self.set(all_sources(x.known, f"(not ({other}))")), x.unknown,
                )  # fmt: skip
            case Values(name=name):
                wanted = self.constant(frozenset(constants))
                some = self.constant(frozenset((*constants, ANY)))
                return Truth(
                    self.set(f"not {name}.isdisjoint({some})"),
                    self.set(f"not ({name} - nothing) <= {wanted}"), self.set(f"None in {name}"),
                )  # fmt: skip
            case Truth():
                return Truth(
                    any_source(*([piece.true] if True in constants else []),
                         *([piece.false] if False in constants else [])),
                    any_source(*([piece.true] if True not in constants else []),
                         *([piece.false] if False not in constants else [])), piece.unknown,
                )  # fmt: skip

    def all_of(self, parts: Sequence[Truth]) -> Truth:
        """Return what a Kleene conjunction may be."""
        if not parts:
            return Truth("True", "False")
        if len(parts) == 1:
            return parts[0]
        unknown = any_source(*(each.unknown for each in parts))
        able = all_sources(*(any_source(each.true, each.unknown) for each in parts))
        return Truth(
            self.set(all_sources(*(each.true for each in parts))),
            self.set(any_source(*(each.false for each in parts))),
            "False" if unknown == "False" else self.set(f"({unknown}) and {able}"),
        )

    def any_of(self, parts: Sequence[Truth]) -> Truth:
        """Return what a Kleene disjunction may be."""
        turned = self.all_of([Truth(each.false, each.true, each.unknown) for each in parts])
        return Truth(turned.false, turned.true, turned.unknown)

    def condition(self, condition: Condition | None) -> Truth:
        """Return what a rule's condition may be; None always holds."""
        if condition is None:
            return Truth("True", "False")
        members = [self.condition(each) for each in condition.members]
        match condition.logic:
            case Logic.EXPRESSION:
                if condition.expression is None:
                    return Truth("False", "True")
                return self.truth(condition.expression)
            case Logic.ALL:
                return self.all_of(members)
            case Logic.ANY:
                return self.any_of(members)
            case Logic.NOT:
                return Truth(members[0].false, members[0].true, members[0].unknown)
            case Logic.AT_LEAST:
                whole = ", ".join(each.whole for each in members)
                return self.truth_of(f"at_least({condition.needed}, ({whole},))")
