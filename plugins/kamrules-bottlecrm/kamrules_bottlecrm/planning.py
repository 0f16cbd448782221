"""Planning: what has to change in BottleCRM so that it says what was decided; nothing is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kamrules import DataError

from kamrules_bottlecrm import fields
from kamrules_bottlecrm.records import READINGS, ShiftedError, pages, restless
from kamrules_bottlecrm.tables import ACCOUNTS, TASKS
from kamrules_bottlecrm.tasks import PATH as TASKS_PATH
from kamrules_bottlecrm.tasks import Change, Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from kamrules_bottlecrm.client import Client
    from kamrules_bottlecrm.deciding import Decided, Row
    from kamrules_bottlecrm.fields import Definitions, Field
    from kamrules_bottlecrm.tables import Table

    Result = TypeVar("Result")

NEAR = 1e-9
"""Numbers that differ by less are the same: they have been text and back."""
_NOBODY = "00000000-0000-0000-0000-000000000000"
"""An id that no record has."""


class Now(NamedTuple):
    """What an account holds now: values of the fields by key, and the ids of those it is assigned to."""

    values: dict[str, object]
    assigned: tuple[str, ...]


class Planner:
    """Compares what was decided with what BottleCRM holds."""

    def __init__(
        self, client: Client, definitions: Definitions, options: Mapping[str, Any]
    ) -> None:
        """Take the options of the sink; `definitions` are the custom fields that there are."""
        self._client, self._definitions, self._options = client, definitions, options
        self._prefix = str(options.get("prefix", "kam_"))
        self.strangers: list[str] = []

    def changes(self, decided: Decided, connection: Any) -> Iterator[Change]:  # noqa: ANN401  DuckDB's
        """Yield what is to be written, in this order: fields, then account by account.

        Raises DataError for whatever can be known to fail. Afterwards `strangers` are the accounts that
        BottleCRM does not have.
        """
        wanted = [
            *decided.fields,
            *(fields.task_fields(self._prefix) if decided.has_actions else ()),
        ]
        for each in self._definitions.lacking(wanted):
            yield Change("fields made", "POST", fields.PATH, each.definition())
        accounts = self._steady(ACCOUNTS, lambda: self._accounts(decided.fields))
        known = self._known_tasks(decided)
        owners = self._owners(decided)
        count = 0
        for row in decided.rows(connection):
            count += 1
            now = accounts.get(row.account)
            if now is None:
                self.strangers.append(row.account)
                continue
            yield from self._account(row, now, decided.fields)
            advice = row.advice(self._options.get("top"))
            assigned = {
                each["action"]: owners.get(each["owner"]) or now.assigned
                for each in advice.proposed
            }
            yield from known.changes(row.account, advice, assigned)
        if count and len(self.strangers) == count:
            message = (
                f"BottleCRM at `{self._client.site.shown}` has none of the {count:,} accounts that were"
                f" decided, such as `{self.strangers[0]}`"
            )
            mend = "the ids of accounts have to be BottleCRM's own; may the token's user see them?"
            raise DataError(self._client.fault("KR726", message, "to", help=mend))

    def _accounts(self, wanted: Sequence[Field]) -> dict[str, Now]:
        keys = [each.key for each in wanted]
        found = {}
        for page in pages(self._client, ACCOUNTS):
            for record in page:
                held = record.get("custom_fields")
                held = held if isinstance(held, dict) else {}
                found[record["id"]] = Now(
                    {key: held[key] for key in keys if held.get(key) is not None},
                    tuple(_ids(record.get("assigned_to"))),
                )
        return found

    def _known_tasks(self, decided: Decided) -> Tasks:
        closes = self._options.get("withdrawn", "close") == "close"
        if not decided.has_actions:
            return Tasks({}, self._prefix, closes=closes)
        actions = decided.actions()
        return self._steady(
            TASKS, lambda: Tasks.read(self._client, self._prefix, actions, closes=closes)
        )

    def _steady(self, table: Table, read: Callable[[], Result]) -> Result:
        for _ in range(READINGS):
            try:
                return read()
            except ShiftedError:
                continue
        raise DataError(restless(self._client, table))

    def _owners(self, decided: Decided) -> dict[str, tuple[str, ...]]:
        """Return the profiles of those who own actions, by role. Raises DataError for one that is none."""
        given: Mapping[str, str] = self._options.get("owners", {})
        if not given or not decided.has_actions:
            return {}
        data = self._client.get(TASKS_PATH, {"slim": "true", "limit": 1})
        users = data.get("users") if isinstance(data, dict) else None
        known = {
            str(each.get("user__email")).casefold(): str(each.get("id"))
            for each in users or ()
            if isinstance(each, dict)
        }
        for role, email in given.items():
            if email.casefold() not in known:
                message = f"option `owners` gives `{role}` to `{email}`, who is no active user of BottleCRM"
                raise DataError(self._client.fault("KR728", message, "to"))
        return {role: (known[email.casefold()],) for role, email in given.items()}

    def _account(self, row: Row, now: Now, wanted: Sequence[Field]) -> Iterator[Change]:
        changed = {}
        for each in wanted:
            value = row.values[each.key]
            if not _same(value, now.values.get(each.key)):
                self._definitions.check_value(each, value)
                changed[each.key] = value
        if changed:
            path = f"/api/accounts/{row.account}/"
            yield Change("accounts changed", "PATCH", path, {"custom_fields": changed})


def may(client: Client, change: Change) -> None:
    """Raise DataError (KR720) when the token may not do what a change does.

    The same is asked of a record that there is not, or with nothing in it, so that nothing is done.
    """
    if change.method == "POST":
        client.ask("POST", change.path, {}, taken=(400,))
    else:
        parts = change.path.strip("/").split("/")
        client.ask("PATCH", f"/{'/'.join(parts[:-1])}/{_NOBODY}/", {}, taken=(404,))


def _same(one: object, other: object) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return abs(one - other) <= NEAR if numbers else one == other  # type: ignore[operator]


def _ids(people: object) -> Iterator[str]:
    for each in people if isinstance(people, list) else ():
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            yield each["id"]
