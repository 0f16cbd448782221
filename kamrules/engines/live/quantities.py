"""Quantities: what is measured of an account, cut into the few cells that its rules can tell apart.

A rule that says `revenue_12m >= 2_000_000` needs to know on which side of 2,000,000 a revenue lies, and no
more. So a value goes to the matcher as the number of its cell among all constants that it is compared with: a
small whole number that durable-rules holds exactly, whatever the value was (64-bit integers, 1e-7, texts).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.expression import canonical
from kamrules.expression.nodes import Comparison

if TYPE_CHECKING:
    from kamrules.engines.live.formula import Measured
    from kamrules.expression.nodes import Node


@dataclass(slots=True)
class Quantity:
    """A value compared with constants, or (with `other`) with another value: less, equal or greater.

    Cells of a number count from 0: below the first constant, that constant itself, above it, and so on. Cells
    of a text, a choice or a bool are the numbers of the constants, and one more for every other value.
    """

    node: Node
    other: Node | None = None
    constants: set[float | str | bool] = field(default_factory=set)

    @property
    def ordered(self) -> bool:
        """Whether values are numbers, of which one can be less than another."""
        return self.other is None and self.node.type.numeric

    @property
    def cuts(self) -> list[float | str | bool]:
        """Return the constants in the order of their cells."""
        return sorted(self.constants)

    @property
    def cells(self) -> int:
        """Return how many cells there are."""
        if self.other is not None:
            return 3
        return 2 * len(self.constants) + 1 if self.ordered else len(self.constants) + 1

    def ranges(self, measured: Measured) -> list[tuple[int, int]]:
        """Return the ranges of cells, first and last, in which the comparison holds."""
        last = self.cells - 1
        if self.other is not None:
            place, exact = 1, 1
        elif self.ordered:
            place = exact = 2 * self.cuts.index(measured.constant) + 1
        else:
            place = exact = self.cuts.index(measured.constant)
        found = {
            Comparison.EQUAL: [(place, exact)],
            Comparison.NOT_EQUAL: [(0, place - 1), (exact + 1, last)],
            Comparison.LESS: [(0, place - 1)],
            Comparison.LESS_EQUAL: [(0, exact)],
            Comparison.GREATER: [(exact + 1, last)],
            Comparison.GREATER_EQUAL: [(place, last)],
        }[measured.comparison]
        return [(first, final) for first, final in found if first <= final]


class Quantities:
    """All quantities of a program, each once."""

    def __init__(self) -> None:
        self.all: list[Quantity] = []
        self._numbers: dict[str, int] = {}

    def number(self, node: Node, other: Node | None = None) -> int:
        """Return the number of a quantity, which is new the first time it is asked for."""
        text = canonical(node) if other is None else f"{canonical(node)} \n {canonical(other)}"
        if text not in self._numbers:
            self._numbers[text] = len(self.all)
            self.all.append(Quantity(node, other))
        return self._numbers[text]

    def against(self, node: Node, constant: float | str | bool) -> int:  # noqa: FBT001  a value
        """Return the number of a quantity which is compared with a constant."""
        number = self.number(node)
        self.all[number].constants.add(constant)
        return number


def cell(value: float, cuts: tuple[float, ...]) -> int:
    """Return the cell of a number among constants."""
    return bisect_left(cuts, value) + bisect_right(cuts, value)
