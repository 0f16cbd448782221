"""Outlines as trees on the terminal: a decision with its reasons, and ways to another one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from kamrules.cli.terminal import fancy, printable
from kamrules.workbench.proofs import Style, outline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.decision import Explanation
    from kamrules.workbench.proofs import Line

PLAIN = {"true": "+", "false": "-", "unknown": "?"}
FANCY = {"true": "✓", "false": "✗", "unknown": "?"}
COLOURS = {"true": "green", "false": "red", "unknown": "yellow"}
STYLES = {Style.HEADING: "bold", Style.PLAIN: "", Style.PROSE: "italic"}


def decision_tree(
    explanation: Explanation,
    owners: Mapping[str, str] | None = None,
    language: str = "en",
    *,
    full: bool = False,
) -> Tree:
    """Return an explanation as a tree; `full`: with the id and place of every rule, and values' rows."""
    return drawn(outline(explanation, owners, language), full=full)


def drawn(root: Line, *, full: bool = False) -> Tree:
    """Return an outline as a tree."""
    marks = FANCY if fancy(sys.stdout.encoding) else PLAIN
    tree = Tree(_text(root, marks, full=full))
    waiting = [(tree, root)]
    while waiting:
        branch, line = waiting.pop()
        waiting += [
            (branch.add(_text(each, marks, full=full)), each) for each in line.shown(full=full)
        ]
    return tree


def _text(line: Line, marks: Mapping[str, str], *, full: bool) -> Text:
    """Return a line with its mark before it, and behind it the rule's id and place, less bright."""
    text = Text()
    if line.state is not None:
        text.append(f"{marks[line.state]} ", COLOURS[line.state])
    text.append(printable(line.words), STYLES[line.style])
    if full:
        rule = "  ".join(each for each in (line.rule, line.place) if each)
        text.append(printable(f"  {rule}" if rule else ""), "dim")
    return text
