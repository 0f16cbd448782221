"""Webhooks of BottleCRM: their signature, and what they tell as events of a live book.

`X-BottleCRM-Signature: t=UNIX,v1=HEX`, where HEX is the HMAC-SHA256 of `UNIX.BODY`. A delivery that comes
again has the same `id` in its body, which is the key of its events.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

from kamrules.contracts import WebhookRefusedError

from kamrules_bottlecrm.mapping import mapped_rows
from kamrules_bottlecrm.tables import ACCOUNTS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kamrules.contracts import WebhookRequest

    from kamrules_bottlecrm.tables import Table

SIGNATURE = "x-bottlecrm-signature"
MOST_AGE = 300.0
"""Seconds that a signature is believed, and that a clock may be ahead."""
_PARTS = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})", re.ASCII)
_MOST_ID = 100
_TABLES = {
    "account": "accounts", "contact": "contacts", "deal": "deals", "ticket": "cases",
    "invoice": "invoices", "interaction": "interactions",
}  # fmt: skip
"""What an event is about, and the table that it changes; leads and tasks are in no book."""
_OPERATIONS = {"created": "insert", "updated": "update", "deleted": "delete",
               "won": "update", "lost": "update", "paid": "update"}  # fmt: skip
_KINDS = {"CLOSED_WON": "won", "CLOSED_LOST": "lost"}
_OPEN = frozenset({"PROSPECTING", "QUALIFICATION", "PROPOSAL", "NEGOTIATION"})
"""Stages of BottleCRM's own pipeline; what others mean, only `deal.won` and `deal.lost` tell."""


def verify(request: WebhookRequest, secret: str) -> Sequence[Mapping[str, Any]]:
    """Return the events in a delivery of BottleCRM; none for what concerns no book.

    `secret` may be several with blanks between, while one replaces the other. Raises WebhookRefusedError.
    """
    _check(request, secret)
    try:
        body = json.loads(request.body)
    except ValueError:
        raise WebhookRefusedError("its body is no JSON") from None
    identity, event = (
        (body.get("id"), body.get("event")) if isinstance(body, dict) else (None, None)
    )
    if (
        not isinstance(identity, str)
        or not 1 <= len(identity) <= _MOST_ID
        or not isinstance(event, str)
    ):
        raise WebhookRefusedError("its body is none of BottleCRM: it has no `id` and no `event`")
    about, _, happened = event.partition(".")
    data, operation = body.get("data"), _OPERATIONS.get(happened)
    if about not in _TABLES or operation is None or not isinstance(data, dict):
        return []
    if not isinstance(data.get("id"), str):
        raise WebhookRefusedError(f"its event `{event}` names no record")
    table = TABLES[_TABLES[about]]
    record = data if about != "deal" else {**data, **_kind(data, happened)}
    return list(_events(f"bottlecrm:{identity}", table, operation, record))


def _check(request: WebhookRequest, secret: str) -> None:
    given = request.headers.get(SIGNATURE)
    if given is None:
        raise WebhookRefusedError("it has no header `X-BottleCRM-Signature`")
    found = _PARTS.fullmatch(given)
    if found is None:
        raise WebhookRefusedError("its signature is not of the form `t=UNIX,v1=HEX`")
    seconds, digest = found.groups()
    signed = seconds.encode() + b"." + request.body
    # each is compared, so that the time taken tells nothing about which one it was
    same = [
        hmac.compare_digest(hmac.new(key.encode(), signed, hashlib.sha256).hexdigest(), digest)
        for key in secret.split()
    ]
    if not any(same):
        raise WebhookRefusedError(
            "its signature is not made with our secret, or its body was changed"
        )
    if abs(request.received - int(seconds)) > MOST_AGE:
        raise WebhookRefusedError(f"its signature is not of the last {MOST_AGE / 60:.0f} minutes")


def _kind(deal: Mapping[str, Any], happened: str) -> dict[str, Any]:
    """Return the kind of a deal's stage where the event tells it; a webhook has only the stage's code."""
    if happened in ("won", "lost"):
        return {"stage_kind": happened}
    stage = deal.get("stage")
    kind = _KINDS.get(str(stage)) or ("open" if stage in _OPEN or happened == "created" else None)
    return {} if kind is None else {"stage_kind": kind}


def _events(
    key: str, table: Table, operation: str, record: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    found = list(mapped_rows(table, record))
    if operation == "delete" and not found:
        return
    for number, (name, account, row) in enumerate(found):
        event: dict[str, Any] = {
            "key": key if len(found) == 1 else f"{key}.{number}",
            "account_id": account,
            "table": name,
            "op": operation,
        }
        if table is not ACCOUNTS:
            event["row_id"] = record["id"]
        if operation != "delete":
            event["row"] = row
        yield event
