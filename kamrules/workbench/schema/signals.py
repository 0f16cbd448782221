"""Signals in the schema: the tables whose rows they go by, and the columns that rows may share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.signals import JOINING
from kamrules.expression.types import ACCOUNTS, Kind
from kamrules.workbench.schema.known import columns_of, told, told_of
from kamrules.workbench.schema.values import another, choices

if TYPE_CHECKING:
    from kamrules.document import RulesetModel
    from kamrules.workbench.schema.known import Ids
    from kamrules.workbench.schema.values import Schema

ROWS = ("after", "then", "without")


def complete_signals(schema: Schema, model: RulesetModel) -> None:
    """Offer the ruleset's tables where rows stand, and their columns where rows are the same."""
    defs = schema["$defs"]
    properties = defs["SignalModel"]["properties"]
    tables = told_of({name: each for name, each in model.table.items() if name != ACCOUNTS})
    for key in ROWS:
        form = {name: properties[key].pop(name) for name in ("type", "pattern")}
        # rows mostly have a condition behind the table: no text is wrong
        properties[key]["anyOf"] = [*choices(tables), form]
    shared = _shared(model, tables)
    defs["shared_column"] = {"anyOf": [*choices(shared), another(shared)]}
    reference = {"$ref": "#/$defs/shared_column"}
    _, several = properties["same"]["anyOf"]
    properties["same"]["anyOf"] = [reference, {**several, "items": reference}]


def _shared(model: RulesetModel, tables: Ids) -> Ids:
    """Return the columns that can tell which rows belong together, with the tables that have them."""
    found: dict[str, list[str]] = {}
    about: Ids = {}
    for table in tables:
        for name, column in columns_of(model, table).items():
            if Kind(column.type) in JOINING:
                found.setdefault(name, []).append(table)
                about[name] = about.get(name) or told(column)
    return {
        name: ": ".join(each for each in (", ".join(owners), about[name]) if each)
        for name, owners in found.items()
    }
