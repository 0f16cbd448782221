"""Which actions fire for an account, with what priority, and which of them take another's place: by hand."""

from __future__ import annotations

import math
from datetime import timedelta

from benchmarks.by_hand import parameters as p
from benchmarks.by_hand.prospects import for_prospect, for_unattractive

INF = math.inf
SURVEY, AFTERCARE = timedelta(p.SURVEY_RHYTHM), timedelta(p.AFTERCARE)
NEAR_KEY_REVENUE = p.NEAR_KEY * p.KEY_REVENUE


def low(value):
    """Return a value of which unknown is never enough."""
    return -INF if value is None else value


def high(value):
    """Return a value of which unknown is always too much."""
    return INF if value is None else value


def fired(f, s, today):
    """Return the priority of every action that fires, by id; `s` is the account's standing."""
    found = {}
    stakes = s.stakes
    if s.klass == "unattractive":
        for_unattractive(f, stakes, found)
    elif s.klass == "prospect":
        for_prospect(f, stakes, found)
    else:
        for_customer_business(f, s, stakes, found)
        for_customer_people(f, s, stakes, found)
        for_customer_service(f, s, stakes, today, found)
        if s.klass == "key":
            for_key(f, s, stakes, found)
            for_key_plan(f, stakes, found)
        else:
            for_ordinary(f, s, stakes, found)
    if s.klass != "unattractive":
        if low(f.severe_complaints) >= 1:
            age = 0 if f.oldest_severe is None else min(f.oldest_severe / 7, 5)
            found["settle_severe_complaint"] = 58 + 0.4 * stakes + age
        if f.oldest_deal is not None and p.STALLED_AFTER < f.oldest_deal <= p.DEAD_AFTER:
            age = min(f.oldest_deal / p.STALLED_AFTER, 2)
            found["revive_stalled_deal"] = 26 + 0.35 * stakes + 4 * age
        if low(f.lost_lately) >= p.SMALL_REVENUE:
            found["learn_from_loss"] = 24 + 0.3 * stakes
    if f.credit_hold and f.buying:
        found["settle_credit"] = 52 + 0.4 * stakes
    if low(f.open_deals) >= 1 and low(f.oldest_deal) > p.DEAD_AFTER:
        found["drop_dead_deal"] = 14 + 0.2 * stakes
    return found


def for_customer_business(f, s, stakes, found):
    sales = low(f.revenue_12m)
    notable, small = sales >= p.NOTABLE_REVENUE, sales >= p.SMALL_REVENUE
    content = f.satisfaction is None or f.satisfaction > p.DISCONTENT
    share, growth = f.share_of_spend, f.growth
    if (
        low(f.potential_left) >= p.ROOM_TO_GROW * p.GREAT_POTENTIAL
        and low(s.relationship) >= p.CARRYING_RELATIONSHIP
        and (share is None or share < p.FULL_SHARE)
        and content
        and f.severe_complaints == 0
    ):
        room = min(f.potential_left / p.GREAT_POTENTIAL, 1)
        found["value_workshop"] = 18 + 0.35 * stakes + 10 * room
    if share is not None and share < p.THIN_SHARE and small and content:
        found["raise_share_of_spend"] = 16 + 0.35 * stakes
    if notable and f.margin_share is not None and f.margin_share < p.FAIR_MARGIN:
        found["repair_margin"] = 20 + 0.35 * stakes + 40 * (p.FAIR_MARGIN - f.margin_share)
    if notable and low(growth) >= p.STRONG_GROWTH:
        found["follow_growth"] = 18 + 0.35 * stakes
    if notable and f.demand_growth is not None and abs(f.demand_growth) >= p.DEMAND_CHANGE:
        found["prepare_for_demand"] = 22 + 0.35 * stakes
    interval, waited = f.order_interval, f.days_without_order
    if (
        interval is not None
        and interval >= p.LEAST_INTERVAL
        and waited is not None
        and p.ORDER_OVERDUE * interval < waited <= p.SLEEPING_AFTER
    ):
        found["chase_late_order"] = 26 + 0.35 * stakes + 3 * min(waited / interval, 5)
    if f.rival_preferred and small:
        found["defend_against_rival"] = 42 + 0.4 * stakes
    if (
        growth is not None
        and growth <= -p.NOTICEABLE_DECLINE
        and f.revenue_before >= p.NOTABLE_REVENUE
        and f.severe_complaints == 0
    ):
        found["stop_sales_fall"] = 38 + 0.4 * stakes - 15 * growth
    if (
        notable
        and low(f.strongest_share) >= p.RIVAL_SHARE
        and not f.rival_preferred
        and low(f.important_supporters) >= 1
    ):
        found["take_rivals_share"] = 20 + 0.35 * stakes
    if s.phase == "harvest" and notable:
        found["tend_harvest"] = 18 + 0.35 * stakes
    if f.relation_age is not None and f.relation_age <= p.NEW_FOR:
        found["consolidate_first_deal"] = 38 + 0.4 * stakes
    if f.estimated_spend is None and notable:
        found["estimate_spend"] = 14 + 0.35 * stakes
    if (
        f.buying_criteria is None
        and f.buying_process is not None
        and low(f.executive_contacts) >= 1
        and low(f.open_value) >= p.NOTABLE_REVENUE
    ):
        found["learn_buying_criteria"] = 24 + 0.35 * stakes
    if (
        f.rivals_known == 0
        and notable
        and (share is None or share < p.FULL_SHARE)
        and not f.exclusive_field
    ):
        found["profile_rivals"] = 14 + 0.35 * stakes
    if low(f.open_value) >= NEAR_KEY_REVENUE:
        soon = f.next_decision is not None and f.next_decision <= p.DECIDING_SOON
        if soon:
            found["sponsor_supports_deal"] = 40 + 0.4 * stakes
        else:
            found["align_for_large_deal"] = 20 + 0.35 * stakes
    if (
        s.tier == 1
        and low(f.important_supporters) >= 1
        and low(s.attractiveness) >= p.PREFERENCE_ATTRACTIVENESS
        and notable
        and s.phase != "defence"
    ):
        found["earn_preference"] = 16 + 0.35 * stakes
    if f.agreement_ends_in is not None and f.agreement_ends_in <= p.RENEWAL_NOTICE:
        nearness = 10 * (p.RENEWAL_NOTICE - f.agreement_ends_in) / p.RENEWAL_NOTICE
        found["renew_agreement"] = 34 + 0.4 * stakes + nearness


def for_customer_people(f, s, stakes, found):
    sales, key = low(f.revenue_12m), s.klass == "key"
    notable, small = sales >= p.NOTABLE_REVENUE, sales >= p.SMALL_REVENUE
    if f.contacts_known < p.ENOUGH_CONTACTS and (key if f.revenue_12m is None else notable):
        found["map_buying_centre"] = 34 + 0.4 * stakes
    if f.live_contacts is not None and f.live_contacts <= 1 and notable:
        found["widen_single_contact"] = 46 + 0.4 * stakes
    if f.neglected_decider and small:
        neglect = min(f.neglected_for / p.DECIDER_RHYTHM, 3)
        found["call_neglected_decider"] = 24 + 0.35 * stakes + 4 * neglect
    rhythm = p.KEY_RHYTHM if key else p.ORDINARY_RHYTHM
    silence = f.days_without_contact
    if silence is not None and silence > rhythm:
        found["keep_rhythm"] = 16 + 0.35 * stakes + 4 * min(silence / rhythm, 4)
    if f.departed_supporter and small:
        found["replace_departed_supporter"] = 40 + 0.4 * stakes
    if low(f.opponents) >= 1 and notable:
        found["win_over_opponent"] = 28 + 0.35 * stakes + 3 * f.opponents
    if f.deciders >= 1 and f.deciding_supporters == 0 and notable:
        found["win_deciding_supporter"] = 26 + 0.35 * stakes
    if f.users_known == 0 and notable:
        found["meet_users"] = 12 + 0.35 * stakes
    if f.contact_cooling and notable:
        found["warm_up_relation"] = 32 + 0.4 * stakes
        if low(f.satisfaction) >= p.CONTENT:
            found["shake_off_complacency"] = 30 + 0.4 * stakes
    if f.account_manager is None and (key or notable):
        found["assign_account_manager"] = 40 + 0.4 * stakes
    if low(f.overdue_steps) >= p.OVERDUE_LIMIT:
        found["catch_up_plan"] = 22 + 0.35 * stakes + 2 * min(f.overdue_steps, 6)


def for_customer_service(f, s, stakes, today, found):
    sales, key = low(f.revenue_12m), s.klass == "key"
    if low(f.open_complaints) >= 1:
        if low(f.oldest_complaint) > p.COMPLAINT_LIMIT:
            age = min(f.oldest_complaint / 14, 5)
            found["press_overdue_complaint"] = 40 + 0.4 * stakes + age
        found["answer_complaint"] = 36 + 0.4 * stakes
    settled = f.complaint_settled
    if (
        settled is not None
        and settled > today - AFTERCARE
        and f.open_complaints == 0
        and (f.last_touch is None or f.last_touch <= settled)
    ):
        found["close_the_loop"] = 22 + 0.35 * stakes
    if low(f.complaints_12m) >= p.MANY_COMPLAINTS:
        found["find_root_cause"] = 24 + 0.35 * stakes + 2 * min(f.complaints_12m, 8)
    now, before = f.satisfaction, f.satisfaction_before
    if now is not None:
        if now <= p.DISCONTENT:
            found["recover_satisfaction"] = 36 + 0.4 * stakes + 0.2 * (p.DISCONTENT - now)
        if before is not None and before - now >= p.SATISFACTION_SLIP:
            found["ask_why_satisfaction_fell"] = 26 + 0.35 * stakes + 0.4 * (before - now)
    stale = f.surveys_known if f.last_survey is None else f.last_survey < today - SURVEY
    if sales >= p.NOTABLE_REVENUE and stale:
        found["survey_satisfaction"] = 10 + 0.35 * stakes
    checked = f.days_without_self_check
    if (key or sales >= NEAR_KEY_REVENUE) and (
        f.surveys_known if checked is None else checked > p.SELF_CHECK_RHYTHM
    ):
        found["run_self_check"] = 12 + 0.35 * stakes
    if high(f.self_check) <= p.DISCONTENT and high(checked) <= p.SELF_CHECK_RHYTHM:
        found["act_on_self_check"] = 26 + 0.35 * stakes


def for_ordinary(f, s, stakes, found):
    sales = low(f.revenue_12m)
    small = sales >= p.SMALL_REVENUE
    if (
        f.products_bought == 1
        and low(f.relation_age) > p.ESTABLISHED_AFTER
        and small
        and (f.satisfaction is None or f.satisfaction > p.DISCONTENT)
    ):
        found["broaden_products"] = 12 + 0.35 * stakes
    if low(f.growth) >= p.STRONG_GROWTH and sales * (1 + f.growth) >= NEAR_KEY_REVENUE:
        found["prepare_for_key"] = 34 + 0.4 * stakes
    if s.phase == "hibernation":
        found["wake_sleeping_customer"] = 30 + 0.4 * stakes
    if f.buying_process is None and low(f.open_value) >= p.NOTABLE_REVENUE:
        found["learn_buying_process"] = 22 + 0.35 * stakes
    if f.deciders >= 1 and f.important_matched == 0 and small:
        found["name_decider_counterpart"] = 16 + 0.35 * stakes


def for_key(f, s, stakes, found):
    reviewed, touches = f.days_without_review, f.touches_90d
    late = low(touches) >= 1 if reviewed is None else reviewed > p.REVIEW_RHYTHM
    if late and f.severe_complaints == 0:
        found["review_business"] = 22 + 0.35 * stakes
    if s.tier >= 2:
        if not f.special_service:
            found["make_service_plan"] = 22 + 0.35 * stakes
        if not f.linked_systems and f.switching_cost in ("low", "medium"):
            found["link_systems"] = 16 + 0.35 * stakes
        if low(f.agreements_in_force) >= 1 and f.pricing in ("competitive", "value"):
            found["negotiate_price_once"] = 16 + 0.35 * stakes
    if f.profile_holes >= 2:
        found["complete_profile"] = 8 + 0.25 * stakes
    if f.buying_process is None:
        found["learn_buying_process"] = 22 + 0.35 * stakes
    if f.demand_growth is None and high(f.days_without_contact) <= p.KEY_RHYTHM:
        found["forecast_demand"] = 12 + 0.35 * stakes
    if low(f.stances_unknown) >= p.UNCLEAR_STANCES:
        found["find_out_stances"] = 16 + 0.35 * stakes + 2 * min(f.stances_unknown, 4)
    if (
        low(f.days_without_rival_news) > p.RIVAL_NEWS_RHYTHM
        and low(f.strongest_share) >= p.THIN_SHARE
    ):
        found["refresh_rival_profile"] = 14 + 0.35 * stakes
    if f.zipper_coverage is not None and f.zipper_coverage < p.ZIPPER_GOAL:
        found["match_counterparts"] = 30 + 0.4 * stakes
    if f.executive_sponsor is None:
        found["name_executive_sponsor"] = 36 + 0.4 * stakes
    executives = f.executive_contacts
    if executives is not None:
        if executives < p.ENOUGH_EXECUTIVES:
            found["open_top_floor"] = 36 + 0.4 * stakes
        elif low(f.days_without_executive) > p.EXECUTIVE_RHYTHM:
            found["meet_executives"] = 32 + 0.4 * stakes
    if f.our_people == 1 and low(f.important_contacts) >= p.ENOUGH_CONTACTS:
        found["staff_account_team"] = 26 + 0.4 * stakes
    if s.tier == 2 and f.agreements_in_force == 0 and s.phase != "defence":
        found["seek_agreement"] = 26 + 0.4 * stakes
    if s.tier == 3 and low(s.relationship) >= p.ALLIANCE_RELATIONSHIP and s.phase != "defence":
        found["explore_alliance"] = 24 + 0.4 * stakes
    if s.tier == 4 and high(f.days_without_executive) > p.ALLIANCE_RHYTHM:
        found["tend_alliance"] = 24 + 0.4 * stakes


def for_key_plan(f, stakes, found):
    if f.plans_written == 0:
        found["write_account_plan"] = 30 + 0.4 * stakes
        return
    if low(f.plan_age) > p.PLAN_RHYTHM:
        staleness = min(f.plan_age / p.PLAN_RHYTHM, 4)
        found["renew_account_plan"] = 20 + 0.35 * stakes + 3 * staleness
    if low(f.vague_goals) >= 1:
        found["sharpen_goals"] = 14 + 0.35 * stakes
    if f.plan_vision is False:
        found["write_vision"] = 14 + 0.35 * stakes
    if f.plan_analysis is False:
        found["complete_analysis"] = 16 + 0.35 * stakes
    if f.plan_benefits is False:
        found["plan_benefits"] = 12 + 0.35 * stakes
    if f.plan_approved is False:
        found["sponsor_reviews_plan"] = 24 + 0.35 * stakes
