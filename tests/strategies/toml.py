"""Writes a ruleset held in dicts as TOML text, as an author would lay it out."""

from __future__ import annotations

import datetime
import json
import math
from typing import Any


def toml(tables: dict[str, Any]) -> str:
    """Return the TOML text of nested tables; keys keep their order."""
    lines: list[str] = []
    _table(tables, (), lines)
    return "\n".join(lines) + "\n"


def _table(table: dict[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    plain = {key: each for key, each in table.items() if not _is_table(each)}
    if path and (plain or not table):
        lines += ["", "[" + ".".join(_key(each) for each in path) + "]"]
    lines += [f"{_key(key)} = {_value(each)}" for key, each in plain.items()]
    for key, each in table.items():
        if _is_table(each):
            _table(each, (*path, key), lines)


class Inline(dict[str, Any]):
    """A table written between braces, on the line of its key."""


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and not isinstance(value, Inline)


def _key(key: str) -> str:
    return key if key.replace("_", "").isascii() and key.isidentifier() else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for characters beyond 16 bits and DEL, which TOML wants escaped
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case float():
            return repr(value) if math.isfinite(value) else "nan"
        case datetime.date() | int():
            return str(value)
        case list() | tuple():
            return "[" + ", ".join(_value(each) for each in value) + "]"
        case dict():
            return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    raise TypeError(value)
