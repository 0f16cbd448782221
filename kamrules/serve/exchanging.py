"""Exchanging: a request's query and body as forms, and JSON as an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_core import to_json
from starlette.responses import Response

from kamrules.serve import forms
from kamrules.serve.cloud_events import PLAIN, media_type
from kamrules.serve.gate import header
from kamrules.serve.problem import UNTAKEN, WRONG_QUESTION, Problem, cut
from kamrules.serve.reading import read_body, read_json

if TYPE_CHECKING:
    from starlette.requests import Request


async def form_of(request: Request, most_body: int, model: type[forms.Form]) -> forms.Form:
    """Return a JSON body as a form; none at all is an empty one. Raises Problem."""
    body = await read_body(request.scope, request.receive, most_body)
    if not body and not any(each.is_required() for each in model.model_fields.values()):
        return model()
    media = media_type(header(request.scope, b"content-type") or b"")
    if media != PLAIN:
        told = f"media type `{cut(media)}` is not taken" if media else "no media type is given"
        raise Problem.of(415, UNTAKEN, told, f"send `{PLAIN}`")
    return forms.checked(model, read_json(body))


def query_of(request: Request, model: type[forms.Form]) -> forms.Form:
    """Return the query as a form. Raises Problem 422 for what is not known or given twice."""
    pairs = request.query_params.multi_items()
    given = dict(pairs)
    if len(given) != len(pairs):
        raise Problem.of(422, WRONG_QUESTION, "a parameter of the query is given twice")
    return forms.checked(model, given)


def json_of(value: object) -> Response:
    """Return a value as JSON."""
    return Response(to_json(value), media_type=PLAIN)


def json_text(text: str, *, etag: str | None = None) -> Response:
    """Return JSON that is text already."""
    return Response(text, media_type=PLAIN, headers={"etag": etag} if etag else None)
