"""References: keys that name something of the ruleset get its ids as choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.compiler.cases import NONE
from kamrules.decision import Move
from kamrules.document.values import NUMERIC
from kamrules.workbench.schema.values import another, choices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kamrules.document import ParameterModel, RulesetModel
    from kamrules.workbench.schema.known import Ids
    from kamrules.workbench.schema.values import Schema

REFERENCES: dict[str, dict[str, str]] = {
    "CriterionModel": {"score": "score"},
    "PathModel": {"from": "class", "to": "class"},
    "StrategyModel": {"team": "role"},
    "ActionModel": {"owner": "role", "excludes": "action"},
    "PersonaModel": {"extends": "persona", "without": "given"},
    "TestModel": {"given": "persona", "among": "persona", "without": "given"},
    "BeforeModel": {"class": "class", "tier": "tier"},
    "ExpectModel": {
        "class": "class?", "tier": "tier?", "phase": "phase?", "strategy": "strategy?",
        "next_class": "class?", "next_tier": "tier?", "top_action": "action?",
        "actions": "action", "not_actions": "action", "held_back": "action", "gaps": "measure",
        "met": "gate", "unmet": "gate", "unknown": "gate",
    },
}  # fmt: skip
"""By model and key, what kind of thing the key names; a `?` behind it: or `none`."""
CITING = "source"
MOVES = ("class_move", "tier_move")
_NAME = r"^[a-z][a-z0-9_]*$"


def refer(schema: Schema, model: RulesetModel, known: Mapping[str, Ids]) -> None:
    """Give every key of the schema that names something of the ruleset its ids as choices."""
    defs = schema["$defs"]
    for name, keys in REFERENCES.items():
        for key, kind in keys.items():
            _point(schema, defs[name]["properties"], key, kind, known)
    for each in list(defs.values()):
        # a ruleset that lists no clauses may cite what it likes
        if CITING in each.get("properties", {}) and known[CITING]:
            _point(schema, each["properties"], CITING, CITING, known)
    for key in MOVES:
        defs["ExpectModel"]["properties"][key]["enum"] = [each.value for each in Move]
    _numbers(schema, model, known["parameter"])


def _point(
    schema: Schema, properties: Schema, key: str, kind: str, known: Mapping[str, Ids]
) -> None:
    told = properties[key]
    target = {"$ref": f"#/$defs/{_reference(schema, kind, known)}"}
    if told["type"] == "array":
        told["items"] = target
    else:
        properties[key] = {"description": told["description"], **target}


def _reference(schema: Schema, kind: str, known: Mapping[str, Ids]) -> str:
    """Return the name of the schema for ids of a kind, which it adds when it is not there yet."""
    plain = kind.removesuffix("?")
    name = f"{plain}_or_none" if kind != plain else f"{plain}_id"
    if name not in schema["$defs"]:
        ids = dict(known[plain])
        if kind != plain:
            ids[NONE] = f"There is no {plain}"
        schema["$defs"][name] = {"anyOf": [*choices(ids), another(ids)]}
    return name


def _numbers(schema: Schema, model: RulesetModel, told: Ids) -> None:
    """Offer parameters wherever a number may be one's name: those whose value may stand there."""
    for forms in list(_unions(schema)):
        named = next((each for each in forms if each.get("pattern") == _NAME), None)
        number = next((each for each in forms if "integer" in each.get("type", ())), None)
        if named is None or number is None:
            continue
        fitting = {
            name: told[name] for name, each in model.parameter.items() if _fits(each, number)
        }
        words = [word for each in forms for word in each.get("enum", ())]
        forms[forms.index(named)] = another([*words, *fitting], named)
        if fitting:
            forms.append({"$ref": f"#/$defs/{_parameters(schema, number, fitting)}"})


def _fits(parameter: ParameterModel, number: Schema) -> bool:
    """Whether a parameter's value may stand where such a number may."""
    value = parameter.value
    if parameter.type not in NUMERIC or not isinstance(value, int | float):
        return False
    whole = number["type"] != "integer" or value == int(value)
    return whole and number.get("minimum", value) <= value <= number.get("maximum", value)


def _parameters(schema: Schema, number: Schema, fitting: Ids) -> str:
    """Return the name of the schema for the names of parameters, the same for the same numbers."""
    least, most = number.get("minimum", "any"), number.get("maximum", "any")
    kind = "whole" if number["type"] == "integer" else "number"
    name = f"parameter_{kind}_{least}_{most}"
    schema["$defs"].setdefault(name, {"anyOf": choices(fitting)})
    return name


def _unions(part: Any) -> Iterator[list[Schema]]:  # noqa: ANN401  any part of a schema
    if isinstance(part, dict):
        if isinstance(part.get("anyOf"), list):
            yield part["anyOf"]
        for each in part.values():
            yield from _unions(each)
    elif isinstance(part, list):
        for each in part:
            yield from _unions(each)
