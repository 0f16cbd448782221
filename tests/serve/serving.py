"""The installed command, serving on a free port of this machine."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2

from tests.commands import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60.0
_ADDRESS = re.compile(r" at (http://\S+);")
_TOKEN = re.compile(r"token: (\S+) ")


class Serving:
    """A service in a process of its own: what it says, where it is, and a client that has its token."""

    def __init__(self, process, token):
        self.process = process
        self.token = token
        self.said: list[str] = []
        self._news = threading.Condition()
        self._ended = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.url = ""
        self.client: httpx2.Client | None = None

    def _listen(self):
        for line in self.process.stderr:
            with self._news:
                self.said.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, words):
        """Return the first line with some words in it, once it is said."""
        with self._news:
            self._news.wait_for(lambda: self._ended or self._line(words), PATIENCE)
            found = self._line(words)
            assert found, "\n".join(self.said)
            return found

    def _line(self, words):
        return next((each for each in self.said if words in each), None)

    def ready(self):
        """Wait until it serves."""
        self.url = _ADDRESS.search(self.wait_for(" at http://"))[1]
        if self.token is None:
            self.token = _TOKEN.search(self.wait_for("token: "))[1]
        headers = {"authorization": f"Bearer {self.token}"}
        self.client = httpx2.Client(base_url=self.url, headers=headers, timeout=PATIENCE)
        return self

    def post_event(self, event):
        media = {"content-type": "application/cloudevents+json"}
        return self.client.post("/events", json=event, headers=media)

    def end(self, how=signal.SIGTERM):
        """Send a signal and return the exit status."""
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE)
        self._listener.join(PATIENCE)
        return status


@contextmanager
def serving(
    folder: Path,
    *words: str,
    store="book.db",
    token="a-token-of-the-tests",
    as_of="2026-06-30",
    **environ,
) -> Iterator[Serving]:
    """Start the service of `small.toml` in a folder; what is left of it is killed at the end."""
    given = environment(**environ, **({"KAMRULES_TOKEN": token} if token else {}))
    dates = ["--as-of", as_of] if as_of else []
    process = subprocess.Popen(
        [str(COMMAND), "serve", "small.toml", "--store", store, "--port", "0", *dates, *words],
        cwd=folder, env=given, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    found = Serving(process, token)
    try:
        yield found
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)
        if found.client is not None:
            found.client.close()
        found._listener.join(PATIENCE)
        process.stderr.close()
