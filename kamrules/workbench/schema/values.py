"""Values as JSON Schema: of a type of the ruleset, within its range or choices; and names that are known."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from kamrules.document.values import RANGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.workbench.schema.known import Ids

Schema = dict[str, Any]

NUMBER = ["integer", "number"]
VALUE: Schema = {
    "anyOf": [
        {"type": "boolean"},
        {"type": NUMBER},
        {"type": "string"},
        {"type": "string", "format": "date"},
        {"type": "array"},
    ]
}
"""Any value that an account can have: of a column, or the rows of a table."""
NEW = (
    "Not among those that the ruleset had when this schema was written. `kamrules check` tells whether "
    "there is one by now"
)


def typed(kind: str, choices: Sequence[str] = ()) -> Schema:
    """Return the schema of the values of a type, of whatever size."""
    match kind:
        case "choice":
            return {"enum": list(choices)} if choices else {"type": "string"}
        case "bool":
            return {"type": "boolean"}
        case "text":
            return {"type": "string"}
        case "date":
            return {"type": "string", "format": "date"}
        case "integer" | "days":
            return {"type": "integer"}
    return {"type": NUMBER}


def ranged(kind: str, choices: Sequence[str] = ()) -> Schema:
    """Return the schema of the values of a type, between the numbers that the type allows."""
    found = typed(kind, choices)
    if kind in RANGES:
        least, most = RANGES[kind]
        found |= {"minimum": least, "maximum": most}
    return found


def bounds(low: Any, high: Any) -> Schema:  # noqa: ANN401  numbers, dates or None
    """Return the keywords for a range, as far as JSON Schema can say it: it cannot of dates."""
    found: Schema = {}
    for key, each in (("minimum", low), ("maximum", high)):
        if each is not None and not isinstance(each, datetime.date):
            found[key] = each
    return found


def choices(ids: Ids) -> list[Schema]:
    """Return ids as choices, each with what editors tell of it."""
    return [{"const": name, **described(what)} for name, what in ids.items()]


def described(what: str) -> Schema:
    """Return the description of something, none where there is nothing to tell."""
    return {"description": what} if what else {}


def another(known: Iterable[str] = (), like: Schema | None = None) -> Schema:
    """Return the schema of what is none of those known: a text, or whatever is like another schema.

    It may have been written since, so it is no error; `deprecated` is the one word of JSON Schema that
    editors show as a warning.
    """
    names = list(known)
    form: Schema = {"type": "string"} if like is None else like
    rest: Schema = {"not": {"enum": names}} if names else {}
    warned: Schema = {**rest, "deprecated": True, "description": NEW}
    if "anyOf" in form:
        # tombi heeds the word where a form stands, not around several
        return {**form, "anyOf": [{**each, **warned} for each in form["anyOf"]]}
    return {**form, **warned}
