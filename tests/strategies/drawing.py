"""Draws: a few words over hypothesis's `draw`, so that generators read like what they generate.

Everything shrinks towards the first item, the smallest number and "not there".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")


class Draw:
    """The choices of one generated case."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.any = draw

    def whole(self, least: int, most: int) -> int:
        """Return a whole number from least to most."""
        return int(self.any(st.integers(least, most)))

    def chance(self, percent: int) -> bool:
        """Return true about so often; shrinks to false."""
        return self.whole(0, 99) >= 100 - percent

    def one(self, items: Sequence[T]) -> T:
        """Return one of the items; shrinks to the first."""
        return items[self.whole(0, len(items) - 1)] if len(items) > 1 else items[0]

    def some(self, items: Sequence[T], percent: int) -> list[T]:
        """Return about so many of the items, in their order; shrinks to none."""
        return [each for each in items if self.chance(percent)]

    def many(self, least: int, most: int, make: Callable[[], T]) -> list[T]:
        """Return some made items."""
        return [make() for _ in range(self.whole(least, most))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in another order; shrinks to their own."""
        left, found = list(items), []
        while left:
            found.append(left.pop(self.whole(0, len(left) - 1)))
        return found


IDS = """
    a b c amount level value ranks select order group table lambda def x y name_2 end desc row
    t when then else case user left date time year cast struct map filter over window offset
    account facts self len float inf result steps gate list position interval primary
    where from import in_use none_2 int str true_ excluded values lead replace yield with a1 b1 c1
    d1 e1 f1 g1 h1 i1 j1 k1 l1 m1 n1 o1 p1 q1 r1 s1 t1 u1 v1 w1 x1 y1 z1 a2 b2 c2 d2 e2 f2 g2 h2 i2
    j2 k2 l2 m2 n2 o2 p2 q2 r2 s2 t2 u2 v2
""".split()  # noqa: SIM905  a list of words
"""Ids that mean something to SQL or to Python, which must not matter."""


def ids(start: int) -> Iterator[str]:
    """Yield different ids, beginning anywhere in the list."""
    yield from IDS[start:]
    yield from IDS[:start]
    number = 0
    while True:
        number += 1
        yield f"id_{number}"
