"""What a ruleset has: the ids of each kind, each with what people are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.document import ColumnModel
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.document import RulesetModel

Ids = dict[str, str]
"""Ids of a kind, in the ruleset's order, each with what it is; empty where the ruleset does not say."""

SECTIONS = (
    "parameter", "table", "fact", "score", "criterion", "class", "path", "tier", "phase", "strategy",
    "role", "action", "source", "persona", "signal",
)  # fmt: skip
"""Tables of a ruleset whose members have ids that others name, or that a ruleset may override."""


def known(model: RulesetModel) -> dict[str, Ids]:
    """Return the ids of a ruleset by kind: its sections, and the columns and gates that tests name."""
    found = {each: told_of(section(model, each)) for each in SECTIONS}
    columns = told_of(columns_of(model, ACCOUNTS))
    found["column"] = columns
    # a signal has a date, and the two are facts as well
    dates = {f"{name}_date": each for name, each in found["signal"].items()}
    found["measure"] = {**columns, **found["fact"], **found["signal"], **dates}
    found["given"] = {
        **columns,
        **{key: each for key, each in found["table"].items() if key != ACCOUNTS},
    }
    found["gate"] = {
        f"{name}.{gate}": told(each)
        for kind in ("path", "tier")
        for name, owner in section(model, kind).items()
        for gate, each in owner.gate.items()
    }
    return found


def section(model: RulesetModel, name: str) -> Mapping[str, Any]:
    """Return the members of a section by id."""
    found: Mapping[str, Any] = getattr(model, "class_" if name == "class" else name)
    return found


def told_of(members: Mapping[str, Any]) -> Ids:
    """Return what people are told of each member."""
    return {name: told(each) for name, each in members.items()}


def told(member: Any) -> str:  # noqa: ANN401  a model of any section
    """Return what people are told of a member: its title, and what it is for."""
    parts = (getattr(member, key, None) for key in ("title", "about", "objective", "advice"))
    return ": ".join(dict.fromkeys(each for each in parts if each))


def columns_of(model: RulesetModel, table: str) -> dict[str, ColumnModel]:
    """Return the columns of a table of the book; accounts have an id, declared or not."""
    declared = dict(model.table[table].column) if table in model.table else {}
    if table != ACCOUNTS or ACCOUNT_ID in declared:
        return declared
    return {ACCOUNT_ID: ColumnModel(type="text", about="The account's id in its CRM"), **declared}
