"""Filling: a live book gets every row of BottleCRM, under the names by which webhooks tell of them later."""

from __future__ import annotations

import datetime
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3
from kamrules import DataError
from kamrules.diagnostics import Diagnostic

from kamrules_bottlecrm.client import Client
from kamrules_bottlecrm.mapping import mapped_rows
from kamrules_bottlecrm.records import READINGS, ShiftedError, records, restless
from kamrules_bottlecrm.site import Site
from kamrules_bottlecrm.tables import ACCOUNTS, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kamrules_bottlecrm.tables import Table

BATCH = 200
_MEDIA = "application/cloudevents-batch+json"
_TIMEOUT = urllib3.Timeout(connect=10.0, read=600.0)
_TOLD = 5


def fill(service: str, token: str, tell: Callable[[str], None]) -> int:
    """Post every row of BottleCRM (at BOTTLECRM_URL) to a service of `kamrules serve`.

    Returns how many were refused; the first of them are told. Rows that are there already are put in anew.
    Raises DataError when BottleCRM cannot be read, or the service not be posted to.
    """
    refused = 0
    with closing(Client(Site.of("", {}, _placeless), _placeless)) as client:
        post = _Poster(service, token)
        for table in TABLES.values():
            count = 0
            for batch in _batches(_steady(client, table)):
                count += len(batch)
                for problem in post(batch):
                    refused += 1
                    if refused <= _TOLD:
                        tell(f"{table.name}: {problem}")
            tell(f"{table.name}: {count:,} rows")
    return refused


def _placeless(code: str, message: str, *_: str, help: str | None = None) -> Diagnostic:  # noqa: A002
    return Diagnostic(code, message, help=help)


def _steady(client: Client, table: Table) -> Iterator[dict[str, Any]]:
    """Yield the events of a table; where it changed while it was read, those of a further reading too."""
    for _ in range(READINGS):
        try:
            yield from _events(client, table)
        except ShiftedError:
            continue
        return
    raise DataError(restless(client, table))


def _events(client: Client, table: Table) -> Iterator[dict[str, Any]]:
    # a row that is told of again is put in again, whatever it was before
    now = datetime.datetime.now(datetime.UTC).isoformat()
    for record, accounts in records(client, table):
        for number, (name, account, row) in enumerate(mapped_rows(table, record, accounts)):
            data = {"table": name, "row": row}
            if table is not ACCOUNTS:
                data["row_id"] = record["id"]
            yield {
                "specversion": "1.0", "source": f"bottlecrm {now}", "id": f"{record['id']}.{number}",
                "type": "kamrules.row.inserted", "subject": account, "data": data,
            }  # fmt: skip


def _batches(events: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for each in events:
        batch.append(each)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class _Poster:
    """Posts batches of CloudEvents to a service."""

    def __init__(self, service: str, token: str) -> None:
        self._shown = urlsplit(service).netloc
        self._url = service.rstrip("/") + "/events"
        self._headers = {"content-type": _MEDIA, "authorization": f"Bearer {token}"}
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=urllib3.Retry(3, redirect=0))

    def __call__(self, batch: list[dict[str, Any]]) -> list[str]:
        """Return what is told of those that were refused."""
        body = json.dumps(batch).encode()
        try:
            # the keys of events make it safe to post them again
            answer = self._pool.request("POST", self._url, body=body, headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise DataError(self._failed(f"cannot be posted to: {type(error).__name__}")) from None
        try:
            told = json.loads(answer.data)
        except ValueError:
            told = {}
        if answer.status != 200:
            detail = told.get("detail") if isinstance(told, dict) else None
            raise DataError(self._failed(f"answers {answer.status}: {detail or 'no more'}"))
        return [
            each["problem"]["detail"] for each in told["results"] if each.get("problem") is not None
        ]

    def _failed(self, how: str) -> Diagnostic:
        message = f"the service at `{self._shown}` {how}"
        return Diagnostic("KR729", message, help="is it running, and KAMRULES_TOKEN its token?")
