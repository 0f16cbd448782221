"""TOML strings as written: their characters and the offset at which each of them stands."""

from __future__ import annotations

import re

_ESCAPES = {
    "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\",
}  # fmt: skip
_HEX = {"x": 2, "u": 4, "U": 8}
_CONTINUATION = re.compile(r"[ \t]*\n[ \t\n]*")


def characters(source: str, start: int, end: int) -> tuple[str, list[int]]:
    """Return the value of the TOML string at source[start:end], and the offset of each character.

    The list has one more entry, for the end of the text. An escape counts as one character that
    stands at its backslash. What is not a well-formed string comes back as it stands.
    """
    quote = source[start : start + 1]
    if quote not in {'"', "'"}:
        return source[start:end], list(range(start, end + 1))
    length = 3 if source.startswith(quote * 3, start) and end - start >= 6 else 1
    first, last = start + length, end - length
    if length == 3 and source.startswith("\n", first):
        first += 1
    if quote == "'" or "\\" not in source[first:last]:
        return source[first:last], list(range(first, last + 1))
    return _unescaped(source, first, last)


def _unescaped(source: str, at: int, end: int) -> tuple[str, list[int]]:
    text: list[str] = []
    offsets: list[int] = []
    while at < end:
        character, after = (source[at], at + 1) if source[at] != "\\" else _escape(source, at)
        if character:
            text.append(character)
            offsets.append(at)
        at = after
    offsets.append(end)
    return "".join(text), offsets


def _escape(source: str, at: int) -> tuple[str, int]:
    """Return the character that the escape at an offset stands for, and the offset after it."""
    letter = source[at + 1 : at + 2]
    if letter in _ESCAPES:
        return _ESCAPES[letter], at + 2
    if letter in _HEX:
        after = at + 2 + _HEX[letter]
        try:
            return chr(int(source[at + 2 : after], 16)), after
        except (ValueError, OverflowError):
            return source[at], at + 1
    skipped = _CONTINUATION.match(source, at + 1)
    return ("", skipped.end()) if skipped else (source[at], at + 1)
