"""Broken TOML: tomli's finding as a diagnostic in an author's words, with the mend for frequent slips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kamrules.document.positions import Positions


def explain(found: str, at: int, positions: Positions, file: str) -> Diagnostic:
    """Return the diagnostic for what tomli found at an offset."""
    place, excerpt = positions.place(file, (at, at + 1))
    return Diagnostic("KR105", found[:1].lower() + found[1:], place=place, excerpt=excerpt)
