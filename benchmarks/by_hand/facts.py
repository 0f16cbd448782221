"""What the rules read about an account, worked out by hand: one loop over each of its tables.

None is unknown; so is everything from a table that the account does not have.
"""

from __future__ import annotations

import math
from datetime import timedelta

from benchmarks.by_hand import parameters as p

DAYS = {
    days: timedelta(days)
    for days in (60, 90, 180, 365, 730, p.LAPSE_AFTER, p.LIVE_WITHIN, p.DEPARTURE_MEMORY,
                 p.DECIDER_RHYTHM, p.LOSS_MEMORY)
}  # fmt: skip


class Facts:
    """One account's facts, by their names in the ruleset."""


def read(account, today):
    f = Facts()
    read_account(f, account)
    read_orders(f, account, today)
    read_opportunities(f, account, today)
    read_contacts(f, account, today)
    read_activities(f, account, today)
    read_complaints(f, account, today)
    read_surveys(f, account, today)
    read_competitors(f, account, today)
    read_agreements(f, account, today)
    read_plans(f, account, today)
    combine(f, account, today)
    return f


def read_account(f, account):
    get = account.get
    f.annual_revenue = get("annual_revenue")
    f.estimated_spend = get("estimated_spend")
    potential = get("potential")
    f.business_potential = f.estimated_spend if potential is None else potential
    f.demand_growth = get("demand_growth")
    f.needs_our_product = get("needs_our_product")
    f.switching_cost = get("switching_cost")
    f.pricing = get("pricing")
    f.standing = get("standing")
    f.buying_process = get("buying_process")
    f.buying_criteria = get("buying_criteria")
    f.special_service = get("special_service") is True
    f.linked_systems = get("linked_systems") is True
    f.account_manager = get("account_manager")
    f.executive_sponsor = get("executive_sponsor")
    f.credit_hold = get("credit_hold") is True
    f.profile_holes = (
        (get("industry") is None)
        + (get("country") is None)
        + (f.annual_revenue is None)
        + (get("employees") is None)
    )
    if f.buying_criteria is not None:
        f.information_level = 4
    elif f.buying_process is not None or potential is not None or f.demand_growth is not None:
        f.information_level = 3
    else:
        f.information_level = 1 if f.estimated_spend is None else 2


def read_orders(f, account, today):
    orders = account.get("orders")
    f.has_orders = orders is not None
    f.ordered = f.ordered_lately = None
    f.revenue_12m = f.revenue_before = f.products_bought = None
    f.margin_share = f.exclusive_share = None
    f.first_order = f.days_without_order = f.order_interval = None
    if orders is None:
        return
    lapsed, year, two_years = today - DAYS[p.LAPSE_AFTER], today - DAYS[365], today - DAYS[730]
    first = last = None
    count = 0
    revenue = before = margin = with_margin = exclusive = 0
    lately = False
    products = set()
    for row in orders:
        get = row.get
        date = get("date")
        if date is None:
            continue
        if first is None or date < first:
            first = date
        if date > today:
            continue
        count += 1
        if last is None or date > last:
            last = date
        if date > lapsed:
            lately = True
        if date <= two_years:
            continue
        product = get("product")
        if product is not None:
            products.add(product)
        amount = get("amount")
        if amount is None:
            amount = 0
        if date <= year:
            before += amount
            continue
        revenue += amount
        earned = get("margin")
        if earned is not None:
            margin += earned
            with_margin += amount
        if get("exclusive"):
            exclusive += amount
    f.ordered, f.ordered_lately = count > 0, lately
    f.revenue_12m, f.revenue_before, f.products_bought = revenue, before, len(products)
    f.first_order = first
    if with_margin:
        f.margin_share = margin / with_margin
    if revenue:
        f.exclusive_share = exclusive / revenue
    if last is not None:
        f.days_without_order = (today - last).days
        if count > 1:
            f.order_interval = math.floor((last - first).days / (count - 1) + 0.5)


def read_opportunities(f, account, today):
    rows = account.get("opportunities")
    f.won = f.won_lately = f.open_deals = f.open_value = None
    f.oldest_deal = f.next_decision = f.lost_lately = f.win_rate = f.joint_deals = None
    if rows is None:
        return
    lapsed, two_years = today - DAYS[p.LAPSE_AFTER], today - DAYS[730]
    remembered = today - DAYS[p.LOSS_MEMORY]
    won = won_lately = False
    deals = value = lost = wins = decided = joint = 0
    oldest = soonest = None
    for row in rows:
        get = row.get
        stage, closed, opened = get("stage"), get("closed"), get("opened")
        if closed is not None and closed <= today:
            if stage == "won":
                won = True
                if closed > lapsed:
                    won_lately = True
            elif stage == "lost" and closed > remembered:
                lost += get("amount") or 0
            if closed > two_years and stage is not None and stage != "open":
                decided += 1
                wins += stage == "won"
        if get("kind") == "joint" and stage is not None and stage != "lost":
            joint += 1
        if opened is not None and opened > today:
            continue
        if stage == "open" or (closed is not None and closed > today):
            deals += 1
            value += get("amount") or 0
            if opened is not None and (oldest is None or opened < oldest):
                oldest = opened
            expected = get("expected")
            if (
                expected is not None
                and expected >= today
                and (soonest is None or expected < soonest)
            ):
                soonest = expected
    f.won, f.won_lately = won, won_lately
    f.open_deals, f.open_value, f.lost_lately, f.joint_deals = deals, value, lost, joint
    if oldest is not None:
        f.oldest_deal = (today - oldest).days
    if soonest is not None:
        f.next_decision = (soonest - today).days
    if decided:
        f.win_rate = wins / decided


def read_contacts(f, account, today):
    rows = account.get("contacts")
    f.contacts_known = f.deciders = 0
    f.live_contacts = f.executive_contacts = f.executives_matched = None
    f.deciding_supporters = f.users_known = f.important_contacts = None
    f.important_matched = f.important_supporters = f.opponents = f.stances_unknown = (
        f.our_people
    ) = None
    f.departed_supporter = f.neglected_decider = False
    f.neglected_for = f.last_spoken = f.last_spoken_top = None
    if rows is None:
        return
    live, gone = today - DAYS[p.LIVE_WITHIN], today - DAYS[p.DEPARTURE_MEMORY]
    neglected = today - DAYS[p.DECIDER_RHYTHM]
    known = in_touch = executives = matched = deciders = deciding = users = 0
    important = important_matched = supporters = opponents = unclear = 0
    spoken = spoken_top = decider_spoken = None
    ours = set()
    for row in rows:
        get = row.get
        date, stance = get("last_contact"), get("stance")
        top = get("level") == "executive"
        if date is not None:
            if spoken is None or date > spoken:
                spoken = date
            if top and (spoken_top is None or date > spoken_top):
                spoken_top = date
        if get("left"):
            if (
                stance == "supporter"
                and date is not None
                and date > gone
                and get("name") is not None
            ):
                f.departed_supporter = True
            continue
        role, counterpart = get("role"), get("counterpart")
        known += 1
        if date is not None and date > live:
            in_touch += 1
        if counterpart is not None:
            ours.add(counterpart)
        if top:
            executives += 1
            matched += counterpart is not None
        decides = role == "decision_maker"
        if decides:
            deciders += 1
            deciding += stance == "supporter"
            if date is not None:
                if decider_spoken is None or date < decider_spoken:
                    decider_spoken = date
                if date <= neglected and get("name") is not None:
                    f.neglected_decider = True
        elif role == "user":
            users += 1
        if (top or decides) and stance is None:
            unclear += 1
        if top or decides or (get("influence") or 0) >= p.IMPORTANT_INFLUENCE:
            important += 1
            important_matched += counterpart is not None
            if stance == "supporter":
                supporters += 1
            elif stance == "opponent":
                opponents += 1
    f.contacts_known, f.live_contacts, f.deciders, f.deciding_supporters = (
        known,
        in_touch,
        deciders,
        deciding,
    )
    f.executive_contacts, f.executives_matched, f.users_known = executives, matched, users
    f.important_contacts, f.important_matched = important, important_matched
    f.important_supporters, f.opponents, f.stances_unknown = supporters, opponents, unclear
    f.our_people, f.last_spoken, f.last_spoken_top = len(ours), spoken, spoken_top
    if decider_spoken is not None:
        f.neglected_for = (today - decider_spoken).days


def read_activities(f, account, today):
    rows = account.get("activities")
    f.touches_90d = f.touches_before = f.days_without_review = None
    f.contact_cooling = False
    touched, touched_top = f.last_spoken, f.last_spoken_top
    if rows is not None:
        quarter, half = today - DAYS[90], today - DAYS[180]
        now = before = 0
        review = None
        for row in rows:
            date = row.get("date")
            if date is None or date > today:
                continue
            if date > quarter:
                now += 1
            elif date > half:
                before += 1
            if touched is None or date > touched:
                touched = date
            if row.get("level") == "executive" and (touched_top is None or date > touched_top):
                touched_top = date
            if row.get("kind") == "review" and (review is None or date > review):
                review = date
        f.touches_90d, f.touches_before = now, before
        f.contact_cooling = before >= p.COOLING_BASE and now <= p.COOLING * before
        if review is not None:
            f.days_without_review = (today - review).days
    f.last_touch = touched
    f.days_without_contact = None if touched is None else (today - touched).days
    f.days_without_executive = None if touched_top is None else (today - touched_top).days


def read_complaints(f, account, today):
    rows = account.get("complaints")
    f.open_complaints = f.severe_complaints = f.complaints_12m = None
    f.oldest_complaint = f.oldest_severe = f.complaint_settled = None
    if rows is None:
        return
    year = today - DAYS[365]
    still_open = severe = in_year = 0
    oldest = oldest_severe = settled = None
    for row in rows:
        opened, closed = row.get("opened"), row.get("closed")
        if opened is not None and year < opened <= today:
            in_year += 1
        if closed is not None and closed <= today:
            if settled is None or closed > settled:
                settled = closed
        elif opened is None or opened <= today:
            still_open += 1
            bad = (row.get("severity") or 0) >= 3
            severe += bad
            if opened is not None:
                if oldest is None or opened < oldest:
                    oldest = opened
                if bad and (oldest_severe is None or opened < oldest_severe):
                    oldest_severe = opened
    f.open_complaints, f.severe_complaints, f.complaints_12m = still_open, severe, in_year
    f.complaint_settled = settled
    if oldest is not None:
        f.oldest_complaint = (today - oldest).days
    if oldest_severe is not None:
        f.oldest_severe = (today - oldest_severe).days


def read_surveys(f, account, today):
    rows = account.get("surveys")
    f.surveys_known = rows is not None
    f.last_survey = f.satisfaction = f.satisfaction_before = None
    f.self_check = f.days_without_self_check = None
    if not rows:
        return
    answers, checks = [], []
    last = last_check = None
    for row in rows:
        date, kind, score = row.get("date"), row.get("kind"), row.get("score")
        if date is None or date > today:
            continue
        if kind == "satisfaction":
            if last is None or date > last:
                last = date
            if score is not None:
                answers.append((date, score))
        elif kind == "self_check":
            if last_check is None or date > last_check:
                last_check = date
            if score is not None:
                checks.append((date, score))
    f.last_survey = last
    if answers:
        f.satisfaction = max(answers)[1]
        earlier = [answer for answer in answers if answer[0] < last]
        if earlier:
            f.satisfaction_before = max(earlier)[1]
    if checks:
        f.self_check = max(checks)[1]
    if last_check is not None:
        f.days_without_self_check = (today - last_check).days


def read_competitors(f, account, today):
    rows = account.get("competitors")
    f.rivals_known = 0
    f.strongest_share = f.rival_preferred = f.days_without_rival_news = None
    if rows is not None:
        f.rivals_known = len(rows)
        f.rival_preferred = False
        seen = None
        for row in rows:
            share, date = row.get("share"), row.get("seen")
            if share is not None and (f.strongest_share is None or share > f.strongest_share):
                f.strongest_share = share
            if date is not None and (seen is None or date > seen):
                seen = date
            if row.get("preferred"):
                f.rival_preferred = True
        if seen is not None:
            f.days_without_rival_news = (today - seen).days
    f.waiting_is_wiser = (
        f.switching_cost == "high"
        and f.strongest_share is not None
        and f.strongest_share >= p.RIVAL_SHARE
    )


def read_agreements(f, account, today):
    rows = account.get("agreements")
    f.agreements_in_force = f.exclusive_field = f.allied = f.agreement_ends_in = None
    if rows is None:
        return
    f.agreements_in_force, f.exclusive_field, f.allied = 0, False, False
    ends = None
    for row in rows:
        start, until = row.get("from"), row.get("until")
        if until is not None:
            if until < today:
                continue
            if ends is None or until < ends:
                ends = until
        if start is not None and start > today:
            continue
        f.agreements_in_force += 1
        kind = row.get("kind")
        if kind == "alliance":
            f.allied = f.exclusive_field = True
        elif kind == "exclusive":
            f.exclusive_field = True
    if ends is not None:
        f.agreement_ends_in = (ends - today).days


def read_plans(f, account, today):
    rows = account.get("plans")
    f.plans_written = 0
    f.plan_age = f.vague_goals = f.overdue_steps = None
    f.plan_vision = f.plan_analysis = f.plan_benefits = f.plan_approved = None
    if not rows:
        return
    f.plans_written = len(rows)
    goals = smart = updated = None
    for row in sorted((row for row in rows if row.get("updated")), key=lambda row: row["updated"]):
        get = row.get
        if row["updated"] <= today:
            updated = row["updated"]
        goals = goals if get("goals") is None else get("goals")
        smart = smart if get("smart_goals") is None else get("smart_goals")
        for name, column in (
            ("overdue_steps", "overdue_actions"), ("plan_vision", "vision"),
            ("plan_analysis", "analysis"), ("plan_benefits", "benefits"),
            ("plan_approved", "approved"),
        ):  # fmt: skip
            value = get(column)
            if value is not None:
                setattr(f, name, value)
    if goals is not None and smart is not None:
        f.vague_goals = goals - smart
    if updated is not None:
        f.plan_age = (today - updated).days


def combine(f, account, today):
    since = account.get("customer_since")
    is_since = None if since is None else since <= today
    f.bought = bool(f.ordered or f.won or is_since)
    if f.ordered_lately is not None:
        f.buying = f.ordered_lately
    else:
        f.buying = f.won_lately if f.won_lately is not None else is_since
    f.customer = f.buying is True
    f.growth = f.revenue_12m / f.revenue_before - 1 if f.revenue_before else None
    f.yearly_sales = f.revenue_12m if f.customer else None
    start = f.first_order if since is None else since
    f.relation_age = None if start is None else (today - start).days
    f.potential_left = None
    if f.business_potential is not None:
        f.potential_left = max(f.business_potential - (f.revenue_12m or 0), 0)
    f.share_of_spend = None
    if f.revenue_12m is not None and f.estimated_spend:
        f.share_of_spend = min(f.revenue_12m / f.estimated_spend, 1.0)
    f.zipper_coverage = f.support = None
    if f.important_contacts:
        f.zipper_coverage = f.important_matched / f.important_contacts
        f.support = (f.important_supporters - f.opponents) / f.important_contacts
    f.trust = None
    if f.agreements_in_force is not None:
        close = (
            f.days_without_executive is not None and f.days_without_executive <= p.EXECUTIVE_RHYTHM
        )
        f.trust = (
            min(f.agreements_in_force, 1)
            + (f.information_level >= 3)
            + (f.information_level == 4)
            + f.special_service
            + f.linked_systems
            + close
        )
