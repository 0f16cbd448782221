"""Checking events: their form, and their names and values against a ruleset's vocabulary."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from kamrules.diagnostics import DataError, Diagnostic, nearest
from kamrules.engines.row import engine_of
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.live.events import LONGEST_ID, LONGEST_TEXT, MOST_COLUMNS, Event
from kamrules.live.refusals import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

    from kamrules.compiler.program import Program

MOST_PROBLEMS = 20
"""So many problems of one event are told."""
_OPERATIONS = ("insert", "update", "delete")
_WORDS = {
    "string_type": "is a text, not {found}",
    "string_too_short": "is empty",
    "dict_type": "is an object, not {found}",
    "date_type": "is a date such as 2026-01-31, not {found}",
    "value_error": "{reason}",
}


def read_event(plain: Mapping[str, Any]) -> Event:
    """Return the event that a mapping describes. Raises DataError with all that is wrong (KR813)."""
    try:
        return Event.model_validate(plain)
    except ValidationError as error:
        problems = [*_form(error)]
        raise DataError(*problems[:MOST_PROBLEMS]) from None


def _form(error: ValidationError) -> Iterator[Diagnostic]:
    found: dict[str, ErrorDetails] = {}
    for each in error.errors(include_url=False, include_context=False):
        # a cell that is none of the kinds has an error for each kind; some say more than the others
        place = ".".join(str(part)[:LONGEST_ID] for part in each["loc"][:2])
        if place not in found or each["type"] in {"string_too_long", "value_error"}:
            found[place] = each
    for place, each in found.items():
        yield _of_form(each, place or "event")


def _of_form(error: ErrorDetails, place: str) -> Diagnostic:
    kind, found = error["type"], error["input"]
    help_ = None
    if kind == "missing":
        message = f"an event needs {shown(place)}"
    elif kind == "extra_forbidden":
        message = f"an event has no {shown(place)}"
        close = nearest(place, Event.model_fields)
        help_ = f"did you mean `{close}`?" if close else None
    elif kind == "literal_error":
        message = f"`op` is insert, update or delete, not {_told(found)}"
        close = nearest(found, _OPERATIONS) if isinstance(found, str) else None
        help_ = f"did you mean `{close}`?" if close else None
    elif kind == "string_too_long":
        most = LONGEST_TEXT if place.startswith("row.") else LONGEST_ID
        message = f"{shown(place)} has more than {most:,} characters"
    elif kind == "too_long":
        message = f"a row has at most {MOST_COLUMNS} columns"
    elif place.startswith("row."):
        message = f"{shown(place)} is a text, a number, true, false or null, not {_told(found)}"
        if kind == "value_error":
            message = f"{shown(place)} holds a character that no text has"
    elif kind in {"model_type", "model_attributes_type"}:
        message = f"an event is an object, not {_told(found)}"
    else:
        words = _WORDS.get(kind, "cannot be {found}")
        reason = "is no date such as 2026-01-31" if place == "as_of" else _no_text(found)
        message = f"{shown(place)} {words.format(found=_told(found), reason=reason)}"
    return Diagnostic("KR813", message, help=help_, address=place)


def _no_text(found: object) -> str:
    return "holds a character that no text has" if isinstance(found, str) else "is a text"


def _told(value: object) -> str:
    """Return a value of a caller as a message has it."""
    if value is None:
        return "`null`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        # a number may have more digits than Python writes out
        return "a number"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return "a list" if isinstance(value, list | tuple) else "an object"


def normal(event: Event) -> Event:
    """Return the event in the form in which it is kept: its row without the account's id, and with its own.

    Raises DataError when its parts do not go together (KR813).
    """
    row = _without_id(event) if ACCOUNT_ID in event.row else event.row
    row_id = event.row_id
    if event.table == ACCOUNTS:
        if row_id is not None:
            message = "a row of `accounts` is known by `account_id` and has no `row_id`"
            raise DataError(Diagnostic("KR813", message, address="row_id"))
    elif row_id is None:
        if event.op != "insert":
            message = f"{event.op} of a row of {shown(event.table)} needs its `row_id`"
            raise DataError(Diagnostic("KR813", message, address="row_id"))
        row_id = event.key
    if row is event.row and row_id == event.row_id:
        return event
    return event.model_copy(update={"row": row, "row_id": row_id})


def _without_id(event: Event) -> dict[str, Any]:
    if event.row[ACCOUNT_ID] != event.account_id:
        message = (
            f"the row is of account {shown(str(event.row[ACCOUNT_ID]))}, "
            f"and the event of {shown(event.account_id)}"
        )
        raise DataError(Diagnostic("KR813", message, address=f"row.{ACCOUNT_ID}"))
    return {name: value for name, value in event.row.items() if name != ACCOUNT_ID}


def check(program: Program, event: Event) -> None:
    """Raise DataError with everything in an event that the vocabulary does not know (KR601 to KR604)."""
    table = event.table
    if table not in program.tables:
        known = list(program.tables)
        close = nearest(table, known)
        listed = ", ".join(f"`{each}`" for each in known)
        mend = f"did you mean `{close}`?" if close else f"its tables are {listed}"
        message = f"the ruleset's vocabulary has no table {shown(table)}"
        raise DataError(Diagnostic("KR601", message, help=mend, address="table"))
    try:
        if table == ACCOUNTS:
            engine_of(program).prepare({**event.row, ACCOUNT_ID: event.account_id})
        else:
            engine_of(program).prepare({ACCOUNT_ID: event.account_id, table: [event.row]})
    except DataError as error:
        problems = [
            replace(each, address=f"row.{_column(each.address or '', table)}")
            for each in error.diagnostics[:MOST_PROBLEMS]
        ]
        raise DataError(*problems) from None


def _column(address: str, table: str) -> str:
    return address.removeprefix(f"{table}[0].")
