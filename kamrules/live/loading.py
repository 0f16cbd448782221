"""Loading: accounts in bulk, from a book file or from tables in memory, decided as they come in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import DataError, Diagnostic
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.live.checking import check, read_event
from kamrules.live.days import advance, declare
from kamrules.live.deciding import canonical
from kamrules.live.entries import LOAD
from kamrules.live.events import hash_of
from kamrules.live.refusals import shown
from kamrules.live.state import day_of_event, rolled, with_facts

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from kamrules.book import Quality
    from kamrules.live.desk import Decided, Desk, Sheet

ROW_ID = "row_id"
_CHUNK = 100
_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load took: accounts and their rows, and the day.

    `quality` tells which rows and values of a book were left out, and why; None for tables in memory.
    """

    accounts: int
    rows: int
    as_of: datetime.date
    quality: Quality | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """An account as a source gives it: its columns, and by table its rows by id."""

    account_id: str
    columns: dict[str, Any]
    tables: dict[str, dict[str, dict[str, Any]]]

    def body(self) -> bytes:
        """Return the account as canonical JSON, as the store keeps it; rows in their order."""
        tables = {name: list(rows.items()) for name, rows in self.tables.items()}
        return canonical({"account_id": self.account_id, "columns": self.columns, "tables": tables})


def load(
    desk: Desk,
    source: str | Path | Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    as_of: datetime.date | None,
    leave_out: bool | None,
) -> Loaded:
    """Take accounts from a source and decide them; see LiveBook.load."""
    quality = None
    if isinstance(source, str | PathLike):
        from kamrules.live.books import open_book  # noqa: PLC0415  which brings in the sql engine

        found = open_book(desk.current.program, fspath(source), leave_out=leave_out)
        tables, incoming, quality = found.tables, found.accounts, found.quality
        as_of = as_of or found.as_of
    else:
        tables = set(source) - {ACCOUNTS}
        incoming = iter(_from_tables(desk, source))
    day = as_of or desk.writer.as_of
    if day is None:
        mend = "give the load an `as_of`"
        message = "neither what is loaded nor the book has a date"
        raise DataError(Diagnostic("KR818", message, help=mend, address="as_of"))
    advance(desk, day)
    declare(desk, tables)
    accounts = rows = 0
    workers = int(desk.decider.described.get("workers") or 0)
    with ThreadPoolExecutor(max(workers, 1), thread_name_prefix="kamrules-load") as pool:
        while chunk := list(islice(incoming, _CHUNK)):
            _take(desk, chunk, day, pool)
            accounts += len(chunk)
            rows += sum(len(each) for one in chunk for each in one.tables.values())
    return Loaded(accounts, rows, day, quality)


def _take(
    desk: Desk, chunk: Sequence[Incoming], day: datetime.date, pool: ThreadPoolExecutor
) -> None:
    """Put some accounts in, decide them and commit them as one."""

    def work() -> None:
        sheet = desk.sheet()
        found = list(pool.map(lambda each: _decided(desk, sheet, each, day), chunk))
        for each, decided in zip(chunk, found, strict=True):
            body = each.body()
            desk.draft(sheet, LOAD, decided, content=hash_of(body), body=body.decode())
        desk.submit(sheet)

    with desk.accounts.locked(each.account_id for each in chunk):
        desk.again(work)


def _decided(desk: Desk, sheet: Sheet, incoming: Incoming, day: datetime.date) -> Decided:
    state = desk.accounts.get(incoming.account_id)
    start = rolled(state, day_of_event(state, day))
    return desk.decide(sheet, state, with_facts(start, incoming.columns, incoming.tables))


def _from_tables(desk: Desk, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Incoming]:
    """Return the accounts of tables in memory. Raises DataError with all that is wrong with them."""
    problems: list[Diagnostic] = []
    found: dict[str, Incoming] = {}
    for table in (ACCOUNTS, *(each for each in tables if each != ACCOUNTS)):
        for number, row in enumerate(tables.get(table, ()), start=1):
            try:
                _put(desk, found, table, row, number)
            except DataError as error:
                problems += [
                    replace(each, address=f"{table}[{number - 1}].{each.address or ''}".rstrip("."))
                    for each in error.diagnostics
                ]
    if problems:
        raise DataError(*problems[:_MOST_PROBLEMS])
    for one in found.values():
        for table in tables:
            if table != ACCOUNTS:
                one.tables.setdefault(table, {})
    return list(found.values())


def _put(
    desk: Desk, found: dict[str, Incoming], table: str, row: Mapping[str, Any], number: int
) -> None:
    plain = dict(row)
    account_id = plain.pop(ACCOUNT_ID, None)
    row_id = plain.pop(ROW_ID, None)
    event = read_event(
        {
            "key": f"{number}",
            "account_id": account_id,
            "table": table,
            "row": plain,
            "row_id": row_id,
        }
    )
    check(desk.current.program, event)
    if table == ACCOUNTS:
        if event.account_id in found:
            message = f"account {shown(event.account_id)} is there twice"
            raise DataError(Diagnostic("KR813", message, address=ACCOUNT_ID))
        found[event.account_id] = Incoming(event.account_id, event.row, {})
        return
    if event.account_id not in found:
        message = f"account {shown(event.account_id)} is not among the accounts that are loaded"
        raise DataError(Diagnostic("KR815", message, address=ACCOUNT_ID))
    rows = found[event.account_id].tables.setdefault(table, {})
    name = event.row_id or f"{len(rows) + 1}"
    if name in rows:
        message = f"row {shown(name)} is there twice"
        raise DataError(Diagnostic("KR813", message, address=ROW_ID))
    rows[name] = event.row


def numbered(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return rows by their number, for rows that have no id of their own."""
    return {f"{number}": dict(each) for number, each in enumerate(rows, start=1)}
