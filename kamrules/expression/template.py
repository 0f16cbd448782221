"""Messages: texts with placeholders such as `{revenue_12m}`, each typed like any other name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.diagnostics import Severity, nearest
from kamrules.expression import syntax
from kamrules.expression.checker import Checker, Failed, Scope
from kamrules.expression.lexer import Problem
from kamrules.expression.parser import parse
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.diagnostics import Diagnostic, SourceText
    from kamrules.expression.nodes import Node

PERCENT = re.compile(r"\s*(%|％|per\s?cent\b|percentage\b|个?百分点)", re.IGNORECASE)
OF_A_HUNDRED = re.compile(r"百分之\s*\Z")
DAYS = re.compile(r"\s*(days?\b|天)", re.IGNORECASE)


def compile_message(
    source: SourceText, scope: Scope
) -> tuple[tuple[str | Node, ...] | None, tuple[Diagnostic, ...]]:
    """Return the pieces of a message, texts and nodes in turn, or None and what is wrong; and warnings.

    `{name}` and `{name.part}` are placeholders, `{name:type}` says what type the value must have; `{{` and
    `}}` stand for single braces.
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
                found.extend(_doubtful(source, start, end, node))
    failed = any(each.severity is Severity.ERROR for each in found)
    return (None if failed else tuple(pieces)), tuple(found)


def slots(text: str) -> list[tuple[int, int]]:
    """Return where the placeholders of a message stand, in order."""
    return [(start, end) for start, end, slot in _pieces(text) if slot is True]


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
    """Return what a placeholder shows; behind a colon stands the type that it must have."""
    named, colon, wanted = source.text.partition(":")
    node, problems = _named(_cut(source, 0, len(named)), scope)
    if node is None or not colon or (word := wanted.strip()) == node.type.kind.value:
        return node, problems
    start = len(named) + 1 + len(wanted) - len(wanted.lstrip())
    end = start + len(word)
    known = [each.value for each in Kind]
    if not word.isalpha():
        message = "behind the colon stands a type; how a value is shown follows from it"
        mend = f"write {{{named.strip()}}}"
    elif word not in known:
        close = nearest(word, known)
        message = f"there is no type `{word}`"
        mend = f"did you mean `{close}`?" if close else f"the types are {', '.join(known)}"
    else:
        message = f"`{named.strip()}` is of type {node.type.kind.value}, not {word}"
        mend = f"write {{{named.strip()}:{node.type.kind.value}}}"
    return None, (source.diagnostic("KR233", message, start, end, help=mend),)


def _doubtful(source: SourceText, start: int, end: int, node: Node) -> Iterator[Diagnostic]:
    """Yield a warning when words beside a placeholder say again, or otherwise, what its value is in."""
    name = source.text[start + 1 : end - 1].partition(":")[0].strip()
    ahead, behind = source.text[:start], source.text[end:]
    found, message, mend = None, "", ""
    if node.type.kind is Kind.SHARE:
        if before := OF_A_HUNDRED.search(ahead):
            found = before.span()
        elif after := PERCENT.match(behind):
            found = (end + after.start(1), end + after.end(1))
        message = f"`{name}` is a share, which shows its own percent sign: 24%"
        mend = "leave these words out" if found and found[1] - found[0] > 1 else "leave it out"
    elif node.type.kind is Kind.DATE and (after := DAYS.match(behind)):
        found = (end + after.start(1), end + after.end(1))
        message = f"`{name}` is a date and shows as 2026-01-31, not as a number of days"
        mend = f"show a fact of type days, such as days_since({name})"
    if found:
        yield source.diagnostic("KR504", message, *found, help=mend, severity=Severity.WARNING)


def _named(source: SourceText, scope: Scope) -> tuple[Node | None, tuple[Diagnostic, ...]]:
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
