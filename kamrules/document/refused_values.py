"""Refused values: a value of the wrong kind, outside its range, empty, or not among the allowed words."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from kamrules.diagnostics import nearest
from kamrules.document.conditions import FORMS
from kamrules.document.conditions import WANTED as CONDITION
from kamrules.document.schema import model_at
from kamrules.document.tree import fault, written_at
from kamrules.document.values import describe, parse, plain, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

    from kamrules.diagnostics import Diagnostic
    from kamrules.document.fields import Written
    from kamrules.document.positions import Path
    from kamrules.document.tree import Entry

_UNITS = {
    "due_days": "days",
    "within_days": "days",
    "for_days": "days",
    "cooldown_days": "days",
    "contact_every_days": "days",
    "effort_hours": "hours",
    "points": "points",
    "unknown": "points",
}
_WANTED = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a date such as 2026-01-31",
    "list_type": "a list in [ ]",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
_TYPES = {"int_type": "integer", "float_type": "number", "bool_type": "bool", "date_type": "date"}
_SYNONYMS = {
    "string": "text", "str": "text", "boolean": "bool", "float": "number", "decimal": "number",
    "int": "integer", "whole": "integer", "percent": "share", "percentage": "share", "ratio": "share",
    "rate": "share", "currency": "money", "amount": "money", "enum": "choice", "category": "choice",
    "datetime": "date", "day": "days", "duration": "days", "flag": "bool", "points": "score",
}  # fmt: skip
_LOGIC = {"and": "all", "or": "any", "none": "not", "one": "any", "nor": "not"}


def refused_value(root: Entry, error: ErrorDetails, path: Path, top: type[Written]) -> Diagnostic:
    """Return the diagnostic about a value that does not fit its key; `top` is the document's model."""
    told = _TOLD.get(error["type"])
    return told(root, error, path) if told is not None else _wrong_kind(root, error, path, top)


def _wrong_kind(root: Entry, error: ErrorDetails, path: Path, top: type[Written]) -> Diagnostic:
    given, kind = error["input"], error["type"]
    name = _name(path)
    wanted = error["msg"] if kind == "wanted" else _WANTED.get(kind)
    message = f"{name} is {wanted}, not {describe(given)}"
    if wanted is None:
        message = f"{name} cannot be {describe(given)}"
    elif wanted == CONDITION and isinstance(given, dict):
        keys = ", ".join(f"`{each}`" for each in given) or "none"
        message = f"a condition in {{ }} has the key `any`, `all`, `at_least` or `not`, this one has {keys}"
    elif kind == "model_type" and (model := model_at(error["loc"], top)) is not None:
        message = f"{name} is {model.noun}, written as a table, not {describe(given)}"
    return fault(root, "KR152", message, path, help=_mend(root, error, wanted or "", path))


def _name(path: Path) -> str:
    keys = [each for each in path if isinstance(each, str)]
    if path and isinstance(path[-1], int) and keys:
        return f"each member of `{keys[-1]}`"
    return f"`{keys[-1]}`" if keys else "the ruleset"


def _last_key(path: Path) -> str:
    return next((each for each in reversed(path) if isinstance(each, str)), "")


def _mend(root: Entry, error: ErrorDetails, wanted: str, path: Path) -> str | None:
    given, kind = error["input"], error["type"]
    if isinstance(given, dict) and wanted == CONDITION:
        near = ((each, _LOGIC.get(each) or nearest(each, FORMS)) for each in given)
        return next((f"did you mean `{b}` instead of `{a}`?" for a, b in near if b), None)
    if isinstance(given, str):
        found = parse(_TYPES[kind], given) if kind in _TYPES else None
        if found is not None:
            return f"write it without quotes: {path[-1]} = {show(found)}"
        if kind == "list_type" and '"' not in given:
            return f'write it as a list: {path[-1]} = ["{given}"]'
    elif isinstance(given, bool | int | float | datetime.date) and wanted.startswith(
        ("a text", "an expr")
    ):
        return f'put it in quotes: "{written_at(root, path) or show(given)}"'
    elif isinstance(given, datetime.datetime) and kind == "date_type":
        return f"leave the time out: {given.date()}"
    return None


def _literal(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    words = re.findall(r"'([^']*)'", str(error["ctx"]["expected"]))
    given = error["input"]
    listed = ", ".join(words)
    if not isinstance(given, str):
        message = f"`{_last_key(path)}` is one of {listed}, not {describe(given)}"
        return fault(root, "KR153", message, path)
    near = _SYNONYMS.get(given.casefold()) or nearest(given, words)
    mend = f"did you mean `{near}`?" if near in words else None
    return fault(root, "KR153", f"`{given}` is not one of {listed}", path, help=mend)


def _bound(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    given, context = error["input"], error["ctx"]
    bound = next(context[each] for each in ("ge", "gt", "le", "lt") if each in context)
    side = "least" if error["type"].startswith("greater") else "most"
    name = _last_key(path)
    number = show(given) if abs(given) < 1e15 else "this"
    if name == "time_share":
        message = f"`time_share` is a share between 0 and 1, {number} is {plain(given * 100)}%"
        mend = f"did you mean {show(given / 100)}?" if 1 < given <= 100 else None
        return fault(root, "KR156", message, path, help=mend)
    unit = f" {_UNITS[name]}" if name in _UNITS else ""
    return fault(root, "KR156", f"`{name}` is {number}{unit}, the {side} is {show(bound)}", path)


def _not_finite(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    message = f"`{_last_key(path)}` is a number, and `{error['input']}` is none"
    return fault(root, "KR156", message, path)


def _pattern(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    given, name = str(error["input"]), _last_key(path)
    if not given.strip():
        return fault(root, "KR157", f"`{name}` is empty", path)
    if name == "languages":
        message = f'`{given}` is not the code of a language, such as "en" or "zh"'
        return fault(root, "KR153", message, path)
    if path == ("ruleset", "name"):
        message = (
            f"`{given}` cannot be the name of a ruleset: letters, digits, `.`, `_` and `-` only"
        )
        mended = re.sub(r"[^A-Za-z0-9._-]+", "-", given).strip("-._")
        return fault(root, "KR154", message, path, help=f'write "{mended}"' if mended else None)
    message = (
        f"{_name(path)} is a number, or the name of a parameter in quotes, not {describe(given)}"
    )
    found = parse("number", given)
    mend = f"write it without quotes: {show(found)}" if found is not None else None
    return fault(root, "KR152", message, path, help=mend)


def _too_long(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    most = error["ctx"].get("max_length")
    return fault(root, "KR154", f"`{_last_key(path)}` has at most {most} characters", path)


def _list_length(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    name = _last_key(path)
    if name == "curve":
        count = len(error["input"])
        message = f"a point of a curve is [value, points], this one has {count} member{'s' * (count != 1)}"
        return fault(root, "KR152", message, path)
    what = "condition" if name in ("when", "stay", "all", "any", "of", "not") else "member"
    return fault(root, "KR157", f"`{name}` lists no {what}", path)


_TOLD: dict[str, Callable[[Entry, ErrorDetails, Path], Diagnostic]] = {
    "literal_error": _literal,
    "greater_than": _bound,
    "greater_than_equal": _bound,
    "less_than": _bound,
    "less_than_equal": _bound,
    "finite_number": _not_finite,
    "string_pattern_mismatch": _pattern,
    "string_too_long": _too_long,
    "too_short": _list_length,
    "too_long": _list_length,
}
