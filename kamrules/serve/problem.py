"""Problems: what a client is told when a request is not answered, as RFC 9457's problem+json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic, KamrulesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MEDIA_TYPE = "application/problem+json"
SHOWN = 100
"""Characters of a client's own text that are shown back to it, at most."""

UNREADABLE, UNTAKEN, NO_EVENT = "KR832", "KR833", "KR834"
NO_TOKEN, TOO_MUCH, WRONG_QUESTION = "KR838", "KR839", "KR840"

TITLES = {
    400: "the request cannot be read",
    401: "a token, or a signature, is needed",
    404: "there is no such thing here",
    405: "this cannot be done here",
    408: "the request took too long to arrive",
    409: "this was told before, otherwise",
    413: "the request is too large",
    415: "the request is of another media type",
    421: "the request is meant for another machine",
    422: "the request is understood, and wrong",
    429: "too many requests",
    431: "the request's head is too large",
    500: "a defect of kamrules",
    503: "the service cannot do this now",
}


class Problem(Exception):  # noqa: N818  RFC 9457's word
    """A request that is not answered: the HTTP status, the diagnostics, and further headers of the answer."""

    def __init__(
        self,
        status: int,
        diagnostics: Iterable[Diagnostic],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what is told; `diagnostics` has at least one."""
        self.status = status
        self.diagnostics = tuple(diagnostics)
        self.headers = dict(headers or {})
        super().__init__(self.diagnostics[0].message)

    @staticmethod
    def of(status: int, code: str, message: str, mend: str | None = None) -> Problem:
        """Return a problem with one diagnostic."""
        return Problem(status, (Diagnostic(code, message, help=mend),))

    @staticmethod
    def told(status: int, error: KamrulesError) -> Problem:
        """Return what went wrong below as a problem."""
        return Problem(status, error.diagnostics)

    def as_json(self) -> dict[str, Any]:
        """Return the problem as RFC 9457 has it: `diagnostics` say all, `code` and `detail` the first."""
        first = self.diagnostics[0]
        return {
            "type": "about:blank",
            "title": TITLES[self.status],
            "status": self.status,
            "code": first.code,
            "detail": first.message,
            "diagnostics": [diagnostic_json(each) for each in self.diagnostics],
        }

    def body(self) -> bytes:
        """Return the body of the answer."""
        return json.dumps(self.as_json(), ensure_ascii=False).encode("utf-8", "replace")


def diagnostic_json(one: Diagnostic) -> dict[str, Any]:
    """Return what a client can use of a diagnostic; a place is told only where there is one."""
    told: dict[str, Any] = {
        "code": one.code,
        "message": one.message,
        "help": one.help,
        "address": one.address,
    }
    if one.place is not None:
        told |= {"file": one.place.file, "line": one.place.line, "column": one.place.column}
    return told


def cut(text: str) -> str:
    """Return a client's text as it may be shown: printable, and no longer than SHOWN characters."""
    kept = text if len(text) <= SHOWN else text[: SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return "".join(
        each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in kept
    ).replace("`", "'")
