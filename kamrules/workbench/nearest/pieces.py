"""Pieces: what the source of bounds knows of a value: a range, a set of values, or a truth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """Names (or numbers) in source: low, high, may be unknown, may be known."""

    low: str
    high: str
    unknown: str = "False"
    known: str = "True"

    @property
    def whole(self) -> str:
        """The four as one tuple."""
        return f"({self.low}, {self.high}, {self.unknown}, {self.known})"


@dataclass(frozen=True, slots=True)
class Values:
    """The name of a set of values that a text or a choice may have, None among them for unknown."""

    name: str


@dataclass(frozen=True, slots=True)
class Truth:
    """Sources: may be true, may be false, may be unknown."""

    true: str
    false: str
    unknown: str = "False"

    @property
    def whole(self) -> str:
        """The three as one tuple."""
        return f"({self.true}, {self.false}, {self.unknown})"


Piece = Number | Values | Truth


def any_source(*sources: str) -> str:
    """Return source that is true when one of some is."""
    kept = [each for each in dict.fromkeys(sources) if each != "False"]
    if "True" in kept:
        return "True"
    return f"({' or '.join(kept)})" if len(kept) > 1 else kept[0] if kept else "False"


def all_sources(*sources: str) -> str:
    """Return source that is true when all of some are."""
    kept = [each for each in dict.fromkeys(sources) if each != "True"]
    if "False" in kept:
        return "False"
    return f"({' and '.join(kept)})" if len(kept) > 1 else kept[0] if kept else "True"
