"""What is asked of an account in a backtest: an expression over the tables, and how far it looks ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.program import AggregateStep
from kamrules.compiler.scope import scope_of
from kamrules.diagnostics import SourceText, UsageError
from kamrules.engines.sql.past import Asked
from kamrules.expression import canonical, compile_expression
from kamrules.expression.nodes import (
    Aggregate,
    And,
    Arithmetic,
    AsOf,
    Compare,
    Comparison,
    Constant,
    Negate,
    OfBook,
    Operator,
    RowColumn,
    StepValue,
)
from kamrules.expression.types import BOOL, Kind
from kamrules.expression.walk import below, with_children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler import Program
    from kamrules.expression.nodes import Node

OUTCOME = "sum(orders[date > as_of and date <= as_of + 90d].amount)"
AGAINST = "sum(orders[date > as_of - 365d and date <= as_of].amount)"

LATER = {Comparison.LESS: -1, Comparison.LESS_EQUAL: 0}
TURNED = {Comparison.GREATER: Comparison.LESS, Comparison.GREATER_EQUAL: Comparison.LESS_EQUAL}


def parsed(program: Program, text: str, option: str) -> Node:
    """Return the typed tree of a number or a condition.

    Raises UsageError: with what is wrong with the expression, or KR830 when it is something else.
    """
    source = SourceText.plain(text, option)
    node, problems = compile_expression(source, scope_of(program, tables=True))
    if node is None:
        raise UsageError(*problems)
    if node.type != BOOL and (not node.type.numeric or node.type.kind is Kind.DATE):
        message = f"a number or a condition is asked for, and this is {node.type.told}"
        raise UsageError(source.diagnostic("KR830", message))
    if any(isinstance(each, OfBook) for each in below(node)):
        message = "what compares accounts of the whole book cannot be asked here"
        raise UsageError(source.diagnostic("KR830", message))
    return node


def parsed_if_possible(program: Program, text: str) -> Node | None:
    """Return the typed tree of an expression, None where the vocabulary lacks what it reads."""
    return compile_expression(SourceText.plain(text), scope_of(program, tables=True))[0]


def lifted(node: Node, name: str) -> Asked:
    """Return an expression with its aggregates as steps, whose addresses begin with a name."""
    steps: list[AggregateStep] = []

    def lift(one: Node) -> Node:
        copy = with_children(one, lift)
        if not isinstance(copy, Aggregate):
            return copy
        steps.append(AggregateStep(f"aggregate.{name}{len(steps)}", copy))
        return StepValue(steps[-1].address, copy.type)

    return Asked(lift(node), tuple(steps))


def tables_of(node: Node) -> set[str]:
    """Return the related tables that an expression looks into."""
    return {each.table for each in below(node) if isinstance(each, Aggregate)}


def horizon(node: Node, text: str, option: str) -> int:
    """Return how many days after the date an expression looks at rows of, 0 when at none.

    Every aggregate has to say until when, in a comparison of one of its rows' dates with `as_of`. Raises
    UsageError (KR829) when one does not.
    """
    found = [0]
    for each in below(node):
        if isinstance(each, Aggregate):
            ends = list(_ends(each.where))
            if not ends:
                message = f"`{canonical(each)}` looks ahead without an end"
                mend = "say until when, as in orders[date > as_of and date <= as_of + 90d]"
                source = SourceText.plain(text, option)
                span = each.span
                raise UsageError(
                    source.diagnostic("KR829", message, span.start, span.end, help=mend)
                )
            found.append(min(ends))
    return max(found)


def _ends(where: Node | None) -> Iterator[int]:
    """Yield the days after the date up to which rows can fulfil a condition."""
    if isinstance(where, And):
        for each in where.items:
            yield from _ends(each)
    if not isinstance(where, Compare):
        return
    comparison, left, right = where.comparison, where.left, where.right
    if comparison in TURNED:
        comparison, left, right = TURNED[comparison], right, left
    if comparison is Comparison.EQUAL and isinstance(right, RowColumn):
        left, right = right, left
    of_row = isinstance(left, RowColumn) and left.type.kind is Kind.DATE
    if of_row and (comparison in LATER or comparison is Comparison.EQUAL):
        days = _days(right)
        if days is not None:
            yield int(days // 1) + (LATER.get(comparison, 0) if days == days // 1 else 0)


def _days(node: Node) -> float | None:
    """Return how many days after `as_of` a date is, None where that depends on the account."""
    match node:
        case AsOf():
            return 0.0
        case Constant(value=float(value)) if node.type.kind is not Kind.DATE:
            return value
        case Negate(item=item):
            found = _days(item)
            return None if found is None else -found
        case Arithmetic(operator=Operator.ADD | Operator.SUBTRACT as operator):
            left, right = _days(node.left), _days(node.right)
            if left is None or right is None:
                return None
            return left + right if operator is Operator.ADD else left - right
        case _:
            return None
