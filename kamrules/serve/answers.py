"""Answers: what the service sends, as pydantic models that the OpenAPI document is made from.

What is sent is written by the book itself (`as_json`); the tests hold every answer against these models.
"""

from __future__ import annotations

import datetime  # noqa: TC003  pydantic reads it
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[int, Field(ge=0)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DiagnosticAnswer(_Answer):
    """One thing that is wrong: its code, one sentence, how to mend it, and what it is about."""

    code: str
    message: str
    help: str | None
    address: str | None
    file: str | None = None
    line: int | None = None
    column: int | None = None


class ProblemAnswer(_Answer):
    """A request that is not answered, as RFC 9457 has it, with everything that is wrong."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    diagnostics: list[DiagnosticAnswer]


class MovedAnswer(_Answer):
    """Another class, tier, phase or strategy; null is none."""

    from_: str | None = Field(alias="from")
    to: str | None


class ActionChangeAnswer(_Answer):
    """What became of an action: new, due, withdrawn, accepted, done or dismissed. `item` settles it."""

    change: str
    item: str
    action: str
    title: str
    owner: str
    due_on: datetime.date
    priority: float
    reason: str
    why: str | None


class ChangesAnswer(_Answer):
    """What changed about an account; what did not is left out."""

    account_id: str
    as_of: datetime.date
    arrived: bool = False
    left: bool = False
    class_: MovedAnswer | None = Field(default=None, alias="class")
    tier: MovedAnswer | None = None
    phase: MovedAnswer | None = None
    strategy: MovedAnswer | None = None
    gates_met: list[str] = []
    gates_lost: list[str] = []
    signals_raised: dict[str, datetime.date] = {}
    signals_ended: list[str] = []
    actions: list[ActionChangeAnswer] = []
    faults: list[str] = []


class PostedAnswer(_Answer):
    """An event that is applied and durable: its entry in the decision log, and what it changed.

    `repeated`: it had been posted before under the same source and id, and this is the answer of then.
    """

    account_id: str
    as_of: datetime.date
    entry: Number
    repeated: bool
    changes: ChangesAnswer


class ResultAnswer(_Answer):
    """What became of one event of a batch: `posted` with status 200, or a `problem` with its status."""

    id: str | None
    status: int
    posted: PostedAnswer | None = None
    problem: ProblemAnswer | None = None


class BatchAnswer(_Answer):
    """What became of each event of a batch, in its order."""

    results: list[ResultAnswer]


class HookAnswer(_Answer):
    """What became of each event that a webhook told; none, where it tells nothing that the book knows."""

    results: list[PostedAnswer]


class ActionAnswer(_Answer):
    """An action as somebody has it on a list; `status`: proposed, accepted, done, dismissed or withdrawn."""

    id: str
    account_id: str
    action: str
    number: int
    status: str
    title: str
    owner: str
    priority: float
    reason: str
    effort_hours: float
    opened_on: datetime.date
    due_on: datetime.date
    changed_on: datetime.date
    why: str | None
    note: str
    outcome: str


class ActionsAnswer(_Answer):
    """A page of actions; `next` is the `after` of the page that follows, null on the last."""

    actions: list[ActionAnswer]
    next: str | None


class TickAnswer(_Answer):
    """What a new date changed: how many accounts, and the changes of the first of them."""

    as_of: datetime.date
    changed: Number
    changes: list[ChangesAnswer]


class ReloadAnswer(_Answer):
    """The ruleset that decides from now on, and what it warns of.

    `other`: it is not the one of before; `entry` is where the log says so; `changed` accounts were decided
    again at once and came out differently.
    """

    ruleset: str
    version: str
    digest: str
    other: bool
    entry: Number
    changed: Number
    warnings: list[DiagnosticAnswer]


class LogAnswer(_Answer):
    """A page of the decision log; `next` is the `after` of the page that follows, null on the last."""

    entries: list[dict[str, Any]]
    next: int | None


class HealthAnswer(_Answer):
    """Whether the service can do its work, and what it decides by."""

    status: Literal["ok", "failing"]
    store: Literal["ok", "silent", "out of reach"]
    engine: str
    kamrules: str
    ruleset: str
    version: str
    digest: str
    as_of: datetime.date | None
    log: Number
