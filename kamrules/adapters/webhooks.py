"""Webhooks of senders that need no plug-in: `standard`, signed as Standard Webhooks says, and `hubspot`.

HubSpot's construction is taken from its documentation (signature version 3); not verified against a live
organisation.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

from kamrules.contracts import WebhookRefusedError
from kamrules.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kamrules.contracts import Webhook, WebhookRequest

MOST_AGE = 300.0
"""Seconds that a signature is believed, and that a clock may be ahead."""
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)
_TYPES = {
    "kamrules.row.inserted": "insert",
    "kamrules.row.updated": "update",
    "kamrules.row.deleted": "delete",
}


@hookimpl
def register_webhooks(register: Callable[[str, Webhook], None]) -> None:
    """Name the senders."""
    register("standard", verify_standard)
    register("hubspot", verify_hubspot)


def verify_standard(request: WebhookRequest, secret: str) -> Sequence[Mapping[str, Any]]:
    """Return the event of a CloudEvent (docs/serve.md) that is signed as Standard Webhooks says.

    `webhook-signature` holds `v1,` and the base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.BODY`,
    several of them with blanks between. The key of the event is the `webhook-id`. Raises
    WebhookRefusedError.
    """
    identity = _needed(request, "webhook-id")
    seconds = _needed(request, "webhook-timestamp")
    signed = b"%s.%s.%s" % (identity.encode("latin-1"), seconds.encode("latin-1"), request.body)
    given = [
        each[3:] for each in _needed(request, "webhook-signature").split() if each.startswith("v1,")
    ]
    keys = [_standard_key(each) for each in secret.split()]
    _believe(keys, signed, given)
    _recent(request, seconds, 1.0)
    return [_of_cloud_event(f"standard:{identity}", _json(request))]


def _standard_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise WebhookRefusedError("our own secret is none of Standard Webhooks") from None


def _of_cloud_event(key: str, given: object) -> dict[str, Any]:
    if not isinstance(given, dict) or given.get("type") not in _TYPES:
        known = ", ".join(_TYPES)
        raise WebhookRefusedError(f"its body is no CloudEvent of one of the types {known}")
    data = given.get("data")
    data = data if isinstance(data, dict) else {}
    event = {name: data[name] for name in ("table", "row", "row_id") if data.get(name) is not None}
    return {
        "key": key,
        "account_id": given.get("subject"),
        "op": _TYPES[given["type"]],
        **event,
    }


_COMPANY = {
    "name": "name", "industry": "industry", "country": "country", "annualrevenue": "annual_revenue",
    "numberofemployees": "employees",
}  # fmt: skip
"""Properties of HubSpot's companies and the columns of accounts that they fill."""
_NUMBERS = frozenset({"annual_revenue", "employees"})
_COMPANY_EVENTS = {"creation": "insert", "propertyChange": "update", "deletion": "delete"}


def verify_hubspot(request: WebhookRequest, secret: str) -> Sequence[Mapping[str, Any]]:
    """Return what HubSpot tells of companies; deals and contacts do not say whose they are, and are nothing.

    `x-hubspot-signature-v3` is the base64 of HMAC-SHA256 over method, URL, body and
    `x-hubspot-request-timestamp` (milliseconds), by the app's secret. The URL is https, the host that was
    asked for, and the path: a proxy has to pass on `Host`. Raises WebhookRefusedError.
    """
    given = _needed(request, "x-hubspot-signature-v3")
    moment = _needed(request, "x-hubspot-request-timestamp")
    url = f"https://{request.headers.get('host', '')}{_decoded(request.url)}"
    start = f"{request.method}{url}".encode("latin-1", "replace")
    signed = start + request.body + moment.encode("latin-1")
    _believe([each.encode() for each in secret.split()], signed, [given])
    _recent(request, moment, 1000.0)
    told = _json(request)
    if not isinstance(told, list):
        raise WebhookRefusedError("its body is no list of events")
    return list(_of_companies(told))


_ESCAPED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(",
    "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
"""What HubSpot decodes in a URL before it signs it, and nothing else."""


def _decoded(url: str) -> str:
    for escaped, plain in _ESCAPED.items():
        url = re.sub(escaped, plain, url, flags=re.IGNORECASE)
    return url


def _of_companies(told: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for each in told:
        kind = each.get("subscriptionType") if isinstance(each, dict) else None
        about, _, happened = str(kind).partition(".")
        operation = _COMPANY_EVENTS.get(happened)
        if about != "company" or operation is None:
            continue
        identity, company = each.get("eventId"), each.get("objectId")
        if not _is_id(identity) or not _is_id(company):
            raise WebhookRefusedError(f"its event `{kind}` has no `eventId` or no `objectId`")
        event = {
            "key": _hubspot_key(each), "account_id": str(company), "table": "accounts",
            "op": operation,
        }  # fmt: skip
        if operation == "delete":
            yield event
            continue
        column = _COMPANY.get(str(each.get("propertyName")))
        if operation == "insert":
            # nothing is known of it yet but that it is there; what is known later is not to be wiped out
            yield event | {"op": "update", "row": {}}
        elif column is not None:
            yield event | {"row": {column: _cell(column, each.get("propertyValue"))}}


def _hubspot_key(event: Mapping[str, Any]) -> str:
    """Return a key that is the same whenever an event comes again; its `eventId` alone is shared by some."""
    names = ("eventId", "subscriptionId", "objectId", "occurredAt", "propertyName")
    told = json.dumps([event.get(each) for each in names])
    return f"hubspot:{hashlib.sha256(told.encode()).hexdigest()[:40]}"


def _is_id(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and value != ""


def _cell(column: str, value: object) -> object:
    """Return a value of HubSpot, which writes them all as text; an empty one is unknown."""
    if value in (None, ""):
        return None
    if column in _NUMBERS and isinstance(value, str) and _NUMBER.fullmatch(value):
        number = float(value)
        return int(number) if number.is_integer() else number
    return value


def _needed(request: WebhookRequest, name: str) -> str:
    found = request.headers.get(name)
    if not found:
        raise WebhookRefusedError(f"it has no header `{name}`")
    return found


def _believe(keys: Sequence[bytes], signed: bytes, given: Sequence[str]) -> None:
    """Raise WebhookRefusedError when none of the signatures (base64) is made with one of the keys."""
    made = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in keys]
    # each is compared with each, so that the time taken tells nothing about which one it was
    same = [hmac.compare_digest(one, each.encode("latin-1")) for one in made for each in given]
    if not any(same):
        raise WebhookRefusedError(
            "its signature is not made with our secret, or its body was changed"
        )


def _recent(request: WebhookRequest, moment: str, a_second: float) -> None:
    """Raise WebhookRefusedError for a moment (in so many parts of a second) that is not of now."""
    if not _WHOLE.fullmatch(moment):
        raise WebhookRefusedError("the moment of its signature is no number")
    if abs(request.received - int(moment) / a_second) > MOST_AGE:
        raise WebhookRefusedError(f"its signature is not of the last {MOST_AGE / 60:.0f} minutes")


def _json(request: WebhookRequest) -> Any:  # noqa: ANN401  whatever the sender says
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise WebhookRefusedError("its body is no JSON") from None
