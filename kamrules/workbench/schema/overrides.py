"""Overrides: the ids that a ruleset has already, offered as keys of its tables beside new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.document.values import NUMERIC, show
from kamrules.workbench.schema.known import SECTIONS, columns_of, told, told_of
from kamrules.workbench.schema.values import another, bounds, choices, described, ranged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.document import ColumnModel, ParameterModel, RulesetModel
    from kamrules.workbench.schema.known import Ids
    from kamrules.workbench.schema.values import Schema

OWN = {
    "parameter": "ParameterModel", "table": "TableModel", "fact": "FactModel", "score": "ScoreModel",
    "criterion": "CriterionModel", "class": "ClassModel", "path": "PathModel", "tier": "TierModel",
    "phase": "PhaseModel", "strategy": "StrategyModel", "role": "RoleModel", "action": "ActionModel",
    "source": "SourceModel", "persona": "PersonaModel", "signal": "SignalModel",
}  # fmt: skip


def offer(schema: Schema, model: RulesetModel, known: Mapping[str, Ids]) -> None:
    """Offer the ruleset's ids as keys: of its tables, and of the columns, gates and bands in those."""
    defs = schema["$defs"]
    for section in SECTIONS:
        table = schema["properties"][section]
        table["properties"] = {
            name: {**_like(OWN[section]), **described(what)}
            for name, what in known[section].items()
        }
        table["x-tombi-additional-key-label"] = f"new_{section}"
    for section, members in _with_keys(defs, model).items():
        of_section = schema["properties"][section]["properties"]
        for name, each in members.items():
            told_of_it = known[section][name] or each["description"]
            of_section[name] = {**each, "description": told_of_it}


def _with_keys(defs: Schema, model: RulesetModel) -> dict[str, dict[str, Schema]]:
    """Return the members, by section, whose schemas know more than the kind of thing that they are."""
    column, gate = _like("ColumnModel"), _like("GateModel")
    return {
        "parameter": {
            name: _parameter(defs["ParameterModel"], each) for name, each in model.parameter.items()
        },
        "table": {
            name: _table(_offering(defs["TableModel"], "column", told_of(columns), column), columns)
            for name, columns in ((name, columns_of(model, name)) for name in model.table)
        },
        "path": {
            name: _offering(defs["PathModel"], "gate", told_of(each.gate), gate)
            for name, each in model.path.items()
        },
        "tier": {
            name: _offering(defs["TierModel"], "gate", told_of(each.gate), gate)
            for name, each in model.tier.items()
        },
        "score": {
            name: _offering(
                defs["ScoreModel"],
                "band",
                {band: f"{interval} for now" for band, interval in each.band.items()},
                defs["ScoreModel"]["properties"]["band"]["additionalProperties"],
            )
            for name, each in model.score.items()
        },
    }


def _like(model: str) -> Schema:
    return {"$ref": f"#/$defs/{model}"}


def _offering(whole: Schema, key: str, ids: Ids, like: Schema) -> Schema:
    """Return the schema of a table that offers ids in one of its own tables."""
    keys = {name: {**like, **described(what)} for name, what in ids.items()}
    inside = {**whole["properties"][key], "properties": keys}
    return {**whole, "properties": {**whole["properties"], key: inside}}


def _table(whole: Schema, columns: Mapping[str, ColumnModel]) -> Schema:
    """Return the schema of a table whose rows are ordered by one of its dates."""
    dates = {name: told(each) for name, each in columns.items() if each.type == "date"}
    order = {
        "description": whole["properties"]["order"]["description"],
        "anyOf": [*choices(dates), another(dates)],
    }
    return {**whole, "properties": {**whole["properties"], "order": order}}


def _parameter(whole: Schema, parameter: ParameterModel) -> Schema:
    """Return the schema of a parameter that is there already: its value within the range.

    Who writes another bound beside the value is held to no bound but their own.
    """
    value = {
        **ranged(parameter.type, parameter.choices),
        "description": f"The value: {show(parameter.value)} for now{_between(parameter)}",
    }
    found = {**whole, "properties": {**whole["properties"], "value": value}}
    limits = [
        {"anyOf": [{"required": [key]}, {"properties": {"value": limit}}]}
        for key, limit in (
            ("low", bounds(parameter.low, None)),
            ("high", bounds(None, parameter.high)),
        )
        if limit
    ]
    if limits and parameter.type in NUMERIC:
        found["dependentSchemas"] = {"value": {"allOf": limits} if len(limits) > 1 else limits[0]}
    return found


def _between(parameter: ParameterModel) -> str:
    match parameter.low, parameter.high:
        case None, None:
            return ""
        case low, None:
            return f"; not below {show(low)}"
        case None, high:
            return f"; not above {show(high)}"
    return f"; from {show(parameter.low)} to {show(parameter.high)}"
