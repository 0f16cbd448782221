"""The schema of one ruleset's files: the general one, with the ruleset's own ids as choices and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.document import json_schema
from kamrules.workbench.schema.examples import exemplify
from kamrules.workbench.schema.known import known
from kamrules.workbench.schema.overrides import offer
from kamrules.workbench.schema.references import refer
from kamrules.workbench.schema.signals import complete_signals
from kamrules.workbench.schema.translations import translate
from kamrules.workbench.schema.values import choices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.document import Ruleset
    from kamrules.workbench.schema.values import Schema

LANGUAGES = ("en", "zh")
"""Languages in which kamrules has words of its own."""


def ruleset_schema(
    ruleset: Ruleset | None = None, extendable: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the JSON Schema of each file of a ruleset, or of any ruleset.

    With a ruleset, what it and those it extends have are choices wherever a key names one, and keys
    wherever a table may override one. `extendable` are the rulesets found by name.
    """
    schema = json_schema(in_parts=True)
    header = schema["$defs"]["Header"]["properties"]
    # a path may stand in `extends` too, and any language in `languages`: no text is wrong
    _suggest(header["extends"], extendable)
    _suggest(header["languages"], LANGUAGES if ruleset is None else ruleset.model.ruleset.languages)
    if ruleset is not None:
        ids = known(ruleset.model)
        refer(schema, ruleset.model, ids)
        exemplify(schema, ruleset.model, ids)
        complete_signals(schema, ruleset.model)
        offer(schema, ruleset.model, ids)
        translate(schema, ruleset)
        name = ruleset.model.ruleset.name
        schema["description"] = f"{schema['description']} The ids are those of `{name}`."
    return schema


def _suggest(texts: Schema, words: Iterable[str]) -> None:
    """Offer words as members of a list of texts, beside any other."""
    texts["items"] = {"anyOf": [*choices(dict.fromkeys(words, "")), texts["items"]]}
