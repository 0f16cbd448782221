"""Events: what a CRM tells a LiveBook, one row at a time, and the checks of its form."""

from __future__ import annotations

import datetime
import hashlib
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from kamrules.live.deciding import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_ID = 200
LONGEST_TEXT = 10_000
MOST_COLUMNS = 252
_LARGEST = 10**30
"""Whole numbers beyond have more digits than any column holds (18); they are unknown, as design 5 says."""

Operation = Literal["insert", "update", "delete"]
Cell = bool | int | float | str | None


def _storable(value: object) -> object:
    """Refuse texts that databases cannot hold: the NUL character and halves of surrogate pairs."""
    if isinstance(value, str) and not storable(value):
        raise ValueError("holds a character that no text has")
    return value


def storable(text: str) -> bool:
    """Whether every database can hold a text."""
    if text.isascii():
        return "\x00" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def as_cell(value: object) -> object:
    """Return a cell as JSON holds it: dates as ISO text, decimals as numbers, what is not finite unknown."""
    if isinstance(value, str):
        return _storable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_LARGEST < value < _LARGEST else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _decimal(value)
    return value


def _decimal(value: Decimal) -> Cell:
    if not value.is_finite() or value.adjusted() > 30:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _day(value: object) -> object:
    """Return a date that is given as ISO text."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, str):
        return datetime.date.fromisoformat(value)
    return value


Id = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_ID, strict=True),
    BeforeValidator(_storable),
]
Day = Annotated[datetime.date, BeforeValidator(_day)]
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
Row = Annotated[
    dict[str, Annotated[bool | int | float | Text | None, BeforeValidator(as_cell)]],
    Field(max_length=MOST_COLUMNS),
]


class Event(BaseModel):
    """One thing that happened: a row of a table of one account came, changed or went.

    `key` is the idempotency key: an event that comes again under it is not applied again. `table` and the
    names in `row` are the ruleset's vocabulary; a value None is unknown. `row_id` is what the row is called
    where it comes from (a row of `accounts` has none; an insert without one takes the key). `insert` puts the
    row in, in place of one of the same id; `update` changes the columns that it names; `delete` takes it
    out, and with the row of `accounts` the account. `as_of` is the day on which it is known; None: the
    book's date.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    key: Id
    account_id: Id
    table: Id
    op: Operation = "insert"
    row: Row = Field(default_factory=dict)
    row_id: Id | None = None
    as_of: Day | None = None

    @staticmethod
    def of(plain: Mapping[str, Any] | Event) -> Event:
        """Return the event that a mapping as JSON has it describes. Raises DataError (KR813)."""
        from kamrules.live.checking import read_event  # noqa: PLC0415  which needs this module

        return plain if isinstance(plain, Event) else read_event(plain)

    def content(self) -> bytes:
        """Return what the event says, without its key, as canonical JSON."""
        return canonical(
            {
                "account_id": self.account_id,
                "table": self.table,
                "op": self.op,
                "row": self.row,
                "row_id": self.row_id,
                "as_of": self.as_of,
            }
        )


def hash_of(content: bytes) -> str:
    """Return the SHA-256 (hex) by which contents of events are compared."""
    return hashlib.sha256(content).hexdigest()
