"""Connections: uvicorn's HTTP protocol with limits on the head of a request, which it has none for itself.

Without them a client that sends a head slowly, or one without end, keeps a connection or memory for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kamrules.serve.problem import MEDIA_TYPE, UNREADABLE, UNTAKEN, Problem

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

MOST_HEAD = 65_536
"""Bytes of a request's line and headers."""
HEAD_SECONDS = 10.0
"""For which they may take to arrive, from the moment the connection is open."""
SEND_SECONDS = 30.0
"""For which a client may not accept anything more of its answer."""
LINGER, LINGER_SECONDS = 4_000_000, 2.0
"""Bytes and seconds for which a refused client may send on: closed at once, it would not see the refusal."""
REASONS = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}


class Connection(HttpToolsProtocol):
    """One client's connection."""

    _timer: asyncio.TimerHandle | None = None
    _unheard: asyncio.TimerHandle | None = None
    _in_head = True
    _head = 0
    _refused = False

    @property
    def _answering(self) -> bool:
        """Whether an answer is under way."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, no longer than allowed."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        self._heard()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless the head that they belong to is too long already."""
        if self._refused:
            self._head += len(data)
            if self._head > LINGER:
                self.transport.close()
            return
        super().data_received(data)
        self._measure_head(len(data))

    def _measure_head(self, size: int) -> None:
        """Refuse a head that is too long; what came belongs to it unless it is complete, or refused."""
        if self._refused or not self._in_head:
            return
        self._head += size
        if self._head > MOST_HEAD:
            told = f"the request's line and headers are longer than {MOST_HEAD:,} bytes"
            self._refuse(Problem.of(431, UNTAKEN, told))

    def pause_writing(self) -> None:
        """Wait for the client to accept what is written, no longer than allowed."""
        super().pause_writing()
        # the transport's own abort: the rest of the answer is dropped, and whoever writes it goes on
        self._unheard = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop to wait for that."""
        self._heard()
        super().resume_writing()

    def _heard(self) -> None:
        if self._unheard is not None:
            self._unheard.cancel()
            self._unheard = None

    def on_message_begin(self) -> None:
        """Begin to wait for the end of a head."""
        super().on_message_begin()
        self._in_head = True
        if not self._timer:
            self._wait()

    def on_headers_complete(self) -> None:
        """Stop to wait for the head."""
        self._in_head = False
        self._head = 0
        self._stop()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's signature
        """Answer what is no HTTP at all."""
        self._refuse(Problem.of(400, UNREADABLE, "this is no HTTP request that can be read"))

    def _wait(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        told = f"the request's line and headers did not arrive within {HEAD_SECONDS:.0f} seconds"
        self._refuse(Problem.of(408, UNTAKEN, told))

    def _refuse(self, problem: Problem) -> None:
        """Answer and close: what follows cannot be told from the rest of the broken request."""
        if self.transport.is_closing():
            return
        self._stop()
        self._refused = True
        if self._answering:
            # an answer is under way, and another one would be taken for its end
            self.transport.close()
            return
        body = problem.body()
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
            % (problem.status, REASONS[problem.status], MEDIA_TYPE.encode(), len(body), body)
        )
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)
