"""Rows of the sample book about what we know and plan: team, demand, needs, market, findings, goals."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from kamrules.workbench.sample_names import OUR_EXECUTIVES, OUR_PEOPLE
from kamrules.workbench.sample_profiles import CUSTOMER, PROSPECT, Profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.workbench.sample_chance import Chance

Row = dict[str, object]

NEEDS = (
    "spare parts within a day", "a line for smaller batches", "training of its night shift",
    "figures on wear and energy", "replacement of the old plant", "one invoice for all sites",
)  # fmt: skip
KINDS = ("delivery", "installation", "development")
PROJECTS = (
    "new line",
    "service platform",
    "relocation",
    "energy study",
    "training course",
    "retrofit",
)
GOALS = (
    "second plant supplied", "supplier of the year", "service contract for all sites",
    "share of spend above half", "three executives as counterparts", "joint development agreed",
)  # fmt: skip
STEPS = (
    "visit the new plant manager",
    "offer the service contract",
    "workshop on wear",
    "map the board",
    "agree the price formula",
)
TOPICS = (
    "market",
    "demand",
    "price",
    "competition",
    "cash",
    "quality",
    "brand",
    "leadership",
    "government",
)
FORCES = ("entry", "substitutes", "buyers", "suppliers", "rivalry")
SUBJECTS = (
    "industry",
    "strategy",
    "structure",
    "people",
    "performance",
    "demand",
    "rivals",
    "relation",
)


def _important(who: Profile) -> bool:
    return who.kind == CUSTOMER and who.rank < 60


def team(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield our people who look after the account."""
    if who.manager is None or not (_important(who) or chance.happens(0.1)):
        return
    overloaded = OUR_PEOPLE.index(who.manager) % 5 == 2
    skill = 3 + (OUR_PEOPLE.index(who.manager) % 4 > 0)
    hours = max(4, round(who.revenue / chance.between(60_000, 120_000)))
    yield {
        "name": who.manager, "role": "account_manager",
        "since": chance.before(as_of, 20, 1_500), "until": None, "hours_month": min(hours, 120),
        "key_accounts": chance.whole(12, 15) if overloaded else chance.whole(3, 9),
        "relationships": skill + chance.whole(-1, 1), "thinking": skill - chance.whole(0, 1),
        "reasoning": skill, "leadership": skill - chance.whole(0, 1),
        "trained": chance.known(0.8, chance.before(as_of, 30, 900)), "agrees": True,
    }  # fmt: skip
    roles = ["customer_service", "technical_expert", "logistics", "finance", "inside_sales"]
    for role in chance.shuffled(roles)[: chance.whole(1, 4) if _important(who) else 1]:
        yield {
            "name": chance.pick(OUR_PEOPLE), "role": role, "since": chance.before(as_of, 20, 1_500),
            "until": None, "hours_month": chance.whole(2, 20), "agrees": chance.happens(0.96),
        }  # fmt: skip
    if _important(who) and chance.happens(0.5):
        yield {
            "name": chance.pick(OUR_EXECUTIVES), "role": "executive_sponsor",
            "since": chance.before(as_of, 100, 1_500), "until": None, "hours_month": 3, "agrees": True,
        }  # fmt: skip


def forecasts(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield what the customer is expected to need, the oldest first."""
    if who.kind != CUSTOMER or not chance.happens(who.known * (0.7 if who.rank < 60 else 0.15)):
        return
    change = max(-0.4, min(0.5, who.trend * 0.5 + chance.between(-0.08, 0.08)))
    for low, high in ((300, 600), (10, 280)):
        by = "customer" if chance.happens(0.4 + 0.1 * who.tier) else "us"
        yield {"made": chance.before(as_of, low, high), "by": by, "change": f"{change:.2f}"}


def needs(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield what the customer needs, met or not."""
    if who.kind not in (CUSTOMER, PROSPECT) or not chance.happens(who.known * 0.5):
        return
    served = (
        (("us", 4), ("rival", 1), ("nobody", 0.8))
        if who.kind == CUSTOMER
        else (("rival", 3), ("nobody", 1))
    )
    for need in chance.shuffled(NEEDS)[: chance.whole(1, 3)]:
        days = chance.whole(20, 400)
        yield {
            "need": need, "noted": chance.before(as_of, 5, 300),
            "due": chance.known(0.6, as_of + datetime.timedelta(days=days)),
            "value": chance.known(0.8, round(who.spend * chance.between(0.03, 0.2), -3)),
            "served_by": chance.weighted(served), "specified": chance.known(0.7, chance.happens(0.6)),
        }  # fmt: skip


def projects(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield work for the customer and together with it, the oldest first."""
    if who.kind != CUSTOMER or not chance.happens(0.7 if who.tier > 2 else 0.25):
        return
    joint = who.tier > 2 and chance.happens(0.6)
    for place, name in enumerate(chance.shuffled(PROJECTS)[: chance.whole(1, 2)]):
        started = chance.before(as_of, 100, 500)
        due = started + datetime.timedelta(days=chance.whole(60, 300))
        late = chance.happens(0.08)
        finished = due + datetime.timedelta(days=chance.whole(-20, 5))
        yield {
            "name": name,
            "kind": "joint" if joint and place == 0 else chance.pick(KINDS),
            "started": started, "due": due,
            "finished": None if late or finished > as_of else finished, "stopped": False,
        }  # fmt: skip


def forces(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield the forces of its industry that we have judged."""
    if who.kind != CUSTOMER or not chance.happens(who.known * (0.6 if who.rank < 60 else 0.08)):
        return
    for force in chance.shuffled(FORCES)[: chance.whole(2, 5)]:
        help_ = chance.weighted((("some", 5), ("much", 2), ("none", 1.5)))
        yield {
            "force": force, "strength": chance.weighted(((1, 1), (2, 3), (3, 4), (4, 2), (5, 1))),
            "our_help": chance.known(0.8, help_), "assessed": chance.before(as_of, 20, 500),
        }  # fmt: skip


def swot(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield its strengths and weaknesses, opportunities and threats."""
    if who.kind != CUSTOMER or not chance.happens(who.known * (0.75 if who.rank < 60 else 0.05)):
        return
    sides = ["strength", "weakness", "opportunity", "threat"]
    noted = chance.before(as_of, 20, 420)
    for side in sides[: 4 if chance.happens(0.75) else 3]:
        for topic in chance.shuffled(TOPICS)[: chance.whole(1, 2)]:
            yield {
                "side": side, "topic": topic, "weight": chance.whole(1, 5), "noted": noted,
                "answered": chance.happens(0.8),
            }  # fmt: skip


def findings(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield what we have learned, the oldest first."""
    if who.kind not in (CUSTOMER, PROSPECT):
        return
    most = 6 if _important(who) else 1
    many = int(chance.between(0, 1) * most * who.known + who.known)
    days = sorted((int(600 * chance.between(0, 1) ** 2) + 3 for _ in range(many)), reverse=True)
    for ago in days:
        level = chance.weighted(((1, 3), (2, 2), (3, 3 * who.known), (4, 0.25 * who.tier)))
        yield {
            "subject": chance.pick(SUBJECTS), "level": level,
            "learned": as_of - datetime.timedelta(days=ago), "passed_on": chance.happens(0.8),
        }  # fmt: skip


def goals(plan: Row, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield the goals of an account plan one by one, as many as it says it has."""
    count, smart = plan["goals"], plan["smart_goals"]
    for number in range(int(str(count))):
        sound = number < int(str(smart))
        flaw = chance.pick(("measurable", "specific", "due"))
        due = as_of + datetime.timedelta(days=chance.whole(30, 400))
        yield {
            "goal": GOALS[number % len(GOALS)],
            "specific": sound or flaw != "specific", "measurable": sound or flaw != "measurable",
            "achievable": True, "appropriate": True, "due": due if sound or flaw != "due" else None,
            "progress": chance.known(0.8, f"{chance.between(0.3, 0.95):.2f}"),
        }  # fmt: skip


def steps(plan: Row, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield the steps of an account plan one by one, with as many overdue as it says."""
    overdue = int(str(plan["overdue_actions"]))
    for number in range(overdue + chance.whole(2, 4)):
        late = number < overdue
        done = not late and chance.happens(0.5)
        day = chance.before(as_of, 5, 90)
        yield {
            "step": STEPS[number % len(STEPS)],
            "owner": chance.known(0.97, chance.pick(OUR_PEOPLE)),
            "due": day if late or done else as_of + datetime.timedelta(days=chance.whole(5, 120)),
            "done": day if done else None, "dropped": False,
        }  # fmt: skip
