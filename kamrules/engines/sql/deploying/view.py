"""View: one view of a warehouse in the making."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True, slots=True)
class View:
    """A view: its path, and its CTEs by name, the last one without a name."""

    path: tuple[str, ...]
    ctes: list[tuple[str, exp.Select]]
