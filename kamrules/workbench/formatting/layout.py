"""The layout: from a file as written, its keys in order and its texts settled, to the text of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.document.strings import characters
from kamrules.workbench.formatting.places import condition_of
from kamrules.workbench.formatting.written import Group, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.workbench.formatting.written import Block, Key, Written

WIDTH = 120
"""Columns up to which a list stands on one line. Tables in braces and texts are never broken."""
STEP = "  "
BEHIND = "  "
"""What stands between a value and the comment behind it."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WHOLE = re.compile(r"[+-]?\d[\d_]*")
_PLAIN = re.compile(r"[^\"\\\x00-\x08\x0a-\x1f\x7f]*")


def laid_out(written: Written) -> str:
    """Return the text of a file in the one layout."""
    lines: list[str] = []
    before: Block | None = None
    for block in written.blocks:
        if block.keys:
            lines += _lead(block, before)
            brackets = ("[[", "]]") if block.array else ("[", "]")
            lines.append(_with(f"{brackets[0]}{_key(block.keys)}{brackets[1]}", block.behind))
        for number, item in enumerate(block.items):
            lines += _spaced(item.above, first=number == 0)
            condition = condition_of((*block.path, *item.names)) is not None
            start = f"{_key(item.keys)} = "
            value = _value(item.value, _Spot("", len(start), breakable=True, condition=condition))
            lines.append(_with(start + value, item.behind))
        if block.keys or block.items:
            before = block
    lines += _spaced(written.tail, first=not lines)
    text = "\n".join(lines).strip("\n")
    return f"{text}\n" if text else ""


def text_of(value: str) -> str:
    """Return a text as TOML writes it in double quotes."""
    named = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    inside = "".join(
        named.get(each, each)
        if each in named or (ord(each) >= 32 and ord(each) != 127)
        else f"\\u{ord(each):04X}"
        for each in value
    )
    return f'"{inside}"'


def _lead(block: Block, before: Block | None) -> list[str]:
    """Return the lines above a header; a blank one among them, but before a part of the table above."""
    lines = _spaced(block.lead, first=before is None)
    if before is None or "" in lines:
        return lines
    part = len(block.path) > 2 and block.path[:2] == before.path[:2]
    return lines if part else ["", *lines]


def _spaced(lines: Sequence[str], *, first: bool) -> list[str]:
    """Return the lines with at most one blank line in a row, and none at the beginning of a table."""
    kept: list[str] = []
    for each in lines:
        if each or (kept and kept[-1]) or (not kept and not first):
            kept.append(each)
    return kept


def _with(text: str, comment: str | None) -> str:
    return text if comment is None else f"{text}{BEHIND}{comment}"


def _key(keys: Sequence[Key]) -> str:
    return ".".join(each.name if _BARE.fullmatch(each.name) else _plain(each.text) for each in keys)


def _plain(text: str) -> str:
    """Return a text in double quotes where single ones do nothing for it, a whole number in groups."""
    if text.startswith("'") and not text.startswith("'''") and _PLAIN.fullmatch(text[1:-1]):
        return f'"{characters(text, 0, len(text))[0]}"'
    if _WHOLE.fullmatch(text) and abs(int(text)) >= 10_000:
        return f"{text[0].strip('0123456789')}{abs(int(text)):_}"
    return text


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a value begins: the indent of its line, its column from 0, and how many characters follow it.

    `breakable` says that a list may be broken to fit, `condition` that it is one or a part of one.
    """

    indent: str
    column: int
    breakable: bool
    condition: bool
    after: int = 0


def _value(value: Scalar | Group, spot: _Spot) -> str:
    if isinstance(value, Scalar):
        return _plain(value.text)
    if _is_empty(value):
        return "{}" if value.braces else "[]"
    flat = None if _has_to_break(value, condition=spot.condition) else _flat(value)
    if flat is not None:
        fits = spot.column + len(flat) + spot.after <= WIDTH
        if fits or not spot.breakable or (value.braces and not spot.condition):
            return flat
    if value.braces:
        return _braces(value, spot)
    if _is_plain(value) and not spot.condition and not _has_comments(value):
        return _filled(value, spot.indent)
    return _one_a_line(value, spot)


def _is_empty(group: Group) -> bool:
    return not group.items and not any(group.below) and group.opening is None


def _has_comments(group: Group) -> bool:
    """Whether there are comments in it."""
    between = any(any(each.above) or each.behind is not None for each in group.items)
    return between or any(group.below) or group.opening is not None


def _is_plain(group: Group) -> bool:
    return all(
        isinstance(each.value, Scalar) and "\n" not in each.value.text for each in group.items
    )


def _has_to_break(group: Group, *, condition: bool) -> bool:
    """Whether the author wrote it over several lines, and it is no list of plain values."""
    if _is_empty(group):
        return False
    if _has_comments(group):
        return True
    if group.broken and (group.braces or condition or not _is_plain(group)):
        return True
    return any(
        _has_to_break(each.value, condition=condition)
        for each in group.items
        if isinstance(each.value, Group)
    )


def _flat(group: Group) -> str:
    inside = ", ".join(
        (f"{_key(each.keys)} = " if each.keys else "")
        + (_flat(each.value) if isinstance(each.value, Group) else _plain(each.value.text))
        for each in group.items
    )
    if group.braces:
        return f"{{ {inside} }}" if inside else "{}"
    return f"[{inside}]"


def _braces(group: Group, spot: _Spot) -> str:
    """Return a table in braces, on several lines only where the author broke it."""
    own = group.broken or _has_comments(group)
    inner = spot.indent + STEP if own else spot.indent
    breakable = own or spot.condition
    column = len(inner) if own else spot.column + 2
    parts: list[str] = []
    for number, each in enumerate(group.items):
        last = number + 1 == len(group.items)
        after = 1 if own or not last else 2 + spot.after
        start = f"{_key(each.keys)} = "
        at = _Spot(inner, column + len(start), breakable, spot.condition, after)
        parts.append(start + _value(each.value, at))
        column += 0 if own else len(parts[-1]) + 2
    if not own:
        return f"{{ {', '.join(parts)} }}"
    return _enclosed(group, parts, spot.indent, "{", "}")


def _one_a_line(group: Group, spot: _Spot) -> str:
    inner = spot.indent + STEP
    at = _Spot(inner, len(inner), breakable=True, condition=spot.condition, after=1)
    parts = [_value(each.value, at) for each in group.items]
    return _enclosed(group, parts, spot.indent, "[", "]")


def _enclosed(group: Group, parts: list[str], indent: str, opening: str, closing: str) -> str:
    """Return the parts of a group, each on lines of its own with the comments that belong to it."""
    inner = indent + STEP
    lines = [_with(opening, group.opening)]
    for number, (item, part) in enumerate(zip(group.items, parts, strict=True)):
        lines += _indented(_spaced(item.above, first=number == 0), inner)
        lines.append(_with(f"{inner}{part},", item.behind))
    below = _spaced(group.below, first=not group.items)
    while below and not below[-1]:
        below.pop()
    lines += _indented(below, inner)
    return "\n".join([*lines, f"{indent}{closing}"])


def _indented(lines: Sequence[str], indent: str) -> Iterator[str]:
    return (f"{indent}{each}" if each else "" for each in lines)


def _filled(group: Group, indent: str) -> str:
    """Return a list of plain values with as many on a line as fit."""
    inner = indent + STEP
    lines: list[str] = []
    line = inner
    for each in group.items:
        if not isinstance(each.value, Scalar):
            continue
        part = f"{_plain(each.value.text)},"
        if line != inner and len(line) + 1 + len(part) > WIDTH:
            lines.append(line)
            line = inner
        line += part if line == inner else f" {part}"
    return "\n".join(["[", *lines, line, f"{indent}]"])
