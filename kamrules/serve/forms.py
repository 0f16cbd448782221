"""Forms: what clients may ask, in a query or a body; the OpenAPI document is made from these models."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from kamrules.decision import Earlier  # noqa: TC001  pydantic reads it
from kamrules.diagnostics import Diagnostic, nearest
from kamrules.serve.problem import WRONG_QUESTION, Problem, cut

MOST_TEXT = 2_000
MOST_NAME = 200
MOST_PAGE = 1_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
_FLAGS = {"true": True, "false": False}

Form = TypeVar("Form", bound=BaseModel)


def _day(given: object) -> object:
    try:
        if isinstance(given, str) and _DAY.fullmatch(given):
            return datetime.date.fromisoformat(given)
    except ValueError:  # of a day that its month has not
        pass
    raise ValueError("is no date such as 2026-06-30")


def _flag(given: object) -> object:
    if isinstance(given, str) and given not in _FLAGS:
        raise ValueError("is neither true nor false")
    return _FLAGS[given] if isinstance(given, str) else given


def _whole(given: object) -> object:
    if isinstance(given, str) and not _WHOLE.fullmatch(given):
        raise ValueError("is no whole number")
    return int(given) if isinstance(given, str) else given


Day = Annotated[
    datetime.date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
]
Flag = Annotated[bool, BeforeValidator(_flag)]
Name = Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
Limit = Annotated[int, Field(ge=1, le=MOST_PAGE), BeforeValidator(_whole)]
After = Annotated[int, Field(ge=0, le=10**15), BeforeValidator(_whole)]


ItemStatus = Literal["proposed", "accepted", "done", "dismissed", "withdrawn"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(_Form):
    """A question without parameters."""


class DecisionQuery(_Form):
    """How a decision is told: `explain` with its proof, `language` one of the ruleset's."""

    explain: Flag = False
    language: Name | None = None


class ActionsQuery(_Form):
    """Which actions: of an owner (a role), of an account, in a status (without one: those that are open).

    `after` is the `next` of the page before.
    """

    owner: Name | None = None
    account: Name | None = None
    status: ItemStatus | None = None
    limit: Limit = 100
    after: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)] | None = None


class LogQuery(_Form):
    """Which entries of the decision log: those with a number above `after`, `limit` at most."""

    after: After = 0
    limit: Limit = 100


class DecideForm(_Form):
    """One account to be decided, of which nothing is stored.

    `facts` is the account as `kamrules decide` takes it; `earlier` what was decided before; `top` keeps that
    many proposed actions.
    """

    facts: dict[str, Any]
    as_of: Day
    earlier: Annotated[Earlier, Field(strict=False)] | None = None
    language: Name | None = None
    top: Annotated[int, Field(ge=0, le=10**6)] | None = None
    explain: bool = False


class OutcomeForm(_Form):
    """What became of a proposed action; `key` makes the request safe to repeat."""

    status: Literal["accepted", "done", "dismissed"]
    outcome: Annotated[str, Field(max_length=MOST_NAME)] = ""
    note: Annotated[str, Field(max_length=MOST_TEXT)] = ""
    key: Name | None = None


class TickForm(_Form):
    """The date to which the book moves on."""

    date: Day


class ReloadForm(_Form):
    """Whether all accounts are decided anew at once, rather than each at its next event or day."""

    redecide: bool = False


def checked(model: type[Form], given: object) -> Form:
    """Return what a client gave as a form. Raises Problem 422 with everything that is wrong."""
    if not isinstance(given, dict):
        told = "the body is no JSON object"
        raise Problem.of(422, WRONG_QUESTION, told)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Problem(422, told_of(error, model, WRONG_QUESTION)) from None


def told_of(error: ValidationError, model: type[BaseModel], code: str) -> list[Diagnostic]:
    """Return pydantic's errors as diagnostics, with the nearest known name for one that is not known."""
    found = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        path = ".".join(cut(str(part)) for part in each["loc"])
        name = f"`{path}`" if path else "the whole"
        mend = None
        match each["type"]:
            case "extra_forbidden":
                told = f"{name} is not known here"
                near = nearest(str(each["loc"][-1])[:MOST_NAME], model.model_fields)
                mend = f"did you mean `{near}`?" if near and len(each["loc"]) == 1 else None
            case "missing":
                told = f"{name} is lacking"
            case "value_error":
                told = f"{name} {each['msg'].removeprefix('Value error, ')}"
            case _:
                told = f"{name}: {each['msg'][:1].lower()}{each['msg'][1:]}".replace("'", "`")
        found.append(Diagnostic(code, told, help=mend, address=path or None))
    return found
