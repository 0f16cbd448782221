"""What the tables and keys of a book file are; `class`-like words carry an underscore in Python."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, Tag, model_validator

from kamrules.contracts import Mode  # noqa: TC001  pydantic reads it
from kamrules.document.fields import Id, Slip, Text, Written, form, refuse, told_by
from kamrules.expression.types import ACCOUNT_ID

_SPOKEN_DATE = re.compile(r"[dmyDMYJjTtMmAa]{1,4}(?:[-/. ]?[dmyDMYJjTtMmAa]{1,4}){1,2}")
_FIELDS = {
    "yyyy": "%Y", "yy": "%y", "mmm": "%b", "mm": "%m", "m": "%m", "dd": "%d", "d": "%d",
}  # fmt: skip
DATE_FIELDS = frozenset("YymdbBjaAHIMSpfzZ%")
"""Letters that may follow `%` in a date's format: those that mean the same to every engine."""


def _scalar_form(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    return form(value)


def _column_form(value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, dict | ColumnMapModel):
        return "<table>"
    return "<text>" if isinstance(value, str) else None


def _only_form(value: Any) -> str | None:  # noqa: ANN401
    return "<list>" if isinstance(value, list) else form(value)


_SCALAR = "a text, a number, a date, or true or false"
Scalar = Annotated[
    Annotated[bool, Tag("<bool>")]
    | Annotated[int | float, Tag("<number>")]
    | Annotated[datetime.date, Tag("<date>")]
    | Annotated[str, Tag("<text>")],
    told_by(_scalar_form, _SCALAR),
]
Values = Annotated[
    Annotated[bool, Tag("<bool>")]
    | Annotated[int | float, Tag("<number>")]
    | Annotated[datetime.date, Tag("<date>")]
    | Annotated[str, Tag("<text>")]
    | Annotated[list[Scalar], Field(min_length=1), Tag("<list>")],
    told_by(_only_form, "a list of the values to keep"),
]


class ColumnMapModel(Written):
    """How one column of the vocabulary is filled."""

    noun: ClassVar[str] = "the mapping of a column"
    column: Text | None = Field(
        default=None, description="The source's column; without it, the one of the same name"
    )
    constant: Scalar | None = Field(default=None, description="The same value for every row")
    times: float | None = Field(
        default=None, description="What numbers are multiplied by: 1_000_000 if written in millions"
    )
    values: dict[str, Scalar] = Field(
        default_factory=dict, description="The source's texts and what they mean here"
    )
    format: Text | None = Field(
        default=None, description='How dates are written, such as "%d/%m/%Y"'
    )
    unknown: list[Scalar] = Field(
        default_factory=list, description='Texts that mean unknown, such as "n/a"'
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        slips = [*_format_slips(self.format)]
        beside = [each for each in ("column", "times", "values", "format", "unknown")
                  if each in self.model_fields_set]  # fmt: skip
        if self.constant is not None and beside:
            message = f"a constant stands alone: `{beside[0]}` is about what a source holds"
            slips.append(Slip("KR630", message, (beside[0],)))
        if self.times is not None and self.times == 0:
            message = "times 0 makes every value 0; leave the column out if it is not to be used"
            slips.append(Slip("KR630", message, ("times",)))
        refuse(slips)
        return self


def _format_slips(written: str | None) -> list[Slip]:
    """Return what is wrong with a date's format."""
    if written is None:
        return []
    fields = re.findall(r"%-?(.?)", written)
    strange = [each for each in fields if each not in DATE_FIELDS]
    if strange:
        message = f"`%{strange[0]}` is not a part of a date's format"
        return [Slip("KR631", message, ("format",), "use %Y, %m and %d for year, month and day")]
    if {"Y", "y"}.isdisjoint(fields):
        mend = None
        if "%" not in written and _SPOKEN_DATE.fullmatch(written):
            mend = f'write "{_spoken(written)}"'
        message = f"`{written}` names no year, so it is no date's format"
        return [Slip("KR631", message, ("format",), mend)]
    return []


def _spoken(written: str) -> str:
    """Return dd/mm/yyyy as %d/%m/%Y."""
    return re.sub(r"[A-Za-z]+", lambda found: _FIELDS.get(found[0].lower(), found[0]), written)


class BookTableModel(Written):
    """One table of the book."""

    noun: ClassVar[str] = "a table of the book"
    from_: Text = Field(alias="from", description='Where its rows are, such as "csv:accounts.csv"')
    account: Text | None = Field(
        default=None,
        description="The source's column with the account's id; account_id if not said",
    )
    only: dict[str, Values] = Field(
        default_factory=dict, description="Rows to keep: the source's column = [values]"
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Options of the source, such as delimiter and encoding"
    )
    automatic: bool = Field(
        default=True, description="false: only the columns named below are filled"
    )
    column: dict[
        Id,
        Annotated[
            Annotated[Text, Tag("<text>")] | Annotated[ColumnMapModel, Tag("<table>")],
            told_by(
                _column_form,
                "the name of the source's column in quotes, or a table such as { constant = 5 }",
            ),
        ],
    ] = Field(default_factory=dict, description="The vocabulary's columns and what fills them")

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        mapped = self.column.get(ACCOUNT_ID)
        name = mapped if isinstance(mapped, str) or mapped is None else mapped.column
        slips = []
        if isinstance(mapped, ColumnMapModel) and mapped.constant is not None:
            message = "the account's id cannot be the same for every row"
            slips.append(Slip("KR630", message, ("column", ACCOUNT_ID)))
        if self.account is not None and name is not None and name != self.account:
            message = (
                f"the account's id is in `{self.account}` by `account`, in `{name}` by its mapping"
            )
            slips.append(Slip("KR630", message, ("column", ACCOUNT_ID)))
        refuse(slips)
        return self


class SinkModel(Written):
    """Where decisions go."""

    noun: ClassVar[str] = "a sink of the book"
    to: Text = Field(description='Where to, such as "postgresql://kam@db.example.com/crm"')
    mode: Mode = Field(
        default="replace",
        description="What becomes of rows that are there: all go (replace), those of the same accounts go"
        " (upsert), none (append), or there may be none (create)",
    )
    tables: list[Text] = Field(
        default_factory=list, description="The output tables wanted; without it, all of them"
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Options of the sink, such as schema"
    )


class HeaderModel(Written):
    """What the book is called and the date it shows."""

    noun: ClassVar[str] = "`book`"
    name: Text | None = Field(default=None, description="The name that reports show")
    as_of: datetime.date | None = Field(
        default=None, description="The date at which the tables were true; a run may set another"
    )
    currency: Text | None = Field(default=None, description="The currency of all its amounts")
    bad_data: Literal["stop", "leave_out"] = Field(
        default="stop",
        description='"stop" a run when rows or values cannot be used, or "leave_out" those and report them',
    )
    about: str = Field(default="", description="What it is, in a sentence or two")


class BookModel(Written):
    """A book file: the tables of a CRM, mapped to a ruleset's vocabulary."""

    noun: ClassVar[str] = "a book file"
    book: HeaderModel = Field(default_factory=HeaderModel, description="Name, date and currency")
    table: dict[Id, BookTableModel] = Field(
        default_factory=dict, description="The tables, by their names in the ruleset"
    )
    sink: dict[Id, SinkModel] = Field(
        default_factory=dict, description="Where `kamrules run --to NAME` delivers the decisions"
    )
