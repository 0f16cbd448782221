"""The service as its own process, and a client that speaks as little HTTP as it can."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

TOKEN = "a-token-for-measuring"  # a service on loopback, for as long as a measurement takes
SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Service:
    """`kamrules serve kam` on a store, started, killed and started again."""

    def __init__(self, store, workers, as_of, *more):
        self.port = free_port()
        self._options = [
            "serve", "kam", "--store", str(store), "--port", str(self.port),
            "--workers", str(workers), "--as-of", as_of.isoformat(), "--quiet", *more,
        ]  # fmt: skip
        self._process = None
        self.starts = 0

    def start(self):
        kamrules = Path(sys.executable).parent / "kamrules"
        environment = {**os.environ, "KAMRULES_TOKEN": TOKEN}
        log = Path(self._options[3] + ".log").open("ab")  # noqa: SIM115  the process keeps it
        self._process = subprocess.Popen(
            [str(kamrules), *self._options], env=environment, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        log.close()
        self.starts += 1
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                told = Path(self._options[3] + ".log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"the service ended with {self._process.returncode}:\n{told}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError("the service does not listen")

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def children(self):
        """Return the worker processes' numbers."""
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        try:
            found = {int(each) for each in path.read_text().split()}
            for task in Path(f"/proc/{self._process.pid}/task").iterdir():
                found |= {int(each) for each in (task / "children").read_text().split()}
        except OSError:
            return []
        return sorted(found)

    def memory(self):
        """Return megabytes held by the service, and by its workers together."""
        return _megabytes(self._process.pid), sum(map(_megabytes, self.children()))

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self):
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=60)
        return self._process.returncode


def _megabytes(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next(
        (int(line.split()[1]) / 1024 for line in status.splitlines() if "VmRSS" in line), 0.0
    )


class Connection:
    """One connection that is kept; a request waits for the answer of the one before."""

    def __init__(self, port):
        self._port = port
        self._reader = self._writer = None

    async def ask(self, method, path, body=b"", media=SINGLE):
        """Return status and body of the answer. Raises OSError when the service is not there."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            self._writer.write(head.encode() + body)
            answer = await self._reader.readuntil(b"\r\n\r\n")
            status = int(answer[9:12])
            fields = dict(line.lower().split(b": ", 1) for line in answer[:-4].split(b"\r\n")[1:])
            return status, await self._reader.readexactly(int(fields[b"content-length"]))
        except (OSError, asyncio.IncompleteReadError, KeyError) as error:
            self.close()
            raise ConnectionResetError from error

    async def post(self, events):
        """Post one event or several, and return status and answer."""
        single = len(events) == 1
        body = json.dumps(events[0] if single else events).encode()
        return await self.ask("POST", "/events", body, SINGLE if single else BATCH)

    def close(self):
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
