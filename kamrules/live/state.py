"""The state of one account in a live book, and what events, decisions and days make of it.

All functions here are pure: they take a state and return another, which shares what did not change. So a
replay does exactly what was done at first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from kamrules.decision import Earlier
from kamrules.diagnostics import DataError, Diagnostic, nearest
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.live.changes import (
    ACCEPTED,
    DISMISSED,
    DONE,
    WITHDRAWN,
    ActionChange,
    Changes,
    changes_between,
)
from kamrules.live.deciding import Question
from kamrules.live.items import PROPOSED, ActionItem, follow, settled_dates
from kamrules.live.refusals import NotInBook, no_account, shown

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping

    from kamrules.compiler.program import Program
    from kamrules.live.deciding import Outcome
    from kamrules.live.events import Event

MOST_ROWS = 50_000
"""Rows of one account; each event decides over all of them."""


class Stored(NamedTuple):
    """A row with its place among the account's rows, in the order in which they came."""

    position: int
    cells: dict[str, Any]


Rows = dict[str, dict[str, Stored]]
"""Rows by table and row id; a table that the account has had rows of stays, empty."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """What the book holds of an account; `present` is False before it came and after it left.

    `as_of` is the day on which it was decided last, `outcome` what was decided, by the ruleset with the
    digest `ruleset`. `earlier` is what held at the end of the last day before on which it was decided.
    """

    account_id: str
    present: bool = False
    as_of: datetime.date | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    tables: Rows = field(default_factory=dict)
    next_row: int = 0
    earlier: Earlier | None = None
    outcome: Outcome | None = None
    ruleset: str | None = None
    items: dict[str, ActionItem] = field(default_factory=dict)

    def facts(self, known: Iterable[str]) -> dict[str, Any]:
        """Return the account as `kamrules.decide` takes it.

        `known` are the tables that the book has beside those that the account has had rows of.
        """
        found: dict[str, Any] = {ACCOUNT_ID: self.account_id, **self.columns}
        for name in known:
            if name != ACCOUNTS:
                found[name] = []
        for name, rows in self.tables.items():
            found[name] = [each.cells for each in rows.values()]
        return found

    def question(
        self, program: Program, known: Iterable[str], as_of: datetime.date | None = None
    ) -> Question:
        """Return what is to be decided on a day, by default the one on which it was decided last."""
        day = as_of or self.as_of
        if day is None:
            raise no_account(self.account_id)
        return Question(program, self.facts(known), day, self.earlier)


@dataclass(frozen=True, slots=True)
class Settlement:
    """Somebody accepts, has done or dismisses an action item."""

    item: str
    action: str
    status: str
    note: str = ""
    outcome: str = ""


def day_of_event(state: AccountState, wanted: datetime.date) -> datetime.date:
    """Return the day on which an event is decided: late news is decided on the account's present day."""
    return wanted if state.as_of is None else max(state.as_of, wanted)


def rolled(state: AccountState, as_of: datetime.date) -> AccountState:
    """Return the state at the beginning of a day: what held at the end of the day before is remembered."""
    if state.as_of is None or as_of <= state.as_of:
        return replace(state, as_of=as_of) if state.as_of is None else state
    return replace(state, as_of=as_of, earlier=_remembered(state))


def _remembered(state: AccountState) -> Earlier | None:
    """Return what held at the end of the day on which the account was decided last."""
    before, outcome, day = state.earlier, state.outcome, state.as_of
    settled = settled_dates(state.items)
    if outcome is None and not settled:
        return before
    proposed = {} if before is None else dict(before.proposed)
    if outcome is not None and day is not None:
        proposed |= {each.id: day for each in outcome.actions if each.status == PROPOSED}
    for action, on in settled.items():
        proposed[action] = max(on, proposed.get(action, on))
    stood: Earlier | Outcome | None = before if outcome is None else outcome
    return Earlier(
        class_=None if stood is None else stood.class_,
        tier=None if stood is None else stood.tier,
        proposed=proposed,
    )


def with_event(state: AccountState, event: Event) -> AccountState:
    """Return the state with the row of an event in, changed or out.

    Raises NotInBook for an account or row that is not there, DataError for one row too many.
    """
    if event.table == ACCOUNTS:
        return _with_account(state, event)
    if not state.present:
        raise no_account(state.account_id, mend="post its row of `accounts` first")
    row_id = event.row_id or event.key
    rows = state.tables.get(event.table, {})
    old = rows.get(row_id)
    if event.op == "insert":
        if old is None:
            return _with_new(state, event.table, row_id, event.row)
        cells = event.row
    elif old is None:
        raise NotInBook(_no_row(event, row_id, rows))
    elif event.op == "delete":
        rest = {name: each for name, each in rows.items() if name != row_id}
        return replace(state, tables={**state.tables, event.table: rest})
    else:
        cells = {**old.cells, **event.row}
    changed = {**rows, row_id: Stored(old.position, dict(cells))}
    return replace(state, tables={**state.tables, event.table: changed})


def _with_account(state: AccountState, event: Event) -> AccountState:
    if event.op == "insert":
        return replace(state, present=True, columns=dict(event.row))
    if not state.present:
        raise no_account(state.account_id, mend="insert it first")
    if event.op == "delete":
        return replace(state, present=False, columns={}, tables={})
    return replace(state, columns={**state.columns, **event.row})


def _with_new(state: AccountState, table: str, row_id: str, row: Mapping[str, Any]) -> AccountState:
    if sum(map(len, state.tables.values())) >= MOST_ROWS:
        message = (
            f"account {shown(state.account_id)} has {MOST_ROWS:,} rows, the most that are held live"
        )
        raise DataError(Diagnostic("KR813", message, address="account_id"))
    rows = {**state.tables.get(table, {}), row_id: Stored(state.next_row, dict(row))}
    tables = {**state.tables, table: rows}
    return replace(state, tables=tables, next_row=state.next_row + 1)


def _no_row(event: Event, row_id: str, rows: Mapping[str, Any]) -> Diagnostic:
    close = nearest(row_id, [*rows][-1_000:])
    message = (
        f"account {shown(event.account_id)} has no row {shown(row_id)} in `{event.table}` "
        f"to {event.op}"
    )
    mend = f"did you mean `{close}`?" if close else None
    return Diagnostic("KR817", message, help=mend, address="row_id")


def with_facts(
    state: AccountState, columns: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]
) -> AccountState:
    """Return the state with an account as a load gives it: its columns, and its rows by table and id.

    Tables that the load does not have stay as they are.
    """
    number = state.next_row
    found = dict(state.tables)
    for name, rows in tables.items():
        found[name] = {}
        for row_id, row in rows.items():
            found[name][row_id] = Stored(number, dict(row))
            number += 1
    return replace(state, present=True, columns=dict(columns), tables=found, next_row=number)


_ALLOWED = {
    ACCEPTED: (PROPOSED,),
    DONE: (PROPOSED, ACCEPTED, WITHDRAWN),
    DISMISSED: (PROPOSED, ACCEPTED),
}
"""From which statuses an item may be settled as what: what was done is done, even when it was withdrawn."""


def with_settlement(
    state: AccountState, settlement: Settlement, as_of: datetime.date
) -> tuple[AccountState, tuple[ActionChange, ...]]:
    """Return the state with an item settled on a day, and what changed. Raises as `settleable`."""
    item = settleable(state, settlement)
    if item.status == settlement.status:
        return state, ()
    settled = replace(
        item,
        status=settlement.status,
        changed_on=as_of,
        why=None,
        note=settlement.note,
        outcome=settlement.outcome,
    )
    items = {**state.items, item.action: settled}
    return replace(state, items=items), (ActionChange.of(settlement.status, settled),)


def settleable(state: AccountState, settlement: Settlement) -> ActionItem:
    """Return the item that is to be settled.

    Raises NotInBook when it is not there any more, DataError when its status does not allow it (KR865).
    """
    item = state.items.get(settlement.action)
    if item is None or item.id != settlement.item:
        message = f"action {shown(settlement.item)} is over: a later one has taken its place"
        raise DataError(Diagnostic("KR865", message, address="action_id"))
    if item.status != settlement.status and item.status not in _ALLOWED[settlement.status]:
        word = {ACCEPTED: "accepted", DONE: "done", DISMISSED: "dismissed"}[settlement.status]
        message = f"action {shown(item.id)} is {item.status} and cannot be {word} any more"
        raise DataError(Diagnostic("KR865", message, address="status"))
    return item


def concluded(
    before: AccountState,
    after: AccountState,
    outcome: Outcome | None,
    ruleset: str,
    told: tuple[ActionChange, ...] = (),
) -> tuple[AccountState, Changes]:
    """Return the state with what was decided of it, and the changes since `before`.

    `after` is the state at its day, with what happened in it; `outcome` is None for an account that left.
    """
    as_of = after.as_of
    if as_of is None:
        raise no_account(after.account_id)
    items, changed = follow(after.account_id, after.items, outcome, before.as_of, as_of)
    known = None if outcome is None else ruleset
    state = replace(after, outcome=outcome, ruleset=known, items=items)
    changes = changes_between(after.account_id, as_of, before.outcome, outcome, (*told, *changed))
    return state, changes
