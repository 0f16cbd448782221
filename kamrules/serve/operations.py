"""Operations: all that the service can be asked; routes and the OpenAPI document are made from this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.serve import answers, cloud_events, forms

if TYPE_CHECKING:
    from pydantic import BaseModel

JSON, TEXT = "application/json", "text/plain"
ACCOUNT = "/accounts/{account_id:path}/decision"
SETTLE = "/actions/{action_id}/outcome"
HOOK = "/hooks/{name}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked: where, with what, and what comes back.

    `name` is that of the method that answers it. `bodies` are the media types taken. `problems` are the
    statuses of problems beyond those of the gate. `answer` None: JSON of Decision and Explanation, or text.
    """

    method: str
    path: str
    name: str
    about: str
    query: type[BaseModel] = forms.Nothing
    body: type[BaseModel] | None = None
    bodies: tuple[str, ...] = ()
    answer: type[BaseModel] | None = None
    problems: tuple[int, ...] = ()
    open: bool = False


_READS = (400, 408, 413, 415, 422)

OPERATIONS = (
    Operation(
        "GET", "/", "root", "What there is, in a line of text.", open=True,
    ),
    Operation(
        "POST", "/events", "post_events",
        "Tell the book what happened: one CloudEvent, or a batch. The answer comes when it is durable.",
        bodies=(cloud_events.ONE, cloud_events.BATCH, cloud_events.PLAIN),
        problems=(*_READS, 409, 503),
    ),
    Operation(
        "POST", HOOK, "post_hook",
        "Take a webhook of another program as it sends it; its signature stands in place of a token.",
        bodies=(JSON,), answer=answers.HookAnswer, problems=(*_READS, 401, 404, 409, 503), open=True,
    ),
    Operation(
        "GET", ACCOUNT, "decision", "The decision about an account as it stands, or its proof.",
        query=forms.DecisionQuery, problems=(400, 404, 422, 503),
    ),
    Operation(
        "POST", "/decide", "decide", "Decide one account of which nothing is stored.",
        body=forms.DecideForm, bodies=(JSON,), problems=_READS,
    ),
    Operation(
        "GET", "/actions", "actions", "Actions that were proposed, the most urgent first.",
        query=forms.ActionsQuery, answer=answers.ActionsAnswer, problems=(422, 503),
    ),
    Operation(
        "POST", SETTLE, "settle", "Say what became of a proposed action.",
        body=forms.OutcomeForm, bodies=(JSON,), answer=answers.PostedAnswer,
        problems=(*_READS, 404, 409, 503),
    ),
    Operation(
        "POST", "/tick", "tick", "Move the book on to a date, and decide what that changes.",
        body=forms.TickForm, bodies=(JSON,), answer=answers.TickAnswer, problems=(*_READS, 503),
    ),
    Operation(
        "POST", "/reload", "reload",
        "Read the ruleset anew from where it stands. A broken one is refused, and the old one stays.",
        body=forms.ReloadForm, bodies=(JSON,), answer=answers.ReloadAnswer,
        problems=(*_READS, 503),
    ),
    Operation(
        "GET", "/log", "log", "The decision log, entry by entry.",
        query=forms.LogQuery, answer=answers.LogAnswer, problems=(422, 503),
    ),
    Operation(
        "GET", "/health", "health", "Whether the service can do its work: 200 when it can, else 503.",
        answer=answers.HealthAnswer, open=True,
    ),
    Operation("GET", "/metrics", "metrics", "What is counted and timed, for Prometheus."),
    Operation("GET", "/openapi.json", "openapi", "This document.", open=True),
)  # fmt: skip
