"""The schema of book files: the tables and columns of a ruleset's vocabulary as keys of the mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.book.mapping import BookModel
from kamrules.document import json_schema
from kamrules.expression.types import ACCOUNTS
from kamrules.workbench.schema.known import columns_of, told
from kamrules.workbench.schema.values import another, described, typed

if TYPE_CHECKING:
    from kamrules.document import ColumnModel, Ruleset
    from kamrules.workbench.schema.values import Schema


def book_schema(ruleset: Ruleset | None = None) -> dict[str, Any]:
    """Return the JSON Schema of book files; with a ruleset, its tables and columns are keys.

    What the ruleset does not have is let pass with a warning: a book may serve other rulesets too.
    """
    schema = json_schema(BookModel)
    if ruleset is None:
        return schema
    defs, model = schema["$defs"], ruleset.model
    tables = {}
    for name in {ACCOUNTS: None, **model.table}:
        about = told(model.table[name]) if name in model.table else ""
        columns = columns_of(model, name)
        tables[name] = _table(defs, columns, about)
    table = schema["properties"]["table"]
    table["properties"] = tables
    table["additionalProperties"] = another(like=table["additionalProperties"])
    return schema


def _table(defs: Schema, columns: dict[str, ColumnModel], about: str) -> Schema:
    whole = defs["BookTableModel"]
    column = whole["properties"]["column"]
    keys = {name: _column(defs, each) for name, each in columns.items()}
    mapped = {
        **column,
        "properties": keys,
        "additionalProperties": another(like=column["additionalProperties"]),
    }
    properties = {**whole["properties"], "column": mapped}
    return {**whole, **described(about), "properties": properties}


def _column(defs: Schema, column: ColumnModel) -> Schema:
    """Return what may fill a column: the name of the source's, or a mapping whose values are of its type."""
    whole = defs["ColumnMapModel"]
    value = typed(column.type, column.choices)
    keys = whole["properties"]
    constant = {**value, "description": keys["constant"]["description"]}
    properties = {**keys, "constant": constant}
    if column.choices:
        properties["values"] = {**keys["values"], "additionalProperties": value}
    told_type = f"{column.type}: {', '.join(column.choices)}" if column.choices else column.type
    about = told(column)
    return {
        "description": f"{about} ({told_type})" if about else told_type,
        "anyOf": [{"type": "string", "pattern": r"\S"}, {**whole, "properties": properties}],
    }
