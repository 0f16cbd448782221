"""Action items: an action proposed to somebody, open until it is done, dismissed or withdrawn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from kamrules.live.changes import (
    ACCEPTED,
    DISMISSED,
    DONE,
    DUE,
    NEW,
    WITHDRAWN,
    ActionChange,
)
from kamrules.live.deciding import canonical

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from kamrules.live.deciding import Outcome, OutcomeAction

PROPOSED = "proposed"
OPEN = (PROPOSED, ACCEPTED)
SETTLED = (DONE, DISMISSED)
STATUSES = (PROPOSED, ACCEPTED, DONE, DISMISSED, WITHDRAWN)
_COOLDOWN, _EXCLUDED = "cooldown", "excluded"
_ID_LENGTH = 20
NO_LONGER, TAKEN, LEFT = (
    "its condition no longer holds",
    "another action takes its place",
    "the account left the book",
)
"""Why an action is withdrawn."""


@dataclass(frozen=True, slots=True)
class ActionItem:
    """An action as somebody has it on a list.

    `id` settles it; `number` counts the items of the action at the account. `status`: proposed, accepted,
    done, dismissed or withdrawn, since `changed_on`; `why` tells why it was withdrawn, `note` and `outcome`
    what who settled it said. `due_on` stays as it was when the item was opened; title, owner, priority and
    reason follow the latest decision in which the action was proposed or in cooldown.
    """

    id: str
    account_id: str
    action: str
    number: int
    status: str
    title: str
    owner: str
    priority: float
    reason: str
    effort_hours: float
    opened_on: datetime.date
    due_on: datetime.date
    changed_on: datetime.date
    why: str | None = None
    note: str = ""
    outcome: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the item as JSON holds it."""
        found = {name: getattr(self, name) for name in _FIELDS}
        for name in ("opened_on", "due_on", "changed_on"):
            found[name] = found[name].isoformat()
        return found


_FIELDS = tuple(each.name for each in fields(ActionItem))

Items = dict[str, ActionItem]
"""The latest item of each action of an account."""


def settled_dates(items: Mapping[str, ActionItem]) -> dict[str, datetime.date]:
    """Return the actions that were done or dismissed last, with the day; cooldown counts from it."""
    return {each.action: each.changed_on for each in items.values() if each.status in SETTLED}


def follow(
    account_id: str,
    items: Mapping[str, ActionItem],
    outcome: Outcome | None,
    since: datetime.date | None,
    as_of: datetime.date,
) -> tuple[Items, tuple[ActionChange, ...]]:
    """Return the items as they are after a decision, and what changed.

    `since` is the day of the decision before; items that came due after it, up to `as_of`, are told. An
    outcome None is that of an account which is not in the book.
    """
    found = dict(items)
    changes: list[ActionChange] = []
    firing = {} if outcome is None else {each.id: each for each in outcome.actions}
    for action, item in items.items():
        if item.status not in OPEN:
            continue
        fires = firing.get(action)
        if fires is None or fires.status == _EXCLUDED:
            why = LEFT if outcome is None else NO_LONGER if fires is None else TAKEN
            found[action] = replace(item, status=WITHDRAWN, changed_on=as_of, why=why)
            changes.append(ActionChange.of(WITHDRAWN, found[action]))
            continue
        found[action] = _as_decided(item, fires)
        if since is not None and since < item.due_on <= as_of:
            changes.append(ActionChange.of(DUE, found[action]))
    for action, fires in firing.items():
        last = found.get(action)
        if fires.status == PROPOSED and _can_open(last, as_of):
            number = 1 if last is None else last.number + 1
            found[action] = _opened(account_id, fires, number, as_of)
            changes.append(ActionChange.of(NEW, found[action]))
    return found, tuple(changes)


def _can_open(last: ActionItem | None, as_of: datetime.date) -> bool:
    """Whether a new item may be opened: not beside an open one, nor on the day one was settled."""
    if last is None:
        return True
    return last.status not in OPEN and not (last.status in SETTLED and last.changed_on == as_of)


def _opened(
    account_id: str, action: OutcomeAction, number: int, as_of: datetime.date
) -> ActionItem:
    name = hashlib.sha256(canonical([account_id, action.id, number])).hexdigest()[:_ID_LENGTH]
    return ActionItem(
        id=name,
        account_id=account_id,
        action=action.id,
        number=number,
        status=PROPOSED,
        title=action.title,
        owner=action.owner,
        priority=action.priority,
        reason=action.reason,
        effort_hours=action.effort_hours,
        opened_on=as_of,
        due_on=action.due_on,
        changed_on=as_of,
    )


def _as_decided(item: ActionItem, action: OutcomeAction) -> ActionItem:
    """Return an open item with what the latest decision says of its action."""
    told = (action.title, action.owner, action.priority, action.reason, action.effort_hours)
    if told == (item.title, item.owner, item.priority, item.reason, item.effort_hours):
        return item
    return replace(
        item,
        title=action.title,
        owner=action.owner,
        priority=action.priority,
        reason=action.reason,
        effort_hours=action.effort_hours,
    )
