"""LiveBook: a book of accounts that takes events as they happen and tells what they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import kamrules.live.database  # noqa: F401  first of all, so that a missing one is told
from kamrules.diagnostics import DataError, Diagnostic, KamrulesError, UsageError, nearest
from kamrules.engines.row import engine_of
from kamrules.expression.types import ACCOUNTS
from kamrules.live import days, posting
from kamrules.live.deciding import RowDecider
from kamrules.live.desk import Desk
from kamrules.live.entries import RULESET, Entry
from kamrules.live.events import LONGEST_ID, Event, storable
from kamrules.live.items import OPEN
from kamrules.live.loading import load
from kamrules.live.refusals import NotInBook, no_account, shown
from kamrules.live.replaying import replay
from kamrules.live.rulesets import compiled
from kamrules.live.store import Store
from kamrules.live.verifying import verify

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from kamrules.compiler.program import Program
    from kamrules.decision import Decision, Explanation
    from kamrules.document import Ruleset
    from kamrules.live.changes import Changes, Posted
    from kamrules.live.days import Reloaded
    from kamrules.live.deciding import Decider, Outcome, Question
    from kamrules.live.items import ActionItem
    from kamrules.live.loading import Loaded
    from kamrules.live.verifying import Finding

ALL = "all"
_LONGEST_NOTE = 4_000


class LiveBook:
    """A book of accounts that lives: `post` an event, and learn what it changes.

    `ruleset`: a name, a path or a Ruleset. `store`: a URL (sqlite:///book.db, postgresql://...), a path, or
    `memory`. `decider` decides accounts, by default the row engine in this process; the book closes it.
    `as_of` is the book's date, if the store has no later one. `language` is that of decisions and
    explanations, by default the ruleset's first. `tables` are those of which an account without rows is
    known to have none (names, or `all`); an account's rows in other tables are unknown until the first one
    comes, or a book with the table is loaded. `kept` accounts are held in memory.

    Methods may be called from any thread; what is posted for one account is applied in the order of the
    calls. Time passes only by `as_of` of events and by `tick`. Raises RulesetError and UsageError as
    load_ruleset does; UsageError and DataError when the store cannot be opened (KR821 to KR824, KR866),
    StoreFailed when it fails (KR816).
    """

    def __init__(  # noqa: PLR0913  what a book depends on
        self,
        ruleset: str | Path | Ruleset,
        store: str | Path,
        *,
        decider: Decider | None = None,
        as_of: datetime.date | None = None,
        language: str | None = None,
        tables: Iterable[str] | str = (),
        kept: int = 5_000,
    ) -> None:
        current = compiled(ruleset)
        wanted = _wanted(tables, current.program)
        opened = Store.open(store)
        try:
            self._desk = Desk(opened, current, decider or RowDecider(), kept)
        except BaseException:
            opened.close()
            raise
        self._language = language
        try:
            self._begin(as_of, wanted)
        except BaseException:
            self.close()
            raise

    def _begin(self, as_of: datetime.date | None, tables: set[str]) -> None:
        """Write to the log what is in use from now on, where that is another than before."""
        desk = self._desk
        days.advance(desk, as_of)
        last = desk.store.last_ruleset()
        if last != desk.current.program.digest:
            sheet = desk.sheet()
            desk.about_book(sheet, RULESET, {"before": last})
            desk.submit(sheet, rulesets=(desk.current.kept(),))
        days.declare(desk, tables)
        desk.decider.prepare(self.program, self.as_of)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the book."""
        self.close()

    def close(self) -> None:
        """Commit what waits, and close the store and the decider; a closed book takes no events."""
        self._desk.close()
        self._desk.decider.close()

    # what it is

    @property
    def as_of(self) -> datetime.date | None:
        """The book's date: that of the last tick, or the latest of an event; None before it has one."""
        return self._desk.writer.as_of

    @property
    def program(self) -> Program:
        """The compiled ruleset in use."""
        return self._desk.current.program

    @property
    def ruleset(self) -> Ruleset:
        """The ruleset in use, as written."""
        return self._desk.current.ruleset

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What compiling the ruleset in use warned of."""
        return self._desk.current.warnings

    @property
    def head(self) -> tuple[int, str]:
        """The number of the log's last entry and its hash, to be noted elsewhere for `verify`."""
        return self._desk.writer.head, self._desk.writer.head_hash

    @property
    def described(self) -> dict[str, Any]:
        """How the book fares, as JSON holds it.

        `healthy` is False from a failure of the store until a commit succeeds again; `waiting` are
        postings that wait for their commit, `commits` those done since it was opened.
        """
        writer = self._desk.writer
        return {
            "store": self._desk.store.location.shown,
            "healthy": writer.healthy,
            "as_of": None if writer.as_of is None else writer.as_of.isoformat(),
            "head": writer.head,
            "waiting": writer.waiting(),
            "commits": writer.commits,
            "entries_written": writer.written,
            "ruleset": dict(
                zip(("name", "version", "digest"), self._desk.current.named, strict=True)
            ),
            "decider": self._desk.decider.described,
        }

    def count(self) -> int:
        """Return how many accounts are in the book. Raises StoreFailed."""
        return self._desk.store.count_accounts()

    # what happens

    def post(self, event: Event | Mapping[str, Any]) -> Posted:
        """Apply an event, decide its account, and return what changed once that is durable.

        Raises DataError for an event that is refused, with everything that is wrong (KR813, KR601 to KR604,
        KR818); KeyReused when its key came before with another content (KR814); NotInBook when its account
        or row is not there (KR815, KR817); NotStored when the store fails (KR816). A refused event changes
        nothing.
        """
        (found,) = posting.post(self._desk, [posting.Letter.of_event(Event.of(event))])
        if isinstance(found, KamrulesError):
            raise found
        return found

    def post_many(
        self, events: Iterable[Event | Mapping[str, Any]]
    ) -> list[Posted | KamrulesError]:
        """Apply events in order and commit them as one; return for each the answer, or why it is refused.

        Raises NotStored when the store fails: then none of them is kept.
        """
        found: list[Posted | KamrulesError | None] = []
        letters = []
        for each in events:
            try:
                letters.append(posting.Letter.of_event(Event.of(each)))
                found.append(None)
            except KamrulesError as error:
                found.append(error)
        answers = iter(posting.post(self._desk, letters)) if letters else iter(())
        return [next(answers) if each is None else each for each in found]

    def settle(
        self,
        action_id: str,
        status: str,
        *,
        note: str = "",
        outcome: str = "",
        key: str | None = None,
    ) -> Posted:
        """Say that an action item was accepted, done or dismissed, and return what changed.

        The cooldown of what was done or dismissed counts from the account's present day. `key` as that of an
        event; without one, settling the same item as the same again is a repetition. Raises NotInBook for
        an item that is none (KR817), DataError for what cannot be (KR865), KeyReused and NotStored as
        `post`.
        """
        for name, text, most in (
            ("note", note, _LONGEST_NOTE),
            ("outcome", outcome, _LONGEST_NOTE),
            ("key", key or "", LONGEST_ID),
        ):
            if len(text) > most or not storable(text):
                message = f"`{name}` has more than {most:,} characters, or one that no text has"
                raise DataError(Diagnostic("KR865", message, address=name))
        fields = {"note": note, "outcome": outcome, "key": key}
        letter = posting.settlement(self._desk, action_id, status, fields)
        (found,) = posting.post(self._desk, [letter])
        if isinstance(found, KamrulesError):
            raise found
        return found

    def tick(self, date: datetime.date) -> list[Changes]:
        """Let it be a day: decide every account on it, and return what changed about those that moved.

        It goes on where an earlier call for the same day was broken off; events that are posted meanwhile
        are taken. Raises UsageError for a day before the book's (KR818), NotStored when the store fails.
        """
        return days.tick(self._desk, date)

    def reload(self, ruleset: str | Path | Ruleset, *, redecide: bool = False) -> Reloaded:
        """Use another ruleset from now on: it is compiled first, and taken between two events.

        Accounts are decided by it at their next event or tick; with `redecide` all are at once. Raises as
        load_ruleset does, with all that is wrong, and the ruleset in use stays.
        """
        return days.reload(self._desk, compiled(ruleset), redecide=redecide)

    def load(
        self,
        source: str | Path | Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        as_of: datetime.date | None = None,
        leave_out: bool | None = None,
    ) -> Loaded:
        """Take accounts from a book file or folder, or from tables as lists of rows, and decide them.

        An account is then as the source has it, in the tables that the source has; other accounts stay.
        Rows of tables may have a `row_id` beside their `account_id`; others are numbered. `as_of`: the day,
        by default the book file's, or this book's. `leave_out` goes on without rows and values that cannot
        be used (and reports them), or stops at them; None: as the book file says. Raises DataError when the
        source cannot be read, or for what is wrong with it; NotStored when the store fails.
        """
        return load(self._desk, source, as_of=as_of, leave_out=leave_out)

    # what holds

    def outcome(self, account_id: str) -> Outcome:
        """Return what was decided last about an account. Raises NotInBook (KR815), StoreFailed."""
        outcome = self._desk.accounts.get(account_id).outcome
        if outcome is None:
            raise no_account(account_id)
        return outcome

    def decision(
        self, account_id: str, *, language: str | None = None, top: int | None = None
    ) -> Decision:
        """Return the decision about an account, worked out again from what it was decided from.

        Raises NotInBook (KR815), StoreFailed.
        """
        asked = self.question(account_id)
        return engine_of(asked.program).decide(
            asked.facts,
            as_of=asked.as_of,
            earlier=asked.earlier,
            top=top,
            language=language or self._language,
            strict=False,
        )

    def explanation(self, account_id: str, *, language: str | None = None) -> Explanation:
        """Return the decision about an account with its proof. Raises as `decision`."""
        asked = self.question(account_id)
        return engine_of(asked.program).explain(
            asked.facts,
            as_of=asked.as_of,
            earlier=asked.earlier,
            language=language or self._language,
            strict=False,
        )

    def question(self, account_id: str) -> Question:
        """Return what an account was decided from last. Raises as `decision`."""
        desk = self._desk
        state = desk.accounts.get(account_id)
        if state.ruleset is None:
            raise no_account(account_id)
        return state.question(desk.programs.get(state.ruleset), desk.tables())

    def actions(
        self,
        owner: str | None = None,
        account_id: str | None = None,
        status: str | Sequence[str] | None = None,
        *,
        limit: int = 100,
        after: str | None = None,
    ) -> list[ActionItem]:
        """Return action items, the most urgent first.

        `status`: one or several; None: proposed and accepted, those that are open. `after` is the id of the
        last item of the page before. Raises NotInBook for an `after` that is none (KR817), StoreFailed.
        """
        wanted = OPEN if status is None else (status,) if isinstance(status, str) else tuple(status)
        behind = None
        if after is not None:
            behind = self._desk.store.item(after)
            if behind is None:
                message = f"there is no action {shown(after)}"
                raise NotInBook(Diagnostic("KR817", message, address="after"))
        return self._desk.store.items(owner, account_id, wanted, limit, behind)

    def action(self, action_id: str) -> ActionItem:
        """Return an action item. Raises NotInBook (KR817), StoreFailed."""
        found = self._desk.store.item(action_id)
        if found is None:
            raise NotInBook(
                Diagnostic("KR817", f"there is no action {shown(action_id)}", address="action_id")
            )
        return found

    def history(self, action_id: str) -> list[tuple[int, str, datetime.date]]:
        """Return the steps of an action item: entry of the log, status, day. Raises as `action`."""
        return self._desk.store.steps(self.action(action_id).id)

    # the log

    def entries(
        self, after: int = 0, limit: int = 1_000, *, account_id: str | None = None
    ) -> list[Entry]:
        """Return entries of the decision log behind a number, in order. Raises StoreFailed."""
        rows = self._desk.store.entries(after, limit, account_id=account_id)
        return [Entry.of(each) for each in rows]

    def verify(self, head: str | None = None) -> list[Finding]:
        """Return what is wrong with the log: changed, missing, doubled or reordered entries.

        `head` is the hash of an entry as noted elsewhere; without one, a log that was cut off or written
        anew together with the head in the store cannot be told. Raises StoreFailed.
        """
        return verify(self._desk.store, head)

    def replay(self, number: int | None = None) -> list[Finding]:
        """Decide an entry of the log again, or all, and return what comes out differently.

        Raises NotInBook for an entry that is none (KR817), StoreFailed.
        """
        numbers = None if number is None else [number]
        return replay(self._desk.store, numbers, programs=self._desk.programs)

    # deliveries

    def cursor(self, name: str) -> int | None:
        """Return up to which entry a receiver has been told; None when it is new. Raises StoreFailed."""
        return self._desk.store.cursor(name)

    def move_cursor(self, name: str, entry: int) -> None:
        """Keep up to which entry a receiver has been told. Raises NotStored."""
        desk = self._desk
        desk.again(lambda: desk.submit(desk.sheet(), cursors=((name, entry),)))


def _wanted(tables: Iterable[str] | str, program: Program) -> set[str]:
    """Return the names of tables. Raises UsageError for one that the ruleset does not know (KR601)."""
    known = [each for each in program.tables if each != ACCOUNTS]
    if tables == ALL:
        return set(known)
    wanted = {tables} if isinstance(tables, str) else set(tables)
    strange = sorted(wanted - set(known))
    if strange:
        close = nearest(strange[0], known)
        mend = f"did you mean `{close}`?" if close else None
        message = f"the ruleset's vocabulary has no related table {shown(strange[0])}"
        raise UsageError(Diagnostic("KR601", message, help=mend))
    return wanted
