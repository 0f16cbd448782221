"""Refusals: what pydantic refuses, told in an author's words, with place, caret and nearest known key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamrules.diagnostics import nearest
from kamrules.document.conditions import FORMS
from kamrules.document.fields import LONGEST_ID, RESERVED
from kamrules.document.models import RulesetModel
from kamrules.document.refused_values import refused_value
from kamrules.document.schema import keys_of, model_at
from kamrules.document.tree import address_of, entry_at, fault, origin

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from kamrules.diagnostics import Diagnostic
    from kamrules.document.fields import Slip, Written
    from kamrules.document.positions import Path
    from kamrules.document.tree import Entry

Location = tuple[str | int, ...]
"""A path as pydantic writes it: with the tags of unions between keys and indexes."""

_TAG = re.compile(r"<[a-z_]+>")


def refusals(
    root: Entry,
    error: ValidationError,
    own: Container[str] = (),
    top: type[Written] = RulesetModel,
) -> list[Diagnostic]:
    """Return everything that pydantic found, in our words; knock-on findings are left out.

    `own` are the files of the ruleset itself when it extends others; `top` is the document's model.
    """
    found = error.errors(include_url=False)
    misspelt = {
        (*each["loc"][:-1], near)
        for each in found
        if each["type"] == "extra_forbidden" and (near := _near_key(each, top)) is not None
    }
    # [source.2.4] is clause 2 with a table 4 in it: the mend is about the number, not about a title
    misspelt |= {(*each["loc"][:-1], "title") for each in found if _is_clause_number(each)}
    missing: dict[Location, list[str]] = {}
    problems: list[Diagnostic] = []
    for each in found:
        if each["type"] != "missing":
            problems += _refusal(root, each, top)
        elif each["loc"] not in misspelt:
            missing.setdefault(each["loc"][:-1], []).append(str(each["loc"][-1]))
    return problems + [_missing(root, *each, own, top) for each in missing.items()]


def reserved_ids(root: Entry) -> list[Diagnostic]:
    """Return errors about ids that mean something else in expressions."""
    problems: list[Diagnostic] = []

    def check(path: Path, what: str) -> None:
        entry = entry_at(root, path)
        if entry is None or not isinstance(entry.value, dict):
            return
        for key in entry.value:
            if key in RESERVED:
                message = (
                    f"`{key}` already means something in expressions; give the {what} another name"
                )
                problems.append(fault(root, "KR155", message, (*path, key), key=True))

    for section in ("parameter", "table", "fact", "score", "signal"):
        check((section,), section)
    tables = entry_at(root, ("table",))
    if tables is not None and isinstance(tables.value, dict):
        for name in tables.value:
            check(("table", name, "column"), "column")
    return problems


def _plain(location: Location) -> Path:
    return tuple(each for each in location if not (isinstance(each, str) and _TAG.fullmatch(each)))


def _is_clause_number(error: ErrorDetails) -> bool:
    return (
        error["type"] == "extra_forbidden"
        and error["loc"][0] == "source"
        and len(error["loc"]) == 3
    )


def _near_key(error: ErrorDetails, top: type[Written]) -> str | None:
    model = model_at(error["loc"][:-1], top)
    return nearest(str(error["loc"][-1]), keys_of(model)) if model is not None else None


def _refusal(root: Entry, error: ErrorDetails, top: type[Written]) -> Iterator[Diagnostic]:
    kind, location = error["type"], error["loc"]
    path = _plain(location)
    if kind == "slips":
        slips: list[Slip] = error["ctx"]["slips"]
        for slip in slips:
            yield fault(root, slip.code, slip.message, (*path, *slip.path), help=slip.help)
    elif location and location[-1] == "[key]":
        yield _bad_id(root, path[:-1])
    elif kind == "extra_forbidden":
        yield _extra(root, error, path, top)
    else:
        yield refused_value(root, error, path, top)


def _missing(
    root: Entry, location: Location, keys: list[str], own: Container[str], top: type[Written]
) -> Diagnostic:
    """Return the diagnostic about the keys that a table lacks, all in one."""
    if not location:
        message = "the ruleset lacks its `[ruleset]` table"
        mend = 'add one: [ruleset] with name = "..." and version = "1.0.0"'
        return fault(root, "KR151", message, (), help=mend)
    model, path = model_at(location, top), _plain(location)
    noun = model.noun if model is not None else "a table"
    message = f"missing key `{keys[0]}`: {noun} needs it"
    if len(keys) > 1:
        listed = ", ".join(f"`{each}`" for each in keys[:-1])
        message = f"missing keys {listed} and `{keys[-1]}`: {noun} needs them"
    return fault(root, "KR151", message, path, help=_inherited(root, path, own))


def _inherited(root: Entry, path: Path, own: Container[str]) -> str | None:
    """Return a mend when a table looks like a misspelt one of an extended ruleset."""
    found, members = origin(root, path), entry_at(root, path[:-1])
    if found is None or found[0].file not in own or members is None:
        return None
    known = [key for key, each in members.value.items() if each.document.file not in own]
    near = nearest(str(path[-1]), known)
    if near is None:
        return None
    return f"did you mean `{address_of((*path[:-1], near))}` of the extended ruleset?"


def _extra(root: Entry, error: ErrorDetails, path: Path, top: type[Written]) -> Diagnostic:
    key = str(path[-1])
    model = model_at(error["loc"][:-1], top)
    noun = model.noun if model is not None else "this table"
    near = _near_key(error, top)
    message = f"{noun} has no key `{key}`"
    mend = f"did you mean `{near}`?" if near else None
    if len(path) == 1:
        message = f"{noun} has no table `{key}`"
        mend = f"did you mean `[{near}]`?" if near else None
    elif key in (*FORMS, "of") and error["loc"][-2] in {f"<{each}>" for each in FORMS}:
        message = f"{noun} cannot have `{key}` beside it"
        mend = "put the one into the list of the other, as a table in { }"
    elif _is_clause_number(error):
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
    mend = f"write `{mended}`" if mended else None
    return fault(root, "KR154", message, path, key=True, help=mend)


def mend_id(written: str, section: str) -> str | None:
    """Return a usable id close to what was written, or None when too little of it can be kept."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", written).casefold()
    kept = re.sub(r"[^a-z0-9]+", "_", snake).strip("_")
    if not kept or len(kept) * 2 < len(written):
        return None
    if kept[0].isdigit():
        kept = f"{section or 'n'}_{kept}"
    return kept[:LONGEST_ID]
