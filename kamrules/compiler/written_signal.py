"""Written signals: what an author wrote of a signal, for whoever reads rules and not what engines compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.compiler.validity import ALWAYS, Validity
from kamrules.expression import canonical

if TYPE_CHECKING:
    from kamrules.expression.nodes import Constant


@dataclass(frozen=True, slots=True)
class WrittenSignal:
    """The keys of a signal: rows in canonical text, numbers as constants that know their parameters.

    `within_days` and `for_days` are days, `at_least` is a count. What the signal comes to is in the values of
    its facts; in those the numbers have become parts of dates, and do not know their parameters.
    """

    after: str
    then: str | None = None
    without: str | None = None
    at_least: Constant | None = None
    within_days: Constant | None = None
    same: tuple[str, ...] = ()
    for_days: Constant | None = None
    valid: Validity = ALWAYS

    @property
    def text(self) -> str:
        """Return it on one line, in the author's words."""
        return "".join((self._rows(), *self._span(), *self._limits()))

    def _rows(self) -> str:
        if self.then is not None:
            return f"after {self.after} then {self.then}"
        if self.without is not None:
            return f"after {self.after} without {self.without}"
        if self.at_least is not None:
            return f"at least {canonical(self.at_least)} of {self.after}"
        return f"after {self.after}"

    def _span(self) -> list[str]:
        """Return how the rows stand to one another."""
        found = []
        if self.within_days is not None:
            found.append(f" within {_days(self.within_days)}")
        if self.same:
            found.append(f", same {' and '.join(self.same)}")
        return found

    def _limits(self) -> list[str]:
        """Return how long it lasts, and when it is in force."""
        found = []
        if self.for_days is not None:
            found.append(f", for {_days(self.for_days)}")
        if self.valid.start is not None:
            found.append(f", valid from {self.valid.start}")
        if self.valid.end is not None:
            found.append(f", valid to {self.valid.end}")
        return found


def _days(number: Constant) -> str:
    """Return days as a parameter's name, or counted."""
    if number.parameter is not None:
        return number.parameter
    count = int(float(number.value))
    return f"{count} day" if count == 1 else f"{count} days"
