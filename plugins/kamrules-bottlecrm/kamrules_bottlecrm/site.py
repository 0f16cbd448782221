"""Where a BottleCRM is and how it is entered: its URL, and a token that no message shows."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from kamrules.diagnostics import DataError, Diagnostic, nearest
from kamrules.secrets import revealed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

URL, TOKEN = "${env:BOTTLECRM_URL}", "${env:BOTTLECRM_TOKEN}"
TRIES, MOST_TRIES, PAGE, MOST_PAGE = 6, 20, 100, 500
Known = "Mapping[str, Callable[[Any], str | None]]"


class Fault(Protocol):
    """Makes the diagnostic of what is wrong, with its place in a book file where there is one."""

    def __call__(self, code: str, message: str, *path: str, help: str | None = None) -> Diagnostic:  # noqa: A002
        """Return it; `path` is where it stands below the table or the sink."""


@dataclass(frozen=True, slots=True)
class Site:
    """A BottleCRM. `url` ends without a slash. `tries` are those of one request, `page` records of a page."""

    url: str
    token: str = field(repr=False)
    tries: int = TRIES
    page: int = PAGE

    @property
    def shown(self) -> str:
        """Return the words by which people are told of it."""
        return urlsplit(self.url).netloc

    @staticmethod
    def of(url: str, options: Mapping[str, object], fault: Fault) -> Site:
        """Return the site at a URL (`""`: BOTTLECRM_URL of the environment), both maybe references.

        Raises DataError (KR708, KR728).
        """
        key = "from" if url else "options"

        def at(place: str) -> Callable[[str, str, str | None], Diagnostic]:
            return lambda code, message, mend: fault(code, message, place, help=mend)

        found = revealed(url or str(options.get("url", URL)), at(key)).rstrip("/")
        _check(found, fault, key, plain=options.get("plain_http") is True)
        token = revealed(str(options.get("token", TOKEN)), at("options")).strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            message = (
                "the token of BottleCRM is none: it has blanks or characters that no token has"
            )
            raise DataError(fault("KR728", message, "options"))
        tries, page = options.get("tries", TRIES), options.get("page", PAGE)
        return Site(found, token, int(str(tries)), int(str(page)))


def _check(url: str, fault: Fault, key: str, *, plain: bool) -> None:
    """Raise DataError for a URL that leads to no BottleCRM, or over a network in clear."""
    parts = urlsplit(url)
    message = mend = None
    try:
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if parts.scheme not in ("http", "https") or not host:
        message, mend = "the URL of BottleCRM is none", "write it as in https://crm.example.com"
    elif parts.username is not None or parts.query or parts.fragment:
        message = "the URL of BottleCRM holds more than where it is"
        mend = "the token goes to the option `token`, as ${env:BOTTLECRM_TOKEN}"
    elif parts.scheme == "http" and not plain and not _is_here(host):
        message = f"`{host}` would be asked over http, and the token read by anyone between"
        mend = "write https, or set the option plain_http = true inside a closed network"
    if message is not None:
        raise DataError(fault("KR728", message, key, help=mend))


def _is_here(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _text(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    return None if isinstance(value, str) and value else "has to be a text"


def _flag(value: Any) -> str | None:  # noqa: ANN401
    return None if isinstance(value, bool) else "has to be true or false"


def whole(least: int, most: int) -> Callable[[Any], str | None]:
    """Return what checks that an option is a whole number from `least` to `most`."""

    def check(value: Any) -> str | None:  # noqa: ANN401
        inside = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if inside else f"has to be a whole number from {least} to {most}"

    return check


OPTIONS: Mapping[str, Callable[[Any], str | None]] = {
    "url": _text, "token": _text, "plain_http": _flag,
    "tries": whole(1, MOST_TRIES), "page": whole(1, MOST_PAGE),
}  # fmt: skip


def check_options(
    given: Mapping[str, object],
    known: Mapping[str, Callable[[Any], str | None]],
    fault: Fault,
    what: str,
) -> None:
    """Raise DataError (KR632, KR633) for options that there are not, and values that they do not have."""
    problems = []
    for name, value in given.items():
        if name not in known:
            near = nearest(name, known)
            message = f"{what} `bottlecrm` has no option `{name}`; it has {', '.join(known)}"
            mend = f"did you mean `{near}`?" if near else None
            problems.append(fault("KR632", message, "options", name, help=mend))
        elif (wrong := known[name](value)) is not None:
            problems.append(fault("KR633", f"option `{name}` {wrong}", "options", name))
    if problems:
        raise DataError(*problems)
