"""Verifying the decision log: whether every entry is as it was written, where it was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic
from kamrules.live.entries import BEGINNING, hash_of_row
from kamrules.live.events import hash_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.live.store import Store

CHANGED, MISSING, MOVED, DOUBLED, UNLINKED, CUT, BODY, HEAD = (
    "changed",
    "missing",
    "reordered",
    "doubled",
    "unlinked",
    "cut_off",
    "event",
    "head",
)
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with the log: the entry's number, what kind of wrong, and a sentence.

    `kind`: changed, missing, reordered, doubled, unlinked, cut_off, event (what was posted is not what the
    entry says), head, and of a replay inputs, outcome, changes or undecided.
    """

    entry: int
    kind: str
    message: str
    code: str = "KR819"

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON holds it."""
        return {"entry": self.entry, "kind": self.kind, "message": self.message}

    def diagnostic(self) -> Diagnostic:
        """Return the finding as a diagnostic."""
        return Diagnostic(self.code, self.message, address=f"entry {self.entry}")


def verify(store: Store, head: str | None = None) -> list[Finding]:
    """Return what is wrong with the log of a store; see LiveBook.verify."""
    return list(_Chain(store, head).findings())


class _Chain:
    """The log on its way through being verified."""

    def __init__(self, store: Store, head: str | None) -> None:
        self.store = store
        self.wanted = head
        self.number = 0
        self.hash = BEGINNING
        self.before: dict[str, int] = {}
        self.noted = head is None or head == BEGINNING

    def findings(self) -> Iterator[Finding]:
        head, head_hash = self.store.head()
        after = 0
        while rows := self.store.entries(after, _PAGE):
            bodies = self.store.bodies([each["number"] for each in rows])
            for row in rows:
                yield from self._entry(row)
                yield from _body(row, bodies.get(row["number"]))
            after = rows[-1]["number"]
        yield from self._end(head, head_hash)

    def _entry(self, row: dict[str, Any]) -> Iterator[Finding]:
        number: int = row["number"]
        if number != self.number + 1:
            yield _missing(self.number + 1, number - 1)
        whole = hash_of_row(row) == row["hash"]
        if not whole:
            yield self._not_whole(row)
        elif row["previous"] != self.hash and number == self.number + 1:
            message = f"entry {number} does not follow the entry before it, which was written anew"
            yield Finding(number, UNLINKED, message)
        self.noted = self.noted or (whole and row["hash"] == self.wanted)
        self.before.setdefault(row["hash"], number)
        self.number, self.hash = number, row["hash"]

    def _not_whole(self, row: dict[str, Any]) -> Finding:
        """Say what became of an entry whose hash is not that of its content."""
        number = row["number"]
        first = self.before.get(row["hash"])
        if first is not None:
            return Finding(number, DOUBLED, f"entry {number} is entry {first} once more")
        written = self._true_number(row)
        if written is not None:
            message = f"entry {number} was written as entry {written}: the log was reordered"
            return Finding(number, MOVED, message)
        return Finding(number, CHANGED, f"entry {number} was changed after it was written")

    def _true_number(self, row: dict[str, Any]) -> int | None:
        """Return under which number an entry's hash is right; entries are moved about in small logs."""
        near = range(max(1, row["number"] - _PAGE), row["number"] + _PAGE)
        for number in near:
            if number != row["number"] and hash_of_row({**row, "number": number}) == row["hash"]:
                return number
        return None

    def _end(self, head: int, head_hash: str) -> Iterator[Finding]:
        if self.number < head:
            yield _missing(self.number + 1, head, kind=CUT)
        elif self.number > head:
            message = f"the log has entries behind {head}, the last one that was committed"
            yield Finding(self.number, UNLINKED, message)
        elif self.hash != head_hash:
            message = f"entry {head} is not the one that the store notes as the last"
            yield Finding(head, HEAD, message)
        if not self.noted:
            message = f"no entry has the hash `{str(self.wanted)[:12]}` that was noted elsewhere"
            yield Finding(self.number, HEAD, message)


def _missing(first: int, last: int, kind: str = MISSING) -> Finding:
    where = " at the end of the log" if kind == CUT else ""
    if first == last:
        return Finding(first, kind, f"entry {first} is missing{where}")
    return Finding(first, kind, f"entries {first} to {last} are missing{where}")


def _body(row: dict[str, Any], body: str | None) -> Iterator[Finding]:
    """Say when what was posted is not what the entry says of it."""
    number, content = row["number"], row["content"]
    if content is None:
        return
    if body is None:
        yield Finding(number, BODY, f"what was posted as entry {number} is missing")
    elif hash_of(body.encode()) != content:
        yield Finding(number, BODY, f"what was posted as entry {number} was changed")
