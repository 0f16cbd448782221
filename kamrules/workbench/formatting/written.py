"""TOML as it is written: a tree that keeps every comment, blank line and literal of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.document.positions import token_end
from kamrules.document.strings import characters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.document.positions import Path

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(slots=True)
class Scalar:
    """A text, number, date or truth value: its characters in the file, quotes and all."""

    text: str


@dataclass(slots=True)
class Group:
    """A list, or a table in braces; `broken` says that it stood on several lines of its own.

    `opening` is the comment behind its bracket, `below` are the lines behind its last item.
    """

    items: list[Item]
    braces: bool
    broken: bool = False
    opening: str | None = None
    below: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Key:
    """One part of a key: its characters in the file, and the name that they say."""

    text: str
    name: str


@dataclass(slots=True)
class Item:
    """A key with its value, or a member of a list (then `keys` is empty).

    `above` are the comments on the lines above it ("" is a blank line), `behind` the comment on its own.
    """

    keys: tuple[Key, ...]
    value: Scalar | Group
    above: list[str] = field(default_factory=list)
    behind: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of its key."""
        return tuple(each.name for each in self.keys)


@dataclass(slots=True)
class Block:
    """A table's header with the items below it; what stands above the first header has no keys.

    `path` is where the table stands in the document, `lead` are the lines above the header.
    """

    path: Path
    keys: tuple[Key, ...] = ()
    array: bool = False
    items: list[Item] = field(default_factory=list)
    lead: list[str] = field(default_factory=list)
    behind: str | None = None


@dataclass(slots=True)
class Written:
    """A file: its blocks in order, and the lines below the last of them."""

    blocks: list[Block]
    tail: list[str]


def as_written(text: str) -> Written:
    """Return the tree of a TOML text that tomli reads (lines end in a line feed)."""
    return _Reader(text).document()


def members(item: Item, path: Path) -> Iterator[tuple[Item, Path]]:
    """Yield an item and every item in it, with the path of each one's value.

    `path` is that of the table or list around it, with the item's own index if it is a list's member.
    """
    here = (*path, *item.names)
    yield item, here
    if isinstance(item.value, Group):
        for number, each in enumerate(item.value.items):
            yield from members(each, here if item.value.braces else (*here, number))


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    lengths: dict[Path, int] = field(default_factory=dict)  # arrays of tables so far

    def document(self) -> Written:
        blocks = [Block(())]
        behind, lines, _ = self._gap()
        if behind is not None:
            lines.insert(0, behind)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                block = self._header()
                block.lead = lines
                block.behind, lines, _ = self._gap()
                blocks.append(block)
            else:
                item = self._pair(lines)
                item.behind, lines, _ = self._gap()
                blocks[-1].items.append(item)
        return Written(blocks, lines)

    def _gap(self) -> tuple[str | None, list[str], bool]:
        """Pass what stands between two tokens: the comment on this line, the lines below, whether it ends."""
        behind: str | None = None
        lines: list[str] = []
        ended = filled = False
        while self.at < len(self.text):
            each = self.text[self.at]
            if each == "\n":
                if ended and not filled:
                    lines.append("")
                ended, filled = True, False
            elif each == "#":
                comment = self._comment()
                if ended:
                    lines.append(comment)
                else:
                    behind = comment
                filled = True
                continue
            elif each not in " \t":
                break
            self.at += 1
        return behind, lines, ended

    def _comment(self) -> str:
        end = self.text.find("\n", self.at)
        start, self.at = self.at, len(self.text) if end < 0 else end
        return self.text[start : self.at].rstrip()

    def _header(self) -> Block:
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        keys = self._keys()
        self.at += 2 if array else 1
        path: Path = ()
        for each in keys[:-1]:
            path = (*path, each.name)
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
        path = (*path, keys[-1].name)
        if array:
            number = self.lengths.get(path, 0)
            self.lengths[path] = number + 1
            path = (*path, number)
        return Block(path, keys, array)

    def _keys(self) -> tuple[Key, ...]:
        """Return the parts of a key, and pass them and the blanks around them."""
        found = []
        while True:
            self._blanks()
            start = self.at
            bare = _BARE.match(self.text, start)
            self.at = bare.end() if bare else token_end(self.text, start)
            name = characters(self.text, start, self.at)[0]
            found.append(Key(self.text[start : self.at], name))
            self._blanks()
            if not self.text.startswith(".", self.at):
                return tuple(found)
            self.at += 1

    def _blanks(self) -> None:
        while self.text[self.at : self.at + 1] in {" ", "\t"}:
            self.at += 1

    def _pair(self, above: list[str]) -> Item:
        keys = self._keys()
        self.at += 1  # the equals sign
        self._blanks()
        return Item(keys, self._value(), above)

    def _value(self) -> Scalar | Group:
        if self.text[self.at] in "[{":
            return self._group(braces=self.text[self.at] == "{")
        start, self.at = self.at, token_end(self.text, self.at)
        return Scalar(self.text[start : self.at])

    def _group(self, *, braces: bool) -> Group:
        self.at += 1
        group = Group([], braces)
        group.opening, lines, group.broken = self._gap()
        while self.text[self.at] not in "]}":
            item = self._pair(lines) if braces else Item((), self._value(), lines)
            group.items.append(item)
            item.behind, lines, ended = self._gap()
            group.broken |= ended
            if self.text[self.at] == ",":
                self.at += 1
                behind, more, ended = self._gap()
                group.broken |= ended
                if behind is not None and item.behind is not None:
                    lines.append(behind)
                else:
                    item.behind = item.behind or behind
                lines += more
        self.at += 1
        group.below = lines
        return group
