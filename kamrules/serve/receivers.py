"""Receivers: the URLs that webhooks go to, and one try to deliver to them.

http.client in a thread of its own for each URL, rather than httpx: a receiver gets one delivery at a time and
in order, so nothing is won by more; http.client follows no redirect and reads no more than it is asked to;
and httpx had its last release two years ago.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from kamrules import __version__
from kamrules.diagnostics import Diagnostic, UsageError
from kamrules.serve.problem import cut

CODE = "KR843"
SECONDS = 10.0
"""For which one delivery may take, from the look-up of the host's name to the end of the answer's head."""
GONE = 410


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where webhooks go: host, port, path with query, and whether over TLS."""

    url: str
    host: str
    port: int
    target: str
    tls: bool

    @staticmethod
    def of(url: str) -> Receiver:
        """Return a receiver of its URL. Raises UsageError unless it is https, or http to this machine."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise _wrong(url, "is no URL") from None
        if not url.isascii() or not url.isprintable() or " " in url or not host:
            raise _wrong(url, "is no URL such as https://crm.example.com/kamrules")
        if parts.username is not None or parts.password is not None:
            raise _wrong(url.rpartition("@")[2], "holds a user's name; give the URL without it")
        if parts.scheme not in ("http", "https"):
            raise _wrong(url, "is neither https nor http")
        if parts.scheme == "http" and not is_loopback(host):
            raise _wrong(url, "is http to another machine, which anyone between can read")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        tls = parts.scheme == "https"
        return Receiver(url, host, port or (443 if tls else 80), target, tls)

    @property
    def name(self) -> str:
        """The name of its cursor in the store; the URL itself may hold what is secret."""
        return "webhook-" + hashlib.sha256(self.url.encode()).hexdigest()[:32]

    @property
    def label(self) -> str:
        """What tells it from others in measures: as it is shown, and a part of its name."""
        return f"{self.shown}#{self.name[-8:]}"

    @property
    def shown(self) -> str:
        """The URL as it may be logged: without its query."""
        return cut(self.url.partition("?")[0].partition("#")[0])


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine, without asking anyone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def deliver(receiver: Receiver, body: bytes, headers: dict[str, str]) -> int:
    """Post a body, and return the status of the answer, redirects included; what it says is not read.

    Raises OSError or http.client.HTTPException when there is no answer within SECONDS.
    """
    made: http.client.HTTPConnection
    if receiver.tls:
        context = ssl.create_default_context()
        made = http.client.HTTPSConnection(
            receiver.host, receiver.port, timeout=SECONDS, context=context
        )
    else:
        made = http.client.HTTPConnection(receiver.host, receiver.port, timeout=SECONDS)
    # a receiver that sends its answer byte by byte keeps within every single wait
    late = threading.Timer(SECONDS, _hang_up, [made])
    late.daemon = True
    late.start()
    try:
        fixed = {
            "content-type": "application/cloudevents+json",
            "user-agent": f"kamrules/{__version__}",
            "connection": "close",
        }
        made.request("POST", receiver.target, body, {**fixed, **headers})
        return made.getresponse().status
    finally:
        late.cancel()
        made.close()


def _hang_up(connection: http.client.HTTPConnection) -> None:
    opened: socket.socket | None = connection.sock
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)


def _wrong(url: str, told: str) -> UsageError:
    shown = cut(url.partition("?")[0])
    return UsageError(Diagnostic(CODE, f"webhook `{shown}` {told}"))
