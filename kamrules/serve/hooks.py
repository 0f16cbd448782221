"""Hooks: webhooks that others send us, each with the secret by which its signature is checked.

`POST /hooks/NAME` needs no token: what shows who sends is the signature. Who is asked to check it is the
plug-in that registered NAME (register_webhooks).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.contracts import WebhookRefusedError, WebhookRequest
from kamrules.diagnostics import DataError, Diagnostic, KamrulesError, UsageError, nearest
from kamrules.live.events import Event
from kamrules.live.refusals import KeyReused, NotInBook
from kamrules.masking import masked
from kamrules.secrets import revealed
from kamrules.serve.exchanging import json_of
from kamrules.serve.problem import UNTAKEN, Problem, cut
from kamrules.serve.reading import read_body
from kamrules.serve.statuses import result_of, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from kamrules.contracts import Webhook
    from kamrules.live.changes import Posted
    from kamrules.serve.service import Service

REFUSED, OPTION, BROKEN = "KR867", "KR868", "KR869"
LEAST = 16
"""Characters of a secret: fewer can be guessed."""
_REFERENCE = re.compile(r"(?:env|file|keyring):[^{}]+|\$\{[a-z]+:[^{}]+\}")
_UPDATE, _DELETE = "update", "delete"


@dataclass(frozen=True, slots=True)
class Hook:
    """A sender of webhooks: what checks its requests, and the secret that it shares with us."""

    name: str
    verify: Webhook
    secret: str = field(repr=False)


def hooks_of(written: Iterable[str], senders: Mapping[str, Webhook]) -> dict[str, Hook]:
    """Return the hooks of `NAME=REFERENCE`, such as `bottlecrm=env:BOTTLECRM_SECRET`, by name.

    Several references, with blanks between, hold while one secret replaces the other. Raises UsageError for
    a sender that no plug-in knows, for a secret in clear and one that can be guessed (KR868), DataError for a
    reference that leads nowhere (KR708).
    """
    found: dict[str, Hook] = {}
    for each in written:
        name, _, references = each.partition("=")
        if name not in senders:
            near = nearest(name, senders)
            mend = f"did you mean `{near}`?" if near else f"there are {', '.join(sorted(senders))}"
            raise _wrong(f"no plug-in knows webhooks of `{cut(name)}`", mend)
        if name in found:
            raise _wrong(f"`{name}` is given twice", f'write --hook {name}="env:NEW env:OLD"')
        found[name] = Hook(name, senders[name], _secret(name, references))
    return found


def _secret(name: str, references: str) -> str:
    parts = references.split()
    if not parts or not all(_REFERENCE.fullmatch(part) for part in parts):
        # what stands there may be the secret itself, and is not shown
        told = f"the secret of `{name}` is to be named, and not to stand on the command line"
        raise _wrong(told, f"write --hook {name}=env:NAME, or file:PATH, or keyring:SERVICE/USER")
    texts = [revealed(part if part.startswith("$") else "${" + part + "}") for part in parts]
    secrets = " ".join(texts).split()
    if any(len(each) < LEAST for each in secrets):
        raise _wrong(
            f"the secret of `{name}` has fewer than {LEAST} characters, and can be guessed"
        )
    return " ".join(secrets)


def _wrong(message: str, mend: str | None = None) -> UsageError:
    return UsageError(Diagnostic(OPTION, message, help=mend))


class Hooks:
    """What answers `POST /hooks/NAME`."""

    def __init__(self, service: Service) -> None:
        """Take the service; its `hooks` are those that are open."""
        self._service = service

    async def post_hook(self, request: Request) -> Response:
        """Check a webhook and post what it tells. The answer comes when that is durable."""
        service = self._service
        name: str = request.path_params["name"]
        hook = service.hooks.get(name)
        if hook is None:
            told = f"no webhooks of `{cut(name)}` are taken here"
            mend = "open it with `kamrules serve --hook NAME=env:SECRET`"
            raise Problem.of(404, UNTAKEN, told, mend)
        body = await read_body(request.scope, request.receive, service.most_body)
        events = await service.asked(_checked, hook, _received(request, body))
        posted = await service.posted(self._posted, events) if events else []
        if posted:
            service.news()
        return json_of({"results": [each.as_json() for each in posted]})

    def _posted(self, events: Sequence[Event]) -> list[Posted]:
        """Post events one by one. Raises Problem for the first that is refused; those before it stay."""
        found = []
        for each in events:
            try:
                posted = self._one(each)
            except KamrulesError as error:
                status = status_of(error, about_path=False)
                self._count(result_of(status))
                raise Problem.told(status, error) from None
            if posted is not None:
                self._count("repeated" if posted.repeated else "applied")
                found.append(posted)
        return found

    def _one(self, event: Event) -> Posted | None:
        """Post one event. A sender does not know which rows the book has: a change of one that is not there
        puts it in, and one that is to go may have gone already.
        """
        book = self._service.book
        try:
            return book.post(event)
        except NotInBook:
            if event.op == _DELETE:
                return None
            if event.op != _UPDATE:
                raise
        except KeyReused:
            # it came before as well, when it put the row in
            if event.op != _UPDATE:
                raise
        return book.post(event.model_copy(update={"op": "insert"}))

    def _count(self, result: str) -> None:
        self._service.measures.events.labels(result).inc()


def _received(request: Request, body: bytes) -> WebhookRequest:
    scope = request.scope
    query: bytes = scope["query_string"]
    url = scope["raw_path"].decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    return WebhookRequest(scope["method"], url, headers, body, time.time())


def _checked(hook: Hook, request: WebhookRequest) -> list[Event]:
    """Return the events of a request whose signature is right. Raises Problem 401, 422 or 500."""
    try:
        return [Event.of(each) for each in hook.verify(request, hook.secret)]
    except WebhookRefusedError as refused:
        told = f"the webhook of `{hook.name}` is not believed: {masked(str(refused))}"
        diagnostic = Diagnostic(REFUSED, told)
        raise Problem(401, (diagnostic,), {"www-authenticate": "Signature"}) from None
    except (DataError, UsageError) as error:
        raise Problem.told(status_of(error, about_path=False), error) from None
    except Exception as error:
        told = f"the plug-in that checks webhooks of `{hook.name}` failed: {_told(error)}"
        raise Problem.of(500, BROKEN, told) from error


def _told(error: Exception) -> str:
    """Return what is told of a plug-in's own failure: what kind it is; its text may hold what is secret."""
    return type(error).__name__
