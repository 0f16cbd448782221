"""The desk: where accounts are taken up, changed, decided and handed to the writer, whatever the reason."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from kamrules.diagnostics import Diagnostic
from kamrules.live.accounts import Accounts, Keys
from kamrules.live.changes import DUE, NEW
from kamrules.live.deciding import canonical
from kamrules.live.items import PROPOSED
from kamrules.live.refusals import NotStored
from kamrules.live.rulesets import Programs
from kamrules.live.state import concluded
from kamrules.live.statements import text_of
from kamrules.live.writing import Draft, Outdated, Work, Writer

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable

    from kamrules.live.changes import ActionChange, Changes
    from kamrules.live.deciding import Answer, Decider, Question
    from kamrules.live.rulesets import Current
    from kamrules.live.state import AccountState
    from kamrules.live.store import Store

_TRIES = 5
"""So often some work is done again because the store failed in between."""
_POISON = {"crashed", "hung", "differed"}
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about an account: its state, what changed, and the answer (None: it left)."""

    state: AccountState
    changes: Changes
    answer: Answer | None
    question: Question | None

    def line(self) -> bytes:
        """Return the line by which a day's entry is summed up."""
        answer = self.answer
        parts = [self.state.account_id]
        parts += ["", ""] if answer is None else [answer.inputs, answer.outcome.digest]
        return canonical(parts)


def sum_of(lines: Iterable[bytes]) -> str:
    """Return a hash (hex) over lines that is the same in whichever order they come."""
    total = sum(int.from_bytes(hashlib.sha256(each).digest(), "big") for each in lines)
    return f"{total % 2**256:064x}"


@cache
def tables_of(text: str) -> tuple[str, ...]:
    """Return the tables that a book has, from their JSON."""
    return tuple(json.loads(text))


@dataclass(slots=True)
class Sheet:
    """Some work in the making: the accounts as they were and are by now, and the entries so far.

    `tables` are those that the book has, as JSON.
    """

    generation: int
    current: Current
    tables: str
    states: dict[str, tuple[AccountState, AccountState]] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)


class Desk:
    """What the parts of a LiveBook share: store, writer, accounts, rulesets and the decider."""

    def __init__(self, store: Store, current: Current, decider: Decider, kept: int) -> None:
        self.store = store
        self.current = current
        self.decider = decider
        self.accounts = Accounts(store, kept)
        self.keys = Keys()
        self.programs = Programs(store, current.ruleset.functions)
        self.programs.add(current.program)
        self.writer = Writer(store, lambda: self.accounts.generation, self.accounts.forget)

    def tables(self) -> tuple[str, ...]:
        """Return the tables that the book has, whether or not an account has rows in them."""
        return tables_of(self.writer.tables)

    def sheet(self) -> Sheet:
        """Return an empty sheet; the ruleset in use at this moment decides all that is on it."""
        return Sheet(self.accounts.generation, self.current, self.writer.tables)

    def state(self, sheet: Sheet, account_id: str) -> AccountState:
        """Return an account as it stands on a sheet. Raises StoreFailed."""
        found = sheet.states.get(account_id)
        return self.accounts.get(account_id) if found is None else found[1]

    def decide(
        self,
        sheet: Sheet,
        before: AccountState,
        after: AccountState,
        told: tuple[ActionChange, ...] = (),
    ) -> Decided:
        """Decide an account as it is after something happened, and put it on the sheet."""
        question = answer = None
        if after.present:
            question = after.question(sheet.current.program, tables_of(sheet.tables))
            answer = self.decider.decide(question)
        outcome = None if answer is None else answer.outcome
        digest = sheet.current.program.digest
        state, changes = concluded(before, after, outcome, digest, told)
        first = sheet.states[before.account_id][0] if before.account_id in sheet.states else before
        sheet.states[before.account_id] = (first, state)
        return Decided(state, changes, answer, question)

    def draft(  # noqa: PLR0913  what an entry holds
        self,
        sheet: Sheet,
        kind: str,
        found: Decided,
        *,
        key: str | None = None,
        content: str | None = None,
        body: str | None = None,
    ) -> None:
        """Add the entry of what was decided."""
        answer = found.answer
        poison = None
        if answer is not None and answer.trouble in _POISON and found.question is not None:
            poison = text_of(found.question.as_json())
        sheet.drafts.append(
            Draft(
                kind=kind,
                account_id=found.state.account_id,
                as_of=found.state.as_of,
                ruleset=sheet.current.named,
                changes=text_of(found.changes.as_json()),
                key=key,
                content=content,
                body=body,
                inputs=None if answer is None else answer.inputs,
                outcome=None if answer is None else answer.outcome.digest,
                engine=None if answer is None else answer.engine,
                trouble=None if answer is None else answer.trouble,
                steps=tuple(
                    (each.item, PROPOSED if each.change == NEW else each.change)
                    for each in found.changes.actions
                    if each.change != DUE
                ),
                poison=poison,
            )
        )

    def about_book(
        self,
        sheet: Sheet,
        kind: str,
        changes: dict[str, Any],
        outcome: str | None = None,
        as_of: datetime.date | None = None,
    ) -> None:
        """Add an entry that is about the book, or several of its accounts on a day."""
        draft = Draft(
            kind=kind,
            account_id=None,
            as_of=self.writer.as_of if as_of is None else as_of,
            ruleset=sheet.current.named,
            changes=text_of(changes),
            outcome=outcome,
        )
        sheet.drafts.append(draft)

    def submit(self, sheet: Sheet, **more: Any) -> tuple[int, ...]:  # noqa: ANN401  as Work takes it
        """Commit a sheet and return its entries' numbers. Raises as Writer.submit."""
        pairs = tuple(sheet.states.values())
        numbers = self.writer.submit(
            Work(sheet.generation, sheet.tables, tuple(sheet.drafts), pairs, **more)
        )
        for _, state in pairs:
            self.accounts.put(state, sheet.generation)
        return numbers

    def again(self, work: Callable[[], Result]) -> Result:
        """Do some work, again when the store failed in between and states that it read are outdated.

        Raises NotStored when that happens over and over.
        """
        for _ in range(_TRIES):
            try:
                return work()
            except Outdated:
                continue
        message = f"store `{self.store.location.shown}` fails again and again"
        mend = "nothing was stored; post it again under its key"
        raise NotStored(Diagnostic("KR816", message, help=mend))

    def day(self, wanted: datetime.date | None) -> datetime.date | None:
        """Return the day of something that happens: its own, or else the book's."""
        return self.writer.as_of if wanted is None else wanted

    def close(self) -> None:
        """Commit what waits and close the store."""
        self.writer.close()
        self.store.close()
