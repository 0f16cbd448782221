"""Scores, class, tier with all gates, phase: by hand."""

from __future__ import annotations

from benchmarks.by_hand import parameters as p

ATTRACTIVENESS = (
    ("business_potential", 40, ((0, 0), (p.WORTHWHILE_POTENTIAL, 50), (p.GREAT_POTENTIAL, 100))),
    (
        "yearly_sales",
        30,
        ((0, 0), (p.SMALL_REVENUE, 20), (p.NOTABLE_REVENUE, 50), (p.KEY_REVENUE, 100)),
    ),
    ("margin_share", 20, ((0, 0), (p.FAIR_MARGIN, 50), (p.GOOD_MARGIN, 100))),
    ("annual_revenue", 10, ((0, 0), (20_000_000, 50), (500_000_000, 100))),
    ("demand_growth", 10, ((-0.3, 0), (0, 50), (0.3, 100))),
)
ATTRACTIVENESS_BANDS = ((40, "low"), (70, "medium"), (101, "high"))
RELATIONSHIP = (
    ("zipper_coverage", 20, ((0, 0), (1, 100))),
    ("support", 20, ((-0.5, 0), (0, 30), (0.5, 80), (1, 100))),
    ("days_without_contact", 15, ((p.KEY_RHYTHM, 100), (p.ORDINARY_RHYTHM, 70), (120, 40), (240, 0))),
    ("trust", 15, ((0, 0), (3, 60), (6, 100))),
    ("satisfaction", 15, ((20, 0), (p.DISCONTENT, 30), (p.CONTENT, 75), (100, 100))),
    ("share_of_spend", 15, ((0, 0), (p.THIN_SHARE, 50), (p.FULL_SHARE, 100))),
    ("relation_age", 10, ((0, 0), (730, 50), (1_825, 100))),
    ("win_rate", 10, ((0, 0), (0.5, 70), (1, 100))),
)  # fmt: skip
RELATIONSHIP_BANDS = ((25, "limited"), (50, "developing"), (75, "good"), (101, "very_strong"))


def score(f, criteria, bands):
    """Return value, low, high and band."""
    total = weights = low = high = everything = 0.0
    for name, weight, curve in criteria:
        value = getattr(f, name)
        everything += weight
        if value is None:
            high += weight * 100
            continue
        points = on_curve(value, curve)
        total += weight * points
        weights += weight
        low += weight * points
        high += weight * points
    if not weights:
        return None, low / everything, high / everything, None
    value = total / weights
    band = next(name for bound, name in bands if value < bound)
    return value, min(low / everything, value), max(high / everything, value), band


def on_curve(value, curve):
    x0, y0 = curve[0]
    if value <= x0:
        return y0
    for x1, y1 in curve:
        if value <= x1:
            return y0 + (y1 - y0) * ((value - x0) / (x1 - x0))
        x0, y0 = x1, y1
    return y0


def at_least(value, bound):
    return None if value is None else value >= bound


def either(one, other):
    if one or other:
        return True
    return None if one is None or other is None else False


def both(one, other):
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def class_of(f, attractiveness, relationship):
    sales = f.revenue_12m
    if f.customer:
        if sales is not None and (
            sales >= p.KEY_REVENUE
            or (
                sales >= p.NEAR_KEY * p.KEY_REVENUE
                and attractiveness is not None
                and attractiveness >= p.KEY_ATTRACTIVENESS
                and relationship is not None
                and relationship >= p.KEY_RELATIONSHIP
            )
        ):
            return "key"
        if (
            either(
                at_least(sales, p.SMALL_REVENUE),
                at_least(attractiveness, p.ORDINARY_ATTRACTIVENESS),
            )
            is False
        ):
            return "unattractive"
        return "ordinary"
    if f.needs_our_product is False or f.credit_hold:
        return "unattractive"
    if attractiveness is not None and attractiveness < p.PROSPECT_ATTRACTIVENESS:
        return "unattractive"
    return "prospect"


def path_gates(f, attractiveness):
    worth = at_least(attractiveness, p.PROSPECT_ATTRACTIVENESS)
    potential = either(at_least(f.business_potential, p.WORTHWHILE_POTENTIAL), worth)
    return (
        either(potential, f.customer),
        f.needs_our_product is not False,
        not f.credit_hold,
        f.customer,
        at_least(f.revenue_12m, p.NEAR_KEY * p.KEY_REVENUE),
        at_least(attractiveness, p.KEEP_KEY_ATTRACTIVENESS),
        at_least(f.relation_age, p.ESTABLISHED_AFTER),
        at_least(f.live_contacts, p.ENOUGH_CONTACTS),
        at_least(f.executive_contacts, 1),
        None if f.severe_complaints is None else f.severe_complaints == 0,
        f.account_manager is not None,
    )


def tier_gates(f):
    pricing, standing = f.pricing, f.standing
    close = (
        None if f.days_without_executive is None else f.days_without_executive <= p.EXECUTIVE_RHYTHM
    )
    harmless = (f.strongest_share or 0) < p.RIVAL_SHARE
    unrivalled = None if f.rival_preferred is None else not f.rival_preferred
    paid = None if pricing is None else pricing != "competitive"
    return (
        (f.buying,),
        (
            at_least(f.important_supporters, p.ENOUGH_SUPPORTERS),
            f.information_level >= 3,
            either(paid, at_least(f.margin_share, p.GOOD_MARGIN)),
            None if standing is None else standing != "low",
        ),
        (
            both(at_least(f.executives_matched, 1), close),
            at_least(f.agreements_in_force, 1),
            at_least(f.exclusive_share, p.EXCLUSIVE_GOAL),
            None if pricing is None else pricing == "negotiated",
            either(f.exclusive_field, both(harmless, unrivalled)),
            None if standing is None else standing in ("high", "very_high"),
        ),
        (
            f.allied,
            at_least(f.executives_matched, p.ENOUGH_EXECUTIVES),
            at_least(f.joint_deals, 1),
            None if standing is None else standing == "very_high",
        ),
    )


TIERS = ("vendor", "preferred_supplier", "partner", "strategic_alliance")


def tier_of(gates):
    level = 0
    for each in gates:
        if not all(each):
            break
        level += 1
    return level


def phase_of(f, klass):
    if f.credit_hold:
        return "suspension"
    if f.bought and f.days_without_order is not None and f.days_without_order > p.SLEEPING_AFTER:
        return "hibernation"
    if not f.customer:
        return "hibernation" if f.bought or klass == "unattractive" else "breakthrough"
    growth, age = f.growth, f.relation_age
    if (
        f.rival_preferred
        or (
            growth is not None
            and growth <= -p.NOTICEABLE_DECLINE
            and f.revenue_before >= p.NOTABLE_REVENUE
        )
        or (f.severe_complaints or 0) >= 1
        or (f.satisfaction is not None and f.satisfaction <= p.DISCONTENT)
    ):
        return "defence"
    if (
        growth is not None
        and growth >= p.STEADY_GROWTH
        and age is not None
        and age > p.ESTABLISHED_AFTER
    ):
        return "growth"
    share = f.share_of_spend
    if share is not None and share >= p.FULL_SHARE and age is not None and age > p.MATURE_AFTER:
        return "harvest"
    return "consolidation"
