"""Units: edits that are tried together, and what a program decides with each undone, or done alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kamrules.workbench.difference.edits import Sort
from kamrules.workbench.difference.undoing import done, program_of, undone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kamrules.compiler import Program
    from kamrules.workbench.difference.canon import Canon
    from kamrules.workbench.difference.edits import Edit

MOST = 12
"""So many units are tried at most, each once undone and once done alone."""


class Apart(StrEnum):
    """How far the edits were told apart: one by one, those of a rule, those of a table, or not at all."""

    EDIT = "edit"
    RULE = "rule"
    TABLE = "table"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Unit:
    """Edits that are tried together, under the address by which people know them."""

    address: str
    edits: tuple[Edit, ...]


def units(edits: Iterable[Edit], most: int = MOST) -> tuple[Apart, tuple[Unit, ...]]:
    """Return the edits of rules as at most so many units, told apart as far as that allows."""
    some = [each for each in edits if each.sort is Sort.RULE]
    ways: dict[Apart, Callable[[Edit], str]] = {
        Apart.EDIT: lambda edit: edit.address,
        Apart.RULE: _rule,
        Apart.TABLE: lambda edit: str(edit.path[0]),
    }
    for apart, name_of in ways.items():
        groups: dict[str, list[Edit]] = defaultdict(list)
        for each in some:
            groups[name_of(each)].append(each)
        if len(groups) <= most:
            return apart, tuple(Unit(name, tuple(group)) for name, group in groups.items())
    return Apart.NOT, (Unit("all edits", tuple(some)),)


def _rule(edit: Edit) -> str:
    return ".".join(str(each) for each in edit.path[:2])


class Tried:
    """Programs with a unit undone in the new ruleset, and with it alone done in the old one."""

    def __init__(self, old: Canon, new: Canon) -> None:
        """Take the two rulesets."""
        self.old = old
        self.new = new

    def without(self, unit: Unit) -> Program | None:
        """Return the new program with a unit undone; None when that does not compile."""
        return program_of(undone(self.old, self.new, unit.edits), self.new.ruleset.functions)

    def alone(self, unit: Unit) -> Program | None:
        """Return the old program with a unit done and nothing else; None when that does not compile."""
        return program_of(done(self.old, self.new, unit.edits), self.new.ruleset.functions)
