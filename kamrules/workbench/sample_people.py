"""Rows of the sample book about people: contacts, activities, complaints, surveys, plans."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from kamrules.workbench.sample_names import OUR_EXECUTIVES, OUR_PEOPLE
from kamrules.workbench.sample_profiles import CUSTOMER, FORMER, POOR, PROSPECT, Profile, person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.workbench.sample_chance import Chance

Row = dict[str, object]
_ROLES = ("user", "adviser", "gatekeeper", "outsider", "user")
_STANCES = {
    0: (("supporter", 0.1), ("neutral", 0.75), ("opponent", 0.05)),
    1: (("supporter", 0.2), ("neutral", 0.7), ("opponent", 0.05)),
    2: (("supporter", 0.5), ("neutral", 0.45), ("opponent", 0.03)),
    3: (("supporter", 0.7), ("neutral", 0.3)),
    4: (("supporter", 0.85), ("neutral", 0.15)),
}


def contacts(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield the people whom we know there, executives first."""
    executives, others = _people(who, chance)
    deciders = 1 if who.tier < 2 else 2
    for place in range(executives + others):
        executive = place < executives
        role = "decision_maker" if place < deciders else chance.pick(_ROLES)
        level = "executive" if executive else chance.pick(("manager", "manager", "staff"))
        forced = who.tier > 1 and place < 2 and "poorly_known" not in who.troubles
        stance = "supporter" if forced else chance.weighted(_STANCES[who.tier])
        if "opponent" in who.troubles and place == deciders:
            role, stance = "decision_maker", "opponent"
        sure = 1 if forced or stance == "opponent" else min(0.97, who.known + 0.2)
        if "stances_open" in who.troubles and place:
            sure = 0.3
        cared = chance.happens(who.care if place else who.care + 0.2)
        matched = cared or (who.tier > 2 and place < 2)
        ours: tuple[str, ...] = (
            OUR_EXECUTIVES if executive and chance.happens(0.6) else OUR_PEOPLE[:8]
        )
        if "one_person" in who.troubles and who.tier < 3:
            ours = (who.manager or OUR_PEOPLE[0],)
        yield {
            "name": person(who.country, chance),
            "level": level,
            "role": chance.known(sure, role),
            "stance": chance.known(sure, stance),
            "influence": chance.known(who.known, chance.whole(1, 10)),
            "counterpart": chance.pick(ours) if matched else None,
            "last_contact": _last_contact(who, place, as_of, chance),
            "left": False,
        }
    if "supporter_left" in who.troubles:
        yield {
            "name": person(who.country, chance),
            "level": "manager",
            "role": "decision_maker",
            "stance": "supporter",
            "influence": 8,
            "counterpart": None,
            "last_contact": chance.before(as_of, 20, 200),
            "left": True,
        }


def _people(who: Profile, chance: Chance) -> tuple[int, int]:
    """Return how many executives and how many others we know."""
    if "single_contact" in who.troubles:
        return 0, 1
    if who.kind == CUSTOMER and who.rank < 70:
        few = (0, 1) if who.tier < 2 else (1, 3)
        return chance.whole(*few) + (1 if who.tier > 2 else 0), chance.whole(3, 8)
    if who.kind == CUSTOMER:
        return chance.whole(0, 1) + (1 if who.tier > 2 else 0), chance.whole(2, 5)
    if "poorly_known" in who.troubles:
        return 0, chance.whole(0, 1) * chance.whole(0, 1)
    return chance.whole(0, 1), chance.whole(0, 2)


def _last_contact(who: Profile, place: int, as_of: datetime.date, chance: Chance) -> datetime.date:
    """Return when somebody of ours last spoke to the person at that place of the list."""
    if place == 0 and "decider_neglected" in who.troubles:
        return chance.before(as_of, 100, 260)
    if "executives_neglected" in who.troubles:
        late = (70, 150) if who.tier == 4 else (185, 330)
        return chance.before(as_of, *late) if place < 4 else chance.before(as_of, 3, 100)
    if who.kind == FORMER:
        return chance.before(as_of, 150, 700)
    longest = 30 + int(190 * (1 - who.care)) if who.kind == CUSTOMER else 240
    return chance.before(as_of, 1, longest)


def activities(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield contacts of a year and a half, the oldest first."""
    a_quarter = _contacts_a_quarter(who, chance)
    cooling = bool(who.troubles & {"cooling", "complacent"})
    top = "executives_neglected" not in who.troubles
    found = []
    for quarter in range(6):
        many = a_quarter * chance.between(0.7, 1.3)
        if cooling:
            many = a_quarter * 0.2 if quarter == 0 else max(many, 5)
        for _ in range(int(many + chance.between(0, 1))):
            found.append(quarter * 90 + chance.whole(1, 89))  # noqa: PERF401  one draw after the other
    for ago in sorted(found, reverse=True):
        kind = chance.weighted(
            (("call", 4), ("email", 4), ("visit", 3), ("workshop", 0.4), ("event", 0.5))
        )
        executive = (
            top and kind in ("visit", "event", "call") and chance.happens(0.02 + 0.09 * who.tier)
        )
        level = "executive" if executive else chance.pick(("manager", "staff"))
        yield {"date": as_of - datetime.timedelta(days=ago), "kind": kind, "level": level}
    if who.kind == CUSTOMER and who.rank < 60 and chance.happens(0.75):
        level = "executive" if top and who.tier > 1 else "manager"
        yield {"date": chance.before(as_of, 5, 170), "kind": "review", "level": level}


def _contacts_a_quarter(who: Profile, chance: Chance) -> float:
    if who.kind == CUSTOMER and who.rank < 50:
        return 4 + 9 * who.care
    if who.kind == CUSTOMER:
        return 4 * who.care * chance.between(0.3, 1.1)
    if who.kind == POOR:
        return 3.0 if "visited_in_vain" in who.troubles else 0.1
    return 2.2 * who.care if who.kind == PROSPECT else 0.2


def complaints(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield complaints, settled and open."""
    if who.kind != CUSTOMER:
        return
    many = (
        chance.whole(3, 6)
        if "complaints_many" in who.troubles
        else chance.whole(0, 1) * chance.whole(0, 1)
    )
    for _ in range(many):
        opened = chance.before(as_of, 60, 350)
        closed = opened + datetime.timedelta(days=chance.whole(2, 40))
        yield _complaint(opened, closed, chance.weighted(((1, 5), (2, 4), (3, 1))))
    if "complaint_settled" in who.troubles:
        closed = chance.before(as_of, 5, 40)
        yield _complaint(chance.before(closed, 5, 30), closed, 2)
    for trouble, low, high, severity in (
        ("complaint_new", 1, 12, 1), ("complaint_old", 16, 70, 2), ("complaint_severe", 1, 35, 3),
    ):  # fmt: skip
        if trouble in who.troubles:
            yield _complaint(chance.before(as_of, low, high), None, severity)


def _complaint(opened: datetime.date, closed: datetime.date | None, severity: int) -> Row:
    return {"opened": opened, "closed": closed, "severity": severity}


def surveys(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield the customer's answers and our self-checks, the oldest first."""
    if who.kind != CUSTOMER or "new_customer" in who.troubles:
        return
    now = chance.between(58, 76) + 6 * who.tier
    before = now + chance.between(-7, 7)
    if "complacent" in who.troubles:
        now = max(now, chance.between(79, 92))
    if "discontent" in who.troubles:
        now = chance.between(22, 48)
    if "satisfaction_fell" in who.troubles:
        before = now + chance.between(12, 25)
    told = bool(who.troubles & {"complacent", "discontent", "satisfaction_fell"})
    if told or chance.happens(0.62 if who.rank < 120 else 0.3):
        yield _survey(chance.before(as_of, 330, 500), "satisfaction", before)
        if told or chance.happens(0.7):
            yield _survey(chance.before(as_of, 15, 300), "satisfaction", now)
    if who.rank < 50 and chance.happens(0.7):
        score = chance.between(28, 49) if "self_check_bad" in who.troubles else now - 5
        yield _survey(chance.before(as_of, 10, 250), "self_check", score)


def _survey(date: datetime.date, kind: str, score: float) -> Row:
    return {"date": date, "kind": kind, "score": int(max(5, min(99, score)))}


def plans(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield the account plan, if there is one."""
    if who.kind != CUSTOMER or not chance.happens(0.78 if who.rank < 50 else 0.05):
        return
    draft, stale = "plan_draft" in who.troubles, "plan_stale" in who.troubles
    goals = chance.whole(3, 7)
    sound = 0.15 if draft else 0.88
    yield {
        "updated": chance.before(as_of, 190, 520) if stale else chance.before(as_of, 5, 170),
        "vision": chance.happens(sound),
        "analysis": chance.happens(sound),
        "goals": goals,
        "smart_goals": goals - (chance.whole(1, 3) if chance.happens(0.35) else 0),
        "overdue_actions": chance.whole(2, 6) if chance.happens(0.3) else chance.whole(0, 1),
        "benefits": chance.happens(sound),
        "approved": chance.happens(sound),
    }
