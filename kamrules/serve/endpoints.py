"""Endpoints: what answers each operation, one method each, under the operation's name."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from starlette.responses import Response

from kamrules import __version__
from kamrules.diagnostics import KamrulesError
from kamrules.engines.row import decide, explain
from kamrules.run import language_of
from kamrules.serve import forms
from kamrules.serve.cloud_events import PLAIN, event_of, read_events
from kamrules.serve.exchanging import form_of, json_of, json_text, query_of
from kamrules.serve.gate import header
from kamrules.serve.openapi import document
from kamrules.serve.problem import UNREADABLE, WRONG_QUESTION, Problem, cut
from kamrules.serve.reading import read_body
from kamrules.serve.statuses import result_of, status_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from kamrules.live.changes import Posted
    from kamrules.live.events import Event
    from kamrules.serve.service import Service

HELP = (
    f"kamrules {__version__}: POST /events, GET /accounts/ID/decision, GET /actions, POST /decide; "
    "GET /openapi.json describes all.\n"
)


class Endpoints:
    """Everything that a service answers."""

    def __init__(self, service: Service, *, open_to_all: bool) -> None:
        """Take the service; `open_to_all` says that no token is needed."""
        self.service = service
        self.book = service.book
        self._document = json.dumps(document(open_to_all=open_to_all), ensure_ascii=False).encode()

    async def root(self, _request: Request) -> Response:
        """Answer with a line of help."""
        return Response(HELP, media_type="text/plain")

    async def openapi(self, _request: Request) -> Response:
        """Answer with the OpenAPI document."""
        return Response(self._document, media_type=PLAIN)

    async def post_events(self, request: Request) -> Response:
        """Post one event, or a batch of which each has its own result."""
        body = await read_body(request.scope, request.receive, self.service.most_body)
        events, batch = read_events(request.scope["headers"], body)
        if batch:
            return json_of({"results": await self._batch(events)})
        latest = self.service.latest()
        try:
            posted = await self.service.posted(self.book.post, event_of(events[0], latest))
        except KamrulesError as error:
            status = status_of(error, about_path=False)
            self._count(result_of(status))
            raise Problem.told(status, error) from None
        except Problem as problem:
            self._count(result_of(problem.status))
            raise
        self._count("repeated" if posted.repeated else "applied")
        self.service.news()
        return json_of(posted.as_json())

    async def _batch(self, given: list[Any]) -> list[dict[str, Any]]:
        """Return what became of each event of a batch; those that can be read are posted together."""
        found: dict[int, Problem | Posted] = {}
        events: dict[int, Event] = {}
        latest = self.service.latest()
        for number, each in enumerate(given):
            try:
                events[number] = event_of(each, latest)
            except Problem as problem:
                found[number] = problem
            except KamrulesError as error:
                found[number] = Problem.told(status_of(error, about_path=False), error)
        if events:
            told = await self.service.posted(self.book.post_many, list(events.values()))
            for number, one in zip(events, told, strict=True):
                found[number] = (
                    Problem.told(status_of(one, about_path=False), one)
                    if isinstance(one, KamrulesError)
                    else one
                )
            self.service.news()
        return [self._result(each, found[number]) for number, each in enumerate(given)]

    def _result(self, given: object, found: Problem | Posted) -> dict[str, Any]:
        identity = given.get("id") if isinstance(given, dict) else None
        told = cut(identity) if isinstance(identity, str) else None
        if isinstance(found, Problem):
            self._count(result_of(found.status))
            return {"id": told, "status": found.status, "problem": found.as_json()}
        self._count("repeated" if found.repeated else "applied")
        return {"id": told, "status": 200, "posted": found.as_json()}

    def _count(self, result: str) -> None:
        self.service.measures.events.labels(result).inc()

    async def decision(self, request: Request) -> Response:
        """Tell the decision about an account, or that it is as the client has it."""
        account_id = _from_path(request, "/accounts/", "/decision")
        query = query_of(request, forms.DecisionQuery)
        asked = await self.service.asked(self.book.question, account_id)
        language = None
        if query.language is not None:
            language = language_of(asked.program, query.language)
        # A decision follows from these. An event that comes before the next look leaves it with the tag of
        # the one before, which costs a client one look more
        seed = [asked.inputs(), asked.program.digest, __version__, query.explain, language]
        etag = f'"{hashlib.sha256(json.dumps(seed).encode()).hexdigest()[:32]}"'
        if _known(request, etag):
            return Response(status_code=304, headers={"etag": etag})
        work = self.book.explanation if query.explain else self.book.decision
        found = await self.service.asked(work, account_id, language=language)
        return json_text(found.model_dump_json(by_alias=True), etag=etag)

    async def decide(self, request: Request) -> Response:
        """Decide an account of which nothing is stored."""
        form = await form_of(request, self.service.most_body, forms.DecideForm)
        return json_text(await self.service.asked(self._decided, form))

    def _decided(self, form: forms.DecideForm) -> str:
        program = self.book.program
        language = language_of(program, form.language)
        given: Any = {"as_of": form.as_of, "earlier": form.earlier, "language": language}
        if form.explain:
            return explain(program, form.facts, **given).model_dump_json(by_alias=True)
        decision = decide(program, form.facts, top=form.top, **given)
        return decision.model_dump_json(by_alias=True)

    async def actions(self, request: Request) -> Response:
        """Tell a page of actions."""
        query = query_of(request, forms.ActionsQuery)
        try:
            found = await self.service.asked(
                self.book.actions,
                query.owner,
                query.account,
                query.status,
                limit=query.limit,
                after=query.after,
            )
        except KamrulesError as error:
            raise Problem.told(status_of(error, about_path=False), error) from None
        last = found[-1].id if len(found) == query.limit else None
        return json_of({"actions": [each.as_json() for each in found], "next": last})

    async def settle(self, request: Request) -> Response:
        """Keep what became of an action."""
        action_id = _from_path(request, "/actions/", "/outcome")
        form = await form_of(request, self.service.most_body, forms.OutcomeForm)
        posted = await self.service.posted(
            self.book.settle,
            action_id,
            form.status,
            note=form.note,
            outcome=form.outcome,
            key=form.key,
        )
        self.service.news()
        return json_of(posted.as_json())


def _from_path(request: Request, before: str, after: str) -> str:
    """Return the name that stands in a path, decoded once; it may hold slashes. Raises Problem."""
    raw: bytes = request.scope["raw_path"]
    try:
        name = unquote_to_bytes(raw[len(before) : len(raw) - len(after)]).decode("utf-8")
    except UnicodeDecodeError:
        raise Problem.of(400, UNREADABLE, "the path is no percent-encoded UTF-8") from None
    if "\x00" in name:
        raise Problem.of(400, UNREADABLE, "the path holds the character NUL, which no name has")
    if not 1 <= len(name) <= forms.MOST_NAME:
        told = f"`{cut(name)}` is no id: those have 1 to {forms.MOST_NAME} characters"
        raise Problem.of(422, WRONG_QUESTION, told)
    return name


def _known(request: Request, etag: str) -> bool:
    given = (header(request.scope, b"if-none-match") or b"").decode("latin-1")
    return any(each.strip().removeprefix("W/") in (etag, "*") for each in given.split(","))
