"""Pages as Markdown: tables and lists as most readers know them, every mark of an author's text escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamrules.workbench.handbook.page import Code, Heading, Items, Link, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kamrules.workbench.handbook.page import Block, Item, Page, Text

ENDING = ".md"
_START = re.compile(r"^(\d*)([.)+-])(?= )")
"""What would begin a list of its own at the start of a line."""
_ESCAPED = r"\1\\\2"
_MARKS = re.compile(r"([\\`*_\[\]<>#|~])")


def rendered(page: Page, pages: Sequence[Page], language: str) -> str:  # noqa: ARG001  as the other form
    """Return a page as Markdown."""
    return "\n".join(line for block in page.blocks for line in (*_block(block), "")).rstrip() + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(level=level, text=text, anchor=anchor):
            mark = f'<a id="{anchor}"></a>' if anchor else ""
            yield f"{'#' * level} {mark}{_text(text)}"
        case Paragraph(text=text):
            yield _text(text)
        case Items(items=items):
            yield from _items(items, 0)
        case _:
            yield f"| {' | '.join(_plain(each) for each in block.header)} |"
            yield "|" + "---|" * len(block.header)
            for row in block.rows:
                yield f"| {' | '.join(_text(cell) for cell in row)} |"


def _items(items: Iterable[Item], depth: int) -> Iterator[str]:
    for each in items:
        yield f"{'  ' * depth}- {_START.sub(_ESCAPED, _text(each.text))}"
        yield from _items(each.items, depth + 1)


def _text(text: Text) -> str:
    return "".join(_span(each) for each in text)


def _span(span: str | Link | Code) -> str:
    match span:
        case Link(words=words, page=page, anchor=anchor):
            target = f"{page}{ENDING}" if page else ""
            return f"[{_plain(words)}]({target}{f'#{anchor}' if anchor else ''})"
        case Code(words=words):
            # an author's expression may hold anything but a backtick's worth of trouble
            return f"`{_line(words).replace('`', chr(0x2BC)).replace('|', chr(0x2223))}`"
    return _plain(span)


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", _line(text))


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
