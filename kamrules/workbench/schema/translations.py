"""Translations: the addresses of all texts as keys, each with the text that is to be translated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.document.messages import addresses, path_of
from kamrules.document.tree import value_at
from kamrules.workbench.schema.values import another, described

if TYPE_CHECKING:
    from kamrules.document import Ruleset
    from kamrules.workbench.schema.values import Schema


def translate(schema: Schema, ruleset: Ruleset) -> None:
    """Offer the ruleset's languages, and in each the addresses of its texts."""
    message = schema["properties"]["message"]
    texts = {each: _text(ruleset, each) for each in sorted(addresses(ruleset.root))}
    schema["$defs"]["translations"] = {
        "description": "Texts in this language, by the address of the text in quotes",
        "type": "object",
        "properties": {
            each: {"type": "string", **described(text)}
            for each, text in texts.items()
            if text is not None
        },
        # an address may also be written as nested tables
        "additionalProperties": {
            "anyOf": [
                {"type": "object", "additionalProperties": True},
                another(),
            ]
        },
    }
    each = {"$ref": "#/$defs/translations"}
    message["properties"] = dict.fromkeys(ruleset.model.ruleset.languages[1:], each)
    message["additionalProperties"] = each


def _text(ruleset: Ruleset, address: str) -> str | None:
    """Return the text at an address; empty for the label of a choice, None where none is written."""
    path = path_of(address)
    try:
        text = value_at(ruleset.root, path)
    except KeyError:
        return "" if "choices" in path[:-1] else None
    return text if isinstance(text, str) else ""
