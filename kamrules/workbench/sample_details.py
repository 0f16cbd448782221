"""The sample book's finer columns: what careful account managers note beside the bare rows."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, cast

from kamrules.workbench.sample_names import OUR_EXECUTIVES, RIVALS
from kamrules.workbench.sample_profiles import CUSTOMER, FORMER, Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.workbench.sample_chance import Chance

Row = dict[str, object]

VISIONS = (
    "First in its home market by 2030", "Half the energy for each piece made",
    "A supplier that carmakers call first", "Growth by service, not by volume",
    "One platform for all plants", "The safest products of its kind",
)  # fmt: skip
COMPETENCES = (
    "small series at the price of large ones", "fast delivery", "engineering", "a dense service network",
    "low cost", "its brand",
)  # fmt: skip
INTERESTS = (
    "figures before stories", "the firm's apprentices", "sailing, and short meetings",
    "new technology", "a quiet plant", "the next board meeting",
)  # fmt: skip
WEAKNESSES = ("slow spare parts", "changing contacts", "little help at start-up", "rigid contracts")
SUBJECTS = (
    "framework for all plants",
    "service levels",
    "development of a new line",
    "stock on site",
)


def account(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:  # noqa: ARG001  one form for all
    """Return more columns of the account's own row."""
    known, ours = who.known, who.kind in (CUSTOMER, FORMER)
    outlook = "growing" if who.trend > 0.12 else "shrinking" if who.trend < -0.15 else "stable"
    important = ours and who.rank < 70
    cost = who.revenue * chance.between(0.01, 0.16) if chance.happens(0.92) else who.revenue * 0.4
    hours = 20 + who.revenue / chance.between(3_000, 9_000)
    resisted = important and chance.happens(0.12)
    return {
        "sites": chance.known(known, chance.whole(1, 2 if who.size < 2e7 else 12)),
        "market_outlook": chance.known(known * 0.7, outlook),
        "ready_for_change": chance.known(known * 0.4, chance.happens(0.7)),
        "goals_met": chance.known(known * 0.5, chance.weighted((("met", 5), ("partly", 3), ("missed", 1)))),
        "financial_health": chance.known(
            known * 0.7, "weak" if "credit_hold" in who.troubles
            else chance.weighted((("sound", 6), ("strong", 3), ("weak", 0.5)))),
        "core_competence": chance.known(known * 0.6, chance.pick(COMPETENCES)),
        "vision": chance.known(known * 0.6, chance.pick(VISIONS)),
        "strategy_fit": chance.known(
            known * 0.6, "good" if who.tier > 2
            else chance.weighted((("partial", 6), ("good", 3), ("poor", 1)))),
        "decisive_factor": chance.known(
            known - 0.5, chance.pick(("price", "quality", "delivery", "service", "technology"))),
        "budget": chance.known(known - 0.55, round(who.spend * chance.between(0.9, 1.1), -3)),
        "shares_information": chance.known(0.8, who.tier > 2) if who.tier else None,
        "strategic_importance": chance.known(
            0.9 if important else 0.2, chance.weighted((("medium", 5), ("high", 3), ("low", 2)))),
        "cost_to_serve": chance.known(0.8 if important else 0.3, round(cost, -2)) if ours else None,
        "hours_12m": chance.known(0.8 if important else 0.3, round(hours)) if ours else None,
        "champion": chance.pick(OUR_EXECUTIVES) if important and chance.happens(0.5) else None,
        "resistance": chance.weighted((("some", 3), ("strong", 1))) if resisted
        else chance.known(0.6 if important else 0.1, "none"),
    }  # fmt: skip


def contact(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:  # noqa: ARG001
    """Return more columns of a person at the customer."""
    department = {"executive": "management"}.get(cast("str", row["level"])) or chance.weighted(
        (("purchasing", 4), ("production", 3), ("technology", 3), ("finance", 1), ("sales", 0.5))
    )
    ours = None
    if row["counterpart"] is not None:
        executive = row["counterpart"] in OUR_EXECUTIVES
        ours = "executive" if executive else chance.weighted((("manager", 5), ("staff", 1)))
    return {
        "department": chance.known(who.known, department),
        "interests": chance.known(who.known * 0.8, chance.pick(INTERESTS)),
        "counterpart_level": chance.known(0.95, ours),
    }


def activity(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:  # noqa: ARG001
    """Return more columns of a contact between both companies."""
    cold = bool(who.troubles & {"cooling", "rival_preferred", "discontent"})
    executive = row["level"] == "executive"
    return {
        "our_level": "executive" if executive and chance.happens(0.6) else "manager",
        "begun_by": "customer"
        if chance.happens(0.06 if cold else 0.12 + 0.07 * who.tier)
        else "us",
        "answered": row["kind"] != "email" or chance.happens(0.35 if cold else 0.6),
        "useful": chance.known(0.5, chance.happens(0.82 if cold else 0.96)),
        "filed": chance.known(0.9, chance.happens(0.75 + 0.24 * who.care)),
    }


def order(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:
    """Return more columns of an order: when it was promised, and when it came."""
    promised = cast("datetime.date", row["date"]) - datetime.timedelta(days=chance.whole(0, 6))
    punctual = who.account_id[-1] not in "37" or who.rank > 150
    late = 0 if chance.happens(0.97 if punctual else 0.75) else chance.whole(2, 20)
    delivered = promised + datetime.timedelta(days=late)
    return {"promised": promised, "delivered": delivered if delivered <= as_of else None}


def opportunity(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:
    """Return more columns of a deal."""
    opened = cast("datetime.date", row["opened"])
    offered = opened + datetime.timedelta(days=chance.whole(5, 40))
    lost = row["stage"] == "lost"
    reasons = (
        ("price", 4),
        ("product", 2),
        ("timing", 2),
        ("delivery", 1),
        ("service", 1),
        ("relationship", 1),
    )
    return {
        "offered": chance.known(0.6, offered) if offered <= as_of else None,
        "exclusive": chance.known(0.7, chance.happens({3: 0.5, 4: 0.7}.get(who.tier, 0.05))),
        "decider_met": chance.known(0.8, chance.happens(0.8)),
        "lost_because": chance.known(0.75, chance.weighted(reasons)) if lost else None,
        "lost_to": chance.known(0.6, chance.pick(RIVALS)) if lost else None,
    }  # fmt: skip


def agreement(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:  # noqa: ARG001
    """Return more columns of an agreement."""
    return {"subject": chance.known(0.7, chance.pick(SUBJECTS))}


def complaint(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:
    """Return more columns of a complaint or a service case."""
    opened = cast("datetime.date", row["opened"])
    answer = min(opened + datetime.timedelta(days=chance.whole(0, 4)), as_of)
    fault = chance.happens(0.5)
    closed = row["closed"] is not None
    return {
        "kind": "complaint" if row["severity"] != 1 or chance.happens(0.6) else "service",
        "subject": chance.weighted(
            (
                ("delivery", 3),
                ("operation", 3),
                ("quality", 3),
                ("installation", 1),
                ("people", 0.7),
            )
        ),
        "first_answer": chance.known(0.9, answer),
        "outcome": chance.weighted((("solved", 7), ("alternative", 2), ("refused", 1)))
        if closed
        else None,
        "our_fault": chance.known(0.7, fault),
        "admitted": chance.known(0.8, chance.happens(0.85 + 0.1 * (who.tier > 2)))
        if fault and closed
        else None,
    }


def survey(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:  # noqa: ARG001
    """Return more columns of a survey's answer."""
    told = row["kind"] == "satisfaction"
    level = chance.weighted((("manager", 5), ("staff", 3), ("executive", 2))) if told else None
    return {"topic": "overall", "level": level}


def competitor(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:  # noqa: ARG001
    """Return more columns of a rival at the customer."""
    pressing = bool(who.troubles & {"rival_preferred", "locked_in"}) and row["preferred"] is True
    share = float(cast("str", row["share"] or "0"))
    close = (
        (("partner", 3), ("preferred_supplier", 4))
        if share > 0.6
        else (("vendor", 5), ("preferred_supplier", 2))
    )
    trend = (
        "gaining" if pressing else chance.weighted((("steady", 7), ("losing", 2), ("gaining", 0.8)))
    )
    return {
        "relation": chance.known(who.known * 0.7, chance.weighted(close)),
        "ability": chance.known(
            who.known * 0.7, "stronger" if pressing and chance.happens(0.6)
            else chance.weighted((("equal", 5), ("weaker", 4), ("stronger", 0.8)))),
        "trend": chance.known(who.known * 0.8, trend),
        "supporters": chance.known(who.known * 0.7, chance.whole(0, 3 if pressing else 1)),
        "weakness": chance.known(who.known * 0.35, chance.pick(WEAKNESSES)),
        "conflict": chance.known(who.known * 0.7, not pressing and chance.happens(0.05)),
    }  # fmt: skip


def plan(who: Profile, row: Row, as_of: datetime.date, chance: Chance) -> Row:
    """Return more columns of an account plan."""
    worth = max(who.revenue, 1_000) * chance.between(0.9, 1.15)
    return {
        "approach": row["vision"] is True and chance.happens(0.85),
        "expected_sales": chance.known(0.8, round(worth, -3)) if row["benefits"] else None,
        "expected_margin": chance.known(0.8, round(worth * who.margin, -3))
        if row["benefits"]
        else None,
        "reviewed": chance.known(0.75, chance.before(as_of, 20, 260)),
    }


DETAILS: dict[str, Callable[[Profile, Row, datetime.date, Chance], Row]] = {
    "accounts": account, "contacts": contact, "activities": activity, "orders": order,
    "opportunities": opportunity, "agreements": agreement, "complaints": complaint,
    "surveys": survey, "competitors": competitor, "plans": plan,
}  # fmt: skip
"""What more each table's rows say, by table."""
