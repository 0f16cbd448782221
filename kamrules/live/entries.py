"""Entries of the decision log: what each holds, and the hash that chains it to the one before."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.live.deciding import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT, SETTLE, TICK, LOAD, RULESET, TABLES = (
    "event",
    "settle",
    "tick",
    "load",
    "ruleset",
    "tables",
)
BEGINNING = "0" * 64
"""What the first entry has for the hash of the one before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the decision log.

    `as_of` is the day of the decision; of entries about no account the book's, None before it has one.
    `kind`: event, settle (of an action), load (of an account from a book), tick (a new day for some
    accounts), ruleset (a reload), tables (those that the book has). An entry that decided one account has its
    id, the hash of what was decided from (`inputs`), the digest of the outcome (None when the account left),
    and which engine decided. `content` is the hash of what was posted under `key`. `changes` is JSON, as
    text: the account's Changes, or for entries about several accounts `{"accounts": [...]}`. `hash` is the
    SHA-256 of all of it as canonical JSON, `previous` included, which is the hash of the entry before.
    """

    number: int
    kind: str
    account_id: str | None
    as_of: datetime.date | None
    key: str | None
    content: str | None
    ruleset: str
    version: str
    digest: str
    kamrules: str
    inputs: str | None
    outcome: str | None
    engine: str | None
    trouble: str | None
    changes: str
    previous: str
    hash: str

    def as_json(self) -> dict[str, Any]:
        """Return the entry as JSON holds it."""
        return {**self.as_row(), "changes": self.changed}

    def as_row(self) -> dict[str, Any]:
        """Return the entry as the log's table holds it."""
        found = {name: getattr(self, name) for name in COLUMNS}
        found["as_of"] = None if self.as_of is None else self.as_of.isoformat()
        return found

    @property
    def changed(self) -> dict[str, Any]:
        """The changes, read."""
        found: dict[str, Any] = json.loads(self.changes)
        return found

    @staticmethod
    def of(row: Mapping[str, Any]) -> Entry:
        """Return the entry that a row of the log's table holds."""
        day = row["as_of"]
        as_of = None if day is None else datetime.date.fromisoformat(day)
        return Entry(**{**row, "as_of": as_of})


COLUMNS = (
    "number",
    "kind",
    "account_id",
    "as_of",
    "key",
    "content",
    "ruleset",
    "version",
    "digest",
    "kamrules",
    "inputs",
    "outcome",
    "engine",
    "trouble",
    "changes",
    "previous",
    "hash",
)


def hash_of_row(row: Mapping[str, Any]) -> str:
    """Return the hash that a row of the log's table must have."""
    return hashlib.sha256(
        canonical({name: value for name, value in row.items() if name != "hash"})
    ).hexdigest()
