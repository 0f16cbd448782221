"""Posting: events and settlements, each applied once however often it comes, and answered when durable."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from kamrules.diagnostics import DataError, Diagnostic, KamrulesError
from kamrules.live.changes import Changes, Posted
from kamrules.live.checking import check, normal
from kamrules.live.deciding import canonical
from kamrules.live.entries import EVENT, SETTLE
from kamrules.live.events import Event, hash_of
from kamrules.live.items import STATUSES
from kamrules.live.refusals import KeyReused, NotInBook, shown
from kamrules.live.state import (
    Settlement,
    day_of_event,
    rolled,
    with_event,
    with_settlement,
)

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from kamrules.live.desk import Decided, Desk, Sheet
    from kamrules.live.entries import Entry

Answered = Posted | KamrulesError


@dataclass(frozen=True, slots=True)
class Letter:
    """What is posted: an event, or the settlement of an action, with its key and what it says."""

    key: str
    account_id: str
    body: bytes
    what: Event | Settlement

    @property
    def content(self) -> str:
        """The hash by which it is compared with what came under the same key."""
        return hash_of(self.body)

    @staticmethod
    def of_event(event: Event) -> Letter:
        """Return the letter of an event. Raises DataError when its parts do not go together."""
        found = normal(event)
        return Letter(found.key, found.account_id, found.content(), found)

    @staticmethod
    def of_settlement(account_id: str, settlement: Settlement, key: str) -> Letter:
        """Return the letter of a settlement."""
        body = canonical({"account_id": account_id, **asdict(settlement)})
        return Letter(key, account_id, body, settlement)


def post(desk: Desk, letters: Sequence[Letter]) -> list[Answered]:
    """Apply letters in order and commit them as one; return an answer, or why it is refused, for each.

    Raises NotStored when the store fails: then none of them is kept.
    """
    with (
        desk.keys.claimed(each.key for each in letters),
        desk.accounts.locked(each.account_id for each in letters),
    ):
        return desk.again(lambda: _post(desk, letters))


def _post(desk: Desk, letters: Sequence[Letter]) -> list[Answered]:
    sheet = desk.sheet()
    found: list[Answered | tuple[int, Decided]] = []
    applied: dict[str, tuple[str, tuple[int, Decided]]] = {}
    for letter in letters:
        try:
            if letter.key in applied:
                content, place = applied[letter.key]
                _same(letter, content)
                found.append(place)
                continue
            entry = desk.store.by_key(letter.key)
            if entry is not None:
                _same(letter, entry.content)
                found.append(_repeated(entry))
                continue
            place = (len(sheet.drafts), _apply(desk, sheet, letter))
        except KamrulesError as error:
            found.append(error)
            continue
        applied[letter.key] = (letter.content, place)
        found.append(place)
    numbers = desk.submit(sheet, as_of=_latest(letters, applied)) if sheet.drafts else ()
    told: set[int] = set()
    answers: list[Answered] = []
    for each in found:
        if isinstance(each, tuple):
            number, changes = numbers[each[0]], each[1].changes
            repeated = number in told
            answers.append(Posted(changes.account_id, changes.as_of, number, changes, repeated))
            told.add(number)
        else:
            answers.append(each)
    return answers


def _latest(letters: Sequence[Letter], applied: Collection[str]) -> datetime.date | None:
    """Return the latest day that events which were applied have brought."""
    days = [
        each.what.as_of
        for each in letters
        if isinstance(each.what, Event) and each.what.as_of is not None and each.key in applied
    ]
    return max(days, default=None)


def _same(letter: Letter, content: str | None) -> None:
    if letter.content != content:
        message = f"key {shown(letter.key)} was used before, for something else"
        mend = "give every event a key of its own; the same key is for posting the same again"
        raise KeyReused(Diagnostic("KR814", message, help=mend, address="key"))


def _repeated(entry: Entry) -> Posted:
    changes = Changes.of(entry.changed)
    return Posted(changes.account_id, changes.as_of, entry.number, changes, repeated=True)


def _apply(desk: Desk, sheet: Sheet, letter: Letter) -> Decided:
    """Apply a letter and put its entry on the sheet. Raises KamrulesError when it is refused."""
    what = letter.what
    if isinstance(what, Event):
        check(sheet.current.program, what)
    state = desk.state(sheet, letter.account_id)
    wanted = desk.day(what.as_of if isinstance(what, Event) else None)
    if wanted is None:
        message = "neither the event nor the book has a date"
        mend = "give the event an `as_of`, or the book one when it is opened"
        raise DataError(Diagnostic("KR818", message, help=mend, address="as_of"))
    day = day_of_event(state, wanted)
    start = rolled(state, day)
    if isinstance(what, Event):
        kind = EVENT
        found = desk.decide(sheet, state, with_event(start, what))
    else:
        kind = SETTLE
        settled, told = with_settlement(start, what, day)
        found = desk.decide(sheet, state, settled, told)
    desk.draft(
        sheet,
        kind,
        found,
        key=letter.key,
        content=letter.content,
        body=letter.body.decode(),
    )
    return found


def settlement(desk: Desk, item_id: str, status: str, fields: Mapping[str, Any]) -> Letter:
    """Return the letter that settles an action item.

    Raises NotInBook for an item that is none (KR817), DataError for a status that is none (KR865).
    """
    if status not in _SETTLING:
        message = f"an action is settled as {', '.join(_SETTLING)}, not as {shown(status)}"
        raise DataError(Diagnostic("KR865", message, address="status"))
    item = desk.store.item(item_id)
    if item is None:
        message = f"there is no action {shown(item_id)}"
        raise NotInBook(Diagnostic("KR817", message, address="action_id"))
    key = fields.get("key") or f"settle:{item_id}:{status}"
    settled = Settlement(
        item.id, item.action, status, fields.get("note") or "", fields.get("outcome") or ""
    )
    return Letter.of_settlement(item.account_id, settled, key)


_SETTLING = tuple(each for each in STATUSES if each not in {"proposed", "withdrawn"})
