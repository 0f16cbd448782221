"""Validity: the dates between which a rule is in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime


@dataclass(frozen=True, slots=True)
class Validity:
    """The dates on which a rule is in force: from `start` to `end`, both inclusive, None = open."""

    start: datetime.date | None = None
    end: datetime.date | None = None

    def holds(self, as_of: datetime.date) -> bool:
        """Whether the rule is in force on that date."""
        begun = self.start is None or self.start <= as_of
        return begun and (self.end is None or as_of <= self.end)


ALWAYS = Validity()
