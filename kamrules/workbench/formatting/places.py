"""What stands where in a ruleset: conditions, expressions and intervals, told by their paths."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamrules.document.positions import Path

WITH_CONDITION = ("class", "phase", "strategy", "action")
WITH_GATES = ("path", "tier")
CONDITIONS = ("when", "stay")


class Place(Enum):
    """What a text at a path is."""

    CONDITION = auto()
    FACT = auto()
    CRITERION = auto()
    PRIORITY = auto()
    EXPECTATION = auto()
    ROWS = auto()
    BAND = auto()
    SCALE = auto()


def condition_of(path: Path) -> Path | None:
    """Return the path of the condition that a path is, or lies in; None outside of conditions."""
    if path[0:1] and path[0] in WITH_CONDITION and path[2:3] and path[2] in CONDITIONS:
        return path[:3]
    if path[0:1] and path[0] in WITH_GATES and path[2:3] == ("gate",) and path[4:5]:
        return path[:5] if path[4] in CONDITIONS else None
    return None


def rule_of(path: Path) -> Path:
    """Return the path of the rule, gate or test that a path lies in."""
    gate = path[0] in WITH_GATES and path[2:3] == ("gate",)
    return path[:4] if gate else path[:2]


def place_of(path: Path) -> Place | None:
    """Return what a text at a path is, None if it is no expression and no interval."""
    if condition_of(path) is not None:
        return None if path[-1] == "at_least" else Place.CONDITION
    match path:
        case ("fact", _, "value"):
            return Place.FACT
        case ("criterion", _, "value"):
            return Place.CRITERION
        case ("criterion", _, "scale", _, "in"):
            return Place.SCALE
        case ("action", _, "priority"):
            return Place.PRIORITY
        case ("signal", _, "after" | "then" | "without"):
            return Place.ROWS
        case ("score", _, "band", _):
            return Place.BAND
        case ("test", _, "expect", "holds", _):
            return Place.EXPECTATION
    return None
