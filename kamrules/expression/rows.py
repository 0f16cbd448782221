"""Rows: what a related table is inside an expression, before an aggregate makes a value of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamrules.expression.nodes import Node, Span


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a related table, perhaps filtered, perhaps one column of them; no value by itself."""

    table: str
    column: str | None
    where: Node | None
    span: Span
