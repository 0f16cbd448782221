"""The rules that all peers decide by, written once: 45 rules over flat accounts, without any engine's syntax.

10 criteria of 2 scores, 4 classes, 4 tiers with 9 gates, 25 actions. What makes them comparable: an unknown
value never passes a test and gives no points; weights of a score sum to 100; priorities lie within 0 and
100 for every score, so that nobody has to clamp them; and they differ by whole thousandths.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

AS_OF = datetime.date(2026, 6, 30)
TOP = 3

COLUMNS = {
    "annual_revenue": "money", "revenue": "money", "revenue_before": "money", "overdue": "money",
    "wallet_share": "share", "margin": "share", "on_time": "share",
    "employees": "integer", "executives": "integer", "supporters": "integer", "complaints": "integer",
    "visits": "integer", "offers": "integer",
    "since": "date", "contacted": "date",
    "region": "choice", "industry": "choice",
    "active": "bool", "contract": "bool",
}  # fmt: skip
"""What is known about an account beside its id and name; choices and bools always are, the others mostly."""

CHOICES = {
    "region": ("north", "south", "east", "west"),
    "industry": ("chemicals", "energy", "food", "machines", "retail", "transport"),
}
WORTH, BOND = "attractiveness", "relationship"
ALWAYS_KNOWN = {"region", "industry", "active", "contract", "class", "level", WORTH, BOND}


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison; for a bool the name alone; `in` compares the class with several."""

    name: str
    sign: str = "=="
    value: float | str | bool | tuple[str, ...] = True


@dataclass(frozen=True, slots=True)
class Fact:
    """A derived value: growth `(one - other) / other`, ratio `one / other`, days from `one` to the run."""

    kind: str
    one: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """Points by steps, each from its bound upwards, greatest first, and `below` under the last."""

    score: str
    weight: int
    value: str
    steps: tuple[tuple[float, int], ...]
    below: int


@dataclass(frozen=True, slots=True)
class Action:
    """Its priority is `start + slope * score`."""

    when: tuple[Test, ...]
    start: int
    slope: float
    score: str


def all_of(*texts: str) -> tuple[Test, ...]:
    """Return tests written as `name`, `name sign value` or `class in one other`."""
    found = []
    for each in texts:
        name, *rest = each.split()
        if not rest:
            found.append(Test(name))
        elif rest[0] == "in":
            found.append(Test(name, "in", tuple(rest[1:])))
        else:
            found.append(Test(name, rest[0], _value(rest[1])))
    return tuple(found)


def _value(text: str) -> float | str:
    if text.isidentifier():
        return text
    return float(text) if "." in text else int(text)


FACTS = {
    "growth": Fact("growth", "revenue", "revenue_before"),
    "overdue_share": Fact("ratio", "overdue", "revenue"),
    "silence": Fact("days", "contacted"),
    "age": Fact("days", "since"),
}

CRITERIA = {
    "size": Criterion(WORTH, 35, "annual_revenue", ((5_000_000, 100), (1_500_000, 65), (400_000, 30)), 10),
    "rising": Criterion(WORTH, 20, "growth", ((0.3, 100), (0.0, 60), (-0.2, 25)), 0),
    "earning": Criterion(WORTH, 20, "margin", ((0.35, 100), (0.2, 70), (0.1, 35)), 5),
    "room": Criterion(WORTH, 15, "wallet_share", ((0.7, 15), (0.3, 60)), 100),
    "people": Criterion(WORTH, 10, "employees", ((1_000, 100), (250, 70), (50, 40)), 15),
    "top_floor": Criterion(BOND, 25, "executives", ((3, 100), (2, 75), (1, 45)), 0),
    "friends": Criterion(BOND, 25, "supporters", ((4, 100), (2, 70), (1, 40)), 5),
    "meetings": Criterion(BOND, 20, "visits", ((8, 100), (4, 65), (1, 30)), 0),
    "reliability": Criterion(BOND, 15, "on_time", ((0.95, 100), (0.85, 70), (0.7, 35)), 10),
    "nearness": Criterion(BOND, 15, "silence", ((180, 0), (90, 30), (30, 70)), 100),
}  # fmt: skip
SCORES = tuple(dict.fromkeys(each.score for each in CRITERIA.values()))

CLASSES = {
    "key": all_of("active", "attractiveness >= 60", "relationship >= 50"),
    "ordinary": all_of("active", "relationship >= 35"),
    "prospect": all_of("attractiveness >= 40"),
    "unattractive": (),
}
"""The first whose tests all pass; the last has none."""

TIERS = {
    "vendor": all_of("contract"),
    "preferred_supplier": all_of("wallet_share >= 0.2", "supporters >= 1"),
    "partner": all_of("wallet_share >= 0.4", "executives >= 1", "growth >= -0.1"),
    "strategic_alliance": all_of("wallet_share >= 0.6", "executives >= 3", "revenue >= 300_000"),
}
"""The highest whose tests, and those of all before it, pass; `level` counts from 1, no tier is 0."""

ACTIONS = {
    "settle_overdue": Action(all_of("overdue_share >= 0.25", "active"), 60, 0.4, WORTH),
    "answer_complaints": Action(all_of("complaints >= 3", "class in key ordinary"), 62, 0.3, WORTH),
    "open_top_floor": Action(all_of("class == key", "executives < 2"), 50, 0.4, WORTH),
    "win_supporters": Action(all_of("class == key", "supporters < 3"), 45, 0.4, WORTH),
    "deepen_partnership": Action(all_of("level >= 3", "growth >= 0.1"), 40, 0.5, BOND),
    "sign_frame_contract": Action(all_of("level >= 2", "revenue >= 250_000", "age >= 730"), 42, 0.4, BOND),
    "call_again": Action(all_of("silence >= 60", "class in key ordinary"), 35, 0.4, WORTH),
    "visit": Action(all_of("visits < 4", "class in key ordinary"), 30, 0.4, WORTH),
    "visit_prospect": Action(all_of("visits < 1", "class == prospect"), 28, 0.5, WORTH),
    "raise_share": Action(all_of("wallet_share < 0.4", "class == ordinary", "margin >= 0.1"), 33, 0.4, WORTH),
    "defend_share": Action(all_of("wallet_share >= 0.7", "growth < 0.0"), 44, 0.3, BOND),
    "stop_decline": Action(all_of("growth < -0.2", "active"), 46, 0.4, WORTH),
    "repair_delivery": Action(all_of("on_time < 0.85", "active"), 48, 0.3, WORTH),
    "review_prices": Action(all_of("margin < 0.1", "revenue >= 100_000"), 36, 0.2, WORTH),
    "follow_offers": Action(all_of("offers >= 2", "silence >= 30"), 38, 0.3, WORTH),
    "first_offer": Action(all_of("offers < 1", "class == prospect"), 26, 0.4, WORTH),
    "plan_account": Action(all_of("class == key", "age >= 365"), 25, 0.4, BOND),
    "share_forecast": Action(all_of("level >= 3", "industry == machines"), 24, 0.4, BOND),
    "present_energy": Action(all_of("industry == energy", "employees >= 250"), 22, 0.3, WORTH),
    "present_food": Action(all_of("industry == food", "region == south"), 21, 0.3, WORTH),
    "invite_north": Action(all_of("region == north", "executives >= 1"), 20, 0.2, BOND),
    "invite_west": Action(all_of("region == west", "supporters >= 2"), 19, 0.2, BOND),
    "hand_to_inside_sales": Action(all_of("class == unattractive", "revenue < 50_000"), 15, 0.1, BOND),
    "win_back": Action(all_of("revenue_before >= 200_000", "revenue < 60_000"), 40, 0.2, WORTH),
    "keep_in_touch": Action(all_of("active"), 5, 0.1, BOND),
}  # fmt: skip
"""All whose tests pass, the highest priority first, those of equal priority in this order."""

RULES = len(CRITERIA) + len(SCORES) + len(CLASSES) + len(TIERS) + len(ACTIONS)


def nullable(name: str) -> bool:
    """Return whether an account's value of this name can be unknown."""
    return name not in ALWAYS_KNOWN
