"""Running: everything that `kamrules serve` starts, in order, and ends in the order turned round."""

from __future__ import annotations

import gc
import os
import sys
import threading
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.compiler import compile_ruleset
from kamrules.diagnostics import Diagnostic, UsageError
from kamrules.engines.row import decide
from kamrules.expression.types import ACCOUNT_ID
from kamrules.live.book import LiveBook
from kamrules.live.deciding import RowDecider
from kamrules.live.workers import WorkerPool
from kamrules.run import language_of
from kamrules.serve.app import make_app
from kamrules.serve.clock import Clock, today
from kamrules.serve.counting import Counted
from kamrules.serve.delivering import Delivery
from kamrules.serve.hooks import hooks_of
from kamrules.serve.listening import Server, bound
from kamrules.serve.measures import Measures
from kamrules.serve.rate import Rate
from kamrules.serve.receivers import Receiver, is_loopback
from kamrules.serve.service import Service
from kamrules.serve.signing import Secrets
from kamrules.serve.tokens import CODE as TOKEN_CODE
from kamrules.serve.tokens import Tokens, new_token
from kamrules.serve.watching import Watcher

if TYPE_CHECKING:
    import datetime
    import socket
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from kamrules.contracts import Webhook
    from kamrules.document import Ruleset

TOKEN, SECRET = "KAMRULES_TOKEN", "KAMRULES_WEBHOOK_SECRET"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a service is to be.

    `ruleset` is its name or path, `read` reads it, `folders` are those in which it is looked up. `as_of` None
    follows the clock. `check` ends before anything is opened. `most_body` are bytes, `rate` requests a second
    from one address (None: any). `hooks` are webhooks that are taken, each `NAME=REFERENCE` of its secret;
    `senders` check them, by name.
    """

    ruleset: str
    read: Callable[[], Ruleset]
    folders: Sequence[Path]
    store: str
    host: str
    port: int
    workers: int
    token_file: Path | None
    no_auth: bool
    as_of: datetime.date | None
    webhooks: tuple[str, ...]
    most_body: int
    rate: float | None
    watch: bool
    quiet: bool
    check: bool
    language: str | None
    tables: tuple[str, ...] | str = ()
    hooks: tuple[str, ...] = ()
    senders: Mapping[str, Webhook] = field(default_factory=dict)


def run(wanted: Wanted) -> None:
    """Serve until a signal to end. Raises UsageError, RulesetError and DataError when it cannot start."""
    tokens, shown = _tokens(wanted)
    receivers = [Receiver.of(each) for each in dict.fromkeys(wanted.webhooks)]
    secrets = Secrets.of(os.environ.pop(SECRET, "")) if receivers else None
    hooks = hooks_of(wanted.hooks, wanted.senders)
    if wanted.check:
        language_of(compile_ruleset(wanted.read()), wanted.language)
        tell("ruleset, tokens and webhooks are in order")
        return
    with ExitStack() as stack:
        at = stack.enter_context(bound(wanted.host, wanted.port))
        measures = Measures()
        own = WorkerPool(wanted.workers) if wanted.workers else RowDecider()
        decider = stack.enter_context(closing(Counted(own, measures)))
        start = today() if wanted.as_of is None else wanted.as_of
        book = stack.enter_context(
            LiveBook(
                wanted.read(),
                wanted.store,
                decider=decider,
                as_of=start,
                language=wanted.language,
                tables=wanted.tables,
            )
        )
        language_of(book.program, wanted.language)
        # the first use of a program costs half a second, which is not for the first client to pay
        decide(book.program, {ACCOUNT_ID: "none"}, as_of=start)
        _settle()
        clock = today if wanted.as_of is None else None
        service = Service(
            book, wanted.read, most_body=wanted.most_body, clock=clock, measures=measures
        )
        service.hooks = hooks
        stack.callback(service.close)
        if secrets is not None:
            service.deliveries = tuple(
                Delivery(each, book, secrets, measures=measures, tell=tell) for each in receivers
            )
        _start_threads(wanted, service, stack)
        app = make_app(
            service,
            tokens=tokens,
            rate=None if wanted.rate is None else Rate(wanted.rate),
            tell=tell,
            log=None if wanted.quiet else tell,
        )
        Server(app, at).listen(lambda: _announce(wanted, service, at, shown))
        tell("ended")


def _settle() -> None:
    """Let what is held from the start out of the garbage collector's rounds, and threads take turns sooner.

    An event passes through four threads; with Python's own 5 ms each could wait so long for the next.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    sys.setswitchinterval(0.0005)


def _start_threads(wanted: Wanted, service: Service, stack: ExitStack) -> None:
    """Start the threads beside the requests, and see to it that they end."""
    threads: list[Delivery | Clock | Watcher] = [*service.deliveries]
    if service.clock is not None:
        threads.append(Clock(lambda: service.book.as_of, service.tick, tell))
    if wanted.watch:
        threads.append(Watcher(wanted.ruleset, wanted.folders, service.reload, tell))
    for each in threads:
        each.start()
    stack.callback(_end, threads)


def _end(threads: Sequence[Delivery | Clock | Watcher]) -> None:
    for each in threads:
        each.end()
    for each in threads:
        # a delivery under way has its own limit, and comes again when it is cut off
        each.join(1.0)


def _tokens(wanted: Wanted) -> tuple[Tokens, str | None]:
    """Return the tokens, and the one to be shown when it was made here."""
    if wanted.no_auth:
        if not is_loopback(wanted.host):
            message = f"`--no-auth` would open the service to everyone who reaches `{wanted.host}`"
            mend = "leave out --no-auth, or listen at --host 127.0.0.1"
            raise UsageError(Diagnostic(TOKEN_CODE, message, help=mend))
        return Tokens(), None
    if wanted.token_file is not None:
        return Tokens.read(wanted.token_file), None
    given = os.environ.pop(TOKEN, None)
    if given:
        return Tokens.of([given]), None
    made = new_token()
    return Tokens.of([made]), made


def _announce(wanted: Wanted, service: Service, at: socket.socket, shown: str | None) -> None:
    program = service.book.program
    host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
    address = f"http://{host}:{at.getsockname()[1]}"
    date = "follows the clock" if wanted.as_of is None else f"is at {service.book.as_of}"
    tell(f"`{program.name}` {program.version} at {address}; the book {date}")
    if shown is not None:
        tell(f"token: {shown} (made for this start; {TOKEN} or --token-file keep one)")
    if not is_loopback(wanted.host):
        tell(
            "warning: others can read what goes over http; put a proxy with TLS before the service"
        )


_telling = threading.Lock()


def tell(text: str) -> None:
    """Write a line to stderr, whole, whatever thread it comes from; nothing in it steers a terminal."""
    safe = "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )
    with _telling:
        sys.stderr.write(f"kamrules: {safe}\n")
        sys.stderr.flush()
