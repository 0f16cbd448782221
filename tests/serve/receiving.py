"""A receiver of webhooks on this machine, which answers as it is told and keeps what came."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 20.0


class Receiving:
    """What came, in order, as (headers, body); `statuses` are answered first, then 204."""

    def __init__(self, statuses=(), headers=None, hold=None):
        self.statuses = list(statuses)
        self.headers = headers or {}
        self.hold = hold
        self.came = []
        self._news = threading.Condition()
        self.url = ""

    def take(self, headers, body):
        """Keep a delivery and return the status to answer."""
        if self.hold is not None:
            self.hold.wait(PATIENCE)
        with self._news:
            self.came.append((headers, body))
            self._news.notify_all()
            return self.statuses.pop(0) if self.statuses else 204

    def wait_for(self, wanted):
        """Return the first deliveries, once there are as many."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.came) >= wanted, PATIENCE), len(self.came)
            return self.came[:wanted]


@contextmanager
def receiving(statuses=(), headers=None, hold=None, port=0) -> Iterator[Receiving]:
    """Give a receiver that listens on loopback."""
    kept = Receiving(statuses, headers, hold)

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(kept.take(dict(self.headers.items()), body))
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Answer) as server:
        server.daemon_threads = True
        kept.url = f"http://127.0.0.1:{server.server_port}/hook?secret=in-the-query"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
