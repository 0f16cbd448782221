"""What every rule may carry: a title, what it is for, its clauses, whether and when it holds."""

from __future__ import annotations

import datetime  # noqa: TC003  pydantic reads the annotations at run time
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from kamrules.document.fields import Slip, Text, Texts, Written, refuse

About = Annotated[str, Field(description="What it is for, in a sentence or two")]
Title = Annotated[Text, Field(description="The name people see; without it, the id in plain words")]
Source = Annotated[Texts, Field(description="The clauses it comes from")]


class Rule(Written):
    """What every rule may carry."""

    noun: ClassVar[str] = "a rule"
    title: Title | None = None
    about: About = ""
    source: Source = Field(default_factory=list)
    enabled: bool = Field(default=True, description="false switches the rule off")
    valid_from: datetime.date | None = Field(default=None, description="The first day it holds")
    valid_to: datetime.date | None = Field(default=None, description="The last day it holds")

    @model_validator(mode="after")
    def _validity_runs_forward(self) -> Self:
        start, end = self.valid_from, self.valid_to
        if start is not None and end is not None and start > end:
            message = f"`valid_to` {end} lies before `valid_from` {start}: the rule never holds"
            refuse([Slip("KR162", message, ("valid_to",))])
        return self
