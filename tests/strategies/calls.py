"""Calls of functions of plug-ins: those of tests.strategies.functions, with arguments of any depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression.types import Kind, Type

if TYPE_CHECKING:
    from tests.strategies.expressions import Expressions


def of_plugin(write: Expressions, kind: Kind, depth: int) -> str | None:
    """Return a call that gives the kind, None when no function does."""
    match kind:
        case Kind.MONEY:
            price = write.number(Kind.MONEY, depth, typed=True)
            return f"after_discount({price}, {write.number(Kind.SHARE, depth)})"
        case Kind.NUMBER:
            return f"signed({write.bool(min(depth, 1))}, {write.number(kind, depth)})"
        case Kind.DAYS:
            return f"days_into_week({write.date(depth)})"
        case Kind.DATE:
            return f"week_of({write.date(depth)})"
        case Kind.TEXT:
            return f"initial({_text(write, depth)})"
        case Kind.BOOL:
            letters = write.number(Kind.INTEGER, min(depth, 1))
            return f"longer_than({_text(write, depth)}, {letters})"
    return None


def _text(write: Expressions, depth: int) -> str:
    """Return a text, or a choice, which is as good as one."""
    return write.text(write.worded() or Type(Kind.TEXT), depth - 1)
