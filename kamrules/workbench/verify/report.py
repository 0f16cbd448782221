"""The report: what came of each claim about a ruleset, with the account that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from kamrules.diagnostics import Diagnostic


class State(StrEnum):
    """What came of a claim: proved for every account, shown by one, found untrue, or not decided."""

    PROVED = "proved"
    SHOWN = "shown"
    UNTRUE = "untrue"
    UNDECIDED = "undecided"

    @property
    def gravity(self) -> int:
        """How much it matters: of one claim on several dates, the gravest state is told."""
        return (State.PROVED, State.SHOWN, State.UNDECIDED, State.UNTRUE).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim and what came of it.

    `witness` is a full set of facts that `decide` takes, `as_of` the date, `settings` the parameters to
    set: of
    a claim that is untrue, an account that shows it; of one that is shown, an account for which the rule
    is at work. What no account can be has no witness.
    """

    kind: str
    address: str
    state: State
    diagnostic: Diagnostic
    as_of: datetime.date
    witness: Mapping[str, Any] | None = None
    settings: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All that was claimed of a ruleset, and what came of it."""

    name: str
    version: str
    findings: tuple[Finding, ...]

    def of(self, state: State) -> tuple[Finding, ...]:
        """Return the findings in a state."""
        return tuple(each for each in self.findings if each.state is state)
