"""What the rules read about an account, worked out by hand: one loop over each of its tables.

None is unknown; so is everything from a table that the account does not have.
"""

from __future__ import annotations

import math

from benchmarks.by_hand import parameters as p
from benchmarks.by_hand.people import read_activities, read_contacts
from benchmarks.by_hand.service import (
    read_agreements,
    read_competitors,
    read_complaints,
    read_plans,
    read_surveys,
)
from benchmarks.by_hand.spans import DAYS


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
