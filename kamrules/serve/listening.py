"""Listening: the socket, uvicorn around it, and an end that lets what is under way finish."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from kamrules.diagnostics import Diagnostic, UsageError
from kamrules.serve.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from starlette.types import ASGIApp

CODE = "KR841"
GRACE = 10
"""Seconds for which postings under way may go on after a signal to end."""
IDLE = 30
"""Seconds for which a connection may stay open between two requests."""
BACKLOG = 2_048


def bound(host: str, port: int) -> socket.socket:
    """Return a socket at a host and port (0: any that is free), not yet listening. Raises UsageError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise _taken(host, port, error) from None
    try:
        if os.name == "posix":
            # on Windows it would let two services listen at one port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except (OSError, OverflowError) as error:
        made.close()
        raise _taken(host, port, error) from None
    return made


def _taken(host: str, port: int, error: Exception) -> UsageError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    message = f"the service cannot listen at `{host}` port {port}: {reason}"
    return UsageError(Diagnostic(CODE, message, help="--port 0 takes any port that is free"))


class Server(uvicorn.Server):
    """uvicorn's server at a socket of ours; it ends without raising again the signal that ended it.

    Closing the store comes after the end, and a signal raised again would come before that.
    """

    def __init__(self, app: ASGIApp, at: socket.socket) -> None:
        """Take the application, and a socket from `bound`."""
        self._at = at
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                # what it warns of is what clients do, who are told by kamrules.serve.connection
                log_level="error",
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=GRACE,
            )
        )

    def listen(self, ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM, then for GRACE seconds at most; a second signal ends at once.

        `ready` is called when connections are taken.
        """
        self._at.listen(BACKLOG)
        ready()
        self.run(sockets=[self._at])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals while serving; only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, self.handle_exit) for each in wanted}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  uvicorn's signature
        """End, at the second signal without another word: what was answered is in the store."""
        if self.should_exit:
            os._exit(128 + sig)
        self.should_exit = True
