"""Tasks: what becomes of those that an earlier run made, and which are to be made now.

A task is known again by two custom fields: the id of its action, and how it stands to it.

| state | means |
|---|---|
| current | made for the action as it is proposed; open or closed, it is not made again |
| cooling | closed, and the action has been in cooldown since: when that ends, a new one is made |
| past | the action was proposed no more: whatever comes later is another matter |
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules_bottlecrm.fields import ACTION, STATE
from kamrules_bottlecrm.records import pages
from kamrules_bottlecrm.tables import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kamrules_bottlecrm.client import Client

CURRENT, COOLING, PAST = "current", "cooling", "past"
PATH = "/api/tasks/"
OPEN = frozenset({"New", "In Progress"})
WITHDRAWN = "No longer advised: "
MOST_TITLE = 200
_HIGH, _MEDIUM = 70.0, 40.0

Key = tuple[str, str]
"""An account's id and an action's."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task that an earlier run made."""

    id: str
    account: str
    title: str
    open: bool
    state: str


@dataclass(frozen=True, slots=True)
class Change:
    """One request that a delivery makes when it is committed, and what it is told as."""

    what: str
    method: str
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Advice:
    """What a run says of the actions of one account.

    `proposed` are those it proposes, by rank, `wanted` the ids of those that are to be tasks, `cooling` those
    in cooldown. `cut`: it proposes more than it tells.
    """

    proposed: list[dict[str, Any]]
    wanted: set[str]
    cooling: set[str]
    cut: bool


class Tasks:
    """The tasks of earlier runs, by account and action."""

    def __init__(self, by_key: Mapping[Key, Sequence[Task]], prefix: str, *, closes: bool) -> None:
        """Take them; `closes` says that open tasks of withdrawn actions are closed."""
        self._prefix, self._closes = prefix, closes
        self._of: dict[str, dict[str, list[Task]]] = defaultdict(dict)
        for (account, action), some in by_key.items():
            self._of[account][action] = list(some)

    @staticmethod
    def read(client: Client, prefix: str, actions: Iterable[str], *, closes: bool) -> Tasks:
        """Read those that are current or cooling. Tasks of an action outside `actions` have the action ``.

        Raises DataError and ShiftedError.
        """
        found: dict[str, Task] = {}
        for state in (CURRENT, COOLING):
            for record in _listed(client, {f"cf_{prefix}{STATE}": state}):
                account = record.get("account")
                if isinstance(account, dict) and isinstance(account.get("id"), str):
                    found[record["id"]] = Task(
                        record["id"], account["id"], str(record.get("title", "")),
                        record.get("status") in OPEN, state,
                    )  # fmt: skip
        by_key: dict[Key, list[Task]] = defaultdict(list)
        for action in actions:
            if not found:
                break
            for record in _listed(client, {f"cf_{prefix}{ACTION}": action}):
                task = found.pop(record["id"], None)
                if task is not None:
                    by_key[task.account, action].append(task)
        for task in found.values():
            by_key[task.account, ""].append(task)
        return Tasks(by_key, prefix, closes=closes)

    def changes(
        self, account: str, advice: Advice, assigned: Mapping[str, Sequence[str]]
    ) -> Iterator[Change]:
        """Yield what is to be done about the tasks of an account; `assigned` are profiles by action."""
        mine = self._of.get(account, {})
        for each in advice.proposed:
            some = mine.get(each["action"], [])
            made = any(one.state == CURRENT or one.open for one in some)
            if each["action"] in advice.wanted and not made:
                yield from (self._marked(one, PAST) for one in some)
                yield self._new(account, each, assigned.get(each["action"], ()))
        still = {each["action"] for each in advice.proposed} | advice.cooling
        for action, some in mine.items():
            for one in some:
                if action in advice.cooling and not one.open and one.state == CURRENT:
                    yield self._marked(one, COOLING)
                elif action not in still and not advice.cut:
                    yield from self._withdrawn(one)

    def _new(self, account: str, action: Mapping[str, Any], assigned: Sequence[str]) -> Change:
        priority = action["priority"] or 0.0
        told = [action["reason"], action["owner"] and f"({action['owner']})"]
        body = {
            "title": _cut(action["title"] or action["action"]),
            "status": "New",
            "priority": "High" if priority >= _HIGH else "Medium" if priority >= _MEDIUM else "Low",
            "due_date": action["due_on"] and str(action["due_on"]),
            "description": " ".join(filter(None, told)),
            "account": account,
            "assigned_to": list(assigned),
            "custom_fields": self._fields(CURRENT) | {self._prefix + ACTION: action["action"]},
        }
        return Change("tasks made", "POST", PATH, body)

    def _marked(self, task: Task, state: str) -> Change:
        return Change(
            "tasks marked", "PATCH", f"{PATH}{task.id}/", {"custom_fields": self._fields(state)}
        )

    def _withdrawn(self, task: Task) -> Iterator[Change]:
        if not task.open:
            yield self._marked(task, PAST)
        elif self._closes:
            title = task.title.removeprefix(WITHDRAWN)
            body = {
                "title": _cut(WITHDRAWN + title),
                "status": "Completed",
                "custom_fields": self._fields(PAST),
            }
            yield Change("tasks closed", "PATCH", f"{PATH}{task.id}/", body)

    def _fields(self, state: str) -> dict[str, str]:
        return {self._prefix + STATE: state}


def _listed(client: Client, query: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    for page in pages(client, TASKS, {"slim": "true", **query}):
        yield from page


def _cut(title: str) -> str:
    return title if len(title) <= MOST_TITLE else title[: MOST_TITLE - 1] + "…"
