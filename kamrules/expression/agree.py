"""Which types go together: in arithmetic, in comparisons, between branches, and with what a rule wants."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kamrules.diagnostics import nearest
from kamrules.expression.nodes import Arithmetic, Comparison, Constant, If, Node, Operator, Span
from kamrules.expression.types import DATE, DAYS, INTEGER, MONEY, NUMBER, SCORE, SHARE, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Written = Callable[[Span], str]

PLAIN = {Kind.NUMBER, Kind.INTEGER, Kind.SHARE, Kind.SCORE}
"""The kinds without a dimension: they mix as numbers do."""
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Mismatch(Exception):  # noqa: N818  it is caught where it becomes a diagnostic
    """Types that do not go together."""

    code: str
    message: str
    span: Span
    help: str | None = None


def literal(node: Node) -> bool:
    """Whether a node is a plain number typed by the author, which takes the type of its neighbour."""
    return (
        isinstance(node, Constant)
        and node.parameter is None
        and node.type.kind in {Kind.NUMBER, Kind.INTEGER}
    )


def _size(node: Node) -> float:
    return float(node.value) if isinstance(node, Constant) else 0.0


def dimension(kind: Type) -> str:
    """Return what a type measures, in words."""
    return "number" if kind.kind in PLAIN else kind.kind.value


def arithmetic(
    operator: Operator, left: Node, right: Node, span: Span, written: Written
) -> Arithmetic:
    """Return left operator right. Raises Mismatch."""
    for side in (left, right):
        if not side.type.numeric:
            what = "yes or no" if side.type.kind is Kind.BOOL else f"{side.type.told}"
            raise Mismatch(
                "KR206", f"`{written(side.span)}` is {what}, nothing to calculate with", side.span
            )
    if operator in {Operator.ADD, Operator.SUBTRACT}:
        left, right, kind = _added(operator, left, right, span, written)
    elif operator is Operator.MULTIPLY:
        kind = _product(left, right, span, written)
    else:
        kind = _quotient(left, right, span, written)
    return Arithmetic(operator, left, right, kind, span=span)


def _added(
    operator: Operator, left: Node, right: Node, span: Span, written: Written
) -> tuple[Node, Node, Type]:
    kinds = (left.type.kind, right.type.kind)
    if kinds == (Kind.DATE, Kind.DATE) and operator is Operator.SUBTRACT:
        return left, right, DAYS
    if kinds == (Kind.DATE, Kind.DAYS) or (
        kinds == (Kind.DAYS, Kind.DATE) and operator is Operator.ADD
    ):
        return left, right, DATE
    if Kind.DATE in kinds and (literal(left) or literal(right)):
        number = left if literal(left) else right
        mend = f"did you mean {_size(number):g}d?" if _size(number) == int(_size(number)) else None
        raise Mismatch(
            "KR213", "a span of days is added to a date, not a plain number", number.span, mend
        )
    left, right = _adapted(left, right, written), _adapted(right, left, written)
    if left.type.kind is right.type.kind and left.type.kind is not Kind.DATE:
        return left, right, left.type
    if left.type.kind in PLAIN and right.type.kind in PLAIN:
        return left, right, NUMBER
    verb = "added to" if operator is Operator.ADD else "subtracted from"
    first, second = (left, right) if operator is Operator.ADD else (right, left)
    message = f"{_said(first, written)} cannot be {verb} {_said(second, written)}"
    raise Mismatch("KR206", message, span)


def _said(node: Node, written: Written) -> str:
    kind = {Kind.DAYS: "a span of days", Kind.MONEY: "money", Kind.BOOL: "yes or no"}.get(
        node.type.kind
    )
    return f"`{written(node.span)}` ({kind or f'{node.type.told}'})"


def _product(left: Node, right: Node, span: Span, written: Written) -> Type:
    for one, other in ((left, right), (right, left)):
        if one.type.kind in PLAIN and other.type.kind in {Kind.MONEY, Kind.DAYS}:
            return other.type
    if left.type.kind in PLAIN and right.type.kind in PLAIN:
        both = {left.type.kind, right.type.kind}
        if both == {Kind.INTEGER}:
            return INTEGER
        return SHARE if both == {Kind.SHARE} else NUMBER
    raise Mismatch(
        "KR206", f"{_said(left, written)} cannot be multiplied by {_said(right, written)}", span
    )


def _quotient(left: Node, right: Node, span: Span, written: Written) -> Type:
    above, below = left.type.kind, right.type.kind
    if above in PLAIN and below in PLAIN:
        return NUMBER
    if above is Kind.MONEY and (below in PLAIN or below is Kind.DAYS):
        return MONEY
    if above is Kind.DAYS and below in PLAIN:
        return DAYS
    if above is below and above in {Kind.MONEY, Kind.DAYS}:
        return NUMBER
    raise Mismatch(
        "KR206", f"{_said(left, written)} cannot be divided by {_said(right, written)}", span
    )


def _adapted(node: Node, other: Node, written: Written) -> Node:
    """Return a plain number as the type of what stands beside it."""
    if not literal(node) or not isinstance(node, Constant) or literal(other):
        return node
    kind = other.type.kind
    if kind is Kind.MONEY:
        return replace(node, type=MONEY)
    if kind is Kind.SHARE:
        return _share(node, other, written)
    if kind is Kind.SCORE and not 0 <= _size(node) <= 100:
        return node
    if kind is Kind.SCORE:
        return replace(node, type=SCORE)
    if kind is Kind.NUMBER:
        return replace(node, type=NUMBER)
    return node


def _share(node: Constant, other: Node, written: Written) -> Node:
    size = _size(node)
    if abs(size) <= 1:
        return replace(node, type=SHARE)
    number = f"{size:.15g}"
    percent = float(f"{size * 100:.15g}")
    message = f"`{written(other.span)}` is a share between 0 and 1, {number} is {percent:.15g}%"
    mend = f"did you mean {number}%?" if 1 < size <= 100 else None
    raise Mismatch("KR208", message, node.span, mend)


def comparable(
    comparison: Comparison, left: Node, right: Node, written: Written
) -> tuple[Node, Node]:
    """Return both sides as they are compared. Raises Mismatch."""
    for one, other in ((left, right), (right, left)):
        _check_literals(one, other, written)
    left, right = _adapted(left, right, written), _adapted(right, left, written)
    left, right = _chosen(left, right, written), _chosen(right, left, written)
    if dimension(left.type) != dimension(right.type):
        message = f"{_said(left, written)} cannot be compared with {_said(right, written)}"
        raise Mismatch("KR206", message, Span(left.span.start, right.span.end))
    ordered = comparison not in {Comparison.EQUAL, Comparison.NOT_EQUAL}
    if ordered and not left.type.numeric:
        message = f"{_said(left, written)} has no order: it is compared with == and !="
        mend = "compare `tier.level`" if written(left.span) == "tier" else None
        raise Mismatch("KR212", message, Span(left.span.start, right.span.end), mend)
    for one, other in ((left, right), (right, left)):
        _check_score(one, other, written)
    if Kind.CHOICE is left.type.kind is right.type.kind and not set(left.type.choices) & set(
        right.type.choices
    ):
        message = f"`{written(left.span)}` and `{written(right.span)}` have no choice in common"
        raise Mismatch("KR207", message, Span(left.span.start, right.span.end))
    return left, right


def _check_literals(one: Node, other: Node, written: Written) -> None:
    """Complain about a plain number or text where another way of writing is meant."""
    if one.type.kind is Kind.DAYS and literal(other):
        size = _size(other)
        mend = f"did you mean {size:g}d?" if size == int(size) else None
        message = f"`{written(one.span)}` is a span of days, {size:g} is a plain number"
        raise Mismatch("KR213", message, other.span, mend)
    if one.type.kind is Kind.DATE and isinstance(other, Constant) and other.type.kind is Kind.TEXT:
        text = str(other.value)
        mend = f"did you mean {text}?" if is_date(text) else None
        raise Mismatch("KR206", "a date stands without quotes", other.span, mend)
    if (
        one.type.kind is Kind.BOOL
        and isinstance(other, Constant)
        and other.type.kind is not Kind.BOOL
    ):
        message = (
            f"`{written(one.span)}` is yes or no, `{written(other.span)}` is {other.type.told}"
        )
        raise Mismatch(
            "KR206",
            message,
            other.span,
            f"did you mean `{written(one.span)}` or `not {written(one.span)}`?",
        )
    if one.type.numeric and isinstance(other, Constant) and other.type.kind is Kind.TEXT:
        text = str(other.value)
        number = text.replace("_", "").replace(".", "", 1).isdigit()
        message = f"`{written(one.span)}` is {one.type.told}, `{written(other.span)}` is a text"
        raise Mismatch("KR206", message, other.span, f"did you mean {text}?" if number else None)


def is_date(text: str) -> bool:
    """Whether a text is a date as one is written: 2026-01-31."""
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return ISO.fullmatch(text) is not None


def _check_score(one: Node, other: Node, written: Written) -> None:
    if one.type.kind is Kind.SCORE and isinstance(other, Constant) and not 0 <= _size(other) <= 100:
        message = f"`{written(one.span)}` is a score from 0 to 100, and {_size(other):g} is none"
        raise Mismatch("KR209", message, other.span)


def _chosen(node: Node, other: Node, written: Written) -> Node:
    """Return a text beside a choice as one of its choices."""
    if other.type.kind is not Kind.CHOICE or node.type.kind is not Kind.TEXT:
        return node
    if not isinstance(node, Constant):
        return (
            replace(node, type=other.type)
            if isinstance(node, If)
            else _refuse_text(node, other, written)
        )
    return choice(node, other.type, written(other.span))


def _refuse_text(node: Node, other: Node, written: Written) -> Node:
    message = f"`{written(node.span)}` is a text and `{written(other.span)}` a choice"
    raise Mismatch("KR206", message, node.span)


def choice(node: Constant, kind: Type, owner: str) -> Constant:
    """Return a text as one of the choices of a type. Raises Mismatch."""
    text = str(node.value)
    if text in kind.choices:
        return replace(node, type=kind)
    close = nearest(text, kind.choices)
    listed = ", ".join(f"`{each}`" for each in kind.choices[:8])
    mend = f"did you mean '{close}'?" if close else f"one of {listed}"
    if node.parameter is not None:
        raise Mismatch(
            "KR207", f"parameter `{node.parameter}` is `{text}`, no value of `{owner}`", node.span
        )
    raise Mismatch("KR207", f"`{text}` is not a value of `{owner}`", node.span, mend)


def common(nodes: Sequence[Node], span: Span, written: Written) -> tuple[tuple[Node, ...], Type]:
    """Return the nodes as values of one type: branches, or arguments of min and coalesce. Raises Mismatch."""
    leader = next((each for each in nodes if not literal(each) and not _loose_text(each)), nodes[0])
    adapted = [_chosen(_adapted(each, leader, written), leader, written) for each in nodes]
    kinds = {each.type.kind for each in adapted}
    if len(kinds) == 1:
        kind = adapted[0].type
        if kind.kind is Kind.CHOICE:
            choices = tuple(dict.fromkeys(one for each in adapted for one in each.type.choices))
            kind = Type(Kind.CHOICE, choices)
        return tuple(adapted), kind
    if kinds <= PLAIN:
        return tuple(adapted), NUMBER
    other = next(each for each in adapted if dimension(each.type) != dimension(leader.type))
    message = f"{_said(leader, written)} and {_said(other, written)} are different kinds of values"
    raise Mismatch("KR217", message, span)


def _loose_text(node: Node) -> bool:
    return isinstance(node, Constant) and node.parameter is None and node.type.kind is Kind.TEXT


def fitting(node: Node, kind: Type, written: Written) -> Node:
    """Return a node as a value of the type that a rule wants. Raises Mismatch."""
    text, wanted = written(node.span), kind.kind
    if wanted is Kind.BOOL and node.type.kind is not Kind.BOOL:
        mend = f"compare it, such as {text} > 0" if node.type.numeric and len(text) < 40 else None
        raise Mismatch(
            "KR210", f"a condition stands here, and `{text}` is {node.type.told}", node.span, mend
        )
    if wanted is Kind.CHOICE:
        return _fitting_choice(node, kind, written)
    if isinstance(node, Constant) and literal(node) and wanted in {Kind.MONEY, *PLAIN}:
        if wanted is Kind.SHARE and abs(_size(node)) > 1:
            size = f"{_size(node):.15g}"
            message = f"a share lies between 0 and 1, {size} is {_size(node) * 100:.15g}%"
            raise Mismatch(
                "KR208",
                message,
                node.span,
                f"did you mean {size}%?" if _size(node) <= 100 else None,
            )
        if wanted is not Kind.INTEGER or node.type.kind is Kind.INTEGER:
            return replace(node, type=kind)
    if wanted is Kind.INTEGER and node.type.kind in PLAIN - {Kind.INTEGER}:
        raise Mismatch("KR211", f"a whole number stands here, and `{text}` is {node.type.told}", node.span,
                       f"did you mean round({text})?" if len(text) < 60 else None)  # fmt: skip
    if wanted in PLAIN and node.type.kind in PLAIN:
        return node
    if node.type.kind is not wanted:
        raise Mismatch(
            "KR211", f"{kind.told} stands here, and `{text}` is {node.type.told}", node.span
        )
    return node


def _fitting_choice(node: Node, kind: Type, written: Written) -> Node:
    if isinstance(node, Constant) and node.type.kind is Kind.TEXT:
        return choice(node, kind, "the choices")
    if isinstance(node, If):
        then, otherwise = (
            _fitting_choice(node.then, kind, written),
            _fitting_choice(node.otherwise, kind, written),
        )
        return replace(node, then=then, otherwise=otherwise, type=kind)
    if node.type.kind is Kind.CHOICE:
        foreign = [each for each in node.type.choices if each not in kind.choices]
        if not foreign:
            return node
        raise Mismatch(
            "KR207",
            f"`{written(node.span)}` may be `{foreign[0]}`, which is not among the choices",
            node.span,
        )
    raise Mismatch(
        "KR211", f"a choice stands here, and `{written(node.span)}` is {node.type.told}", node.span
    )
