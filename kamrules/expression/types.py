"""The types of values and the vocabulary (tables, columns) that expressions are checked against."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNTS = "accounts"
ACCOUNT_ID = "account_id"


class Kind(StrEnum):
    """What sort of value a type holds; the words an author writes after `type =`."""

    MONEY = "money"
    SHARE = "share"
    SCORE = "score"
    NUMBER = "number"
    INTEGER = "integer"
    DAYS = "days"
    DATE = "date"
    TEXT = "text"
    CHOICE = "choice"
    BOOL = "bool"


PLACES: Mapping[Kind, int] = {
    Kind.MONEY: 4,
    Kind.SHARE: 6,
    Kind.SCORE: 6,
    Kind.NUMBER: 6,
    Kind.INTEGER: 0,
    Kind.DAYS: 0,
    Kind.DATE: 0,
}
"""Decimal places with which a column of each numeric kind is read from a book (design 5).

A column's value is stored as a whole number of units of 10**-places, so sums are exact. Dates are
whole days since 1970-01-01.
"""

TOLD: Mapping[Kind, str] = {
    Kind.MONEY: "an amount of money",
    Kind.INTEGER: "an integer",
    Kind.DAYS: "a span of days",
    Kind.BOOL: "a yes or no",
}
"""Kinds that do not read well behind `a`."""

DIGITS = 18
"""A stored value, and an exact sum, has at most this many digits; what does not fit is unknown."""


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a value: its kind and, for a choice, what may be chosen (in declaration order).

    `labels` are what people read for the choices, in their order; only slots of messages have them.
    """

    kind: Kind
    choices: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def label(self, choice: str) -> str:
        """Return what people read for a choice or a text: its label, else itself."""
        if not self.labels or choice not in self.choices:
            return choice
        return self.labels[self.choices.index(choice)]

    @property
    def numeric(self) -> bool:
        """Whether values are numbers inside expressions (dates and days included)."""
        return self.kind in PLACES

    @property
    def told(self) -> str:
        """Return the type as a sentence has it: `a share`, `an integer`."""
        return TOLD.get(self.kind, f"a {self.kind.value}")

    def __str__(self) -> str:
        """Return the word an author would use for this type."""
        return self.kind.value


MONEY = Type(Kind.MONEY)
SHARE = Type(Kind.SHARE)
SCORE = Type(Kind.SCORE)
NUMBER = Type(Kind.NUMBER)
INTEGER = Type(Kind.INTEGER)
DAYS = Type(Kind.DAYS)
DATE = Type(Kind.DATE)
TEXT = Type(Kind.TEXT)
BOOL = Type(Kind.BOOL)


@dataclass(frozen=True, slots=True)
class Changing:
    """What it takes to change a fact, and which way is good.

    `changeable` False: nobody can change it (industry, country); "up" or "down": only that way (people known,
    complaints open); True or None (not said): it can be changed. `cost` is the
    price of one `step`, in whatever the author counts efforts by (None: 1); a step is an amount in the
    fact's own unit (None: kamrules.workbench.nearest chooses by type). `rising` is "better" or "worse"
    where more of it never lowers, or never raises, a score, the class or the tier (None: not claimed).
    """

    changeable: bool | str | None = None
    cost: float | None = None
    step: float | None = None
    rising: str | None = None


NOTHING_SAID = Changing()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table as the vocabulary declares it.

    `info_level` is the information level (1 public and free ... 4 from the customer's top) at which
    the value is found; see clause 3.3 of the handbook.
    """

    name: str
    type: Type
    about: str = ""
    info_level: int = 1
    title: str = ""
    changing: Changing = NOTHING_SAID


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the vocabulary: `accounts`, or a related table with many rows an account.

    `order` names the date column by which `first` and `last` order the rows; None when the table has
    no date column to order by.
    """

    name: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    order: str | None = None
    about: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of doubles; None = open end without a bound."""

    low: float | None
    low_closed: bool
    high: float | None
    high_closed: bool

    def holds(self, value: float) -> bool:
        """Whether the value lies inside."""
        if self.low is not None and not (
            value >= self.low if self.low_closed else value > self.low
        ):
            return False
        return self.high is None or (value <= self.high if self.high_closed else value < self.high)
