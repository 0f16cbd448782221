"""Drawn: values of measured facts drawn by chance, the same every time, where a search finds none."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.workbench.nearest.levers import Lever
    from kamrules.workbench.nearest.search import Asked

DRAWS = 1_000
ENOUGH = 3
"""So many answers are tried: rows may not make up the first."""
USUAL = (0.0, 1.0, 2.0, 10.0, 100.0, 1_000.0, 100_000.0, 1_000_000.0)


def drawn(asked: Asked, levers: Sequence[Lever]) -> Iterator[list[Any]]:
    """Yield values for which the question holds, with no more changes than it takes."""
    chance = random.Random(0)  # noqa: S311  nothing secret: the same draws every time
    offers = [_offers(each) for each in levers]
    found = 0
    for _ in range(DRAWS):
        values = list(asked.present)
        for each, offer in zip(levers, offers, strict=True):
            if offer and chance.random() < 0.5:
                values[each.index] = chance.choice(offer)
        if asked.holds(values):
            yield _least(asked, values)
            found += 1
            if found == ENOUGH:
                return


def _offers(lever: Lever) -> list[Any]:
    """Return the values that are drawn from: those at which rules turn, just below them, and usual ones."""
    if not lever.numeric:
        return [each for each in lever.values if each is not None]
    turns = [side for cut in lever.cuts for side in (cut, lever.next_below(cut))]
    return sorted({each for each in (*turns, *USUAL) if lever.low <= each <= lever.high})


def _least(asked: Asked, values: list[Any]) -> list[Any]:
    """Take back the changes that it holds without."""
    for place, present in enumerate(asked.present):
        kept, values[place] = values[place], present
        if not asked.holds(values):
            values[place] = kept
    return values
