"""Example accounts and tests: columns and rows with their types, what must come out with its choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.cases import UNKNOWN
from kamrules.expression.types import ACCOUNTS
from kamrules.workbench.schema.known import columns_of, told
from kamrules.workbench.schema.values import (
    VALUE,
    another,
    bounds,
    choices,
    described,
    ranged,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.document import ColumnModel, FactModel, ParameterModel, RulesetModel
    from kamrules.workbench.schema.known import Ids
    from kamrules.workbench.schema.values import Schema


def exemplify(schema: Schema, model: RulesetModel, known: Mapping[str, Ids]) -> None:
    """Give personas and tests the ruleset's columns, tables, facts, scores and parameters as keys."""
    defs = schema["$defs"]
    defs["facts_given"] = _facts_given(model, known)
    for name in ("PersonaModel", "TestModel"):
        written = defs[name]["properties"]["facts"]
        defs[name]["properties"]["facts"] = {
            "description": written["description"], "$ref": "#/$defs/facts_given",
        }  # fmt: skip
    test, expect = defs["TestModel"]["properties"], defs["ExpectModel"]["properties"]
    _offer(test["set"], {name: _setting(each) for name, each in model.parameter.items()})
    _offer(expect["reason"], {name: _text(what) for name, what in known["action"].items()})
    _offer(
        expect["scores"], {name: _score(model, name, what) for name, what in known["score"].items()}
    )
    facts: dict[str, ColumnModel | FactModel] = {**columns_of(model, ACCOUNTS), **model.fact}
    wanted = {name: _wanted(each.type, each.choices, told(each)) for name, each in facts.items()}
    for name, signal in model.signal.items():
        wanted |= {
            name: _wanted("bool", (), told(signal)),
            f"{name}_date": _wanted("date", (), told(signal)),
        }
    _offer(expect["facts"], wanted)
    day = {"type": "string", "format": "date"}
    proposed = {name: {**day, **described(what)} for name, what in known["action"].items()}
    _offer(defs["BeforeModel"]["properties"]["proposed"], proposed)


def _offer(table: Schema, keys: Mapping[str, Schema]) -> None:
    """Offer keys in a table; others are let pass with a warning."""
    table["properties"] = dict(keys)
    rest = table["additionalProperties"]
    table["additionalProperties"] = another(like=rest)


def _facts_given(model: RulesetModel, known: Mapping[str, Ids]) -> Schema:
    keys: dict[str, Schema] = _columns(columns_of(model, ACCOUNTS))
    for name in model.table:
        if name != ACCOUNTS:
            rows = {
                "type": "object",
                "properties": _columns(columns_of(model, name)),
                "additionalProperties": another(like=VALUE),
            }
            keys[name] = {"type": "array", "items": rows, **described(known["table"][name])}
    return {"type": "object", "properties": keys, "additionalProperties": another(like=VALUE)}


def _columns(columns: Mapping[str, ColumnModel]) -> dict[str, Schema]:
    return {
        # data may hold shares below 0 and above 1: a falling demand, a doubled one
        name: {
            **(ranged if each.type != "share" else typed)(each.type, each.choices),
            **described(told(each)),
        }
        for name, each in columns.items()
    }


def _setting(parameter: ParameterModel) -> Schema:
    return {
        **ranged(parameter.type, parameter.choices),
        **bounds(parameter.low, parameter.high),
        **described(told(parameter)),
    }


def _text(what: str) -> Schema:
    return {"type": "string", **described(what)}


def _score(model: RulesetModel, name: str, what: str) -> Schema:
    """Return a number, an interval, or the name of a band."""
    bands = {band: f"{interval} of {name}" for band, interval in model.score[name].band.items()}
    number = {"type": ["integer", "number"], "minimum": 0, "maximum": 100}
    interval = {"type": "string", "pattern": r"^[\[(]"}
    words = {**bands, UNKNOWN: "Nobody can tell"}
    free = another(words, {"type": "string", "pattern": r"^[^\[(]"})
    return {"anyOf": [number, *choices(words), interval, free], **described(what)}


def _wanted(kind: str, among: Sequence[str], what: str) -> Schema:
    """Return a value of the type, an interval of numbers, or `unknown`."""
    if kind == "choice":
        return {"enum": [*among, UNKNOWN], **described(what)}
    value = typed(kind)
    if kind in ("text", "bool", "date"):
        forms = [value, {"const": UNKNOWN}] if kind == "bool" else [value, {"type": "string"}]
        return {"anyOf": forms, **described(what)}
    return {"type": ["integer", "number", "string"], **described(what)}
