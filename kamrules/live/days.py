"""Days and rulesets: what is decided about many accounts at once, chunk by chunk, beside the events."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, UsageError
from kamrules.live.deciding import canonical
from kamrules.live.desk import sum_of
from kamrules.live.entries import RULESET, TABLES, TICK
from kamrules.live.state import day_of_event, rolled

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kamrules.live.changes import Changes
    from kamrules.live.desk import Desk, Sheet
    from kamrules.live.rulesets import Current
    from kamrules.live.state import AccountState

_CHUNK = 100
"""Accounts that are decided and committed together; events of these wait meanwhile."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload did: the ruleset in use by name, version and digest, what compiling it warned of, the
    entry of the log, and what changed about accounts that were decided again.
    """

    ruleset: str
    version: str
    digest: str
    warnings: tuple[Diagnostic, ...]
    entry: int
    changes: tuple[Changes, ...] = ()


def advance(desk: Desk, as_of: datetime.date | None) -> None:
    """Make a day the book's date, if it is later than that."""
    now = desk.writer.as_of
    if as_of is not None and (now is None or as_of > now):
        desk.again(lambda: desk.submit(desk.sheet(), as_of=as_of))


def declare(desk: Desk, tables: Iterable[str]) -> None:
    """Know that the book has some tables: accounts without rows in them have none."""
    wanted = set(tables)

    def work() -> None:
        sheet = desk.sheet()
        known = set(json.loads(sheet.tables))
        if not wanted <= known:
            found = sorted(known | wanted)
            desk.about_book(sheet, TABLES, {"tables": found})
            desk.submit(sheet, tables=canonical(found).decode())

    desk.again(work)


def tick(desk: Desk, date: datetime.date) -> list[Changes]:
    """Decide every account on a day; return what changed. Raises UsageError for a day before the book's."""
    now = desk.writer.as_of
    if now is not None and date < now:
        message = f"the book is at {now} already, and time does not go back to {date}"
        raise UsageError(Diagnostic("KR818", message, address="date"))
    advance(desk, date)

    def due(state: AccountState) -> bool:
        return state.present and state.as_of is not None and state.as_of < date

    return list(_all(desk, TICK, date, due))


def reload(desk: Desk, current: Current, *, redecide: bool) -> Reloaded:
    """Use another ruleset from now on; with `redecide` decide every account by it."""
    current = replace(current, program=desk.programs.add(current.program))
    desk.programs.functions = current.ruleset.functions
    before = desk.current.program.digest
    desk.decider.prepare(current.program, desk.writer.as_of)

    def swap() -> int:
        sheet = desk.sheet()
        sheet.current = current
        desk.about_book(sheet, RULESET, {"before": before})
        (number,) = desk.submit(sheet, rulesets=(current.kept(),))
        desk.current = current
        return number

    number = desk.again(swap)
    name, version, digest = current.named
    changes: tuple[Changes, ...] = ()
    date = desk.writer.as_of
    if redecide and date is not None:

        def other(state: AccountState) -> bool:
            return state.present and state.ruleset != digest

        changes = tuple(_all(desk, RULESET, date, other))
    return Reloaded(name, version, digest, current.warnings, number, changes)


def _all(
    desk: Desk, kind: str, date: datetime.date, wanted: Callable[[AccountState], bool]
) -> Iterator[Changes]:
    """Decide all accounts that are wanted, chunk by chunk, and yield what changed."""
    workers = int(desk.decider.described.get("workers") or 0)
    with ThreadPoolExecutor(max(workers, 1), thread_name_prefix="kamrules-day") as pool:
        after = ""
        while ids := desk.store.account_ids(after, _CHUNK):
            after = ids[-1]
            yield from decide_chunk(desk, kind, date, ids, wanted, pool)


def decide_chunk(  # noqa: PLR0913, PLR0917  what a chunk is decided by
    desk: Desk,
    kind: str,
    date: datetime.date,
    ids: Sequence[str],
    wanted: Callable[[AccountState], bool],
    pool: ThreadPoolExecutor,
) -> list[Changes]:
    """Decide some accounts on a day and commit them as one; return what changed about those that moved."""

    def work() -> list[Changes]:
        sheet = desk.sheet()
        states = [state for state in map(desk.accounts.get, ids) if wanted(state)]
        if not states:
            return []
        return _decided(desk, sheet, kind, date, states, pool)

    with desk.accounts.locked(ids):
        return desk.again(work)


def _decided(  # noqa: PLR0913, PLR0917  as above
    desk: Desk,
    sheet: Sheet,
    kind: str,
    date: datetime.date,
    states: Sequence[AccountState],
    pool: ThreadPoolExecutor,
) -> list[Changes]:
    found = list(
        pool.map(
            lambda state: desk.decide(sheet, state, rolled(state, day_of_event(state, date))),
            states,
        )
    )
    moved = [each for each in found if each.changes]
    decided = {"accounts": [each.account_id for each in states]}
    desk.about_book(sheet, kind, decided, sum_of(each.line() for each in found), date)
    for each in moved:
        desk.draft(sheet, kind, each)
    desk.submit(sheet)
    return [each.changes for each in moved]
