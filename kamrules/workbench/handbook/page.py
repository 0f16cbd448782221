"""A page of the handbook, before it is Markdown or HTML: headings, paragraphs, lists and tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to a place: a page, an anchor on it (a rule's address), or both."""

    words: str
    page: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Words as an author writes them."""

    words: str


Text = tuple["str | Link | Code", ...]
"""A line of words; what an author wrote in it is never markup."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 (one a page) to 3; `anchor` is what links lead to."""

    level: int
    text: Text
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    text: Text


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list, with the lines below it."""

    text: Text
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table with a heading for each column."""

    header: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]


Block = Heading | Paragraph | Items | Rows


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its name (of the file, without ending), its title, and what stands on it."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def words(text: str) -> Text:
    """Return plain words as a line."""
    return (text,)


def joined(parts: list[Text], between: str = ", ") -> Text:
    """Return several lines as one."""
    found: list[str | Link | Code] = []
    for number, each in enumerate(parts):
        found += [between] if number else []
        found += each
    return tuple(found)
