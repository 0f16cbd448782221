"""Changes: what an event, a settlement or a new day changes about an account, and how it is told."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.live.deciding import Outcome
    from kamrules.live.items import ActionItem

NEW, DUE, WITHDRAWN, ACCEPTED, DONE, DISMISSED = (
    "new",
    "due",
    "withdrawn",
    "accepted",
    "done",
    "dismissed",
)
_MET = "met"


@dataclass(frozen=True, slots=True)
class Moved:
    """Another class, tier, phase or strategy; None is none."""

    before: str | None
    after: str | None

    def as_json(self) -> dict[str, str | None]:
        """Return it as JSON holds it, under `from` and `to`."""
        return {"from": self.before, "to": self.after}


@dataclass(frozen=True, slots=True)
class ActionChange:
    """What became of an action: new, due (its day has come), withdrawn, accepted, done or dismissed.

    `item` is the id under which it is settled, `action` the rule's; `reason` why it was proposed, `why` why
    it was withdrawn.
    """

    change: str
    item: str
    action: str
    title: str
    owner: str
    due_on: datetime.date
    priority: float
    reason: str
    why: str | None = None

    @staticmethod
    def of(change: str, item: ActionItem) -> ActionChange:
        """Return the change of an item."""
        return ActionChange(
            change,
            item.id,
            item.action,
            item.title,
            item.owner,
            item.due_on,
            item.priority,
            item.reason,
            item.why if change == WITHDRAWN else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "change": self.change,
            "item": self.item,
            "action": self.action,
            "title": self.title,
            "owner": self.owner,
            "due_on": self.due_on.isoformat(),
            "priority": self.priority,
            "reason": self.reason,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed about an account on a date; empty (false) when nothing did.

    `arrived` and `left` tell that the account came into the book or went out of it. `gates_met` and
    `gates_lost` are addresses of gates; `signals_raised` has for each signal that became true, or true again,
    the day since which it is. `faults` are what now shows the ruleset to be wrong.
    """

    account_id: str
    as_of: datetime.date
    arrived: bool = False
    left: bool = False
    class_: Moved | None = None
    tier: Moved | None = None
    phase: Moved | None = None
    strategy: Moved | None = None
    gates_met: tuple[str, ...] = ()
    gates_lost: tuple[str, ...] = ()
    signals_raised: tuple[tuple[str, datetime.date], ...] = ()
    signals_ended: tuple[str, ...] = ()
    actions: tuple[ActionChange, ...] = ()
    faults: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        moved = self.class_ or self.tier or self.phase or self.strategy
        gates = self.gates_met or self.gates_lost
        signals = self.signals_raised or self.signals_ended
        rest = self.arrived or self.left or self.actions or self.faults
        return bool(moved or gates or signals or rest)

    def as_json(self) -> dict[str, Any]:
        """Return the changes as JSON holds them; what did not change is left out."""
        found: dict[str, Any] = {
            "account_id": self.account_id,
            "as_of": self.as_of.isoformat(),
            "arrived": self.arrived,
            "left": self.left,
            "class": None if self.class_ is None else self.class_.as_json(),
            "tier": None if self.tier is None else self.tier.as_json(),
            "phase": None if self.phase is None else self.phase.as_json(),
            "strategy": None if self.strategy is None else self.strategy.as_json(),
            "gates_met": list(self.gates_met),
            "gates_lost": list(self.gates_lost),
            "signals_raised": {name: day.isoformat() for name, day in self.signals_raised},
            "signals_ended": list(self.signals_ended),
            "actions": [each.as_json() for each in self.actions],
            "faults": list(self.faults),
        }
        return {name: value for name, value in found.items() if value}

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Changes:
        """Return the changes that `as_json` gave."""
        day = datetime.date.fromisoformat
        moved = {
            name: Moved(plain[name]["from"], plain[name]["to"])
            for name in ("class", "tier", "phase", "strategy")
            if name in plain
        }
        return Changes(
            account_id=plain["account_id"],
            as_of=day(plain["as_of"]),
            arrived=plain.get("arrived", False),
            left=plain.get("left", False),
            class_=moved.get("class"),
            tier=moved.get("tier"),
            phase=moved.get("phase"),
            strategy=moved.get("strategy"),
            gates_met=tuple(plain.get("gates_met", ())),
            gates_lost=tuple(plain.get("gates_lost", ())),
            signals_raised=tuple(
                (name, day(value)) for name, value in plain.get("signals_raised", {}).items()
            ),
            signals_ended=tuple(plain.get("signals_ended", ())),
            actions=tuple(
                ActionChange(**{**each, "due_on": day(each["due_on"])})
                for each in plain.get("actions", ())
            ),
            faults=tuple(plain.get("faults", ())),
        )


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer to an event or a settlement, given once it is durable.

    `entry` is its number in the decision log; `repeated` says that it had been posted before under its key,
    and that this is the answer of then.
    """

    account_id: str
    as_of: datetime.date
    entry: int
    changes: Changes
    repeated: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the answer as JSON holds it."""
        return {
            "account_id": self.account_id,
            "as_of": self.as_of.isoformat(),
            "entry": self.entry,
            "repeated": self.repeated,
            "changes": self.changes.as_json(),
        }


def changes_between(
    account_id: str,
    as_of: datetime.date,
    before: Outcome | None,
    after: Outcome | None,
    actions: tuple[ActionChange, ...],
) -> Changes:
    """Return what is different after than before; None stands for an account that is not in the book."""
    old = _Nothing if before is None else before
    new = _Nothing if after is None else after
    # names are sorted: an outcome that was written and read again has them in another order
    return Changes(
        account_id=account_id,
        as_of=as_of,
        arrived=before is None and after is not None,
        left=after is None and before is not None,
        class_=_moved(old.class_, new.class_),
        tier=_moved(old.tier, new.tier),
        phase=_moved(old.phase, new.phase),
        strategy=_moved(old.strategy, new.strategy),
        gates_met=tuple(
            name
            for name, state in sorted(new.gates.items())
            if state == _MET and old.gates.get(name) != _MET
        ),
        gates_lost=tuple(
            name
            for name, state in sorted(old.gates.items())
            if state == _MET and new.gates.get(name) != _MET
        ),
        signals_raised=tuple(
            (name, day) for name, day in sorted(new.signals.items()) if old.signals.get(name) != day
        ),
        signals_ended=tuple(sorted(old.signals.keys() - new.signals.keys())),
        actions=actions,
        faults=() if new.faults == old.faults else new.faults,
    )


class _Nothing:
    """The outcome of an account that is not in the book."""

    class_ = tier = phase = strategy = None
    gates: Mapping[str, str] = {}
    signals: Mapping[str, datetime.date] = {}
    faults: tuple[str, ...] = ()


def _moved(before: str | None, after: str | None) -> Moved | None:
    return None if before == after else Moved(before, after)
