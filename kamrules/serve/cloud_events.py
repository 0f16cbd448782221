"""CloudEvents 1.0: what a CRM sends, in each of the three ways of HTTP, turned into events of the book.

| attribute | means |
|---|---|
| source, id | together the idempotency key |
| subject | the account's id |
| type | kamrules.row.inserted, kamrules.row.updated or kamrules.row.deleted |
| time | optional: the event's date is the day written in it |
| data | {"table": ..., "row": {column: value}, "row_id": the row's identity in its source} |
"""

from __future__ import annotations

import datetime
import hashlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from kamrules.diagnostics import Diagnostic, nearest
from kamrules.live.events import Event
from kamrules.serve.problem import NO_EVENT, UNREADABLE, UNTAKEN, Problem, cut
from kamrules.serve.reading import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ONE, BATCH, PLAIN = (
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json",
)
TYPES = {
    "kamrules.row.inserted": "insert",
    "kamrules.row.updated": "update",
    "kamrules.row.deleted": "delete",
}
REQUIRED = ("specversion", "id", "source", "type", "subject")
KNOWN = (*REQUIRED, "time", "datacontenttype", "dataschema", "data", "data_base64")
MOST_EVENTS = 1_000
"""Events of one request."""
_MOST_KEY = 200
_EXTENSION = re.compile(r"[a-z0-9]+")
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def read_events(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> tuple[list[Any], bool]:
    """Return the CloudEvents of a request as JSON objects, not yet looked at, and whether they are a batch.

    Raises Problem 415 for another media type, 400 for a body that cannot be read.
    """
    given = dict(headers)
    media = media_type(given.get(b"content-type", b""))
    if media == ONE:
        return [read_json(body)], False
    if media == BATCH:
        batch = read_json(body)
        if not isinstance(batch, list):
            raise Problem.of(400, UNREADABLE, "a batch of CloudEvents is a JSON list")
        if len(batch) > MOST_EVENTS:
            told = f"the batch has {len(batch):,} events; {MOST_EVENTS:,} are the most"
            raise Problem.of(413, UNTAKEN, told)
        return batch, True
    if media == PLAIN and b"ce-specversion" in given:
        return [_binary(given, body)], False
    told = (
        f"media type `{cut(media)}` is none of a CloudEvent" if media else "no media type is given"
    )
    mend = f"send `{ONE}`, `{BATCH}`, or `{PLAIN}` with the attributes in ce- headers"
    raise Problem.of(415, UNTAKEN, told, mend)


def media_type(content_type: bytes) -> str:
    """Return the media type of a Content-Type header. Raises Problem 415 for a charset but UTF-8."""
    media, _, rest = content_type.decode("latin-1").partition(";")
    for each in rest.split(";"):
        name, _, value = each.strip().partition("=")
        charset = value.strip('"').lower()
        if name.lower() == "charset" and charset not in ("utf-8", "utf8", "us-ascii"):
            raise Problem.of(415, UNTAKEN, f"charset `{cut(charset)}` is not taken; send UTF-8")
    return media.strip().lower()


def _binary(headers: Mapping[bytes, bytes], body: bytes) -> dict[str, Any]:
    """Return the CloudEvent of ce- headers and a body; values are percent-encoded UTF-8."""
    event: dict[str, Any] = {}
    for name, value in headers.items():
        if name.startswith(b"ce-"):
            attribute = name[3:].decode("latin-1")
            try:
                event[attribute] = unquote_to_bytes(value).decode("utf-8")
            except UnicodeDecodeError:
                told = f"header `ce-{cut(attribute)}` is no percent-encoded UTF-8"
                raise Problem.of(400, UNREADABLE, told) from None
            if "\x00" in event[attribute]:
                told = f"header `ce-{cut(attribute)}` holds the character NUL"
                raise Problem.of(400, UNREADABLE, told)
    event["data"] = read_json(body)
    return event


def event_of(given: object, latest: datetime.date | None = None) -> Event:
    """Return the event of the book that a CloudEvent is. Raises Problem 422 with all that is wrong.

    `latest`: events dated after it are refused, so that a sender's wrong clock does not move the book.
    """
    if not isinstance(given, dict):
        raise Problem.of(422, NO_EVENT, "a CloudEvent is a JSON object")
    found = list(_wrong(given))
    as_of = None
    if not found and given.get("time") is not None:
        as_of = _date(given["time"])
        if as_of is None:
            found.append(_about("time", "is no time such as `2026-06-30T09:00:00+02:00`"))
        elif latest is not None and as_of > latest:
            told = f"is dated {as_of}, which is after today; the book's date never moves back"
            found.append(_about("time", told))
    if found:
        raise Problem(422, found)
    data = given["data"]
    fields = {"key": key_of(given["source"], given["id"]), "account_id": given["subject"]}
    known = {name: data[name] for name in ("table", "row", "row_id") if data.get(name) is not None}
    return Event.of({**fields, **known, "op": TYPES[given["type"]], "as_of": as_of})


def key_of(source: str, identity: str) -> str:
    """Return the idempotency key of an event: a digest, where source and id are too long for one."""
    key = f"{source}\n{identity}"
    if len(key) <= _MOST_KEY:
        return key
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def _wrong(given: Mapping[str, Any]) -> Iterable[Diagnostic]:
    for name in REQUIRED:
        value = given.get(name)
        if value is None:
            yield Diagnostic(NO_EVENT, f"the CloudEvent lacks `{name}`", address=name)
        elif not isinstance(value, str) or not value:
            yield _about(name, "is no text, or an empty one")
    if isinstance(given.get("specversion"), str) and given["specversion"] not in ("1.0", ""):
        yield _about("specversion", f"is `{cut(given['specversion'])}`; `1.0` is taken")
    source = given.get("source")
    if isinstance(source, str) and "\n" in source:
        # it ends where the id begins in the key
        yield _about("source", "is no URI: it holds a line break")
    kind = given.get("type")
    if isinstance(kind, str) and kind and kind not in TYPES:
        near = nearest(kind[:_MOST_KEY], TYPES)
        known = ", ".join(f"`{each}`" for each in TYPES)
        mend = f"did you mean `{near}`?" if near else f"one of {known}"
        yield _about("type", f"is `{cut(kind)}`, which is no kind of event here", mend)
    yield from _wrong_names(given)
    yield from _wrong_data(given)


def _wrong_names(given: Mapping[str, Any]) -> Iterable[Diagnostic]:
    for name, value in given.items():
        if name in KNOWN:
            continue
        near = nearest(name[:_MOST_KEY], KNOWN)
        if not _EXTENSION.fullmatch(name):
            mend = f"did you mean `{near}`?" if near else None
            told = "is no name of an attribute: those are lower-case letters and digits"
            yield _about(cut(name), told, mend)
        elif isinstance(value, dict | list):
            told = (
                "is no attribute of CloudEvents, and none of an extension: those are single values"
            )
            yield _about(cut(name), told)


def _wrong_data(given: Mapping[str, Any]) -> Iterable[Diagnostic]:
    if given.get("data_base64") is not None:
        yield _about("data_base64", "is not taken; send `data` as JSON")
        return
    kind = given.get("datacontenttype")
    if kind is not None and not (isinstance(kind, str) and _is_json(kind)):
        yield _about("datacontenttype", f"is `{cut(str(kind))}`; data is `{PLAIN}`")
    data = given.get("data")
    if not isinstance(data, dict):
        example = '{"table": "orders", "row_id": "17", "row": {"amount": 1200}}'
        yield _about("data", f"is no object such as `{example}`")
        return
    for name in data:
        if name not in ("table", "row", "row_id"):
            near = nearest(name[:_MOST_KEY], ("table", "row", "row_id"))
            mend = f"did you mean `{near}`?" if near else "data has `table`, `row_id` and `row`"
            yield _about(f"data.{cut(name)}", "is not known", mend)
    if not isinstance(data.get("table"), str):
        yield _about("data.table", "is no text, or lacking")
    if data.get("row") is not None and not isinstance(data["row"], dict):
        yield _about("data.row", "is no object of columns and values")
    if data.get("row_id") is not None and not isinstance(data["row_id"], str):
        yield _about("data.row_id", "is no text")


def _is_json(kind: str) -> bool:
    media = kind.partition(";")[0].strip().lower()
    return media == PLAIN or media.endswith("+json")


def _about(name: str, told: str, mend: str | None = None) -> Diagnostic:
    return Diagnostic(NO_EVENT, f"`{name}` {told}", help=mend, address=name)


def _date(text: object) -> datetime.date | None:
    """Return the day that is written in a time; None for what is no time of RFC 3339."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return None
    try:
        return datetime.datetime.fromisoformat(text.upper()).date()
    except ValueError:
        return None
