"""Where an account may be placed when its facts are only known to lie in ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.workbench.nearest.ranges import Truth

Ids = frozenset["str | None"]


def one_of(ids: Sequence[str], holds: Sequence[Truth], *, unique: bool) -> set[str | None]:
    """Return which rules may be the one that holds; None for none."""
    found: set[str | None] = set()
    for index, (t, _, _) in enumerate(holds):
        rivals = [*holds[:index], *holds[index + 1 :]] if unique else holds[:index]
        if t and all(f or u for _, f, u in rivals):
            found.add(ids[index])
    surely = [t and not f and not u for t, f, u in holds]
    if not any(surely) or (unique and sum(t for t, _, _ in holds) > 1):
        found.add(None)
    return found


def class_of(  # noqa: PLR0913, PLR0917  what the class depends on (docs/semantics.md)
    ids: Sequence[str],
    levels: Sequence[int],
    holds: Sequence[Truth],
    stays: Sequence[Truth],
    ways: Sequence[tuple[str, str, Truth]],
    before: str | None,
    unique: bool,  # noqa: FBT001
) -> Ids:
    """Return the classes that may come out; `ways` are paths: from, to, whether all gates are met."""
    by_conditions = one_of(ids, holds, unique=unique)
    if before not in ids:
        return frozenset(by_conditions)
    place = ids.index(before)
    level = dict(zip(ids, levels, strict=True))
    stays_true, stays_false, stays_unknown = stays[place]
    kept = stays_true or stays_unknown
    found: set[str | None] = set()
    assert before is not None
    for each in by_conditions:
        if each is None:
            found |= {None}
            found |= {before} if kept else set()
        elif each == before or level[each] > level[before]:
            found |= {before} | _up(ways, before, level, level[each])
        else:
            found |= ({each} if stays_false else set()) | ({before} if kept else set())
    return frozenset(found)


def _up(
    ways: Sequence[tuple[str, str, Truth]], before: str | None, level: dict[str, int], most: int
) -> set[str | None]:
    here = level[before] if before is not None else 0
    return {
        to
        for origin, to, (met, _, _) in ways
        if origin == before and met and here < level[to] <= most
    }


def tier_of(
    ids: Sequence[str],
    met: Sequence[Truth],
    keeps: Sequence[Truth],
    before: str | None,
) -> Ids:
    """Return the tiers that may come out; `met` and `keeps` tell of all gates of each tier together."""
    reached = _reached(met, len(ids), unmet=True)
    if before not in ids:
        return frozenset(ids[each - 1] if each else None for each in reached)
    place = ids.index(before) + 1
    found = set()
    for kept in _reached(keeps, place, unmet=False):
        if kept < place:
            found.add(kept)
        else:
            found |= {place + 1 if highest > place else place for highest in reached}
    return frozenset(ids[each - 1] if each else None for each in found)


def _reached(gates: Sequence[Truth], most: int, *, unmet: bool) -> set[int]:
    """Return how many tiers from the lowest may have all their gates met (or keeping)."""
    found = set()
    for number in range(most + 1):
        if number == most:
            found.add(number)
            break
        t, f, u = gates[number]
        if f or (unmet and u):
            found.add(number)
        if not (t if unmet else t or u):
            break
    return found
