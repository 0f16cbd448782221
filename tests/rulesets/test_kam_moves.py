"""How accounts climb and fall by `kam` from run to run: one step up at a time, and not down for a trifle."""

from __future__ import annotations

import copy
import datetime

from tests.rulesets.kam import AS_OF, decided, order, persona

NETWORK = [
    {"name": name, "level": level, "role": "decision_maker", "stance": "supporter",
     "last_contact": AS_OF, "counterpart": "Clara Vind"}
    for name, level in (("Ada", "executive"), ("Bo", "manager"), ("Cem", "manager"))
]  # fmt: skip
GROWN = {
    "account_id": "A",
    "needs_our_product": True,
    "customer_since": AS_OF - datetime.timedelta(days=900),
    "estimated_spend": 4_000_000,
    "account_manager": "Clara Vind",
    "contacts": NETWORK,
    "complaints": [],
    "orders": [order(1_000_000, 400), order(1_500_000, 30)],
}


def moved(decision):
    return (decision.class_, str(decision.class_move))


def test_an_account_climbs_one_class_a_run_from_the_bottom_to_the_top():
    run = decided({"account_id": "A", "needs_our_product": False, "orders": []})
    assert moved(run) == ("unattractive", "placed")
    seen = []
    for _ in range(4):
        run = decided(GROWN, before=run)
        seen.append(moved(run))
    assert seen == [("prospect", "up"), ("ordinary", "up"), ("key", "up"), ("key", "stayed")]


def test_without_memory_an_account_is_placed_at_once():
    assert moved(decided(GROWN)) == ("key", "placed")


def test_an_ordinary_customer_does_not_become_key_before_the_relation_can_carry_it():
    ordinary = decided({**GROWN, "orders": [order(100_000, 400), order(120_000, 30)]})
    assert ordinary.class_ == "ordinary"
    alone = decided({**GROWN, "contacts": NETWORK[:1]}, before=ordinary)
    assert moved(alone) == ("ordinary", "held")
    assert alone.next_class.missing == ("ordinary_to_key.network",)
    assert "Get in touch with more people there: 1 now, 3 are needed" in next(
        each.advice for each in alone.next_class.gates if each.id == "network"
    )
    assert moved(decided(GROWN, before=ordinary)) == ("key", "up")


def test_a_key_account_that_buys_a_little_less_stays_key_and_one_that_buys_much_less_does_not():
    plain = {**GROWN, "estimated_spend": 1_600_000, "demand_growth": -0.3, "annual_revenue": 0}
    plain["potential"] = 0

    def buying(amount):
        return {**plain, "orders": [order(1_000_000, 400), {**order(amount, 30), "margin": 0}]}

    key = decided(buying(1_500_000))
    assert key.class_ == "key"
    assert moved(decided(buying(750_000), before=key)) == ("key", "held")
    assert moved(decided(buying(650_000), before=key)) == ("ordinary", "down")


def test_a_very_attractive_key_account_may_fall_further_before_it_is_ordinary():
    key = decided(GROWN)
    assert decided({**GROWN, "orders": [order(650_000, 30)]}, before=key).class_ == "key"
    assert decided({**GROWN, "orders": [order(450_000, 30)]}, before=key).class_ == "ordinary"


def test_a_book_that_lost_its_orders_moves_nobody_down():
    key = decided(GROWN)
    facts = {name: value for name, value in GROWN.items() if name != "orders"}
    assert moved(decided(facts, before=key)) == ("key", "held")


def test_a_customer_without_an_order_in_a_long_time_becomes_a_prospect_again():
    ordinary = decided({**GROWN, "orders": [order(100_000, 30)]})
    gone = {**GROWN, "orders": [order(100_000, 600)]}
    assert moved(decided(gone, before=ordinary)) == ("prospect", "down")


def test_a_partner_whose_managements_meet_late_stays_a_partner_and_one_that_lost_them_does_not():
    partner = persona("partner")
    first = decided(partner)
    assert first.tier == "partner"
    late = _last_executive_contact(partner, 250)
    assert decided(late).tier == "preferred_supplier"
    assert decided(late, before=first).tier == "partner"
    assert decided(_last_executive_contact(partner, 400), before=first).tier == "preferred_supplier"


def _last_executive_contact(facts, ago):
    found = copy.deepcopy(facts)
    for each in (*found["contacts"], *found["activities"]):
        date = "last_contact" if "name" in each else "date"
        if each["level"] == "executive":
            each[date] = AS_OF - datetime.timedelta(days=ago)
    return found


def test_tiers_are_climbed_one_at_a_time():
    stranger = decided({"account_id": "A", "orders": [order(3_000_000, 30)]})
    assert stranger.tier == "vendor"
    one = decided(persona("partner"), before=stranger)
    two = decided(persona("partner"), before=one)
    assert [one.tier, two.tier] == ["preferred_supplier", "partner"]


def test_an_action_that_was_proposed_yesterday_waits_and_says_until_when():
    facts = persona("key_in_defence")
    today = decided(facts)
    tomorrow = decided(facts, as_of=AS_OF + datetime.timedelta(days=1), before=today)
    held = next(each for each in tomorrow.held_back if each.id == "settle_severe_complaint")
    assert str(held.status) == "cooldown"
    assert held.free_on == AS_OF + datetime.timedelta(days=7)
