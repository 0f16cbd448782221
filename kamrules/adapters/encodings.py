"""The encoding of a text file that does not say its own: UTF-8 wherever that can be, else a guess."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_START = 1 << 16
_ENOUGH = 100_000
"""So many bytes of lines that are not plain ASCII are looked at."""
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_WESTERN = "cp1252"
_LATIN = (_WESTERN, "cp1250", "cp1254", "cp1257")
_OTHERS = (
    "cp1251", "koi8-r", "cp1253", "cp1255", "cp1256", "gb18030", "big5", "cp932", "euc-jp", "cp949",
)  # fmt: skip
_BEYOND = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_HIGH = re.compile(rb"[\x80-\xff]")


def marked(start: bytes) -> str | None:
    """Return the encoding that a file's first bytes name: UTF-16 by its mark, or by its zero bytes."""
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    even, odd = start[::2].count(0), start[1::2].count(0)
    if even + odd <= len(start) // 4:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def begins_as_utf_8(start: bytes) -> bool:
    """Return whether bytes are UTF-8 as far as they go; the last character may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeError:
        return False
    return True


def start_of(path: Path) -> bytes:
    """Return the first bytes of a file."""
    with path.open("rb") as file:
        return file.read(_START)


def guessed(path: Path) -> str | None:
    """Return the likely encoding of a file, None when it is UTF-8 with some damage.

    A file is never taken for another encoding while most of what is not ASCII in it is UTF-8.
    """
    lines = _beyond_ascii(path)
    text = lines.decode("utf-8", "replace")
    replaced = text.count(_REPLACED)
    proper = sum(1 for each in text if each > "\x7f") - replaced
    if replaced <= proper:
        return None
    return _likely(lines)


def _beyond_ascii(path: Path) -> bytes:
    found = bytearray()
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                found += line
                if len(found) > _ENOUGH:
                    break
    return bytes(found)


def _likely(lines: bytes) -> str:
    """Return the encoding by the words with letters beyond ASCII: a few such letters in each, or only such.

    Where Western Europe's encoding gives the same text as the likely one, it is named.
    """
    import chardet  # noqa: PLC0415  only files that are not UTF-8 need it

    words = _BEYOND.findall(lines)
    beyond = sum(len(_HIGH.findall(each)) for each in words)
    latin = beyond * 2 < sum(map(len, words)) or all(len(each) == 1 for each in words)
    candidates = _LATIN if latin else (*_OTHERS, *_LATIN)
    told = chardet.detect(
        lines, include_encodings=candidates, max_bytes=_ENOUGH, prefer_superset=True
    )
    found = codecs.lookup(told["encoding"] or _WESTERN).name
    if latin and _decoded(lines, found) == _decoded(lines, _WESTERN):
        return _WESTERN
    return found


def _decoded(text: bytes, encoding: str) -> str:
    return text.decode(encoding, "replace")
