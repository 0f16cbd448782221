"""Positions: where every key, table header, array element and value of a TOML text stands.

tomli reads the values and is the judge of what is TOML; it gives no positions, so this scanner walks
the same text beside it and keeps offsets. It is lenient: at the first thing it cannot read it stops
and keeps what it has, which is what explains a broken file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Place, SourceText
from kamrules.document.strings import characters

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
"""Keys and array indexes from the top of a document, such as ("class", "key", "when", 1)."""

DEEPEST = 50
"""Arrays, tables and dotted keys may nest this deep; tomli itself would exhaust the stack much later."""

_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"[ \t\n]*(?:#[^\n]*[ \t\n]*)*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# without possessive quantifiers, which Python 3.11 before 3.11.4 gets wrong; each loop has one way to go on
_STRING = re.compile(
    r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3,5}'
    r"|'''[^']*(?:'(?!'')[^']*)*'{3,5}"
    r'|"(?!"")[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"'
    r"|'(?!'')[^'\n]*'",
    re.DOTALL,
)
_EMPTY_STRING = re.compile(r"\"\"(?!\")|''(?!')")
_SCALAR = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d[^\s,\]}#]*|[^\s,\[\]{}#\"'=]+")


@dataclass(slots=True)
class Spot:
    """Where one key and its value stand: offsets [start, end) into the text.

    `key` is None for array elements; `value` is None for tables that a header or a dotted key opened.
    `header` says that a table header of its own names it.
    """

    key: tuple[int, int] | None = None
    value: tuple[int, int] | None = None
    header: bool = False


@dataclass(frozen=True, slots=True)
class Twice:
    """A key or table that is defined a second time in the same text."""

    path: Path
    first: tuple[int, int]
    second: tuple[int, int]


@dataclass(slots=True)
class Positions:
    """The index of one TOML text (lines end in a line feed), by path.

    `stopped` is the offset at which the scanner gave up, `too_deep` says that nesting was the reason,
    `open` holds the offsets of brackets and strings open at that point.
    """

    text: str
    spots: dict[Path, Spot] = field(default_factory=dict)
    twice: list[Twice] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    stopped: int | None = None
    too_deep: bool = False
    starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Index the lines."""
        self.starts = [0, *(each.end() for each in re.finditer("\n", self.text))]

    def line(self, offset: int) -> int:
        """Return the line, from 1, in which a character stands."""
        return bisect_right(self.starts, offset)

    def excerpt(self, line: int) -> str:
        """Return the text of a line, from 1."""
        start = self.starts[line - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end]

    def place(self, file: str, span: tuple[int, int]) -> tuple[Place, str]:
        """Return the place of a stretch, cut at the end of its first line, and that line."""
        line = self.line(span[0])
        excerpt, start = self.excerpt(line), self.starts[line - 1]
        end = min(max(span[1] - start, span[0] - start), len(excerpt))
        return Place(file, line, span[0] - start + 1, max(end, span[0] - start) + 1), excerpt

    def source_text(self, file: str, spot: Spot, value: str, address: str) -> SourceText:
        """Return a string value with the column of each of its characters.

        Characters of a multi-line string that stand on a later line than the first one get the
        column of the first line's end, as a SourceText is about one line.
        """
        start, end = spot.value or (0, 0)
        text, offsets = characters(self.text, start, end)
        if text != value:
            place, excerpt = self.place(file, (start, end))
            columns = (*(place.column for _ in value), place.end_column)
            return SourceText(value, file, place.line, columns, excerpt, address)
        line = self.line(offsets[0])
        excerpt, first = self.excerpt(line), self.starts[line - 1]
        columns = tuple(min(offset - first, len(excerpt)) + 1 for offset in offsets)
        return SourceText(text, file, line, columns, excerpt, address)

    def agrees(self, data: dict[str, Any]) -> bool:
        """Whether the index has exactly the paths of tomli's values, and the same strings."""
        count = 0
        for path, value in _walk(data):
            spot = self.spots.get(path)
            if spot is None:
                return False
            count += 1
            if isinstance(value, str) and (
                spot.value is None or characters(self.text, *spot.value)[0] != value
            ):
                return False
        return count == len(self.spots)


def index(text: str) -> Positions:
    """Return the positions in a TOML text; never raises."""
    positions = Positions(text)
    scanner = _Scanner(positions)
    try:
        scanner.document()
    except _StopError as stop:
        positions.stopped = stop.offset
        positions.too_deep = stop.too_deep
    return positions


def token_end(text: str, at: int) -> int:
    """Return where the string, bare key or scalar ends that begins at an offset of TOML that tomli reads."""
    for pattern in (_EMPTY_STRING, _STRING, _SCALAR):
        found = pattern.match(text, at)
        if found is not None:
            return found.end()
    return at


def _walk(data: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    pending: list[tuple[Path, Any]] = [((), data)]
    while pending:
        path, value = pending.pop()
        if path:
            yield path, value
        if isinstance(value, dict):
            pending += [((*path, key), each) for key, each in value.items()]
        elif isinstance(value, list):
            pending += [((*path, number), each) for number, each in enumerate(value)]


class _StopError(Exception):
    """The scanner cannot go on."""

    def __init__(self, offset: int, *, too_deep: bool = False) -> None:
        self.offset = offset
        self.too_deep = too_deep


Part = tuple[str, int, int]


@dataclass(slots=True)
class _Scanner:
    positions: Positions
    at: int = 0
    lengths: dict[Path, int] = field(default_factory=dict)  # arrays of tables so far

    @property
    def text(self) -> str:
        return self.positions.text

    def document(self) -> None:
        table: Path = ()
        while True:
            self._skip(_GAP)
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            rest = _REST_OF_LINE.match(self.text, self.at)
            if rest is None:
                self._skip(_BLANK)
                raise _StopError(self.at)
            self.at = rest.end()

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()

    def _expect(self, wanted: str) -> None:
        if not self.text.startswith(wanted, self.at):
            raise _StopError(self.at)
        self.at += len(wanted)

    def _header(self) -> Path:
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        self._skip(_BLANK)
        parts = self._key()
        self._deep(len(parts), parts[-1][1])
        path = self._open(parts[:-1], ())
        name, start, end = parts[-1]
        path = (*path, name)
        if array:
            path = self._append(path, (start, end))
        else:
            self._table(path, (start, end))
        self._expect("]]" if array else "]")
        return path

    def _open(self, parts: list[Part], base: Path) -> Path:
        """Register the tables on the way to a key, and return their path."""
        path = base
        for name, start, end in parts:
            path = (*path, name)
            spot = self.positions.spots.setdefault(path, Spot(key=(start, end)))
            if spot.value is not None or (spot.header and base and path not in self.lengths):
                self.positions.twice.append(Twice(path, spot.key or (start, end), (start, end)))
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
        return path

    def _append(self, path: Path, span: tuple[int, int]) -> Path:
        spots = self.positions.spots
        known = spots.setdefault(path, Spot(key=span, header=True))
        if path not in self.lengths and known.key != span:
            self.positions.twice.append(Twice(path, known.key or span, span))
        number = self.lengths.get(path, 0)
        self.lengths[path] = number + 1
        spots[*path, number] = Spot(key=span, header=True)
        return (*path, number)

    def _table(self, path: Path, span: tuple[int, int]) -> None:
        spots = self.positions.spots
        known = spots.get(path)
        if known is None:
            spots[path] = Spot(key=span, header=True)
        elif known.header or known.value is not None:
            self.positions.twice.append(Twice(path, known.key or span, span))
        else:
            known.key, known.header = span, True

    def _pair(self, table: Path) -> None:
        parts = self._key()
        self._deep(len(table) + len(parts), parts[-1][1])
        self._expect("=")
        self._skip(_BLANK)
        path = self._open(parts[:-1], table)
        name, start, end = parts[-1]
        path = (*path, name)
        known = self.positions.spots.get(path)
        if known is not None:
            self.positions.twice.append(Twice(path, known.key or (start, end), (start, end)))
            self._value(("", *path))  # an address that no document has
            return
        spot = self.positions.spots[path] = Spot(key=(start, end))
        spot.value = (self.at, self.at)
        self._value(path)
        spot.value = (spot.value[0], self.at)

    def _key(self) -> list[Part]:
        parts = [self._key_part()]
        while True:
            self._skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1
            self._skip(_BLANK)
            parts.append(self._key_part())

    def _key_part(self) -> Part:
        start = self.at
        if self.text[start : start + 1] in {'"', "'"}:
            self._string()
            return characters(self.text, start, self.at)[0], start, self.at
        found = _BARE_KEY.match(self.text, start)
        if found is None:
            raise _StopError(start)
        self.at = found.end()
        return found.group(), start, self.at

    def _string(self) -> None:
        found = _EMPTY_STRING.match(self.text, self.at) or _STRING.match(self.text, self.at)
        if found is None:
            self.positions.open.append(self.at)
            raise _StopError(self.at)
        self.at = found.end()

    def _deep(self, depth: int, offset: int) -> None:
        if depth > DEEPEST:
            raise _StopError(offset, too_deep=True)

    def _value(self, path: Path) -> None:
        self._deep(len(path), self.at)
        first = self.text[self.at : self.at + 1]
        if first in {'"', "'"}:
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            found = _SCALAR.match(self.text, self.at)
            if found is None:
                raise _StopError(self.at)
            self.at = found.end()

    def _array(self, path: Path) -> None:
        self.positions.open.append(self.at)
        self.at += 1
        number = 0
        while True:
            self._skip(_GAP)
            if self.text.startswith("]", self.at):
                break
            spot = self.positions.spots[*path, number] = Spot(value=(self.at, self.at))
            start = self.at
            self._value((*path, number))
            spot.value = (start, self.at)
            number += 1
            self._skip(_GAP)
            if self.text.startswith("]", self.at):
                break
            self._expect(",")
        self.at += 1
        self.positions.open.pop()

    def _inline_table(self, path: Path) -> None:
        self.positions.open.append(self.at)
        self.at += 1
        while True:
            self._skip(_GAP)
            if self.text.startswith("}", self.at):
                break
            self._pair(path)
            self._skip(_GAP)
            if self.text.startswith("}", self.at):
                break
            self._expect(",")
        self.at += 1
        self.positions.open.pop()
