"""Signals as written: rows that come after one another, that lack an answer, or that pile up."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, Tag, model_validator

from kamrules.document.fields import Days, Level, Slip, Text, Texts, list_form, refuse, told_by
from kamrules.document.rule import Rule

Rows = Annotated[
    Text,
    Field(
        description='Rows of a table, such as "complaints[severity >= 2]"; a date column other than the '
        'one that orders the table stands behind them: "projects[open].started"'
    ),
]
Same = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[Texts, Field(min_length=1), Tag("<list>")],
    told_by(list_form, "the name of a column in quotes, or a list of them"),
]


class SignalModel(Rule):
    """A pattern over an account's dated rows."""

    noun: ClassVar[str] = "a signal"
    after: Rows
    then: Rows | None = Field(
        default=None, description="What must come after it, within the days, written like `after`"
    )
    without: Rows | None = Field(
        default=None,
        description="What must not come after it, within the days, written like `after`",
    )
    at_least: Level | None = Field(
        default=None, description="How many of the rows must lie within the days of one another"
    )
    within_days: Days | None = Field(
        default=None, description="The days from the one to the other; 0 is the same day"
    )
    same: Same | None = Field(
        default=None,
        description="A column, or columns, in which the rows must be equal, such as the contact",
    )
    for_days: Days | None = Field(
        default=None,
        description="How many days it lasts after its date; without it, as long as the rows are there",
    )

    @model_validator(mode="after")
    def _keys_go_together(self) -> Self:
        others = [key for key in ("then", "without", "at_least") if self.given(key)]
        slips = [
            Slip(
                "KR165",
                f"`{key}` cannot stand beside `{others[0]}`: a signal has one of them",
                (key,),
            )
            for key in others[1:]
        ]
        alone = not others or (others == ["at_least"] and self.at_least == 1)
        if others and not alone and self.within_days is None:
            problem = f"`{others[0]}` needs `within_days`: how many days may lie between the rows"
            slips.append(Slip("KR165", problem, (others[0],)))
        if not others:
            slips += [
                Slip(
                    "KR165",
                    f"`{key}` says how rows stand to one another, and there is only `after`",
                    (key,),
                )
                for key in ("within_days", "same")
                if self.given(key)
            ]
        refuse(slips)
        return self

    def given(self, key: str) -> bool:
        """Return whether a key of the signal is written."""
        return getattr(self, key) is not None

    @property
    def shared(self) -> tuple[tuple[str, tuple[str | int, ...]], ...]:
        """Return the columns that rows must share, each with the path from the signal to where it stands."""
        if self.same is None:
            return ()
        if isinstance(self.same, str):
            return ((self.same, ("same",)),)
        return tuple((name, ("same", number)) for number, name in enumerate(self.same))
