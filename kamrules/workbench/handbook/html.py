"""Pages as HTML: one file each with its style inside, readable on paper, on a phone and in the dark."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from kamrules.workbench.handbook.page import Code, Heading, Items, Link, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kamrules.workbench.handbook.page import Block, Item, Page, Text

ENDING = ".html"
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: #0b62b8; }
@media (prefers-color-scheme: dark) { :root { --link: #7db7f0; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
nav { border-bottom: 1px solid var(--line); padding-bottom: .5rem; }
nav a { margin-right: 1rem; white-space: nowrap; display: inline-block; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
h1 { font-size: 1.7rem; }
h2 { font-size: 1.3rem; margin-top: 2rem; }
h3 { font-size: 1.05rem; margin-top: 1.5rem; }
:target { background: var(--soft); outline: 4px solid var(--soft); }
code { font: .9em ui-monospace, monospace; background: var(--soft); padding: 0 .2em; }
code { overflow-wrap: anywhere; }
div.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; }
th, td { border-bottom: 1px solid var(--line); }
ul { padding-left: 1.2rem; } li { margin: .15rem 0; }
@media print {
  nav { display: none; }
  body { max-width: none; font-size: 11pt; }
  h2, h3 { break-after: avoid; }
}
"""


def rendered(page: Page, pages: Sequence[Page], language: str) -> str:
    """Return a page as HTML, with links to all pages at its head."""
    links = " ".join(_span(Link(each.title, each.name)) for each in pages)
    body = "\n".join(line for block in page.blocks for line in _block(block))
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="{html.escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_plain(page.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<nav>{links}</nav>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(level=level, text=text, anchor=anchor):
            mark = f' id="{html.escape(anchor)}"' if anchor else ""
            yield f"<h{level}{mark}>{_text(text)}</h{level}>"
        case Paragraph(text=text):
            yield f"<p>{_text(text)}</p>"
        case Items(items=items):
            yield _items(items)
        case _:
            head = "".join(f"<th>{_plain(each)}</th>" for each in block.header)
            yield f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>'
            for row in block.rows:
                yield f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>"
            yield "</tbody>\n</table></div>"


def _items(items: Iterable[Item]) -> str:
    lines = [
        f"<li>{_text(each.text)}{_items(each.items) if each.items else ''}</li>" for each in items
    ]
    return f"<ul>{''.join(lines)}</ul>"


def _text(text: Text) -> str:
    return "".join(_span(each) for each in text)


def _span(span: str | Link | Code) -> str:
    match span:
        case Link(words=words, page=page, anchor=anchor):
            target = (f"{page}{ENDING}" if page else "") + (f"#{anchor}" if anchor else "")
            return f'<a href="{html.escape(target)}">{_plain(words)}</a>'
        case Code(words=words):
            return f"<code>{_plain(words)}</code>"
    return _plain(span)


def _plain(text: str) -> str:
    return html.escape(text, quote=False)
