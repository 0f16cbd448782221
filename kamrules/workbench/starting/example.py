"""The example: what a new ruleset can add to the one it extends, guessed from what that one has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.document.fields import LONGEST_ID, RESERVED
from kamrules.document.values import show

if TYPE_CHECKING:
    from kamrules.document import RulesetModel

ACCOUNTS = "accounts"
NAME = "name"
OWN_COLUMN = "orders_expected"
MEASURES = {
    "money": (1_000_000, 100_000, 10_000_000),
    "number": (10, 1, 100),
    "integer": (10, 1, 100),
}
"""Types of columns that an account can be measured by, the likeliest first, with value, low and high."""
ROLE = "account_manager"
PARAMETER = "key_revenue"


@dataclass(frozen=True, slots=True)
class Example:
    """The ids and values of an example: a column that is measured, against a parameter, by an action.

    `own_column` and `own_role` say that the base has none of the kind. `changed` is a parameter of the base
    with its value as TOML, `dropped` an action of it; None when it has none.
    """

    column: str
    type: str
    value: int
    low: int
    high: int
    parameter: str
    action: str
    called: str
    left_alone: str
    who: str
    role: str
    own_column: bool
    own_role: bool
    changed: tuple[str, str] | None
    dropped: str | None
    chinese: bool


def example_for(base: RulesetModel) -> Example:
    """Return an example that fits a ruleset: a column of its accounts is measured, one of its roles acts."""
    accounts = base.table.get(ACCOUNTS)
    columns = (
        {} if accounts is None else {name: each.type for name, each in accounts.column.items()}
    )
    measured = [
        (name, kind) for wanted in MEASURES for name, kind in columns.items() if kind == wanted
    ]
    taken = {*RESERVED, *base.parameter, *base.fact, *base.score, *base.table, *columns}
    column, kind = measured[0] if measured else (_free(OWN_COLUMN, taken), "integer")
    value, low, high = MEASURES[kind]
    role = ROLE if ROLE in base.role or not base.role else next(iter(base.role))
    return Example(
        column=column,
        type=kind,
        value=value,
        low=low,
        high=high,
        parameter=_free(f"notable_{column}", {*taken, column}),
        action=_free("call_notable_account", {*base.action}),
        called=_free("a_notable_account_is_called", {*base.test}),
        left_alone=_free("a_smaller_one_is_left_alone", {*base.test}),
        who="{name}" if columns.get(NAME) == "text" else "{account_id}",
        role=role,
        own_column=not measured,
        own_role=role not in base.role,
        changed=_changed(base),
        dropped=next(iter(base.action), None),
        chinese="zh" in base.ruleset.languages,
    )


def _free(name: str, taken: set[str]) -> str:
    """Return a name that is not taken: the one wanted, or that with a number behind it."""
    name = name[: LONGEST_ID - 4]
    number = 1
    found = name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _changed(base: RulesetModel) -> tuple[str, str] | None:
    """Return a parameter that many will change, with its value: an amount of money if there is one."""
    money = [name for name, each in base.parameter.items() if each.type == "money"]
    name = PARAMETER if PARAMETER in base.parameter else next(iter([*money, *base.parameter]), None)
    if name is None:
        return None
    value = base.parameter[name].value
    return name, f'"{value}"' if isinstance(value, str) else show(value)
