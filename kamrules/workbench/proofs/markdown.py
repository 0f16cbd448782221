"""Proofs as Markdown: the whole outline, every rule with its id, file and line, every value with its rows."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from kamrules.workbench.handbook.markdown import rendered
from kamrules.workbench.handbook.page import Code, Heading, Item, Items, Page
from kamrules.workbench.proofs.lines import Style
from kamrules.workbench.proofs.outline import outline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.decision import Explanation
    from kamrules.workbench.handbook.page import Block, Text
    from kamrules.workbench.proofs.lines import Line

MARKS = {"true": "✓ ", "false": "✗ ", "unknown": "? "}


def markdown(
    explanation: Explanation, owners: Mapping[str, str] | None = None, language: str = "en"
) -> str:
    """Return a decision with its whole proof as Markdown; `owners` and `language` as for `outline`."""
    return as_markdown(outline(explanation, owners, language), language)


def as_markdown(root: Line, language: str = "en") -> str:
    """Return an outline as Markdown: headings for it and its parts, nested lists for what is below them."""
    blocks: list[Block] = [Heading(1, _text(root))]
    for heading, lines in groupby(root.lines, lambda each: each.style is Style.HEADING):
        if not heading:
            blocks.append(Items(tuple(_item(each) for each in lines)))
            continue
        for each in lines:
            blocks.append(Heading(2, _text(each)))
            if each.lines:
                blocks.append(Items(tuple(_item(below) for below in each.lines)))
    page = Page("proof", root.words, tuple(blocks))
    return rendered(page, [page], language)


def _item(line: Line) -> Item:
    return Item(_text(line), tuple(_item(each) for each in line.lines))


def _text(line: Line) -> Text:
    """Return a line with its mark before it, and behind it the rule that it tells of and its place."""
    mark = (MARKS[line.state],) if line.state is not None else ()
    rule: Text = (" — ", Code(line.rule)) if line.rule else ()
    place = (", ", Code(line.place)) if line.place else ()
    return (*mark, *line.text, *rule, *place)
