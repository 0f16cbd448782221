"""Canonical text: a typed tree written out the one way that `fmt` and explanations use."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from kamrules.expression.nodes import (
    NOWHERE,
    AccountColumn,
    Aggregate,
    Among,
    And,
    Arithmetic,
    AsOf,
    Beside,
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
    OfBook,
    Operator,
    Or,
    PluginCall,
    RowColumn,
    StepValue,
)
from kamrules.expression.types import Kind
from kamrules.expression.walk import with_children

EITHER, BOTH, NEGATION, COMPARISON, SUM, PRODUCT, UNARY, PRIMARY = range(8)
"""How tightly a form binds, from `or` to a name."""
LOWS = {Comparison.GREATER_EQUAL: "[", Comparison.GREATER: "("}
HIGHS = {Comparison.LESS_EQUAL: "]", Comparison.LESS: ")"}
EPOCH = datetime.date(1970, 1, 1).toordinal()


def canonical(node: Node) -> str:
    """Return the text of a typed tree; parsed and checked again, it gives an equal tree.

    Only what stands beside a row (Beside) is told in words of its own.
    """
    return _at_least(node, EITHER)


def canonical_rows(table: str, where: Node | None, column: str | None) -> str:
    """Return the text of rows of a table as an author writes them: `table[condition].column`."""
    condition = f"[{canonical(where)}]" if where is not None else ""
    return f"{table}{condition}" + (f".{column}" if column is not None else "")


def without_spans(node: Node) -> Node:
    """Return the tree with no trace of where it was written, so that equal meanings are equal."""
    copy = with_children(node, without_spans)
    if isinstance(copy, Among):
        copy = replace(
            copy, constants=tuple(replace(each, span=NOWHERE) for each in copy.constants)
        )
    return replace(copy, span=NOWHERE)


def _at_least(node: Node, binding: int) -> str:
    """Return the text, in brackets when it binds more loosely than its surroundings."""
    text, own = _written(node)
    return f"({text})" if own < binding else text


def _written(node: Node) -> tuple[str, int]:  # noqa: C901, PLR0912  one case a node
    match node:
        case Constant():
            return _constant(node)
        case AsOf():
            return "as_of", PRIMARY
        case AccountColumn(name=name) | RowColumn(name=name):
            return name, PRIMARY
        case StepValue(address=address):
            return name_of(address), PRIMARY
        case Aggregate():
            return _aggregate(node), PRIMARY
        case OfBook():
            return f"{node.function.value}({', '.join(map(canonical, node.numbers))})", PRIMARY
        case Arithmetic():
            return _arithmetic(node)
        case Negate(item=item):
            return f"-{_at_least(item, UNARY)}", UNARY
        case Call(function=Function.ROUND, arguments=(item, Constant(value=0.0))):
            return f"round({canonical(item)})", PRIMARY
        case Call(function=function, arguments=arguments):
            return f"{function.value}({', '.join(canonical(each) for each in arguments)})", PRIMARY
        case PluginCall(function=function, arguments=arguments):
            return f"{function.name}({', '.join(canonical(each) for each in arguments)})", PRIMARY
        case If(condition=condition, then=then, otherwise=otherwise):
            return f"if({canonical(condition)}, {canonical(then)}, {canonical(otherwise)})", PRIMARY
        case Compare(comparison=comparison, left=left, right=right):
            return f"{_at_least(left, SUM)} {comparison.value} {_at_least(right, SUM)}", COMPARISON
        case Among() | IsUnknown():
            return _asked(node, ""), COMPARISON
        case Not(item=Among() | IsUnknown() as item):
            return _asked(item, "not "), COMPARISON
        case Not(item=And() as item) if (between := _between(item, "not ")) is not None:
            return between, COMPARISON
        case Not(item=item):
            return f"not {_at_least(item, NEGATION)}", NEGATION
        case And():
            together = _between(node, "") or _chain(node)
            if together is not None:
                return together, COMPARISON
            return " and ".join(_at_least(each, NEGATION) for each in node.items), BOTH
        case Or(items=items):
            # `and` inside `or` is put in brackets, so that nobody has to know which binds tighter
            return " or ".join(_at_least(each, NEGATION) for each in items), EITHER
        case Beside():
            return _beside(node), COMPARISON


def name_of(address: str) -> str:
    """Return the name by which an author calls the result of a step."""
    kind, _, rest = address.partition(".")
    return rest if kind in {"fact", "signal", "score"} else address


def _asked(node: Among | IsUnknown, negated: str) -> str:
    item = _at_least(node.item, SUM)
    if isinstance(node, IsUnknown):
        return f"{item} is {negated}unknown"
    return f"{item} {negated}in [{', '.join(canonical(each) for each in node.constants)}]"


def _between(node: And, negated: str) -> str | None:
    """Return `x in [low..high)` for two comparisons of the same thing, else None."""
    match node.items:
        case (Compare() as low, Compare() as high):
            pass
        case _:
            return None
    if low.comparison not in LOWS or high.comparison not in HIGHS or not low.left.type.numeric:
        return None
    if without_spans(low.left) != without_spans(high.left):
        return None
    item, bottom, top = (_at_least(each, SUM) for each in (low.left, low.right, high.right))
    return f"{item} {negated}in {LOWS[low.comparison]}{bottom}..{top}{HIGHS[high.comparison]}"


def _chain(node: And) -> str | None:
    """Return `a <= b < c` for comparisons in one direction of which each goes on where the last ended."""
    links = [each for each in node.items if isinstance(each, Compare)]
    together = {each.comparison for each in links}
    if len(links) < len(node.items) or not (together <= set(LOWS) or together <= set(HIGHS)):
        return None
    if any(without_spans(a.right) != without_spans(b.left) for a, b in pairwise(links)):
        return None
    text = _at_least(links[0].left, SUM)
    return text + "".join(
        f" {each.comparison.value} {_at_least(each.right, SUM)}" for each in links
    )


def _aggregate(node: Aggregate) -> str:
    rows = canonical_rows(node.table, node.where, node.column)
    item = f", {canonical(node.item)}" if node.item is not None else ""
    return f"{node.function.value}({rows}{item})"


def _beside(node: Beside) -> str:
    """Return what stands beside a row in words; no author writes them, a signal's keys say the same.

    Both columns of dates are named, and every number, so that different ones have different texts.
    """
    rows = canonical_rows(node.table, node.where, node.date)
    found = f"{node.needed} or more of {rows}" if node.needed else f"without {rows}"
    if node.first == node.last == 0:
        when = f"on {node.day}"
    elif node.first == 0:
        when = f"up to {_days(node.last)} after {node.day}"
    elif node.last == 0:
        when = f"in the {_days(-node.first)} up to {node.day}"
    else:
        when = f"from {_days(node.first)} to {_days(node.last)} after {node.day}"
    shared = f", same {' and '.join(node.same)}" if node.same else ""
    return f"{found} {when}{shared}"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _arithmetic(node: Arithmetic) -> tuple[str, int]:
    if node.operator is Operator.SUBTRACT and node.type.kind is Kind.DAYS:
        if isinstance(node.left, AsOf) and node.right.type.kind is Kind.DATE:
            return f"days_since({canonical(node.right)})", PRIMARY
        if isinstance(node.right, AsOf) and node.left.type.kind is Kind.DATE:
            return f"days_until({canonical(node.left)})", PRIMARY
    binding = SUM if node.operator in {Operator.ADD, Operator.SUBTRACT} else PRODUCT
    left, right = _at_least(node.left, binding), _at_least(node.right, binding + 1)
    return f"{left} {node.operator.value} {right}", binding


def _constant(node: Constant) -> tuple[str, int]:
    if node.parameter is not None:
        return node.parameter, PRIMARY
    value = node.value
    if isinstance(value, bool):
        return ("true" if value else "false"), PRIMARY
    if isinstance(value, str):
        return (f'"{value}"' if "'" in value else f"'{value}'"), PRIMARY
    binding = UNARY if value < 0 else PRIMARY
    match node.type.kind:
        case Kind.DATE:
            return datetime.date.fromordinal(EPOCH + int(value)).isoformat(), PRIMARY
        case Kind.DAYS:
            return f"{number(value)}d", binding
        case Kind.SHARE:
            return f"{number(value, 100)}%", binding
        case _:
            return number(value), binding


def number(value: float, times: int = 1) -> str:
    """Return a number in the fewest digits that give it back, grouped from 10_000 up."""
    exact = Decimal(repr(value)) * times
    text = f"{exact:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, fraction = text.partition(".")
    grouped = f"{int(whole):_}" if len(whole) > 4 else whole
    return f"{sign}{grouped}{point}{fraction}"
