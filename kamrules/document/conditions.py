"""Conditions as written: an expression, a list, or a table that says how its members combine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeAlias

from pydantic import Field, Tag, model_validator
from typing_extensions import TypeAliasType

from kamrules.document.fields import Level, Slip, Text, Written, refuse, told_by

FORMS = ("all", "any", "at_least", "not")
"""The keys that make a table a condition; `of` belongs to `at_least`."""


WANTED = (
    "an expression in quotes, a list of conditions, or a table: "
    "{ any = [...] }, { all = [...] }, { at_least = 2, of = [...] }, { not = ... }"
)


def _form(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    if isinstance(value, str):
        return "<text>"
    if isinstance(value, list):
        return "<list>"
    if isinstance(value, dict):
        for key in (*FORMS, "of"):
            if key in value:
                return "<at_least>" if key == "of" else f"<{key}>"
    # writing a model out asks the same of what has been read
    return _READ.get(type(value))


class AllOf(Written):
    """Holds when every member does."""

    noun: ClassVar[str] = "a condition with `all`"
    all: list[ConditionModel] = Field(min_length=1, description="Conditions that must all hold")


class AnyOf(Written):
    """Holds when at least one member does."""

    noun: ClassVar[str] = "a condition with `any`"
    any: list[ConditionModel] = Field(min_length=1, description="Conditions of which one must hold")


class AtLeast(Written):
    """Holds when at least so many of its members do."""

    noun: ClassVar[str] = "a condition that counts with `of`"
    at_least: Level = Field(
        description="How many of the conditions must hold: a number, or a parameter's name"
    )
    of: list[ConditionModel] = Field(min_length=1, description="The conditions that are counted")

    @model_validator(mode="after")
    def _enough_members(self) -> Self:
        needed, members = self.at_least, len(self.of)
        if isinstance(needed, int) and needed > members:
            message = f"at least {needed} of {members} conditions can never hold"
            refuse([Slip("KR158", message, ("at_least",))])
        return self


class NotThis(Written):
    """Holds when its member is false; unknown stays unknown."""

    noun: ClassVar[str] = "a condition with `not`"
    not_: ConditionModel = Field(alias="not", description="The condition that must be false")


_READ: dict[type, str] = {
    AllOf: "<all>", AnyOf: "<any>", AtLeast: "<at_least>", NotThis: "<not>",
}  # fmt: skip

if TYPE_CHECKING:
    ConditionModel: TypeAlias = "str | list[ConditionModel] | AllOf | AnyOf | AtLeast | NotThis"
else:
    # pydantic needs a named alias to follow the recursion; mypy reads the plain form above
    ConditionModel = TypeAliasType(
        "ConditionModel",
        Annotated[
            Annotated[Text, Tag("<text>")]
            | Annotated[list["ConditionModel"], Field(min_length=1), Tag("<list>")]
            | Annotated[AllOf, Tag("<all>")]
            | Annotated[AnyOf, Tag("<any>")]
            | Annotated[AtLeast, Tag("<at_least>")]
            | Annotated[NotThis, Tag("<not>")],
            told_by(_form, WANTED),
        ],
    )

for _each in (AllOf, AnyOf, AtLeast, NotThis):
    _each.model_rebuild()
