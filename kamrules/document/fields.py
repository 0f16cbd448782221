"""The kinds of values that keys of a ruleset take: texts, ids, numbers that may name a parameter."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence  # noqa: TC003  pydantic reads the annotations at run time
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

LONGEST_ID = 60
LONGEST_DAYS = 36_500
"""A hundred years; nothing that a ruleset counts in days is longer."""
LARGEST = 1e14
"""Numbers stay below this: 18 digits, four of them behind the point."""

# fmt: off
RESERVED = frozenset({
    "as_of", "class", "tier", "phase", "strategy", "class_before", "tier_before", "criterion", "and",
    "or", "not", "in", "is", "if", "unknown", "true", "false", "abs",
    "round", "clamp", "coalesce", "min", "max", "sum", "count", "mean", "any",
    "first", "last", "distinct", "days_since", "days_until", "decay", "rank", "rank_share",
    "share_of_total", "running_total", "running_share",
})
# fmt: on
"""Words that mean something in expressions: no fact, score, parameter, table or column is called so."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A fault that a model found in itself: the path from the model to it, what is wrong, a mend."""

    code: str
    message: str
    path: tuple[str | int, ...] = ()
    help: str | None = None


def refuse(slips: Sequence[Slip]) -> None:
    """Raise what was found, if anything, in a form that pydantic passes on."""
    if slips:
        raise PydanticCustomError("slips", "see the slips", {"slips": list(slips)})


class Written(BaseModel):
    """A table of a ruleset: knows its keys, refuses others and takes no value for another kind's."""

    # defer_build: the parts are built once, when the whole is, which halves the import time
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True
    )
    noun: ClassVar[str] = "a table"


def form(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    """Return the tag of a value's kind, None for lists, tables and times."""
    match value:
        case bool():
            return "<bool>"
        case int() | float():
            return "<number>"
        case str():
            return "<text>"
        case datetime.date() if not isinstance(value, datetime.datetime):
            return "<date>"
    return None


def _number_form(value: Any) -> str | None:  # noqa: ANN401
    found = form(value)
    return found if found in {"<number>", "<text>"} else None


def _whole_form(value: Any) -> str | None:  # noqa: ANN401
    return "<whole>" if _number_form(value) == "<number>" else _number_form(value)


def list_form(value: Any) -> str | None:  # noqa: ANN401
    """Return the tag of a text or a list, None for anything else."""
    found = "<list>" if isinstance(value, list) else form(value)
    return found if found in {"<list>", "<text>"} else None


def _bound_form(value: Any) -> str | None:  # noqa: ANN401
    found = form(value)
    return found if found in {"<number>", "<date>"} else None


def _choice_form(value: Any) -> str | None:  # noqa: ANN401
    found = form(value)
    return found if found in {"<bool>", "<text>"} else None


def _unknown_form(value: Any) -> str | None:  # noqa: ANN401
    if value in ("redistribute", "zero"):
        return "<word>"
    return _number_form(value)


def _distinct(values: list[str]) -> list[str]:
    refuse(
        [
            Slip("KR159", f"`{each}` stands twice in this list", (number,))
            for number, each in enumerate(values)
            if each in values[:number]
        ]
    )
    return values


def told_by(tell: Callable[[Any], str | None], wanted: str) -> Discriminator:
    """Return a discriminator that refuses what it cannot tell with one sentence: what is wanted."""
    return Discriminator(
        tell,
        custom_error_type="wanted",
        custom_error_message=wanted,
    )


_number = told_by(_number_form, "a number, or the name of a parameter in quotes")
_whole = told_by(_whole_form, "a whole number, or the name of a parameter in quotes")

Text = Annotated[str, Field(pattern=r"\S")]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=LONGEST_ID)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$"), Tag("<text>")]
Texts = Annotated[list[Text], AfterValidator(_distinct)]
Languages = Annotated[
    list[Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]],
    Field(min_length=1),
    AfterValidator(_distinct),
]

KindWord = Literal[
    "money", "share", "score", "number", "integer", "days", "date", "text", "choice", "bool"
]
HitWord = Literal["unique", "first"]

Number = Annotated[
    Annotated[float, Field(gt=-LARGEST, lt=LARGEST), Tag("<number>")] | Name,
    _number,
]
Weight = Annotated[Annotated[float, Field(ge=0, lt=LARGEST), Tag("<number>")] | Name, _number]
Points = Annotated[Annotated[float, Field(ge=0, le=100), Tag("<number>")] | Name, _number]
Priority = Annotated[
    Annotated[float, Field(ge=0, le=100), Tag("<number>")] | Annotated[Text, Tag("<text>")],
    told_by(_number_form, "a number from 0 to 100, or an expression in quotes"),
]
Hours = Annotated[Annotated[float, Field(ge=0, le=10_000), Tag("<number>")] | Name, _number]
Share = Annotated[Annotated[float, Field(ge=0, le=1), Tag("<number>")] | Name, _number]
Days = Annotated[Annotated[int, Field(ge=0, le=LONGEST_DAYS), Tag("<whole>")] | Name, _whole]
Rhythm = Annotated[Annotated[int, Field(ge=1, le=LONGEST_DAYS), Tag("<whole>")] | Name, _whole]
Level = Annotated[Annotated[int, Field(ge=1, le=1000), Tag("<whole>")] | Name, _whole]
InfoLevel = Annotated[int, Field(ge=1, le=4)]
UnknownPoints = Annotated[
    Annotated[Literal["redistribute", "zero"], Tag("<word>")]
    | Annotated[float, Field(ge=0, le=100), Tag("<number>")]
    | Name,
    told_by(_unknown_form, '"redistribute", "zero", or a number of points'),
]
ChoiceOrBool = Annotated[
    Annotated[bool, Tag("<bool>")] | Annotated[str, Tag("<text>")],
    told_by(_choice_form, "a choice in quotes, or true or false"),
]
StepIn = Annotated[
    Annotated[list[ChoiceOrBool], Field(min_length=1), Tag("<list>")]
    | Annotated[Text, Tag("<text>")],
    told_by(list_form, 'an interval such as "[10..20)", or a list of choices'),
]
Value = Annotated[
    Annotated[bool, Tag("<bool>")]
    | Annotated[float, Tag("<number>")]
    | Annotated[str, Tag("<text>")]
    | Annotated[datetime.date, Tag("<date>")],
    told_by(form, "a number, a text, a date, or true or false"),
]
Bound = Annotated[
    Annotated[float, Tag("<number>")] | Annotated[datetime.date, Tag("<date>")],
    told_by(_bound_form, "a number or a date"),
]
Way = Annotated[
    Annotated[bool, Tag("<bool>")] | Annotated[Literal["up", "down"], Tag("<text>")],
    told_by(_choice_form, 'true, false, "up" or "down"'),
]
