"""Signals told in words: what comes after what, within how many days, and how long that lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.scope import scope_of
from kamrules.diagnostics import SourceText
from kamrules.expression import compile_rows
from kamrules.expression.types import DATE

if TYPE_CHECKING:
    from kamrules.compiler.written_signal import WrittenSignal
    from kamrules.expression import Rows, Scope
    from kamrules.workbench.sentences.telling import Sentences


def signal_in_words(sentences: Sentences, signal: WrittenSignal) -> str:
    """Return a signal as a sentence in the language of the sentences."""
    naming = sentences.naming
    scope = scope_of(sentences.program, tables=True)
    # columns that rows share are called as in the first table
    rows = _understood(signal.after, scope)
    names = [naming.column(rows.table, each) for each in signal.same]
    same = sentences.say("the same", list=sentences.phrases["comma"].join(names)) if names else ""
    parts = {"same": same}
    if signal.within_days is not None:
        parts["within"] = sentences.tell(signal.within_days)
    phrase, parts["row"] = "signal", _row(sentences, rows)
    for key, text in (("then", signal.then), ("without", signal.without)):
        if text is not None:
            phrase, parts["other"] = f"signal {key}", _row(sentences, _understood(text, scope))
    # one row is within any days of itself
    if signal.at_least is not None and signal.within_days is not None:
        phrase, parts["n"] = "signal several", sentences.tell(signal.at_least)
        parts["rows"] = _dated(sentences, rows, sentences.rows(rows.table, rows.where))
    told = sentences.say(phrase, **parts)
    if signal.for_days is None:
        return told
    return sentences.say("lasting", a=told, b=sentences.tell(signal.for_days))


def _understood(text: str, scope: Scope) -> Rows:
    """Return rows from their canonical text, which a program that compiled understands."""
    rows, _ = compile_rows(SourceText.plain(text), scope, DATE)
    assert rows is not None, text
    return rows


def _row(sentences: Sentences, rows: Rows) -> str:
    table = sentences.naming.table(rows.table)
    if rows.where is None:
        return _dated(sentences, rows, sentences.say("row", table=table))
    where = sentences.tell(rows.where)
    return _dated(sentences, rows, sentences.say("row where", table=table, where=where))


def _dated(sentences: Sentences, rows: Rows, told: str) -> str:
    """Return rows with the column of their dates, where that is named."""
    if rows.column is None:
        return told
    column = sentences.naming.column(rows.table, rows.column)
    return sentences.say("dated by", a=told, b=column)
