"""Keeping the service: new dates, the ruleset read anew, the log, health and measures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from kamrules import __version__
from kamrules.diagnostics import KamrulesError
from kamrules.live.deciding import ABSENT, ROW
from kamrules.serve import forms
from kamrules.serve.exchanging import form_of, json_of, query_of
from kamrules.serve.measures import MEDIA_TYPE
from kamrules.serve.problem import WRONG_QUESTION, Problem, diagnostic_json

if TYPE_CHECKING:
    import datetime

    from starlette.requests import Request

    from kamrules.serve.service import Service

MOST_CHANGES = 1_000
"""Changes that the answer to a new date has; all of them are in the log."""
LOOK = "health"
"""The name under which a store is tried to write to; no receiver has it."""
LOOK_SECONDS = 3.0
"""For which a store may keep silent before it counts as out of reach."""


class Keeping:
    """What those who keep the service ask of it."""

    def __init__(self, service: Service) -> None:
        """Take the service."""
        self.service = service
        self.book = service.book

    async def tick(self, request: Request) -> Response:
        """Move the book on to a date."""
        form = await form_of(request, self.service.most_body, forms.TickForm)
        latest = self.service.latest()
        if latest is not None and form.date > latest:
            told = f"{form.date} is after today, and the book's date never moves back"
            raise Problem.of(422, WRONG_QUESTION, told)
        return json_of(await self.service.posted(self._ticked, form.date))

    def _ticked(self, date: datetime.date) -> dict[str, Any]:
        changes = self.book.tick(date)
        self.service.news()
        told = [each.as_json() for each in changes[:MOST_CHANGES]]
        return {"as_of": date.isoformat(), "changed": len(changes), "changes": told}

    async def reload(self, request: Request) -> Response:
        """Read the ruleset anew; a broken one is a problem, and changes nothing."""
        form = await form_of(request, self.service.most_body, forms.ReloadForm)
        return json_of(await self.service.posted(self._reloaded, redecide=form.redecide))

    def _reloaded(self, *, redecide: bool) -> dict[str, Any]:
        before = self.book.program.digest
        found = self.service.reload(redecide=redecide)
        return {
            "ruleset": found.ruleset,
            "version": found.version,
            "digest": found.digest,
            "other": found.digest != before,
            "entry": found.entry,
            "changed": len(found.changes),
            "warnings": [diagnostic_json(each) for each in found.warnings],
        }

    async def log(self, request: Request) -> Response:
        """Tell a page of the decision log."""
        query = query_of(request, forms.LogQuery)
        found = await self.service.asked(self.book.entries, query.after, query.limit)
        last = found[-1].number if len(found) == query.limit else None
        return json_of({"entries": [each.as_json() for each in found], "next": last})

    async def health(self, request: Request) -> Response:
        """Tell whether the service can do its work."""
        query_of(request, forms.Nothing)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                store = await self.service.looked(self._store)
        except TimeoutError:
            store = "silent"
        program, as_of = self.book.program, self.book.as_of
        answer = json_of({
            "status": "ok" if store == "ok" else "failing",
            "store": store,
            "engine": self._engine(),
            "kamrules": __version__,
            "ruleset": program.name,
            "version": program.version,
            "digest": program.digest,
            "as_of": None if as_of is None else as_of.isoformat(),
            "log": self.book.head[0],
        })  # fmt: skip
        answer.status_code = 200 if store == "ok" else 503
        return answer

    def _engine(self) -> str:
        """Return which engine decides: the row engine does too where durable-rules is absent."""
        told = self.book.described["decider"]
        return ROW if ABSENT in told.get("counts", ()) else str(told["engine"])

    def _store(self) -> str:
        """Return `ok`, or what is the matter with the store."""
        try:
            self.book.cursor(LOOK)
            if not self.book.described["healthy"]:
                # until something is written nobody can know; and while this says so, nobody may write
                self.book.move_cursor(LOOK, 0)
        except KamrulesError:
            return "out of reach"
        return "ok"

    async def metrics(self, request: Request) -> Response:
        """Tell what is counted and timed."""
        query_of(request, forms.Nothing)
        text = await self.service.looked(self.service.measures.text)
        return Response(text, media_type=MEDIA_TYPE)
