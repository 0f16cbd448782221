"""Chance that comes out the same on every machine: draws from one stream of numbers between 0 and 1.

Only `random.Random(seed).random()` is promised to stay the same from one Python to the next, so
everything else is worked out from it here.
"""

from __future__ import annotations

import datetime
import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Chance:
    """A stream of draws that depends on the seed alone."""

    def __init__(self, seed: int) -> None:
        self._next = random.Random(seed).random  # noqa: S311  a sample, not a secret

    def happens(self, probability: float) -> bool:
        """Return true with this probability."""
        return self._next() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number from low up to high, each as likely."""
        return low + (high - low) * self._next()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + int((high - low + 1) * self._next())

    def pick(self, among: Sequence[T]) -> T:
        """Return one of them."""
        return among[int(len(among) * self._next())]

    def weighted(self, among: Sequence[tuple[T, float]]) -> T:
        """Return one of the values; a value of twice the weight comes twice as often."""
        left = sum(weight for _, weight in among) * self._next()
        for value, weight in among:
            left -= weight
            if left < 0:
                return value
        return among[-1][0]

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """Return the values in another order."""
        found = list(values)
        for last in range(len(found) - 1, 0, -1):
            other = self.whole(0, last)
            found[last], found[other] = found[other], found[last]
        return found

    def known(self, probability: float, value: T) -> T | None:
        """Return the value with this probability, else None: unknown."""
        return value if self.happens(probability) else None

    def before(self, date: datetime.date, low: int, high: int) -> datetime.date:
        """Return a day that many days, low to high, before a date."""
        return date - datetime.timedelta(days=self.whole(low, high))
