"""Alike: what two programs decide in the same way for every account that there could be."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from kamrules.compiler import in_force
from kamrules.compiler.in_force import validities
from kamrules.engines.sql.placing import Meanings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.compiler import Program
    from kamrules.engines.sql.placing import Meaning


def alike(old: Program, new: Program) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parts of a decision that are identical for every possible account, and the others.

    Parts are scores, `class`, `tier`, `phase`, `strategy`, and actions as far as whether they are proposed,
    by their addresses. Identical is proved, whatever was decided before and on every date; of the others
    nothing is claimed: they may be equal all the same.
    """
    parts = _parts(old, new)
    same = dict.fromkeys(parts, True)
    for day in _days(old, new):
        meanings = Meanings()
        sides = [meanings.of(in_force(each, day)) for each in (old, new)]
        for part in parts:
            one, other = (_meaning(each, part) for each in sides)
            same[part] = same[part] and one == other
    return tuple(each for each in parts if same[each]), tuple(
        each for each in parts if not same[each]
    )


def _parts(old: Program, new: Program) -> list[str]:
    found = [each.address for one in (new, old) for each in one.scores]
    found += ["class", "tier", "phase", "strategy"]
    found += [each.address for one in (new, old) for each in one.actions]
    return list(dict.fromkeys(found))


def _meaning(meaning: Meaning, part: str) -> object:
    kind, _, rest = part.partition(".")
    match kind:
        case "class":
            return meaning.class_()
        case "tier":
            return meaning.tier()
        case "phase" | "strategy":
            return meaning.first(part)
        case "action":
            return meaning.proposal(rest)
    return meaning.step(part)


def _days(old: Program, new: Program) -> Iterable[datetime.date]:
    """Return a day of every stretch of time in which the same rules hold."""
    days = {datetime.date.min}
    for each in (*validities(old), *validities(new)):
        if each.start is not None:
            days.add(each.start)
        if each.end is not None and each.end < datetime.date.max:
            days.add(each.end + datetime.timedelta(days=1))
    return sorted(days)
