"""First stage: the vocabulary and the parameters."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import TYPE_CHECKING, overload

from kamrules.compiler.program import Parameter
from kamrules.expression.types import (
    ACCOUNT_ID,
    ACCOUNTS,
    TEXT,
    Changing,
    Column,
    Kind,
    Table,
    Type,
)

if TYPE_CHECKING:
    from kamrules.compiler.draft import Draft
    from kamrules.document import TableModel

EPOCH = datetime.date(1970, 1, 1)


def read(draft: Draft) -> None:
    """Take over tables, columns and parameters."""
    model = draft.ruleset.model
    for name, table in model.table.items():
        draft.tables[name] = _table(draft, name, table)
    accounts = draft.tables.get(ACCOUNTS) or Table(ACCOUNTS)
    # the id is what everything is joined by; authors need not declare it
    columns = {
        ACCOUNT_ID: Column(ACCOUNT_ID, TEXT, "The account's id in its CRM"),
        **accounts.columns,
    }
    draft.tables[ACCOUNTS] = replace(accounts, columns=columns)
    for name, parameter in model.parameter.items():
        kind = Type(Kind(parameter.type), tuple(parameter.choices))
        low = None if parameter.low is None else _plain(parameter.low)
        high = None if parameter.high is None else _plain(parameter.high)
        value = _plain(parameter.value)
        title = parameter.title or ""
        place = draft.place("parameter", name)
        draft.parameters[name] = Parameter(
            name, kind, value, low, high, parameter.about, title, place
        )


@overload
def _plain(value: float | datetime.date) -> float: ...
@overload
def _plain(value: str | bool) -> str | bool: ...  # noqa: FBT001  a value, not a switch
def _plain(value: float | str | bool | datetime.date) -> float | str | bool:  # noqa: FBT001
    """Return a value as trees hold it: numbers as doubles, dates as days since 1970-01-01."""
    if isinstance(value, datetime.date):
        return float((value - EPOCH).days)
    return value if isinstance(value, str | bool) else float(value)


def _table(draft: Draft, name: str, table: TableModel) -> Table:
    columns = {
        key: Column(
            key,
            Type(Kind(each.type), tuple(each.choices)),
            each.about,
            each.info_level,
            each.title or "",
            Changing(each.changeable, each.cost, each.step, each.rising),
        )
        for key, each in table.column.items()
    }
    dates = [key for key, each in columns.items() if each.type.kind is Kind.DATE]
    order = table.order
    if order is None:
        order = dates[0] if dates else None
    elif order not in dates:
        draft.unknown_name("date column", order, dates, "table", name, "order")
    return Table(name, columns, order, table.about, table.title or "")
