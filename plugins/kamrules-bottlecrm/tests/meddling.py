"""A proxy in front of a running BottleCRM that meddles as a test says: it refuses, breaks off, changes."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CUT = "cut"
"""In place of an answer: half of the real one, and the end of the connection."""


@dataclass(frozen=True)
class Asked:
    """A request that came: which one (from 1), its method, path, query, body as JSON, and headers."""

    number: int
    method: str
    path: str
    query: str
    body: Any
    headers: dict[str, str]


@dataclass
class Told:
    """An answer in place of BottleCRM's."""

    status: int
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)


class Meddler:
    """`instead` may answer before BottleCRM is asked; `changed` may change the JSON of an answer."""

    def __init__(self, target: str) -> None:
        self.target, self.url = target, ""
        self.seen: list[Asked] = []
        self.instead: Callable[[Asked], Told | str | None] = lambda _: None
        self.changed: Callable[[Asked, Any], Any] = lambda _, data: data
        self.pool = urllib3.PoolManager(retries=False)

    def writes(self) -> list[Asked]:
        """Return the requests that may change something."""
        return [each for each in self.seen if each.method != "GET"]


@contextmanager
def meddling(target: str) -> Iterator[Meddler]:
    """Start one on a free port of this machine."""
    meddler = Meddler(target)

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        do_POST = do_PATCH = do_GET  # noqa: N815  names that http.server looks for

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            sent = self.rfile.read(length) if length else None
            parts = urlsplit(self.path)
            asked = Asked(
                len(meddler.seen) + 1, self.command, parts.path, parts.query,
                json.loads(sent) if sent else None, {k.lower(): v for k, v in self.headers.items()},
            )  # fmt: skip
            meddler.seen.append(asked)
            told = meddler.instead(asked)
            if isinstance(told, Told):
                self._send(told.status, told.body.encode(), told.headers)
                return
            headers = {
                k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")
            }
            answer = meddler.pool.request(
                self.command, meddler.target + self.path, body=sent, headers=headers, redirect=False
            )
            body = answer.data
            if told is None and answer.status < 400 and body:
                body = json.dumps(meddler.changed(asked, json.loads(body))).encode()
            self._send(answer.status, body, {}, half=told == CUT)

        def _send(
            self, status: int, body: bytes, headers: dict[str, str], *, half: bool = False
        ) -> None:
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if half else body)
            self.close_connection = half

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    meddler.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield meddler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        meddler.pool.clear()
