"""The tables of BottleCRM: where its API lists them, and what a record of each becomes as rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Row = dict[str, "str | None"]
ACCOUNT = "account_id"
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_PERSON = ("user_details", "user")
WON_OR_LOST = ("won", "lost")
SETTLED = ("Closed", "Rejected", "Duplicate")


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its path in the API, where its records stand in an answer, and where how many there are.

    `columns` are those of version 1.35.0, which a table without any record has. `on_records` says that
    the API lists it for one record at a time, of those in HOMES.
    """

    name: str
    path: str
    lists: tuple[tuple[str, ...], ...]
    counts: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]
    on_records: bool = False


def _table(name: str, path: str, records: str, count: str, columns: str, **more: bool) -> Table:
    return Table(name, path, ((records,),), ((count,),), tuple(columns.split()), **more)


_OF_ACCOUNTS = (
    "account_id name email phone website industry number_of_employees annual_revenue currency address_line"
    " city state postcode country country_display assigned_to teams tags description created_at is_active"
    " rollups.won_count rollups.open_deal_count rollups.open_tickets rollups.first_won_on"
)
ACCOUNTS = Table(
    "accounts", "/api/accounts/",
    (("active_accounts", "open_accounts"), ("closed_accounts", "close_accounts")),
    (("active_accounts", "open_accounts_count"), ("closed_accounts", "close_accounts_count")),
    tuple(_OF_ACCOUNTS.split()),
)  # fmt: skip
TASKS = _table("tasks", "/api/tasks/", "tasks", "tasks_count", "id")
"""Read by the sink alone: no ruleset knows tasks, and ours among them are what it wrote itself."""

TABLES = {
    each.name: each
    for each in (
        ACCOUNTS,
        _table(
            "contacts", "/api/contacts/", "results", "count",
            "id account_id name first_name last_name email phone title department is_active created_at",
        ),
        _table(
            "deals", "/api/opportunities/", "opportunities", "opportunities_count",
            "id account_id account name stage stage_label stage_kind opportunity_type currency amount"
            " probability closed_on expected_on decided_on lead_source created_at",
        ),
        _table(
            "invoices", "/api/invoices/", "results", "count",
            "id account_id account_name invoice_number invoice_title status issue_date due_date total_amount"
            " amount_due amount_paid currency is_overdue created_at",
        ),
        _table(
            "interactions", "/api/interactions/", "interactions", "count",
            "id account_id kind direction occurred_at duration_seconds outcome subject logged_by home"
            " created_at",
            on_records=True,
        ),
        _table(
            "cases", "/api/cases/", "cases", "cases_count",
            "id account_id account name status priority case_type closed_on settled_on created_at"
            " first_response_at resolved_at",
        ),
    )
}  # fmt: skip
"""The tables that a book may take, by name."""
HOMES = {
    "account": ("account", "accounts"), "contact": ("contact", "contacts"),
    "deal": ("opportunity", "deals"), "case": ("case", "cases"),
}  # fmt: skip
"""The records that interactions are logged on: as the API asks for them, and their table."""


def inside(data: object, path: tuple[str, ...]) -> object:
    """Return what stands at a path of an answer, None where it leads nowhere."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def accounts_of(table: Table, record: Mapping[str, Any]) -> list[str | None]:
    """Return the accounts that a record belongs to; one None when there is none."""
    if table is ACCOUNTS:
        return [_id_of(record)]
    own = _id_of(record.get("account")) or _id_of(record.get("account_id"))
    held = _linked(record) if table.name == "contacts" else []
    return list(dict.fromkeys([own, *held] if own else held or [None]))


def rows_of(
    table: Table, record: Mapping[str, Any], accounts: Sequence[str | None] | None = None
) -> Iterator[Row]:
    """Yield the rows of a record, every cell as text: one for each account that it belongs to.

    Moments become the day in UTC, a person its name, lists what they hold by commas. `accounts` are those
    of a record that does not say them itself.
    """
    flat = dict(_flat(record))
    if table is ACCOUNTS:
        yield {ACCOUNT: flat.pop("id", None), **flat}
        return
    flat.pop(ACCOUNT, None)
    flat |= _derived(table.name, record)
    for each in accounts_of(table, record) if accounts is None else accounts:
        yield {"id": flat.get("id"), ACCOUNT: each, **flat}


def _flat(record: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    for name, value in record.items():
        if isinstance(value, dict):
            if "id" in value:
                yield name, _named(value)
            else:
                yield from ((f"{name}.{key}", _cell(each)) for key, each in value.items()
                            if not isinstance(each, dict | list))  # fmt: skip
        elif isinstance(value, list):
            yield name, ", ".join(filter(None, map(_named, value))) or None
        else:
            yield name, _cell(value)


def _named(value: object) -> str | None:
    """Return the name of a person, a tag, an account or whatever else stands inside a record."""
    if not isinstance(value, dict):
        return _cell(value)
    person = next((value[each] for each in _PERSON if isinstance(value.get(each), dict)), value)
    found = next(
        (person[each] for each in ("name", "title", "email", "id") if person.get(each)), None
    )
    return _cell(found)


def _cell(value: object) -> str | None:
    """Return a value as text; an empty one is none, a moment its day."""
    match value:
        case None | "" | list() | dict():
            return None
        case bool():
            return "true" if value else "false"
        case str():
            moment = _MOMENT.fullmatch(value)
            return moment[1] if moment else value
    return str(value)


def _id_of(value: object) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and found else None


def _linked(record: Mapping[str, Any]) -> list[str | None]:
    linked = record.get("linked_accounts")
    return [found for each in linked if (found := _id_of(each))] if isinstance(linked, list) else []


def _derived(table: str, record: Mapping[str, Any]) -> Row:
    """Return the columns that say in one cell what BottleCRM says in two.

    `closed_on` is the day on which a deal was won or lost; while it is open, that on which it may be.
    """
    match table:
        case "contacts":
            names = [record.get(each) for each in ("first_name", "last_name")]
            return {
                "name": " ".join(each for each in names if isinstance(each, str) and each) or None
            }
        case "deals":
            if "stage_kind" not in record:  # as in a webhook, which does not say what the day means
                return {}
            day = _cell(record.get("closed_on"))
            done = record["stage_kind"] in WON_OR_LOST
            return {"expected_on": None if done else day, "decided_on": day if done else None}
        case "cases":
            day = _cell(record.get("closed_on")) or _cell(record.get("resolved_at"))
            return {"settled_on": day if record.get("status") in SETTLED else None}
    return {}
