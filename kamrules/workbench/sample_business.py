"""Rows of the sample book about business: the account itself, orders, deals, agreements, rivals."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING

from kamrules.workbench.sample_names import CRITERIA, OUR_EXECUTIVES, PRODUCTS, RIVALS
from kamrules.workbench.sample_profiles import CUSTOMER, FORMER, POOR, PROSPECT, Profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.workbench.sample_chance import Chance

Row = dict[str, object]
_PRICING = {0: "competitive", 1: "competitive", 2: "value", 3: "negotiated", 4: "negotiated"}
_STANDING = {0: "low", 1: "low", 2: "medium", 3: "high", 4: "very_high"}


def account(who: Profile, as_of: datetime.date, chance: Chance) -> Row:
    """Return the account's own row; empty where we do not know."""
    known, troubles = who.known, who.troubles
    bought = who.kind in (CUSTOMER, FORMER)
    since = as_of - datetime.timedelta(days=int(who.years * 365)) if bought else None
    needs = who.kind != POOR or ("large_elsewhere" not in troubles and chance.happens(0.65))
    demand = max(-0.4, min(0.5, who.trend * 0.6 + chance.between(-0.1, 0.1)))
    switching = (
        "high" if "locked_in" in troubles or who.tier == 4 else chance.pick(("low", "medium"))
    )
    important = bought and who.rank < 70
    sponsored = important and chance.happens(0.72)
    return {
        "name": who.name,
        "industry": chance.known(known + 0.3, who.industry),
        "country": chance.known(known + 0.3, who.country.name),
        "customer_since": since,
        "annual_revenue": chance.known(known + 0.15, _rounded(who.size)),
        "employees": chance.known(known, max(3, int(who.size / chance.between(120_000, 260_000)))),
        "needs_our_product": chance.known(1 if who.kind == POOR else known, needs),
        "estimated_spend": chance.known(1 if "large_elsewhere" in troubles else known, _rounded(who.spend)),
        "potential": chance.known(known * 0.8, _rounded(who.potential)),
        "demand_growth": chance.known(known * 0.6, round(demand, 2)),
        "switching_cost": chance.known(known * 0.8, switching),
        "pricing": chance.known(0.97 if who.tier > 2 else known * 0.8, _PRICING[who.tier]),
        "standing": chance.known(0.97 if who.tier > 1 else known * 0.8, _STANDING[who.tier]),
        "buying_process": chance.known(known * 0.7, chance.pick(("one_decider", "approval", "tender"))),
        "buying_criteria": chance.known(known - 0.55, chance.pick(CRITERIA)),
        "special_service": chance.known(0.9, who.tier > 2 or (who.tier == 2 and chance.happens(0.3))),
        "linked_systems": chance.known(0.9, who.tier > 1 and chance.happens(0.2 * who.tier)),
        "account_manager": who.manager,
        "executive_sponsor": chance.pick(OUR_EXECUTIVES) if sponsored else None,
        "credit_hold": "credit_hold" in troubles,
    }  # fmt: skip


def orders(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield what was invoiced in three years, the oldest first."""
    if who.kind not in (CUSTOMER, FORMER):
        return
    yearly = max(1.2, min(26.0, math.sqrt(who.revenue / 2_000) * chance.between(0.6, 1.1)))
    interval = 365 / yearly
    newest = _days_since_last_order(who, interval, chance)
    lines = chance.shuffled(PRODUCTS)[: 1 if chance.happens(0.3) else chance.whole(2, 4)]
    exclusive = {3: 0.6, 4: 0.75, 2: 0.15}.get(who.tier, 0.03)
    days, found = newest, []
    while days < min(who.years * 365, 3 * 365):
        found.append(days)
        days += max(1, int(interval * chance.between(0.75, 1.25)))
    for ago in reversed(found):
        amount = who.revenue / yearly * math.exp(-math.log1p(who.trend) * (ago / 365 - 0.5))
        amount = round(amount * chance.between(0.7, 1.3), -1)
        margin = who.margin * chance.between(0.85, 1.15)
        yield {
            "date": as_of - datetime.timedelta(days=ago),
            "amount": f"{amount:.2f}",
            "margin": chance.known(0.97, f"{round(amount * margin, 2):.2f}"),
            "product": chance.pick(lines),
            "exclusive": chance.happens(exclusive),
        }


def _days_since_last_order(who: Profile, interval: float, chance: Chance) -> int:
    if who.kind == FORMER:
        return chance.whole(560, 900)
    if "asleep" in who.troubles:
        return chance.whole(370, 520)
    if "order_late" in who.troubles:
        return int(min(330, interval * chance.between(2.3, 4)))
    return int(interval * chance.between(0.05, 1))


def opportunities(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield deals: decided ones of two years, then those in hand."""
    customer = who.kind == CUSTOMER
    value = max(8_000.0, (who.revenue if customer else who.spend) * 0.15)
    for _ in range(chance.whole(0, 5) if customer else chance.whole(0, 1) * chance.whole(0, 2)):
        opened = chance.before(as_of, 120, 800)
        won = customer and chance.happens(0.3 + 0.12 * who.tier)
        kind = chance.pick(("expansion", "renewal", "expansion", "new") if customer else ("new",))
        kind = "joint" if who.tier == 4 and chance.happens(0.6) else kind
        closed = opened + datetime.timedelta(days=chance.whole(20, 110))
        yield _deal(opened, closed, closed, "won" if won else "lost", value, kind, chance)
    if "deal_lost" in who.troubles:
        closed = chance.before(as_of, 3, 55)
        yield _deal(chance.before(closed, 60, 150), closed, closed, "lost", value, "new", chance)
    if who.tier == 4:
        opened = chance.before(as_of, 30, 100)
        expected = as_of + datetime.timedelta(days=chance.whole(60, 200))
        yield _deal(opened, expected, None, "open", value, "joint", chance)
    yield from _open_deals(who, value, as_of, chance)


def _open_deals(who: Profile, value: float, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    kind = "expansion" if who.kind == CUSTOMER else "new"
    ages = {"deal_stalled": (140, 340), "deal_dead": (400, 800), "deal_deciding": (20, 100)}
    for trouble, (low, high) in ages.items():
        if trouble in who.troubles:
            days = chance.whole(4, 40) if trouble == "deal_deciding" else chance.whole(70, 200)
            expected = chance.known(0.8, as_of + datetime.timedelta(days=days))
            yield _deal(
                chance.before(as_of, low, high), expected, None, "open", value, kind, chance
            )
    if "deal_large" in who.troubles:
        days = chance.whole(10, 120)
        expected = as_of + datetime.timedelta(days=days)
        large = max(value * 4, 520_000)
        yield _deal(chance.before(as_of, 10, 90), expected, None, "open", large, kind, chance)
    if who.kind in (CUSTOMER, PROSPECT) and chance.happens(0.12):
        expected = chance.known(0.6, as_of + datetime.timedelta(days=chance.whole(50, 150)))
        yield _deal(chance.before(as_of, 2, 90), expected, None, "open", value, kind, chance)


def _deal(  # noqa: PLR0913, PLR0917  a deal's columns
    opened: datetime.date,
    expected: datetime.date | None,
    closed: datetime.date | None,
    stage: str,
    value: float,
    kind: str,
    chance: Chance,
) -> Row:
    amount = round(value * chance.between(0.4, 1.5), -2)
    return {
        "opened": opened,
        "expected": expected,
        "closed": closed,
        "stage": stage,
        "amount": f"{amount:.2f}",
        "kind": kind,
    }


def agreements(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield what both companies have agreed on."""
    ends = "agreement_ends" in who.troubles
    if who.tier >= 3 and chance.happens(0.92):
        until = as_of + datetime.timedelta(
            days=chance.whole(20, 110) if ends else chance.whole(200, 900)
        )
        yield _agreement("formal", chance.before(as_of, 200, 900), until)
    elif ends and who.tier:
        until = as_of + datetime.timedelta(days=chance.whole(15, 115))
        yield _agreement("formal", chance.before(as_of, 300, 1_000), until)
    elif who.tier == 2 and chance.happens(0.55):
        yield _agreement("informal", chance.before(as_of, 100, 900), None)
    if who.tier >= 3 and chance.happens(0.8):
        yield _agreement("exclusive", chance.before(as_of, 100, 700), None)
    if who.tier == 4:
        yield _agreement("alliance", chance.before(as_of, 100, 700), None)


def _agreement(kind: str, start: datetime.date, until: datetime.date | None) -> Row:
    return {"kind": kind, "from": start, "until": until}


def competitors(who: Profile, as_of: datetime.date, chance: Chance) -> Iterator[Row]:
    """Yield the rivals that we know of at the account."""
    pressed = bool(who.troubles & {"rival_preferred", "locked_in"})
    if not pressed and not chance.happens(who.known * 0.7):
        return
    others = 1 - min(1.0, who.revenue / who.spend) if who.kind == CUSTOMER else 1.0
    left = max(0.05, others)
    rivals = chance.shuffled(RIVALS)[: chance.whole(1, 3)]
    for place, name in enumerate(rivals):
        share = left * (chance.between(0.55, 0.95) if place == 0 else chance.between(0.2, 0.5))
        left -= share
        preferred = place == 0 and "rival_preferred" in who.troubles
        yield {
            "name": name,
            "share": chance.known(0.9, f"{share:.2f}"),
            "preferred": preferred or chance.known(0.85, False),  # noqa: FBT003
            "seen": chance.before(as_of, 10, 700),
        }


def _rounded(value: float) -> int:
    """Return an amount as a person would estimate it: two digits count."""
    step = int(math.pow(10, max(0, len(str(int(value))) - 2)))
    return int(value / step + 0.5) * step
