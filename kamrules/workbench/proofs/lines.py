"""Lines: an outline of words below words, before it is a tree on a terminal or Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from kamrules.document import shipped_folder
from kamrules.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.decision import Proof
    from kamrules.workbench.handbook.page import Code, Link, Text


class Style(StrEnum):
    """How a line is set: a heading, plain, or prose that a rule says to people."""

    HEADING = "heading"
    PLAIN = "plain"
    PROSE = "prose"


@dataclass(slots=True)
class Line:
    """One line with the lines below it.

    `state`: true, false or unknown of what holds or not, else None. `rule` is the id of the rule that the
    line tells of, `place` its file and line (shipped rulesets by their names): for who wants all. `full`: the
    line itself is for them only.
    """

    text: Text
    state: str | None = None
    style: Style = Style.PLAIN
    rule: str = ""
    place: str | None = None
    full: bool = False
    lines: list[Line] = field(default_factory=list)

    def add(
        self,
        *text: str | Link | Code,
        state: str | None = None,
        style: Style = Style.PLAIN,
        of: Proof | None = None,
        full: bool = False,
    ) -> Line:
        """Add a line below and return it; `of` is what it tells of, for the rule's id and place."""
        rule, place = ("", None) if of is None else (of.address, short_place(of.place))
        found = Line(text, state, style, rule, place, full)
        self.lines.append(found)
        return found

    def shown(self, *, full: bool) -> Iterator[Line]:
        """Yield the lines right below that are shown."""
        return (each for each in self.lines if full or not each.full)

    @property
    def words(self) -> str:
        """Return the line as plain words."""
        return plain(self.text)


def short_place(place: str | None) -> str | None:
    """Return a file and line without the folder that shipped rulesets are in, which differs by machine."""
    return None if place is None else place.removeprefix(f"{shipped_folder()}/")


def plain(text: Text) -> str:
    """Return words without what sets off code."""
    return "".join(each if isinstance(each, str) else each.words for each in text)


def spoken(english: str, language: str, **values: str | Text) -> Text:
    """Return a phrase of kamrules.words in a language, its braces filled with words or code."""
    mark = "\0"
    phrase = word(english, language, **{name: f"{mark}{name}{mark}" for name in values})
    found: list[str | Link | Code] = []
    for number, each in enumerate(phrase.split(mark)):
        if number % 2 == 0:
            found += [each] if each else []
            continue
        value = values[each]
        found += [value] if isinstance(value, str) else value
    return tuple(found)
