"""Ways to another decision, as a tree and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from kamrules.cli.terminal import printable
from kamrules.words import word

if TYPE_CHECKING:
    from kamrules.decision import Change, Way
    from kamrules.workbench.nearest import Nearest


def as_tree(found: Nearest, account: str, wanted: str, language: str) -> Tree:
    """Return what was found as a tree, its words in a language."""
    title = word("{account}: the least that would have to change for {outcome}", language,
                 account=account, outcome=wanted)  # fmt: skip
    tree = Tree(Text(printable(title), "bold"))
    if found.reached:
        tree.add(word("nothing: it is so already", language))
    elif not found.searched and not found.ways:
        tree.add(word("none was found, and not everything was looked at", language))
    elif not found.ways:
        tree.add(word("nothing that can be changed brings it about", language))
        if found.blocked_by:
            facts = ", ".join(found.blocked_by)
            tree.add(word("only other values of these would, and nobody can change them: {facts}",
                          language, facts=facts))  # fmt: skip
    for each in found.ways:
        add_way(tree, each, language)
    return tree


def add_way(tree: Tree, way: Way, language: str) -> None:
    """Add a way with its changes below it."""
    words = word("cost {cost}", language, cost=f"{way.cost:.4g}")
    if way.at_least < way.cost * 0.999:
        least = f"{way.at_least:.4g}"
        words += word(" (nothing below {least} can do)", language, least=least)
    branch = tree.add(Text(printable(words)))
    for each in way.changes:
        branch.add(Text(printable(told(each, language))))


def told(change: Change, language: str) -> str:
    """Return a change as one line."""
    return word(
        "{title}: {before} -> {after}",
        language,
        title=change.title,
        before=change.before_shown,
        after=change.after_shown,
    )


def as_data(found: Nearest, wanted: str) -> str:
    """Return what was found as JSON."""
    data = {
        "outcome": wanted,
        "reached": found.reached,
        "searched": found.searched,
        "blocked_by": list(found.blocked_by),
        "ways": [each.model_dump(mode="json") for each in found.ways],
    }
    return json.dumps(data, ensure_ascii=False, indent=2)
