"""Records, page by page: each once, all of them, or an error that says that the pages did not hold still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules import DataError

from kamrules_bottlecrm.tables import HOMES, TABLES, accounts_of, inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kamrules.diagnostics import Diagnostic

    from kamrules_bottlecrm.client import Client
    from kamrules_bottlecrm.tables import Table

READINGS = 3
"""Times that a table is read from its beginning, when it changes while it is read."""


class ShiftedError(Exception):
    """The table changed while it was read, so that records may be lacking: what came is to be dropped."""


def pages(
    client: Client, table: Table, query: Mapping[str, object] | None = None
) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of each page, none of them twice.

    Raises ShiftedError at the end when there are not as many as BottleCRM counts; DataError for a page that
    comes again, and for answers that are none.
    """
    seen: set[str] = set()
    offset = 0
    while True:
        asked = {**(query or {}), "limit": client.site.page, "offset": offset}
        data = client.get(table.path, asked)
        lists = [_records(client, table, data, path) for path in table.lists]
        count = sum(_count(client, table, data, path) for path in table.counts)
        found = [each for records in lists for each in records]
        new = []
        for each in found:
            if each["id"] not in seen:
                seen.add(each["id"])
                new.append(each)
        if found and not new:
            raise DataError(_repeats(client, table, offset))
        yield new
        offset += max(map(len, lists))
        if not found or len(seen) >= count:
            break
    if len(seen) != count:
        raise ShiftedError


def records(
    client: Client, table: Table, homes: Iterable[str] = HOMES
) -> Iterator[tuple[dict[str, Any], list[str | None]]]:
    """Yield every record of a table with the accounts that it belongs to.

    What is logged on records is asked of each record of `homes`, and belongs to the account that it names
    itself, else to those of the record. Raises as `pages`.
    """
    if not table.on_records:
        for page in pages(client, table):
            yield from ((record, accounts_of(table, record)) for record in page)
        return
    seen: set[tuple[str, str | None]] = set()
    for home, accounts in _at_home(client, homes):
        for page in pages(client, table, home):
            for record in page:
                own = [each for each in accounts_of(table, record) if each is not None]
                new = [each for each in own or accounts if (record["id"], each) not in seen]
                seen.update((record["id"], each) for each in new)
                if new:
                    yield record, new


def _at_home(
    client: Client, homes: Iterable[str]
) -> Iterator[tuple[dict[str, object], list[str | None]]]:
    """Yield what asks for the things logged on a record, and its accounts; none for those of no account."""
    for each in homes:
        name, where = HOMES[each]
        for page in pages(client, TABLES[where]):
            for record in page:
                accounts = accounts_of(TABLES[where], record)
                if accounts != [None]:
                    yield {name: record["id"]}, accounts


def restless(client: Client, table: Table) -> Diagnostic:
    """Return what is told of a table that changed each time it was read."""
    message = (
        f"`{table.name}` of BottleCRM at `{client.site.shown}` changed each of the {READINGS} times it was"
        " read, so that records may be lacking"
    )
    return client.fault("KR723", message, "from", help="run again when fewer people work in it")


def _records(
    client: Client, table: Table, data: object, path: tuple[str, ...]
) -> list[dict[str, Any]]:
    found = inside(data, path)
    if not isinstance(found, list):
        raise DataError(_strange(client, table, f"it has no list `{'.'.join(path)}`"))
    for each in found:
        if not isinstance(each, dict) or not isinstance(each.get("id"), str):
            raise DataError(_strange(client, table, "it has a record without an `id`"))
    return found


def _count(client: Client, table: Table, data: object, path: tuple[str, ...]) -> int:
    found = inside(data, path)
    if not isinstance(found, int) or isinstance(found, bool):
        raise DataError(_strange(client, table, f"it has no number `{'.'.join(path)}`"))
    return found


def _strange(client: Client, table: Table, wrong: str) -> Diagnostic:
    message = (
        f"the answer of BottleCRM at `{client.site.shown}` to `{table.path}` is strange: {wrong}"
    )
    mend = "kamrules-bottlecrm was written for version 1.35.0"
    return client.fault("KR724", message, "from", help=mend)


def _repeats(client: Client, table: Table, offset: int) -> Diagnostic:
    message = (
        f"BottleCRM at `{client.site.shown}` gives records of `{table.name}` again that it gave before, where"
        f" those from {offset:,} on were asked for"
    )
    return client.fault("KR723", message, "from", help="does something between keep its answers?")
