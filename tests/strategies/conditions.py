"""Conditions as authors nest them: texts, lists, any, at_least, not, all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.strategies.toml import Inline

if TYPE_CHECKING:
    from tests.strategies.expressions import Expressions


def condition(write: Expressions, depth: int = 2) -> Any:
    """Return a condition of any structure."""
    draw = write.draw
    if depth <= 0 or draw.chance(55):
        return write.bool(draw.whole(0, 3))
    members = draw.many(1, 3, lambda: condition(write, depth - 1))
    match draw.one(["list", "any", "at_least", "not", "all"]):
        case "list":
            return members
        case "any":
            return Inline({"any": members})
        case "at_least":
            return Inline({"at_least": draw.whole(1, len(members)), "of": members})
        case "not":
            return Inline({"not": members[0]})
        case _:
            return Inline({"all": members})
