"""What a csv file's first lines tell: its delimiter, where its header is, and the columns' names."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from kamrules.diagnostics import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.adapters.copies import Text
    from kamrules.book import BookTable

_LOOKED_AT = 100
_LONGEST = 1 << 20
_ORDINARY = ",;\t|"
_ODD = "^~\x1f\x01¦§"
_MOST = 0.9
"""The share of rows that have as many cells as the header, from which a delimiter is the right one."""
_SEP_LINE = re.compile(r"sep=(.{1,4})")
"""What Excel writes, and reads, before the header."""
_ONE = "\ue000"
"""Stands for a delimiter of several characters, since Python's reader takes only one."""


@dataclass(frozen=True, slots=True)
class Header:
    """How a csv file begins: `skip` lines stand before the header, which with them has `lines` lines
    that are not empty."""

    delimiter: str
    columns: tuple[str, ...]
    skip: int
    lines: int


def header_of(
    table: BookTable, text: Text, delimiter: str | None, quote: str, row: int | None
) -> Header:
    """Return how a file begins; `row` is the line of the header, counted from 1, if it was named.

    Raises DataError when there is none.
    """
    before = (row or 1) - 1
    lines = _lines(text, before + _LOOKED_AT)
    skip = next((number for number, line in enumerate(lines) if number >= before and line), None)
    if skip is None:
        message = f"`{text.shown}` is empty: a line with the names of the columns is wanted"
        if row is not None and any(lines):
            message = f"`{text.shown}` has no header in line {row}, nor below"
        raise DataError(table.fault("KR624", message, "from"))
    if row is None and (found := _SEP_LINE.fullmatch(lines[skip])) and any(lines[skip + 1 :]):
        delimiter = delimiter or found[1]
        skip = next(n for n, line in enumerate(lines) if n > skip and line)
    rest = lines[skip:]
    if delimiter is None:
        delimiter = _sniffed(rest, quote)
    columns, used = next(_rows(rest, delimiter, quote), ((rest[0],), 1))
    return Header(delimiter, columns, skip, sum(1 for each in lines[: skip + used] if each))


def _lines(text: Text, most: int) -> list[str]:
    """Return the first lines without their ends; bytes of another encoding are replaced."""
    encoding = "utf-8-sig" if text.encoding == "utf-8" else text.encoding
    with text.path.open(encoding=encoding, errors="replace") as file:
        lines = list(islice(iter(lambda: file.readline(_LONGEST), ""), most))
    return [each.removesuffix("\n").lstrip("\ufeff") for each in lines]


def _rows(
    lines: Sequence[str], delimiter: str, quote: str
) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield the rows of some lines, and up to which line each goes."""
    one = delimiter if len(delimiter) == 1 else _ONE
    reader = csv.reader(
        (each.replace(delimiter, one) + "\n" for each in lines),
        delimiter=one,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    try:
        for row in reader:
            if row:
                yield tuple(each.replace(one, delimiter) for each in row), reader.line_num
    except csv.Error:
        return


def _sniffed(lines: Sequence[str], quote: str) -> str:
    """Return the delimiter by which the header has several cells and the rows as many.

    One that is always followed by a space is rather a part of the texts, and the ordinary ones come first.
    """
    best: tuple[tuple[bool, bool, bool, float, int], str] | None = None
    for each in _ORDINARY + _ODD:
        if each == quote or each not in lines[0]:
            continue
        rows = [row for row, _ in _rows(lines, each, quote)]
        header = rows[0] if rows else ()
        if len(header) < 2:
            continue
        agreeing = sum(len(row) == len(header) for row in rows) / len(rows)
        tidy = not any(cell.startswith(" ") for cell in header[1:])
        found = (agreeing >= _MOST, tidy, each in _ORDINARY, agreeing, len(header))
        if best is None or found > best[0]:
            best = (found, each)
            if not any(header[1::2]) and len(header) > 2:
                best = (found, each * 2)
    return best[1] if best else ","
