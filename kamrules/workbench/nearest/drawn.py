"""Drawn: answers from values drawn by chance, the same every time, where a search gives up."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kamrules.workbench.nearest.levers import Lever

    Holds = Callable[[list[Any]], bool]

DRAWS = 1_000
ENOUGH = 5
"""So many answers are looked at: the first is seldom the cheapest."""
HALVINGS = 50
USUAL = (0.0, 1.0, 2.0, 10.0, 100.0, 1_000.0, 100_000.0, 1_000_000.0)


def drawn(present: Sequence[Any], levers: Sequence[Lever], holds: Holds) -> Iterator[list[Any]]:
    """Yield values that hold, none of them farther from the present ones than it takes."""
    chance = random.Random(0)  # noqa: S311  nothing secret: the same draws every time
    offers = [_offers(each) for each in levers]
    found = 0
    for _ in range(DRAWS):
        values = list(present)
        for each, offer in zip(levers, offers, strict=True):
            if offer and chance.random() < 0.5:
                values[each.index] = chance.choice(offer)
        if holds(values):
            yield _least(values, levers, holds)
            found += 1
            if found == ENOUGH:
                return


def _offers(lever: Lever) -> list[Any]:
    """Return the values that are drawn from: those at which rules turn, just below them, and usual ones."""
    if not lever.numeric:
        return [each for each in lever.values if each is not None]
    turns = [side for cut in lever.cuts for side in (cut, lever.next_below(cut))]
    return sorted({each for each in (*turns, *USUAL) if lever.low <= each <= lever.high})


def _least(values: list[Any], levers: Sequence[Lever], holds: Holds) -> list[Any]:
    """Take back the changes that it holds without, the dearest first, and bring the others nearer."""
    changed = [each for each in levers if values[each.index] != each.present]
    for each in sorted(changed, key=lambda one: -one.cost(values[one.index])):
        kept, values[each.index] = values[each.index], each.present
        if holds(values):
            continue
        values[each.index] = kept
        if each.numeric and each.present is not None and not each.flat:
            nearer(values, each, holds, float(each.present))
    return values


def nearer(values: list[Any], lever: Lever, holds: Holds, fails: float) -> None:
    """Bring a number that does as near to one that fails as halving the way between them finds."""
    does = float(values[lever.index])
    for _ in range(HALVINGS):
        middle = lever.on_grid((fails + does) / 2)
        if middle in {fails, does}:
            break
        values[lever.index] = middle
        if holds(values):
            does = middle
        else:
            fails = middle
    values[lever.index] = does
