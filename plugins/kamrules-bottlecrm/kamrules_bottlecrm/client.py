"""The client: one request after another, tried again while that can help, each failure told by name."""

from __future__ import annotations

import datetime
import json
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import urllib3
from kamrules import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamrules.diagnostics import Diagnostic

    from kamrules_bottlecrm.site import Fault, Site

MOST_WAIT = 120.0
"""Seconds that a server may ask us to wait; one that asks for more is not waited for."""
LONGEST_PAUSE = 30.0
MOST_BODY = 64_000_000
"""Bytes of an answer: a page of 500 accounts has two million."""
_TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)
_BUSY = frozenset({429, 500, 502, 503, 504})
_UNDONE = frozenset({429, 503})
"""Statuses that say that nothing was done, so that even a POST may come again."""
_SHOWN = 200


class _Raw(NamedTuple):
    status: int
    headers: Mapping[str, str]
    data: bytes


class Answer(NamedTuple):
    """An answer: its status and what its JSON says."""

    status: int
    data: Any


class Client:
    """Asks one BottleCRM. Every failure is a DataError that says what it was (KR720 to KR724)."""

    def __init__(
        self, site: Site, fault: Fault, *, wait: Callable[[float], None] = time.sleep
    ) -> None:
        """Take the site; `fault` makes the diagnostics, `wait` sleeps for so many seconds."""
        self.site, self.fault, self._wait = site, fault, wait
        self._pool = urllib3.PoolManager(
            maxsize=1, retries=False, timeout=_TIMEOUT,
            headers={
                "authorization": f"Bearer {site.token}", "accept": "application/json",
                "user-agent": "kamrules-bottlecrm",
            },
        )  # fmt: skip

    def close(self) -> None:
        """Close the connection."""
        self._pool.clear()

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401  JSON
        """Return what a path answers."""
        return self.ask("GET", f"{path}?{urlencode(query)}" if query else path).data

    def ask(
        self, method: str, target: str, body: object = None, *, taken: tuple[int, ...] = ()
    ) -> Answer:
        """Return the answer: one of success, or with a status in `taken`. Raises DataError for others."""
        for tried in range(1, self.site.tries + 1):
            last = tried == self.site.tries
            try:
                found = self._sent(method, target, body)
            except urllib3.exceptions.HTTPError as error:
                unsent = isinstance(error, urllib3.exceptions.NewConnectionError)
                if last or not (unsent or method != "POST"):
                    raise DataError(self._unreached(error, tried)) from None
                self._wait(_pause(tried))
                continue
            if 200 <= found.status < 300 or found.status in taken:
                return Answer(found.status, self._json(target, found))
            again = found.status in (_UNDONE if method == "POST" else _BUSY)
            if last or not again:
                raise DataError(self._refusal(method, target, found, tried))
            self._wait(self._asked_for(found) or _pause(tried))
        raise AssertionError("the last try returns or raises")

    def _sent(self, method: str, target: str, body: object) -> _Raw:
        sent = None if body is None else json.dumps(body).encode()
        headers = dict(self._pool.headers)
        if sent is not None:
            headers["content-type"] = "application/json"
        # a redirect would carry the token to wherever it leads
        found = self._pool.request(
            method, self.site.url + target, body=sent, headers=headers, redirect=False,
            preload_content=False,
        )  # fmt: skip
        try:
            data = found.read(MOST_BODY + 1, decode_content=True)
        finally:
            found.release_conn()
        if len(data) > MOST_BODY:
            raise DataError(self._strange(target, f"it is longer than {MOST_BODY:,} bytes"))
        return _Raw(found.status, found.headers, data)

    def _json(self, target: str, found: _Raw) -> Any:  # noqa: ANN401
        data = found.data
        if not data:
            return None
        try:
            return json.loads(data)
        except ValueError:
            if found.status >= 400:
                return None
            raise DataError(
                self._strange(target, "it is no JSON", "is this the URL of BottleCRM itself?")
            ) from None

    def _asked_for(self, found: _Raw) -> float | None:
        """Return the seconds that an answer asks to wait; raise DataError for more than are waited."""
        seconds = retry_after(found.headers.get("retry-after"))
        if seconds is not None and seconds > MOST_WAIT:
            message = (
                f"BottleCRM at `{self.site.shown}` takes no more requests for {seconds:,.0f} seconds"
                f" (Retry-After), longer than the {MOST_WAIT:.0f} that are waited"
            )
            raise DataError(self.fault("KR722", message, "from", help="run again then"))
        return seconds

    def _refusal(self, method: str, target: str, found: _Raw, tried: int) -> Diagnostic:
        """Return what is told of a status that is none of success."""
        status, where = found.status, f"BottleCRM at `{self.site.shown}`"
        path = target.partition("?")[0]
        said = _said(self._json(target, found))
        if status == 401 or _NO_ONE in said:
            message = f"{where} does not know the token{said}"
            mend = "make one in its settings under personal access tokens, and set BOTTLECRM_TOKEN"
            return self.fault("KR720", message, "options", help=mend)
        if status == 403:
            message = f"the token may not {_VERBS.get(method, 'change')} `{path}` of {where}{said}"
            mend = "give the token the scope, or its user the role, for that"
            return self.fault("KR720", message, "options", help=mend)
        if status == 429:
            message = f"{where} has too many requests (429), after {_tries(tried)}{said}"
            return self.fault("KR722", message, "from", help="run again later")
        if status >= 500:
            message = f"{where} fails at `{path}` with {status}, after {_tries(tried)}{said}"
            return self.fault("KR721", message, "from")
        if 300 <= status < 400:
            return self._strange(
                target, f"it leads elsewhere ({status})", "give the URL it leads to"
            )
        here = "is this the URL of BottleCRM itself?" if status == 404 else None
        return self._strange(target, f"it has the status {status}{said}", here)

    def _strange(self, target: str, wrong: str, mend: str | None = None) -> Diagnostic:
        path = target.partition("?")[0]
        message = f"the answer of BottleCRM at `{self.site.shown}` to `{path}` is strange: {wrong}"
        return self.fault("KR724", message, "from", help=mend)

    def _unreached(self, error: urllib3.exceptions.HTTPError, tried: int) -> Diagnostic:
        message = f"BottleCRM at `{self.site.shown}` {_reason(error)}, after {_tries(tried)}"
        return self.fault("KR721", message, "from")


_NO_ONE = "Organization context is required"
"""What BottleCRM 1.35.0 answers, with status 403, to a token that it does not know."""
_VERBS = {"GET": "read", "POST": "add to"}


def retry_after(text: str | None, now: float | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, in either of its forms; None for neither."""
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=datetime.UTC)
    return max(0.0, date.timestamp() - (time.time() if now is None else now))


def _tries(tried: int) -> str:
    return "1 try" if tried == 1 else f"{tried} tries"


def _pause(tried: int) -> float:
    return float(min(LONGEST_PAUSE, 0.5 * 2 ** (tried - 1)))


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """Return the words for a failure of the network; the exception's own text shows addresses in memory."""
    match error:
        case urllib3.exceptions.NameResolutionError():
            return "cannot be found: nobody knows the name"
        case urllib3.exceptions.SSLError():
            return "has a certificate that is not to be trusted"
        case urllib3.exceptions.ConnectTimeoutError() if not isinstance(
            error, urllib3.exceptions.NewConnectionError
        ):
            return "cannot be reached: it does not answer"
        case urllib3.exceptions.NewConnectionError():
            return "cannot be reached: nothing listens there"
        case urllib3.exceptions.TimeoutError():
            return "gave no answer in time"
    return "broke off in the middle of an answer"


def _said(data: object) -> str:
    """Return what BottleCRM says itself of a refusal, on one line and short."""
    if not isinstance(data, dict):
        return ""
    said = next((data[key] for key in ("detail", "errors", "message") if data.get(key)), None)
    if said is None:
        return ""
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    text = "".join(each if each.isprintable() else " " for each in text).replace("`", "'")
    return ": " + (text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…").rstrip(".")
