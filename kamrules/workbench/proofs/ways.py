"""Ways to another decision, as lines: each with its cost and what changes from what to what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.words import word
from kamrules.workbench.proofs.lines import Line, Style

if TYPE_CHECKING:
    from kamrules.decision import Way
    from kamrules.workbench.nearest import Nearest

PROVED = 0.999
"""From this share of its cost on, what is proved of a way counts as its cost."""


def nearest_outline(found: Nearest, account: str, wanted: str, language: str) -> Line:
    """Return what would bring an outcome about, its words in a language."""
    title = word(
        "{account}: the least that would have to change for {outcome}",
        language,
        account=account,
        outcome=wanted,
    )
    root = Line((title,), style=Style.HEADING)
    if found.reached:
        root.add(word("nothing: it is so already", language))
    elif not found.searched and not found.ways:
        root.add(word("none was found, and not everything was looked at", language))
    elif not found.ways:
        root.add(word("nothing that can be changed brings it about", language))
        _blocked(root, found, language)
    for each in found.ways:
        add_way(root, each, language)
    return root


def _blocked(root: Line, found: Nearest, language: str) -> None:
    """Add why nothing brings an outcome about."""
    if not found.blocked_by:
        root.add(word("no values of any facts would", language))
        return
    facts = ", ".join(found.blocked_by)
    if found.together:
        words = word(
            "only other values of all of these would, and they cannot be changed: {facts}",
            language,
            facts=facts,
        )
    else:
        words = word(
            "only another value of one of these would, and they cannot be changed: {facts}",
            language,
            facts=facts,
        )
    line = root.add(words)
    if found.lacking:
        tables = ", ".join(found.lacking)
        line.add(word("the book has no {table}", language, table=tables))


def add_way(line: Line, way: Way, language: str) -> None:
    """Add a way with its changes below it."""
    words = word("cost {cost}", language, cost=f"{way.cost:.4g}")
    if way.at_least < way.cost * PROVED:
        least = f"{way.at_least:.4g}"
        words += word(" (nothing below {least} can do)", language, least=least)
    branch = line.add(words)
    for each in way.changes:
        branch.add(
            word(
                "{title}: {before} -> {after}",
                language,
                title=each.title,
                before=each.before_shown,
                after=each.after_shown,
            )
        )
