"""Effects: what is told of edits over a book: moves, actions, accounts, and the cause of each change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime

    from kamrules.diagnostics import Diagnostic
    from kamrules.workbench.difference.units import Apart


@dataclass(frozen=True, slots=True)
class Cause:
    """Which edits bring a change about, by their addresses.

    `enough`: done alone in the old ruleset, such an edit brings the change. `needed`: undone alone in the
    new one, such an edit takes it away. `among`: where no edit is either, all that have to do with what is
    decided; the change comes of several of them together.
    """

    enough: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    among: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the cause in words."""
        if self.enough:
            return " or ".join(self.enough) + (", each alone" if len(self.enough) > 1 else "")
        if len(self.needed) == 1:
            return self.needed[0]
        several = self.needed or self.among
        # no edit of rules at all: sums of criteria differ in their last digit
        return f"together: {', '.join(several)}" if several else "the order of criteria"


@dataclass(frozen=True, slots=True)
class Move:
    """So many accounts go from one class (or tier) to another, and why; None is unknown, or no tier.

    `revenue` is what they bought in twelve months, by the new ruleset; None where nobody knows.
    """

    was: str | None
    becomes: str | None
    accounts: int
    revenue: float | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class Group:
    """A class (or tier): its accounts and their revenue by the old ruleset and by the new one."""

    id: str | None
    was: int
    becomes: int
    revenue_was: float | None
    revenue_becomes: float | None


@dataclass(frozen=True, slots=True)
class ActionEffect:
    """An action: for how many accounts it is proposed, and the hours that takes, before and after.

    Proposed are all whose conditions hold, that are not in cooldown and not excluded, whether or not they
    are among the best that a run writes. `causes` give for accounts where it newly appears (True) or vanishes
    (False) how many there are of each cause.
    """

    id: str
    was: int
    appears: int
    vanishes: int
    hours_was: float
    hours_become: float
    causes: tuple[tuple[bool, int, Cause], ...] = ()

    @property
    def becomes(self) -> int:
        """For how many accounts the new ruleset proposes it."""
        return self.was + self.appears - self.vanishes


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an account: `what` is class, tier, best (the actions that come first) or action.<id>.

    `was` and `becomes` are ids, several of them with commas between; of an action, `proposed` or None.
    """

    what: str
    was: str | None
    becomes: str | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class ChangedAccount:
    """An account that the new ruleset decides otherwise."""

    account_id: str
    name: str | None
    revenue: float | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What the edits do to a book.

    `changed` accounts change class, tier or the set of proposed actions; for `reordered` others, all that
    changes is which of the proposed actions are the best `top`, or their order; `best` gives the causes for
    all accounts for which those change. `apart` says how far edits
    were told apart. `listed` has the changed accounts with the largest revenue.
    """

    book: str
    as_of: datetime.date
    currency: str | None
    accounts: int
    memory: bool
    top: int
    changed: int
    changed_revenue: float | None
    reordered: int
    best: tuple[tuple[int, Cause], ...]
    classes: tuple[Group, ...]
    tiers: tuple[Group, ...]
    class_moves: tuple[Move, ...]
    tier_moves: tuple[Move, ...]
    actions: tuple[ActionEffect, ...]
    listed: tuple[ChangedAccount, ...]
    apart: Apart
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def hours(self) -> tuple[float, float]:
        """The hours that all proposed actions take, before and after."""
        return sum(each.hours_was for each in self.actions), sum(
            each.hours_become for each in self.actions
        )
