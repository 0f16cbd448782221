"""Personas and tests as written: named example accounts, and what must come out for them."""

from __future__ import annotations

import datetime  # noqa: TC003  pydantic reads the annotations at run time
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, Tag, model_validator

from kamrules.document.fields import Id, Name, Slip, Text, Texts, Value, Written, refuse, told_by

Facts = Annotated[
    dict[str, Any],
    Field(description="The account's columns by name, and its related tables as lists of tables"),
]


def _measure_form(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return "<number>"
    return "<text>" if isinstance(value, str) else None


Measure = Annotated[
    Annotated[float, Tag("<number>")] | Annotated[Text, Tag("<text>")],
    told_by(_measure_form, 'a number, an interval such as "[60..80)", or the name of a band'),
]


class PersonaModel(Written):
    """An example account that tests decide."""

    noun: ClassVar[str] = "a persona"
    title: Text | None = Field(default=None, description="Who it is, in a few words")
    about: str = Field(default="", description="What is special about it")
    extends: Text | None = Field(
        default=None, description="The persona whose facts it takes over and changes"
    )
    as_of: datetime.date | None = Field(default=None, description="The date on which it is decided")
    facts: Facts = Field(default_factory=dict)
    without: Texts = Field(
        default_factory=list, description="Facts of the persona it extends that are unknown here"
    )


class BeforeModel(Written):
    """What was decided in the run before."""

    noun: ClassVar[str] = "`before`"
    model_config = ConfigDict(populate_by_name=True)
    class_: Text | None = Field(default=None, alias="class", description="The class before")
    tier: Text | None = Field(default=None, description="The tier before")
    proposed: dict[Id, datetime.date] = Field(
        default_factory=dict, description="Actions proposed before, with the day of each"
    )


class ExpectModel(Written):
    """What must come out."""

    noun: ClassVar[str] = "`expect`"
    model_config = ConfigDict(populate_by_name=True)
    class_: Text | None = Field(
        default=None, alias="class", description="The class; none: no class"
    )
    class_move: Text | None = Field(default=None, description="How the class came about")
    tier: Text | None = Field(default=None, description="The tier; none: no tier")
    tier_move: Text | None = Field(default=None, description="How the tier came about")
    phase: Text | None = Field(default=None, description="The phase; none: no phase")
    strategy: Text | None = Field(default=None, description="The strategy; none: no strategy")
    next_class: Text | None = Field(default=None, description="The class that is next; none: none")
    next_tier: Text | None = Field(default=None, description="The tier that is next; none: none")
    top_action: Text | None = Field(default=None, description="The first action; none: no action")
    actions: Texts = Field(default_factory=list, description="All of these actions are proposed")
    not_actions: Texts = Field(default_factory=list, description="None of these is proposed")
    held_back: Texts = Field(
        default_factory=list, description="These are due, and held back by others or by cooldown"
    )
    gaps: Texts = Field(default_factory=list, description="These facts are gaps")
    met: Texts = Field(default_factory=list, description='Gates met: "ordinary_to_key.volume"')
    unmet: Texts = Field(default_factory=list, description="Gates not met")
    unknown: Texts = Field(default_factory=list, description="Gates of which nobody can tell")
    holds: Texts = Field(
        default_factory=list,
        description='Expressions that must be true, such as "revenue_12m < key_revenue"',
    )
    scores: dict[Id, Measure] = Field(
        default_factory=dict, description="Scores: a number, an interval, or a band"
    )
    facts: dict[Id, Value] = Field(
        default_factory=dict, description='Facts: a value, an interval, or "unknown"'
    )
    reason: dict[Id, Text] = Field(
        default_factory=dict, description="Words that stand in the reason of an action"
    )

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not self.model_fields_set:
            message = "this test expects nothing: it could not fail"
            refuse([Slip("KR345", message, (), 'say what must come out, such as class = "key"')])
        return self


class TestModel(Written):
    """One account on one day, and what must come out."""

    __test__ = False
    noun: ClassVar[str] = "a test"
    about: str = Field(default="", description="What it shows")
    given: Name | None = Field(default=None, description="The persona that is decided")
    facts: Facts = Field(default_factory=dict)
    without: Texts = Field(
        default_factory=list, description="Facts of the persona that are unknown in this test"
    )
    as_of: datetime.date | None = Field(default=None, description="The date; else the persona's")
    set: dict[Id, Value] = Field(
        default_factory=dict, description="Parameters with another value for this test"
    )
    before: BeforeModel | None = Field(
        default=None, description="What the run before decided; without it, the account is new"
    )
    among: Texts = Field(
        default_factory=list,
        description="The personas that make up the book beside it, for ranks and shares of the whole",
    )
    skip: Text | None = Field(default=None, description="Why it is not run for now")
    expect: ExpectModel = Field(description="What must come out; at least one of its keys")
