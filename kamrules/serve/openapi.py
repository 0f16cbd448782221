"""The OpenAPI document: what can be asked and what comes back, made from the models that check it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from kamrules import __version__
from kamrules.decision import Decision, Explanation
from kamrules.serve import answers, cloud_events
from kamrules.serve.forms import MOST_NAME, MOST_TEXT
from kamrules.serve.operations import ACCOUNT, HOOK, OPERATIONS, SETTLE, TEXT, Operation
from kamrules.serve.problem import MEDIA_TYPE, TITLES

if TYPE_CHECKING:
    from pydantic import BaseModel

JSON = "application/json"
_REFERENCE = "#/components/schemas/{model}"
_GATE = (401, 429, 431)
_CELL = {"type": ["string", "number", "boolean", "null"], "maxLength": 10_000}
_NAME = {"type": "string", "minLength": 1, "maxLength": MOST_NAME}
_DATA = {
    "type": "object",
    "required": ["table"],
    "additionalProperties": False,
    "properties": {
        "table": {**_NAME, "description": "A table of the ruleset."},
        "row": {
            "type": ["object", "null"],
            "maxProperties": 252,
            "additionalProperties": _CELL,
            "description": "Values by column; null is unknown.",
        },
        "row_id": {
            "type": ["string", "null"], "minLength": 1, "maxLength": MOST_NAME,
            "description": "What the row is called where it comes from.",
        },
    },
}  # fmt: skip
_CLOUD_EVENT = {
    "type": "object",
    "required": [*cloud_events.REQUIRED, "data"],
    "description": "A CloudEvent 1.0; `source` and `id` make it safe to repeat, `subject` is the account.",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "pattern": "^[^\\n]+$"},
        "type": {"enum": list(cloud_events.TYPES)},
        "subject": _NAME,
        "time": {"type": ["string", "null"], "format": "date-time"},
        "datacontenttype": {"enum": [JSON, None]},
        "dataschema": {"type": ["string", "null"]},
        "data_base64": {"type": "null"},
        "data": _DATA,
    },
    "propertyNames": {"pattern": "^([a-z0-9]+|data_base64)$"},
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}


def document(*, open_to_all: bool) -> dict[str, Any]:
    """Return the document; `open_to_all` says that no token is needed."""
    schemas = _schemas()
    paths: dict[str, Any] = {}
    for each in OPERATIONS:
        path = each.path.replace(":path}", "}")
        paths.setdefault(path, {})[each.method.lower()] = _operation(each, open_to_all=open_to_all)
    bearer = {"type": "http", "scheme": "bearer", "description": "The token of the service."}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kamrules",
            "version": __version__,
            "summary": "Events of key accounts in, decisions out.",
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas, "CloudEvent": _CLOUD_EVENT},
            "securitySchemes": {} if open_to_all else {"token": bearer},
        },
    }


def _schemas() -> dict[str, Any]:
    bodies = [(each.body, "validation") for each in OPERATIONS if each.body is not None]
    told = [(each.answer, "serialization") for each in OPERATIONS if each.answer is not None]
    further = [
        (each, "serialization")
        for each in (
            answers.PostedAnswer, answers.BatchAnswer, answers.ProblemAnswer, Decision, Explanation,
        )
    ]  # fmt: skip
    wanted: Any = list(dict.fromkeys([*bodies, *told, *further]))
    found: dict[str, Any] = models_json_schema(wanted, by_alias=True, ref_template=_REFERENCE)[1][
        "$defs"
    ]
    return found


def _operation(one: Operation, *, open_to_all: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.about,
        "parameters": [*_path_parameters(one), *_query_parameters(one)],
        "responses": _responses(one, open_to_all=open_to_all),
    }
    if one.bodies:
        found["requestBody"] = {"required": True, "content": _bodies(one)}
    if not one.open and not open_to_all:
        found["security"] = [{"token": []}]
    return found


def _path_parameters(one: Operation) -> list[dict[str, Any]]:
    name = {ACCOUNT: "account_id", SETTLE: "action_id", HOOK: "name"}.get(one.path)
    if name is None:
        return []
    return [{"name": name, "in": "path", "required": True, "schema": _NAME}]


def _query_parameters(one: Operation) -> list[dict[str, Any]]:
    schema = one.query.model_json_schema()
    found = []
    for name, told in schema.get("properties", {}).items():
        # a query has no null: what is not given is left out
        kinds = [each for each in told.get("anyOf", [told]) if each.get("type") != "null"]
        plain = {key: value for key, value in kinds[0].items() if key not in ("title", "default")}
        found.append({"name": name, "in": "query", "required": False, "schema": plain})
    return found


def _bodies(one: Operation) -> dict[str, Any]:
    if one.path == HOOK:
        return {JSON: {"schema": {"description": "As the sender writes it."}}}
    if one.body is not None:
        return {JSON: {"schema": _of(one.body)}}
    event = {"$ref": _REFERENCE.format(model="CloudEvent")}
    batch = {"type": "array", "items": event, "maxItems": cloud_events.MOST_EVENTS}
    return {cloud_events.ONE: {"schema": event}, cloud_events.BATCH: {"schema": batch}}


def _responses(one: Operation, *, open_to_all: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"200": _answer(one)}
    if one.path == ACCOUNT:
        etag = {"schema": {"type": "string"}, "description": "Changes when the decision may."}
        told["200"]["headers"] = {"ETag": etag}
        told["304"] = {"description": "The decision is as it was under If-None-Match."}
    if one.name == "health":
        told["503"] = {**_answer(one), "description": "The service cannot do its work."}
    gate = [each for each in _GATE if each != 401 or not (one.open or open_to_all)]
    if open_to_all:
        gate.append(421)
    for status in sorted({*gate, *one.problems, 400, 500}):
        problem = {"schema": _of(answers.ProblemAnswer)}
        told[str(status)] = {"description": TITLES[status], "content": {MEDIA_TYPE: problem}}
    return told


def _answer(one: Operation) -> dict[str, Any]:
    if one.name in ("root", "metrics"):
        content: dict[str, Any] = {
            TEXT: {"schema": {"type": "string", "maxLength": MOST_TEXT * 1000}}
        }
    elif one.name == "openapi":
        content = {JSON: {"schema": {"type": "object"}}}
    elif one.name == "post_events":
        content = {JSON: {"schema": _any_of(answers.PostedAnswer, answers.BatchAnswer)}}
    elif one.answer is None:
        content = {JSON: {"schema": _any_of(Decision, Explanation)}}
    else:
        content = {JSON: {"schema": _of(one.answer)}}
    return {"description": "Done.", "content": content}


def _any_of(*models: type[BaseModel]) -> dict[str, Any]:
    return {"anyOf": [_of(each) for each in models]}


def _of(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
