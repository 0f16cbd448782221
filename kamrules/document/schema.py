"""The shape of rulesets as data: which model stands at a path, and the JSON Schema for editors."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic.json_schema import GenerateJsonSchema

from kamrules.document.conditions import AllOf, AnyOf, AtLeast, NotThis
from kamrules.document.fields import Written
from kamrules.document.models import RulesetModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

_CONDITIONS: dict[str | int, type[Written]] = {
    "<all>": AllOf,
    "<any>": AnyOf,
    "<at_least>": AtLeast,
    "<not>": NotThis,
}


_WHOLE = frozenset({"AllOf", "AnyOf", "AtLeast", "NotThis", "ScaleModel"})
"""Tables that are written in one place, whatever a ruleset extends."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def inner(annotation: Any) -> Any:  # noqa: ANN401  annotations have no common type
    """Return an annotation without its metadata and without None."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            rest = [each for each in get_args(annotation) if each is not type(None)]
            if len(rest) != 1:
                return annotation
            annotation = rest[0]
        else:
            return annotation


def model_at(
    location: Sequence[str | int], top: type[Written] = RulesetModel
) -> type[Written] | None:
    """Return the model of the table at a location as pydantic writes it, tags included.

    `top` is the model of the whole document.
    """
    current: Any = top
    for part in location:
        if part in _CONDITIONS:
            current = _CONDITIONS[part]
        elif isinstance(current, type) and issubclass(current, Written):
            field = next(
                (each for key, each in current.model_fields.items() if part == (each.alias or key)),
                None,
            )
            current = inner(field.annotation) if field is not None else None
        else:
            current = inner((get_args(current) or (None,))[-1])
    return current if isinstance(current, type) and issubclass(current, Written) else None


def keys_of(model: type[Written]) -> list[str]:
    """Return the keys that a table may have, as authors write them."""
    return [each.alias or key for key, each in model.model_fields.items()]


class _Generate(GenerateJsonSchema):
    """TOML has no null, and keys need no titles beside their names."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if found.get("default", 0) in (None, ""):
            del found["default"]
        return found

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002
        return False

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        """A number may be written without a point; tombi tells nothing of one that is only a `number`."""
        return {**super().float_schema(schema), "type": ["integer", "number"]}

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Whatever fits: what tells the forms apart is not in the schema, and a date is a text in JSON."""
        found = super().tagged_union_schema(schema)
        found.pop("discriminator", None)
        return {"anyOf": found.pop("oneOf"), **found}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Say what ids are like apart from what they stand for, so that a wrong one is told as such."""
        found = super().dict_schema(schema)
        for pattern, value in found.pop("patternProperties", {}).items():
            found["additionalProperties"] = value
            found["propertyNames"] = {"pattern": pattern, **found.get("propertyNames", {})}
        return found


def json_schema(top: type[Written] = RulesetModel, *, in_parts: bool = False) -> dict[str, Any]:
    """Return the JSON Schema of a ruleset (or another document), with the descriptions that editors show.

    With `in_parts` it is that of each file of a ruleset: any key may stand in another file, or in a
    ruleset that is extended.
    """
    schema = top.model_json_schema(by_alias=True, schema_generator=_Generate)
    for name, each in {"": schema, **schema.get("$defs", {})}.items():
        each.pop("title", None)
        if in_parts and name not in _WHOLE:
            _not_required(each)
    return {"$schema": DIALECT, "x-tombi-toml-version": "v1.1.0", **schema}


def _not_required(table: dict[str, Any]) -> None:
    """Say in a key's description that it is needed, which no file alone can be asked for."""
    for key in table.pop("required", ()):
        told = table["properties"][key]
        if "description" in told:
            told["description"] += "; needed unless it is inherited"
