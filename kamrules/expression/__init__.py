"""The rule language: text to syntax to typed tree, and back to canonical text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression.checker import Checker, Failed, Scope
from kamrules.expression.folding import folded
from kamrules.expression.lexer import Problem
from kamrules.expression.parser import parse, parse_interval
from kamrules.expression.rows import Rows, rows_alone
from kamrules.expression.template import compile_message
from kamrules.expression.text import canonical, canonical_rows, without_spans
from kamrules.expression.types import Interval

if TYPE_CHECKING:
    from kamrules.diagnostics import Diagnostic, SourceText
    from kamrules.expression.nodes import Node
    from kamrules.expression.types import Type

__all__ = [
    "Rows",
    "Scope",
    "canonical",
    "canonical_rows",
    "compile_expression",
    "compile_interval",
    "compile_message",
    "compile_rows",
    "without_spans",
]


def compile_expression(
    source: SourceText, scope: Scope, expected: Type | None = None
) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """Return the typed tree of an expression, of the expected type if one is given.

    When something is wrong the tree is None and the diagnostics say what; nothing is ever raised.
    """
    try:
        tree = parse(source.text)
    except Problem as problem:
        return None, (_diagnostic(source, problem),)
    checker = Checker(source, scope)
    try:
        node = checker.value(tree)
        return (node if expected is None else checker.expect(node, expected)), ()
    except Failed:
        return None, tuple(checker.found)


def compile_rows(
    source: SourceText, scope: Scope, expected: Type
) -> tuple[Rows | None, tuple[Diagnostic, ...]]:
    """Return rows of a related table, written `table`, `table[condition]` or either with `.column` behind.

    A column that is named has the expected type. When something is wrong the rows are None and the
    diagnostics say what.
    """
    try:
        tree = parse(source.text)
    except Problem as problem:
        return None, (_diagnostic(source, problem),)
    checker = Checker(source, scope)
    try:
        return rows_alone(checker, tree, expected), ()
    except Failed:
        return None, tuple(checker.found)


def compile_interval(
    source: SourceText, scope: Scope, of: Type
) -> tuple[Interval | None, tuple[Diagnostic, ...]]:
    """Return an interval of values of a type; its bounds are numbers, parameters or sums of them."""
    try:
        written = parse_interval(source.text)
    except Problem as problem:
        return None, (_diagnostic(source, problem),)
    checker = Checker(source, scope)
    bounds: list[float | None] = []
    try:
        for side in (written.low, written.high):
            if side is None:
                bounds.append(None)
                continue
            node = checker.expect(checker.value(side), of)
            value = folded(node)
            if value is None:
                raise checker.fail("KR218", "a bound is a fixed value or a parameter", side.span)
            bounds.append(value)
    except Failed:
        return None, tuple(checker.found)
    low, high = bounds
    return Interval(low, written.low_closed, high, written.high_closed), ()


def _diagnostic(source: SourceText, problem: Problem) -> Diagnostic:
    return source.diagnostic(
        problem.code, problem.message, problem.start, problem.end, help=problem.help
    )
