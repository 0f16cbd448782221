"""Messages: texts with placeholders such as `{revenue_12m}`, each typed like any other name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.expression import syntax
from kamrules.expression.checker import Checker, Failed, Scope
from kamrules.expression.lexer import Problem
from kamrules.expression.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.diagnostics import Diagnostic, SourceText
    from kamrules.expression.nodes import Node


def compile_message(
    source: SourceText, scope: Scope
) -> tuple[tuple[str | Node, ...] | None, tuple[Diagnostic, ...]]:
    """Return the pieces of a message, texts and nodes in turn, or None and what is wrong.

    `{name}` and `{name.part}` are placeholders; `{{` and `}}` stand for single braces.
    """
    pieces: list[str | Node] = []
    found: list[Diagnostic] = []
    for start, end, slot in _pieces(source.text):
        if slot is None:
            pieces.append(source.text[start:end].replace("{{", "{").replace("}}", "}"))
        elif isinstance(slot, str):
            found.append(source.diagnostic("KR231", slot, start, end, help=_brace_help(slot)))
        else:
            node, problems = _slot(_cut(source, start + 1, end - 1), scope)
            found.extend(problems)
            if node is not None:
                pieces.append(node)
    return (None if found else tuple(pieces)), tuple(found)


def _brace_help(problem: str) -> str:
    return (
        "write }} for a brace in the text"
        if "opens" in problem
        else "close it, or write {{ for a brace in the text"
    )


def _pieces(text: str) -> Iterator[tuple[int, int, bool | str | None]]:
    """Yield (start, end, kind): None for text, True for a placeholder, or what is wrong."""
    start = at = 0
    while at < len(text):
        each = text[at]
        if text.startswith((each * 2,), at) and each in "{}":
            at += 2
            continue
        if each not in "{}":
            at += 1
            continue
        if at > start:
            yield start, at, None
        if each == "}":
            yield at, at + 1, "`}` closes a placeholder that nothing opens"
            at += 1
        else:
            close = text.find("}", at)
            if close < 0:
                yield at, len(text), "this placeholder is never closed"
                return
            yield at, close + 1, True
            at = close + 1
        start = at
    if at > start:
        yield start, at, None


def _cut(source: SourceText, start: int, end: int) -> SourceText:
    return replace(source, text=source.text[start:end], columns=source.columns[start : end + 1])


def _slot(source: SourceText, scope: Scope) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    message = "a placeholder names a fact, column, parameter or score"
    try:
        tree = parse(source.text)
    except Problem:
        return None, (source.diagnostic("KR232", message),)
    if not isinstance(tree, syntax.Name | syntax.Part):
        return None, (source.diagnostic("KR232", f"{message}; work it out in a fact"),)
    checker = Checker(source, scope)
    try:
        return checker.value(tree), ()
    except Failed:
        return None, tuple(
            replace(each, code="KR230", message=f"unknown placeholder: {each.message}")
            if each.code == "KR200"
            else each
            for each in checker.found
        )
