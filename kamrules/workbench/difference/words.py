"""Words: the vocabularies of two rulesets as one, with which a book is read once for both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, UsageError
from kamrules.engines.layout import layout_of
from kamrules.expression.types import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler import Program
    from kamrules.expression.types import Table, Type


def merged(old: Program, new: Program) -> dict[str, Table]:
    """Return the tables and columns of two programs together.

    Raises UsageError (KR847) when one column is not the same to both and one of them reads it: a book
    cannot be read in both ways at once.
    """
    problems = list(_conflicts(old, new))
    if problems:
        raise UsageError(*problems)
    found = dict(new.tables)
    for name, table in old.tables.items():
        known = found.get(name)
        columns = {**table.columns, **(known.columns if known is not None else {})}
        found[name] = replace(known or table, columns=columns)
    return found


def _conflicts(old: Program, new: Program) -> Iterator[Diagnostic]:
    read = _read(old) | _read(new)
    for name, table in new.tables.items():
        other = old.tables.get(name)
        if other is None:
            continue
        for key, column in table.columns.items():
            known = other.columns.get(key)
            if known is None or known.type == column.type or (name, key) not in read:
                continue
            message = (
                f"`{name}.{key}` is {_told(known.type)} to the old ruleset and {_told(column.type)} to the "
                "new one: a book cannot be read in both ways at once"
            )
            mend = "without --book the edits are told; or run each ruleset by itself"
            yield Diagnostic("KR847", message, help=mend)


def _read(program: Program) -> set[tuple[str, str]]:
    layout = layout_of(program)
    found = {(ACCOUNTS, each) for each in layout.account}
    return found | {(name, key) for name, columns in layout.tables for key, _ in columns}


def _told(of: Type) -> str:
    return f"{of.told} ({', '.join(of.choices)})" if of.choices else of.told
