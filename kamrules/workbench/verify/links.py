"""Links: how terms that are worked out from the same things hang together, beyond varying freely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.expression.nodes import (
    AccountColumn,
    Arithmetic,
    Call,
    Constant,
    Function,
    Negate,
    Operator,
    PluginCall,
    StepValue,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kamrules.expression.nodes import Node
    from kamrules.workbench.verify.terms import Term

    Span = Callable[[Node], tuple[float, float]]
    Link = Callable[[Sequence[Any]], bool]
    """Whether boxes, one for each term, may stand beside one another."""


def links(
    terms: Sequence[Term],
    span: Span,
    name: Callable[[Node], str | None],
    covers: Mapping[str, tuple[str, ...]],
) -> Iterator[Link]:
    """Yield the links among some terms; `name` gives the term that stands for a value.

    `covers`: for each count of rows the counts of some of the same rows.
    """
    places = {each.name: number for number, each in enumerate(terms)}
    for whole, parts in covers.items():
        for part in parts:
            if whole in places and part in places:
                yield _ordered(places[whole], places[part])
    for number, term in enumerate(terms):
        for leaf in strict(term.node):
            other = places.get(name(leaf) or "")
            if other is not None and other != number:
                yield _known_with(number, other)
        for other, rival in enumerate(terms):
            if other != number and _above(term.node, rival.node, span):
                yield _ordered(number, other)


def _known_with(number: int, leaf: int) -> Link:
    """Return that a result is known only where what it is made of is."""

    def fits(boxes: Sequence[Any]) -> bool:
        whole, part = boxes[number], boxes[leaf]
        if isinstance(whole, frozenset) or isinstance(part, frozenset):
            return True
        return bool(whole[2] or part[3])

    return fits


def _ordered(upper: int, lower: int) -> Link:
    """Return that one term is never below another, and that they are known together."""

    def fits(boxes: Sequence[Any]) -> bool:
        high, low = boxes[upper], boxes[lower]
        if not high[2] and not low[2]:
            return bool(high[1] >= low[0])
        # of the same make, so unknown for the same reasons
        return bool((high[2] and low[2]) or (high[3] and low[3]))

    return fits


def strict(node: Node) -> Iterator[Node]:
    """Yield the values without which a number is unknown."""
    match node:
        case Arithmetic(left=left, right=right):
            yield from (each for part in (left, right) for each in (part, *strict(part)))
        case Negate(item=item):
            yield from (item, *strict(item))
        case Call(function=function, arguments=arguments) if function is not Function.COALESCE:
            yield from (each for part in arguments for each in (part, *strict(part)))
        case PluginCall(arguments=arguments):
            yield from (each for part in arguments for each in (part, *strict(part)))
        case _:
            return


def _above(upper: Node, lower: Node, span: Span) -> bool:
    """Whether two differences of the same value are so made that one is never below the other."""
    match upper, lower:
        case (
            Arithmetic(operator=Operator.SUBTRACT, left=a, right=b),
            Arithmetic(operator=Operator.SUBTRACT, left=c, right=d),
        ):
            return _same(a, c) and not _same(b, d) and dominates(d, b, span)
        case _:
            return False


def dominates(upper: Node, lower: Node, span: Span) -> bool:
    """Whether a number is never below another of the same make; False when that is hard to tell."""
    if _same(upper, lower):
        return True
    match upper, lower:
        case Constant(value=float() | int() as a), Constant(value=float() | int() as b):
            return a >= b
        case (
            Call(function=Function.MAX | Function.MIN as one, arguments=some),
            Call(function=other, arguments=rest),
        ) if one is other and len(some) == len(rest):
            return all(dominates(a, b, span) for a, b in zip(some, rest, strict=True))
        case Arithmetic(operator=one), Arithmetic(operator=other) if one is other:
            return _dominates(upper, lower, span)
        case _:
            return False


def _dominates(upper: Arithmetic, lower: Arithmetic, span: Span) -> bool:
    match upper.operator:
        case Operator.ADD:
            return dominates(upper.left, lower.left, span) and dominates(
                upper.right, lower.right, span
            )
        case Operator.SUBTRACT:
            return dominates(upper.left, lower.left, span) and dominates(
                lower.right, upper.right, span
            )
        case Operator.MULTIPLY:
            parts = (upper.left, upper.right, lower.left, lower.right)
            if not all(span(each)[0] >= 0 for each in parts):
                return False
            return dominates(upper.left, lower.left, span) and dominates(
                upper.right, lower.right, span
            )
        case Operator.DIVIDE:
            same = _same(upper.right, lower.right) and span(upper.right)[0] > 0
            return same and dominates(upper.left, lower.left, span)


def _same(a: Node, b: Node) -> bool:
    """Whether two values are the same, wherever they are written."""
    match a, b:
        case StepValue(), StepValue():
            return a.address == b.address
        case AccountColumn(), AccountColumn():
            return a.name == b.name
        case Constant(), Constant():
            return a.value == b.value
        case Arithmetic(), Arithmetic():
            same = a.operator is b.operator and _same(a.left, b.left)
            return same and _same(a.right, b.right)
        case Negate(), Negate():
            return _same(a.item, b.item)
        case PluginCall(), PluginCall():
            pairs = zip(a.arguments, b.arguments, strict=False)
            return a.function.name == b.function.name and all(_same(x, y) for x, y in pairs)
        case Call(), Call():
            pairs = zip(a.arguments, b.arguments, strict=False)
            alike = a.function is b.function and len(a.arguments) == len(b.arguments)
            return alike and all(_same(x, y) for x, y in pairs)
        case _:
            return False
