"""The gate that every request passes, before and after its answer: rate, token, errors, measures, log."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from kamrules.diagnostics import Diagnostic, KamrulesError, nearest
from kamrules.serve.problem import MEDIA_TYPE, NO_TOKEN, TOO_MUCH, UNTAKEN, Problem, cut
from kamrules.serve.receivers import is_loopback
from kamrules.serve.statuses import status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from kamrules.serve.measures import Measures
    from kamrules.serve.rate import Rate
    from kamrules.serve.tokens import Tokens

OPEN = frozenset({"/", "/health", "/openapi.json"})
"""What needs no token: it tells nothing of any account."""
SIGNED = "/hooks/"
"""What lies below needs none either: its requests are signed."""
_BEARER = {"www-authenticate": 'Bearer realm="kamrules"'}


class _Exchange:
    """One request and its answer: what has been read, and the status of what is sent."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self.status = 0
        self._unread = True

    async def receive(self) -> Message:
        """Return a piece of the request."""
        message = await self._receive()
        self._unread = bool(message.get("more_body", False))
        return message

    async def send(self, message: Message) -> None:
        """Send a piece of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._unread and _has_body(self._scope):
                # the rest of the body stands where the next request would begin
                message["headers"] = [*message["headers"], (b"connection", b"close")]
        await self._send(message)


class Gate:
    """An ASGI application around the routes. It lets nothing but answers and problems out."""

    def __init__(  # noqa: PLR0913  what a gate needs
        self,
        routes: ASGIApp,
        *,
        paths: Iterable[str],
        tokens: Tokens,
        rate: Rate | None,
        measures: Measures,
        tell: Callable[[str], None],
        log: Callable[[str], None] | None = None,
    ) -> None:
        """Take the routes and their paths; `tell` hears of defects, `log` of every request."""
        self.routes, self.paths, self.tokens, self.rate = routes, tuple(paths), tokens, rate
        self.measures, self.tell, self.log = measures, tell, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            # the start and end of an ASGI server
            await self.routes(scope, receive, send)
            return
        start = time.perf_counter()
        exchange = _Exchange(scope, receive, send)
        scope["app"] = self  # so that Starlette raises what is not found
        try:
            problem = self._refusal(scope, start)
            if problem is None:
                await self.routes(scope, exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001  whatever is left is our fault, and told so
            problem = self._problem(scope, error)
        if problem is not None and not exchange.status:
            await _answer(problem)(scope, exchange.receive, exchange.send)
        self._done(scope, exchange.status, time.perf_counter() - start)

    def _refusal(self, scope: Scope, now: float) -> Problem | None:
        """Return why a client is not let in, or None."""
        if self.rate is not None:
            client = scope.get("client")
            wait = self.rate.wait(client[0] if client else "", now)
            if wait:
                told = f"more than {self.rate.a_second:g} requests a second from one address"
                diagnostic = Diagnostic(TOO_MUCH, told)
                return Problem(429, (diagnostic,), {"retry-after": str(wait)})
        if not self.tokens.digests and not _is_here(scope):
            told = "without a token only this machine is answered, under its own name"
            mend = "ask for http://127.0.0.1 or http://localhost"
            return Problem.of(421, NO_TOKEN, told, mend)
        path = scope["path"]
        if (
            path in OPEN
            or path.startswith(SIGNED)
            or self.tokens.open_for(header(scope, b"authorization"))
        ):
            return None
        mend = "send `Authorization: Bearer TOKEN`; the token is shown where the service started"
        told = "the request has no token, or a wrong one"
        return Problem(401, (Diagnostic(NO_TOKEN, told, help=mend),), _BEARER)

    def _problem(self, scope: Scope, error: Exception) -> Problem:
        match error:
            case Problem():
                return error
            case KamrulesError():
                return Problem.told(status_of(error), error)
            case HTTPException(status_code=404):
                path = scope["path"]
                near = nearest(path[:100], self.paths)
                mend = f"did you mean `{near}`?" if near else "`GET /` tells what there is"
                return Problem.of(404, UNTAKEN, f"there is nothing at `{cut(path)}`", mend)
            case HTTPException(status_code=405):
                told = f"`{cut(scope['method'])}` cannot be done at `{cut(scope['path'])}`"
                allowed = (error.headers or {}).get("Allow", "")
                diagnostic = Diagnostic(UNTAKEN, told, help=f"it takes {allowed}")
                return Problem(405, (diagnostic,), {"allow": allowed})
        trace = "".join(traceback.format_exception(error))
        self.tell(f"a defect of kamrules, please report it:\n{trace}")
        return Problem.of(500, "KR900", "a defect of kamrules; the service's own log tells more")

    def _done(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        path = "other" if route is None else route.path
        self.measures.requests.labels(path, status).inc()
        self.measures.seconds.labels(path).observe(seconds)
        if self.log is not None:
            client = scope.get("client")
            asked = cut(scope.get("raw_path", scope["path"].encode()).decode("latin-1"))
            who = client[0] if client else "-"
            self.log(f"{who} {scope['method']} {asked} {status} {1000 * seconds:.1f} ms")


def header(scope: Scope, wanted: bytes) -> bytes | None:
    """Return a header's value, None without it."""
    for name, value in scope["headers"]:
        if name == wanted:
            found: bytes = value
            return found
    return None


def _is_here(scope: Scope) -> bool:
    """Whether a client asks for this machine: a page in a browser may have a name of its own lead here."""
    host = (header(scope, b"host") or b"").decode("latin-1")
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    return is_loopback(name)


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _answer(problem: Problem) -> Response:
    return Response(problem.body(), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)
