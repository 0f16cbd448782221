"""Refusals: what pydantic refuses, told in an author's words, with place, caret and nearest known key."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import nearest
from kamrules.document.conditions import FORMS
from kamrules.document.fields import LONGEST_ID, RESERVED
from kamrules.document.schema import keys_of, model_at
from kamrules.document.tree import fault
from kamrules.document.values import parse, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from kamrules.diagnostics import Diagnostic
    from kamrules.document.fields import Slip
    from kamrules.document.positions import Path
    from kamrules.document.tree import Entry

_TAG = re.compile(r"<[a-z_]+>")
_UNITS = {
    "due_days": "days",
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
_SYNONYMS = {
    "string": "text", "str": "text", "boolean": "bool", "float": "number", "decimal": "number",
    "int": "integer", "whole": "integer", "percent": "share", "percentage": "share", "ratio": "share",
    "rate": "share", "currency": "money", "amount": "money", "enum": "choice", "category": "choice",
    "datetime": "date", "day": "days", "duration": "days", "flag": "bool", "points": "score",
}  # fmt: skip


def refusals(root: Entry, error: ValidationError) -> list[Diagnostic]:
    """Return everything that pydantic found, in our words; knock-on findings are left out."""
    found = error.errors(include_url=False)
    missing = {(*each["loc"][:-1], each["loc"][-1]) for each in found if each["type"] == "missing"}
    renamed = {
        (*each["loc"][:-1], near)
        for each in found
        if each["type"] == "extra_forbidden" and (near := _near_key(each)) is not None
    }
    problems: list[Diagnostic] = []
    for each in found:
        if each["type"] == "missing" and each["loc"] in renamed & missing:
            continue  # the key is there, misspelt
        problems += _refusal(root, each)
    return problems


def reserved_ids(root: Entry) -> list[Diagnostic]:
    """Return errors about ids that mean something else in expressions."""
    problems: list[Diagnostic] = []

    def check(entry: Entry | None, path: Path, what: str) -> None:
        if entry is None or not isinstance(entry.value, dict):
            return
        problems.extend(
            fault(
                root, "KR155", f"`{key}` already means something in expressions; call the {what} otherwise",
                (*path, key), key=True,
            )
            for key in entry.value
            if key in RESERVED
        )  # fmt: skip

    for section in ("parameter", "table", "fact", "score"):
        check(root.value.get(section), (section,), section)
    tables = root.value.get("table")
    for name, table in tables.value.items() if tables and isinstance(tables.value, dict) else ():
        if isinstance(table.value, dict):
            check(table.value.get("column"), ("table", name, "column"), "column")
    return problems


def _plain(location: Sequence[str | int]) -> Path:
    return tuple(each for each in location if not (isinstance(each, str) and _TAG.fullmatch(each)))


def _near_key(error: ErrorDetails) -> str | None:
    model = model_at(error["loc"][:-1])
    return nearest(str(error["loc"][-1]), keys_of(model)) if model is not None else None


def _refusal(root: Entry, error: ErrorDetails) -> Iterator[Diagnostic]:
    kind, location = error["type"], error["loc"]
    path = _plain(location)
    if kind == "slips":
        slips: list[Slip] = error["ctx"]["slips"]
        for slip in slips:
            yield fault(root, slip.code, slip.message, (*path, *slip.path), help=slip.help)
    elif location and location[-1] == "[key]":
        yield _bad_id(root, path[:-1])
    elif kind in _WANTED or kind == "wanted":
        yield _wrong_kind(root, error, path)
    else:
        tell = _TOLD.get(kind, _anything_else)
        yield tell(root, error, path)


def _missing(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    if path == ("ruleset",):
        return fault(
            root, "KR151", "the ruleset lacks its `[ruleset]` table", (),
            help='add one: [ruleset] with name = "..." and version = "1.0.0"',
        )  # fmt: skip
    model = model_at(error["loc"][:-1])
    noun = model.noun if model is not None else "a table"
    return fault(root, "KR151", f"missing key `{path[-1]}`: {noun} needs it", path[:-1])


def _extra(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    key = str(path[-1])
    model = model_at(error["loc"][:-1])
    noun = model.noun if model is not None else "this table"
    near = _near_key(error)
    mend = f"did you mean `{near}`?" if near else None
    message = f"{noun} has no key `{key}`"
    if len(path) == 1:
        message = f"a ruleset has no table `{key}`"
        mend = f"did you mean `[{near}]`?" if near else None
    elif key in (*FORMS, "of") and str(error["loc"][-2]) in {f"<{each}>" for each in FORMS}:
        message = f"{noun} cannot have `{key}` beside it"
        mend = "put the one into the list of the other, as a table in { }"
    elif path[0] == "source" and len(path) == 3:
        mend = f'the number of a clause is quoted: [source."{path[1]}.{path[2]}"]'
    elif mend is None and model is not None:
        mend = f"its keys are {', '.join(keys_of(model))}"
    return fault(root, "KR150", message, path, key=True, help=mend)


def _bad_id(root: Entry, path: Path) -> Diagnostic:
    written = str(path[-1])
    if len(written) > LONGEST_ID:
        message = f"this id has {len(written)} characters, the most is {LONGEST_ID}"
        return fault(root, "KR154", message, path, key=True)
    message = (
        f"`{written}` cannot be an id: an id is made of a-z, 0-9 and _, and begins with a letter"
    )
    mended = mend_id(written, str(path[-2]) if len(path) > 1 else "")
    return fault(
        root, "KR154", message, path, key=True, help=f"write `{mended}`" if mended else None
    )


def mend_id(written: str, section: str) -> str | None:
    """Return a usable id close to what was written, or None when nothing of it can be kept."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", written).casefold()
    kept = re.sub(r"[^a-z0-9]+", "_", snake).strip("_")
    if not kept or len(kept) * 2 < len(written):
        return None
    if kept[0].isdigit():
        kept = f"{section or 'n'}_{kept}"
    return kept[:LONGEST_ID]


def _wrong_kind(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    given = error["input"]
    wanted = error["msg"] if error["type"] == "wanted" else _WANTED[error["type"]]
    name = _name(path)
    message = f"{name} is {wanted}, not {describe(given)}"
    return fault(root, "KR152", message, path, help=_kind_mend(error, wanted, path))


def _name(path: Path) -> str:
    keys = [each for each in path if isinstance(each, str)]
    if path and isinstance(path[-1], int) and keys:
        return f"each member of `{keys[-1]}`"
    return f"`{keys[-1]}`" if keys else "the ruleset"


def describe(value: Any) -> str:  # noqa: ANN401  whatever TOML holds
    """Return what a value is, in an author's words."""
    match value:
        case bool():
            return f"`{show(value)}`"
        case int() | float():
            return f"the number {show(value) if abs(value) < 1e15 else 'given'}"
        case str():
            return "a text" if len(value) > 40 else f'the text "{value}"'
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime.datetime():
            return "a date with a time"
        case datetime.date():
            return f"the date {value}"
        case datetime.time():
            return "a time"
    return "this"


def _kind_mend(error: ErrorDetails, wanted: str, path: Path) -> str | None:
    given, kind = error["input"], error["type"]
    if kind == "wanted" and isinstance(given, dict) and wanted.startswith("an expression"):
        words = {"and": "all", "or": "any", "none": "not", "atleast": "at_least", "one": "any"}
        for key in given:
            near = words.get(key) or nearest(key, FORMS)
            if near:
                return f"did you mean `{near}` instead of `{key}`?"
        return None
    if isinstance(given, str):
        types = {
            "int_type": "integer",
            "float_type": "number",
            "bool_type": "bool",
            "date_type": "date",
        }
        found = parse(types[kind], given) if kind in types else None
        if found is not None:
            return f"write it without quotes: {path[-1]} = {show(found)}"
        if kind == "list_type":
            return f'write it as a list: {path[-1]} = ["{given}"]'
    elif isinstance(given, bool | int | float | datetime.date) and wanted.startswith("a text"):
        return f'put it in quotes: "{show(given)}"'
    elif isinstance(given, datetime.datetime) and kind == "date_type":
        return f"leave the time out: {given.date()}"
    return None


def _literal(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    words = re.findall(r"'([^']*)'", str(error["ctx"]["expected"]))
    given = error["input"]
    listed = ", ".join(words)
    if not isinstance(given, str):
        return fault(root, "KR153", f"`{path[-1]}` is one of {listed}, not {describe(given)}", path)
    near = _SYNONYMS.get(given.casefold()) or nearest(given, words)
    mend = f"did you mean `{near}`?" if near in words else None
    return fault(root, "KR153", f"`{given}` is not one of {listed}", path, help=mend)


def _bound(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    given, context = error["input"], error["ctx"]
    bound = next(context[each] for each in ("ge", "gt", "le", "lt") if each in context)
    side = "least" if error["type"].startswith("greater") else "most"
    name = next((each for each in reversed(path) if isinstance(each, str)), "")
    unit = f" {_UNITS[name]}" if name in _UNITS else ""
    number = show(given) if abs(given) < 1e15 else "this"
    if name == "time_share":
        message = f"`time_share` is a share between 0 and 1, {number} is {show(given * 100)}%"
        mend = f"did you mean {show(given / 100)}?" if 1 < given <= 100 else None
        return fault(root, "KR156", message, path, help=mend)
    message = f"`{name}` is {number}{unit}, the {side} is {show(bound)}"
    return fault(root, "KR156", message, path)


def _not_finite(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    return fault(root, "KR156", f"`{path[-1]}` is a number, and {error['input']} is none", path)


def _pattern(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    given = str(error["input"])
    name = next((each for each in reversed(path) if isinstance(each, str)), "")
    if not given.strip():
        return fault(root, "KR157", f"`{name}` is empty", path)
    if name == "languages":
        message = f'`{given}` is not the code of a language, such as "en" or "zh"'
        return fault(root, "KR153", message, path)
    message = f"`{given}` cannot be the name of a ruleset: letters, digits, `.`, `_` and `-` only"
    mended = re.sub(r"[^A-Za-z0-9._-]+", "-", given).strip("-._")
    return fault(root, "KR154", message, path, help=f'write "{mended}"' if mended else None)


def _too_long(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    most = error["ctx"].get("max_length")
    return fault(root, "KR154", f"`{path[-1]}` has at most {most} characters", path)


def _list_length(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    name = next((each for each in reversed(path) if isinstance(each, str)), "")
    if name == "curve":
        count = len(error["input"])
        message = f"a point of a curve is [value, points], this one has {count} numbers"
        return fault(root, "KR152", message, path)
    what = "condition" if name in ("when", "stay", "all", "any", "of", "not") else "member"
    return fault(root, "KR157", f"`{name}` lists no {what}", path)


def _anything_else(root: Entry, error: ErrorDetails, path: Path) -> Diagnostic:
    return fault(root, "KR152", f"{_name(path)} cannot be {describe(error['input'])}", path)


_TOLD: dict[str, Callable[[Entry, ErrorDetails, Path], Diagnostic]] = {
    "missing": _missing,
    "extra_forbidden": _extra,
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
