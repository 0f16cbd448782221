"""Facts written in a ruleset's personas and tests: whether the vocabulary has them, and their types fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import nearest
from kamrules.document.values import value_slips
from kamrules.expression.types import ACCOUNTS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.compiler.draft import Draft
    from kamrules.expression.types import Column


def check_facts(draft: Draft, facts: Mapping[str, Any], *path: str) -> None:
    """Report names that are no column and no table (KR349), and values of the wrong type (KR350)."""
    columns = draft.tables[ACCOUNTS].columns
    related = {name: each for name, each in draft.tables.items() if name != ACCOUNTS}
    for name, value in facts.items():
        if name in columns:
            _value(draft, columns[name], value, *path, name)
        elif name in related:
            _rows(draft, name, value, *path, name)
        else:
            _stranger(
                draft, "the vocabulary has no column or table", name, {**columns, **related}, *path
            )


def check_names(draft: Draft, names: Sequence[str], *path: str) -> None:
    """Report names that are no column and no table (KR349)."""
    known = {**draft.tables[ACCOUNTS].columns, **draft.tables}
    for number, name in enumerate(names):
        if name not in known:
            near = nearest(name, known)
            mend = f"did you mean `{near}`?" if near else None
            told = f"the vocabulary has no column or table `{name}`"
            draft.report("KR349", told, *path, number, help=mend)


def _rows(draft: Draft, table: str, rows: Any, *path: str) -> None:  # noqa: ANN401
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        message = f"`{table}` is a table: give its rows as a list, [{{ ... }}, {{ ... }}]"
        draft.report("KR350", message, *path)
        return
    columns = draft.tables[table].columns
    for number, row in enumerate(rows):
        for name, value in row.items():
            if name in columns:
                _value(draft, columns[name], value, *path, number, name)
            else:
                _stranger(draft, f"table `{table}` has no column", name, columns, *path, number)


def _stranger(
    draft: Draft, what: str, name: str, known: Mapping[str, object], *path: str | int
) -> None:
    near = nearest(name, known)
    mend = f"did you mean `{near}`?" if near else None
    draft.report("KR349", f"{what} `{name}`", *path, name, help=mend)


def _value(draft: Draft, column: Column, value: Any, *path: str | int) -> None:  # noqa: ANN401
    kind, name = column.type.kind, str(path[-1])
    if isinstance(value, list | dict):
        draft.report("KR350", f"`{name}` is {column.type.told}: one value", *path)
        return
    # data may hold shares below 0 and above 1: a falling demand, a doubled one
    slips = value_slips("number" if kind is Kind.SHARE else kind.value, value, column.type.choices)
    for slip in slips:
        draft.report("KR350", f"`{name}`: {slip.message}", *path, help=slip.help)
