"""Ground: the accounts with all that stands beside them, on which the stack of columns is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.tree import column
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Sequence


def ground(people: str, joins: Sequence[tuple[str, list[str]]], ending: str = "") -> exp.Select:
    """Return a relation of accounts with what others, given with their columns, have beside them.

    `ending` is what the names of all of them end in on the connection.
    """
    accounts = people + ending
    select = exp.Select(
        expressions=[
            exp.Column(this=exp.Star(), table=exp.to_identifier(accounts, quoted=True)),
            *(column(one, name + ending) for name, columns in joins for one in columns),
        ]
    ).from_(exp.to_table(accounts, quoted=True), copy=False)
    for name, _ in joins:
        on = exp.EQ(this=column(ACCOUNT_ID, accounts), expression=column(ACCOUNT_ID, name + ending))
        beside = exp.to_table(name + ending, quoted=True)
        select = select.join(beside, on=on, join_type="left", copy=False)
    return select
