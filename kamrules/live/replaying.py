"""Replaying the decision log: accounts built again from what was posted, and decided by the row engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, KamrulesError
from kamrules.live.checking import read_event
from kamrules.live.deciding import RowDecider
from kamrules.live.desk import Decided, sum_of
from kamrules.live.entries import RULESET, TABLES, TICK, Entry
from kamrules.live.refusals import NotInBook
from kamrules.live.rulesets import Programs
from kamrules.live.state import (
    AccountState,
    Settlement,
    concluded,
    day_of_event,
    rolled,
    with_event,
    with_facts,
    with_settlement,
)
from kamrules.live.statements import text_of
from kamrules.live.verifying import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kamrules.live.changes import ActionChange
    from kamrules.live.store import Store

_PAGE = 1_000
_GROUP = 500
"""Accounts that are replayed in one pass over the log."""
_BOOK_KINDS = {TICK, RULESET}
"""Entries in which several accounts are decided."""


@dataclass(slots=True)
class _Day:
    """What the accounts of a day's entry came to, summed up; `missing` of them were not replayed yet."""

    outcome: str | None
    missing: int
    total: int = 0


def replay(
    store: Store,
    numbers: Sequence[int] | None = None,
    account_id: str | None = None,
    *,
    programs: Programs | None = None,
    count: list[int] | None = None,
) -> list[Finding]:
    """Decide entries again, or all (of an account), and return what comes out differently.

    `programs` are known ones; `count` gets the numbers of the entries that were decided again. Raises
    NotInBook for an entry that is none (KR817).
    """
    known = Programs(store) if programs is None else programs
    return _Replay(store, known, numbers, account_id, [] if count is None else count).findings()


class _Replay:
    def __init__(
        self,
        store: Store,
        programs: Programs,
        numbers: Sequence[int] | None,
        account_id: str | None,
        count: list[int],
    ) -> None:
        self.store = store
        self.programs = programs
        self.decider = RowDecider()
        self.wanted = None if numbers is None else set(numbers)
        self.account_id = account_id
        self.count = count
        self.found: list[Finding] = []
        self.days: dict[int, _Day] = {}

    def findings(self) -> list[Finding]:
        accounts = self._accounts()
        for start in range(0, len(accounts), _GROUP):
            self._group(accounts[start : start + _GROUP])
        self._sums()
        return sorted(self.found, key=lambda each: each.entry)

    def _accounts(self) -> list[str]:
        """Return the accounts that are to be replayed."""
        if self.account_id is not None:
            return [self.account_id]
        if self.wanted is None:
            return self.store.logged_accounts()
        accounts: dict[str, None] = {}
        for number in sorted(self.wanted):
            row = next(iter(self.store.entries(number - 1, 1)), None)
            if row is None or row["number"] != number:
                raise NotInBook(Diagnostic("KR817", f"the log has no entry {number}"))
            listed = json.loads(row["changes"]).get("accounts", ())
            accounts |= dict.fromkeys([row["account_id"]] if row["account_id"] else listed)
        return list(accounts)

    def _group(self, accounts: Sequence[str]) -> None:
        """Replay some accounts from the beginning of the log."""
        last = None if self.wanted is None else max(self.wanted, default=0)
        states = {each: AccountState(each) for each in accounts}
        latest: dict[str, Decided] = {}
        tables: tuple[str, ...] = ()
        for entry, body in self._log(accounts, last):
            if entry.kind == TABLES:
                tables = tuple(entry.changed["tables"])
                continue
            listed = entry.changed.get("accounts", ()) if entry.account_id is None else ()
            for each in listed or (entry.account_id,):
                # an account that moved in a day's entry has one of its own behind it
                if each in states and (listed or entry.kind not in _BOOK_KINDS):
                    found = self._again(entry, body, states[each], tables)
                    if found is None:
                        del states[each]
                    else:
                        latest[each], states[each] = found, found.state
            mine = [latest[each] for each in listed if each in states]
            if listed:
                self._sum(entry, len(listed), mine)
            elif entry.account_id in states:
                self._compare(entry, latest[entry.account_id])

    def _log(self, accounts: Sequence[str], last: int | None) -> Iterator[tuple[Entry, str | None]]:
        """Yield the entries that are about some accounts, in order, with what was posted."""
        after = 0
        while rows := self.store.entries_about(accounts, after, _PAGE):
            bodies = self.store.bodies([each["number"] for each in rows])
            for row in rows:
                if last is not None and row["number"] > last:
                    return
                yield Entry.of(row), bodies.get(row["number"])
            after = rows[-1]["number"]

    def _again(
        self, entry: Entry, body: str | None, state: AccountState, tables: tuple[str, ...]
    ) -> Decided | None:
        """Decide an account as an entry did; None when it cannot be, which is a finding."""
        try:
            return self._decided(entry, body, state, tables)
        except (KamrulesError, ValueError, KeyError, TypeError, AttributeError) as error:
            # whatever a store holds that was tampered with
            why = error.diagnostics[0].message if isinstance(error, KamrulesError) else str(error)
            message = (
                f"entry {entry.number} cannot be decided again, nor those of its account behind it: "
                f"{why}"
            )
            self.found.append(Finding(entry.number, "undecided", message, "KR820"))
            return None

    def _decided(
        self, entry: Entry, body: str | None, state: AccountState, tables: tuple[str, ...]
    ) -> Decided:
        day = entry.as_of
        if day is None:
            raise ValueError("it has no date")
        start = rolled(state, day_of_event(state, day))
        told: tuple[ActionChange, ...] = ()
        plain = {} if body is None else json.loads(body)
        match entry.kind:
            case "event":
                after = with_event(start, read_event({**plain, "key": entry.key}))
            case "settle":
                plain.pop("account_id")
                after, told = with_settlement(start, Settlement(**plain), day)
            case "load":
                tables_in = {name: dict(rows) for name, rows in plain["tables"].items()}
                after = with_facts(start, plain["columns"], tables_in)
            case _:
                after = start
        question = answer = None
        if after.present:
            question = after.question(self.programs.get(entry.digest), tables)
            answer = self.decider.decide(question)
        outcome = None if answer is None else answer.outcome
        ended, changes = concluded(state, after, outcome, entry.digest, told)
        return Decided(ended, changes, answer, question)

    def _compare(self, entry: Entry, found: Decided) -> None:
        """Find what an entry says of its account and is not so."""
        if self.wanted is not None and entry.number not in self.wanted:
            return
        self.count.append(entry.number)
        answer = found.answer
        inputs, outcome = (None, None) if answer is None else (answer.inputs, answer.outcome.digest)
        for kind, told, now in (
            ("inputs", entry.inputs, inputs),
            ("outcome", entry.outcome, outcome),
            ("changes", entry.changes, text_of(found.changes.as_json())),
        ):
            if told != now:
                message = f"entry {entry.number} is decided otherwise now: other {kind}"
                self.found.append(Finding(entry.number, kind, message, "KR820"))
                return

    def _sum(self, entry: Entry, listed: int, found: Iterable[Decided]) -> None:
        if self.wanted is None or entry.number in self.wanted:
            day = self.days.setdefault(entry.number, _Day(entry.outcome, listed))
            lines = [each.line() for each in found]
            day.missing -= len(lines)
            day.total = (day.total + int(sum_of(lines), 16)) % 2**256

    def _sums(self) -> None:
        """Find days on which the accounts came to something else than their entry says."""
        for number, day in self.days.items():
            if day.missing:
                continue
            self.count.append(number)
            if f"{day.total:064x}" != day.outcome:
                message = f"entry {number} is decided otherwise now: other outcomes"
                self.found.append(Finding(number, "outcome", message, "KR820"))
