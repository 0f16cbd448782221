"""The whole ruleset `kam` as a competent programmer would write it in Python, for one account.

This is what the row engine is measured against. It takes the account as a dict with its related tables as
lists of dicts, dates as `datetime.date`, and gives class, tier, phase, scores, gates and the best actions. It
knows no parameters to set, no reasons, no dates of validity, no memory of earlier runs.
"""

from __future__ import annotations

import math

from benchmarks.by_hand.actions import fired
from benchmarks.by_hand.facts import read
from benchmarks.by_hand.order import EXCLUDES, ORDER
from benchmarks.by_hand.standing import (
    ATTRACTIVENESS,
    ATTRACTIVENESS_BANDS,
    RELATIONSHIP,
    RELATIONSHIP_BANDS,
    TIERS,
    class_of,
    path_gates,
    phase_of,
    score,
    tier_gates,
    tier_of,
)

PLACE = {name: place for place, name in enumerate(ORDER)}
BASE = {"key": 50, "ordinary": 25, "prospect": 15, "unattractive": 0}


class Standing:
    """Where an account stands."""

    __slots__ = ("attractiveness", "klass", "phase", "relationship", "stakes", "tier")


def decide(account, today, top=3):
    """Return class, tier, phase, strategy, both scores, gates and the best (priority, action)s."""
    f = read(account, today)
    attractiveness = score(f, ATTRACTIVENESS, ATTRACTIVENESS_BANDS)
    relationship = score(f, RELATIONSHIP, RELATIONSHIP_BANDS)
    s = Standing()
    s.attractiveness, s.relationship = attractiveness[0], relationship[0]
    s.klass = class_of(f, s.attractiveness, s.relationship)
    gates = tier_gates(f)
    s.tier = tier_of(gates)
    s.phase = phase_of(f, s.klass)
    s.stakes = 0.5 * (40 if s.attractiveness is None else s.attractiveness) + BASE[s.klass]
    found = fired(f, s, today)
    return (
        s.klass,
        TIERS[s.tier - 1] if s.tier else None,
        s.phase,
        s.klass,
        (attractiveness, relationship),
        (*path_gates(f, s.attractiveness), *(state for each in gates for state in each)),
        best(found, top),
    )


def best(found, top):
    """Return the best of the actions that fire and whose place no other takes."""
    gone = set()
    for name, excluded in EXCLUDES.items():
        if name in found and name not in gone:
            gone.update(excluded)
    ranked = [
        (-math.floor(max(0.0, min(100.0, priority)) * 1000 + 0.5), PLACE[name], name)
        for name, priority in found.items()
        if name not in gone
    ]
    ranked.sort()
    return [(-priority / 1000, name) for priority, _, name in ranked[:top]]
