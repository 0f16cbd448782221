"""A source as it is looked at: its tables, their columns, and what the values of a sample have in common."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kamrules.contracts import SeenColumn, SeenTable
from kamrules.workbench.mapping.words import names_that

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXAMPLES = 5

PLAIN = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
_COMMA = re.compile(r"\s*[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?\s*")
_POINT = re.compile(r"\s*[+-]?\d{1,3}(,\d{3})+(\.\d+)?\s*")
_TEXTUAL = ("VARCHAR", "ENUM")


@dataclass(frozen=True)
class Column:
    """A column of a sample: its name, DuckDB's name of its type, and its cells as text, None if empty."""

    name: str
    type: str
    cells: Sequence[str | None]

    @cached_property
    def texts(self) -> Counter[str]:
        """Return how often each text occurs, what means nothing known included."""
        return Counter(each for each in self.cells if each is not None and each.strip())

    @cached_property
    def counts(self) -> Counter[str]:
        """Return how often each text occurs; what means nothing known (`blanks`) is left out."""
        return Counter({text: n for text, n in self.texts.items() if text not in self.blanks})

    @cached_property
    def blanks(self) -> tuple[str, ...]:
        """Return the texts that stand for nothing known, such as `n/a`, unless a choice is called so."""
        return tuple(
            sorted(each for each in self.texts if each.strip().casefold() in names_that("blanks"))
        )

    @cached_property
    def known(self) -> int:
        """Return how many cells have a value."""
        return self.counts.total()

    @property
    def filled(self) -> float:
        """Return the share of the cells that have a value."""
        return self.known / len(self.cells) if self.cells else 0.0

    @property
    def distinct(self) -> int:
        """Return how many different values there are."""
        return len(self.counts)

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return bool(self.cells) and self.distinct == len(self.cells)

    @property
    def textual(self) -> bool:
        """Whether its type leaves open what the texts are."""
        return self.type.startswith(_TEXTUAL)

    def share(self, pattern: re.Pattern[str]) -> float:
        """Return the share of the values that a pattern fits as a whole."""
        if not self.known:
            return 0.0
        return sum(n for text, n in self.counts.items() if pattern.fullmatch(text)) / self.known

    @cached_property
    def form(self) -> str | None:
        """Return how numbers are written: "plain", "comma" (1.234,5), "point" (1,234.5), None: not at all."""
        for name, pattern in (("plain", PLAIN), ("comma", _COMMA), ("point", _POINT)):
            mixed = self.share(pattern)
            if name == "point":
                mixed = sum(
                    n for text, n in self.counts.items()
                    if PLAIN.fullmatch(text) or _POINT.fullmatch(text)
                ) / self.known if self.known else 0.0  # fmt: skip
            if mixed >= 0.95:
                return name
        return None

    @cached_property
    def numbers(self) -> list[float]:
        """Return the values that are numbers, one for each cell, in rising order."""
        found: list[float] = []
        for text, n in self.counts.items():
            value = number(text, self.form)
            if value is not None:
                found += [value] * n
        return sorted(found)

    @property
    def numeric(self) -> float:
        """Return the share of the values that are numbers."""
        return len(self.numbers) / self.known if self.known else 0.0

    @cached_property
    def median(self) -> float | None:
        """Return the middle of the numbers that are not zero, None when there is none."""
        some = [each for each in self.numbers if each]
        return statistics.median(some) if some else None

    def most(self, most: int = EXAMPLES) -> tuple[str, ...]:
        """Return the values that occur most often, at most so many."""
        return tuple(text for text, _ in self.counts.most_common(most))

    def as_contract(self) -> SeenColumn:
        """Return what plug-ins see of it."""
        return SeenColumn(self.name, self.type, self.most(), self.filled, self.distinct)


def number(text: str, form: str | None) -> float | None:
    """Return a text as the number that it is in a form of writing, None when it is none."""
    plain = text.strip()
    if form == "comma":
        plain = plain.replace(".", "").replace(",", ".")
    elif form == "point":
        plain = plain.replace(",", "")
    return float(plain) if PLAIN.fullmatch(plain) and len(plain) < 300 else None


@dataclass(frozen=True)
class Source:
    """A table of a source: the name it is known by, what `from` says, its options, and its sample.

    `whole` says that the sample is all there is. `table` is the vocabulary's table that it is already
    known to be (in a book file), `taken` its own columns that are in use there, and `filled` the
    vocabulary's that they fill.
    """

    name: str
    uri: str
    columns: Mapping[str, Column]
    rows: int
    whole: bool = True
    options: Mapping[str, object] = field(default_factory=dict)
    table: str | None = None
    taken: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()

    @property
    def identity(self) -> str:
        """Return what tells it from the other tables, also where a book file reads one twice."""
        return f"{self.table or ''}:{self.uri}"

    def as_contract(self) -> SeenTable:
        """Return what plug-ins see of it."""
        columns = tuple(each.as_contract() for each in self.columns.values())
        return SeenTable(self.name, self.uri, columns, self.rows)
