"""Lines: states and proposals as text in the form of EarlierFiles, a line an account or a proposal.

Texts come in pieces that end with a line. Lines are taken as they are wherever that will do: to read a
million of them as rows takes about ten times as long as to split them.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_PIECE = 4 * 2**20
"""Bytes of a piece."""


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield what stands behind a file's header in pieces that end with a row."""
    with path.open("rb") as file:
        file.readline()
        while piece := file.read(_PIECE):
            piece += file.readline()
            while piece.count(b'"') % 2 and (more := file.readline()):
                piece += more  # the line ended inside quotes
            yield piece if piece.endswith(b"\n") else piece + b"\n"


def joined(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines as pieces."""
    waiting = bytearray()
    for each in lines:
        waiting += each
        waiting += b"\n"
        if len(waiting) >= _PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def rows_of(account_id: str, texts: Iterable[bytes]) -> Iterator[list[str]]:
    """Yield an account's rows; only lines that hold its id are read as rows."""
    needle = line_of([account_id]).strip(b'"')
    for each in texts:
        if needle in each:
            lines = [line for line in lines_of(each) if needle in line]
            yield from (row for row in map(_row, lines) if row[0] == account_id)


def lines_of(text: bytes) -> list[bytes]:
    """Return the lines of a text, without their ends; a line break in quotes ends none."""
    lines = text.split(b"\n")
    del lines[-1]
    if b'"' not in text:
        return lines
    found: list[bytes] = []
    inside = False
    for each in lines:
        if inside:
            found[-1] += b"\n" + each
        else:
            found.append(each)
        inside ^= each.count(b'"') % 2 == 1
    return found


def account_of(line: bytes) -> bytes:
    """Return the account of a line."""
    # only what is in quotes has to be read as a row
    return _row(line)[0].encode() if line.startswith(b'"') else line[: line.find(b",")]


def state_of(line: bytes) -> list[str]:
    """Return the class and tier of a line."""
    return _row(line)[1:] if b'"' in line else line.decode().rstrip("\r").split(",")[1:]


def by_account(text: bytes) -> dict[bytes, bytes]:
    """Return the lines of a text by their accounts."""
    lines = lines_of(text)
    return dict(zip(_accounts_of(text, lines), lines, strict=True))


def replaced(text: bytes, newer: dict[bytes, bytes]) -> bytes:
    """Return a text with accounts' newer lines in place of theirs, and take these out of `newer`."""
    lines = lines_of(text)
    return joint(map(newer.pop, _accounts_of(text, lines), lines))


def _accounts_of(text: bytes, lines: list[bytes]) -> Iterable[bytes]:
    """Return the accounts of all lines of a text, without a call for each if it has no quotes."""
    if b'"' in text:
        return map(account_of, lines)
    return [each[: each.find(b",")] for each in lines]


def joint(lines: Iterable[bytes]) -> bytes:
    """Return lines as one text."""
    return b"\n".join(lines) + b"\n"


def rows_in(text: Iterable[bytes]) -> Iterator[list[str]]:
    """Yield the rows of texts that end with a line."""
    lines = (line for each in text for line in io.StringIO(each.decode(), newline=""))
    return csv.reader(lines, strict=True)


def line_of(row: Iterable[Any]) -> bytes:
    """Return a row as a line of ours: in quotes is what needs them, and what is empty but known."""
    return ",".join(_cell(each) for each in row).encode()


def _row(line: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(line.decode(), newline=""), strict=True))


def _cell(value: str | None) -> str:
    if not value:
        return ""
    if re.search(r'[",\r\n]', value):
        return '"' + value.replace('"', '""') + '"'
    return value
