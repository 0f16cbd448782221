"""The least that would have to change for another decision: cheapest, proved, in plain words."""

from __future__ import annotations

import datetime
import random

import pytest

from kamrules import Earlier, UsageError, compile_ruleset, load_ruleset
from kamrules.engines.row import decide
from kamrules.workbench.nearest import nearest, outcome
from kamrules.workbench.nearest.needs import branches_of, need_of, reaches_of
from tests.rulesets.kam import AS_OF, kam, order, persona
from tests.workbench.nearest.rulesets import account, everything, ruleset

TODAY = datetime.date(2026, 6, 30)
SEEDS = 150


@pytest.mark.parametrize("block", range(5))
def test_no_combination_on_the_grid_is_cheaper_than_what_is_found(tmp_path, block):
    compared = 0
    for seed in range(block * SEEDS // 5, (block + 1) * SEEDS // 5):
        chance = random.Random(seed)
        program, some = ruleset(chance, tmp_path)
        present = account(chance, some)
        found = nearest(program, present, "class=key", as_of=TODAY, alternatives=1, most=4_000)
        best = min(
            (price for facts, price in everything(some, present)
             if decide(program, facts, as_of=TODAY).class_ == "key"),
            default=None,
        )  # fmt: skip
        if found.reached:
            assert best == 0
            continue
        if best is None:
            continue
        assert found.ways, (seed, best)
        way = found.ways[0]
        assert way.cost <= best * 1.001 + 1e-6, (seed, best, way)
        assert way.at_least <= best + 1e-6, (seed, best, way)
        changes = {each.fact: each.after for each in way.changes}
        assert decide(program, present | changes, as_of=TODAY).class_ == "key", seed
        compared += 1
    assert compared >= 8


def test_a_way_is_told_with_what_changes_from_what_to_what_and_its_cost():
    before = persona("ordinary_buyer") if "ordinary_buyer" in load_ruleset("kam").model.persona else {
        "account_id": "A", "annual_revenue": 40_000_000, "needs_our_product": True,
        "orders": [order(300_000, 30)], "contacts": [],
    }  # fmt: skip
    found = nearest(kam(), before, "class=key", as_of=AS_OF)
    assert not found.reached
    revenue = next(each for way in found.ways for each in way.changes if each.fact == "revenue_12m")
    assert revenue.after > revenue.before
    assert revenue.before_shown == "300,000"
    assert revenue.cost > 0


def test_nothing_needs_to_change_for_what_is_so_already():
    facts = {"account_id": "A", "needs_our_product": False}
    decided = decide(kam(), facts, as_of=AS_OF)
    assert nearest(kam(), facts, f"class={decided.class_}", as_of=AS_OF).reached


def test_no_way_is_part_of_another():
    facts = {"account_id": "A", "orders": [order(300_000, 30)], "contacts": [], "activities": []}
    ways = nearest(kam(), facts, "tier=preferred_supplier", as_of=AS_OF).ways
    sets = [{each.fact for each in way.changes} for way in ways]
    assert len(sets) > 1
    assert not any(one <= two for one in sets for two in sets if one is not two)
    assert [way.cost for way in ways] == sorted(way.cost for way in ways)


def test_an_action_can_be_made_to_appear_and_to_vanish():
    facts = {"account_id": "A", "orders": [order(900_000, 30)], "contacts": [], "credit_hold": True}
    proposed = decide(kam(), facts, as_of=AS_OF).actions[0].id
    assert nearest(kam(), facts, f"action={proposed}", as_of=AS_OF).reached
    assert nearest(kam(), facts, f"action!={proposed}", as_of=AS_OF).ways


RULES = """
[ruleset]
name = "small"
version = "1"
hit = "first"
languages = ["en", "zh"]
[table.accounts.column]
country = { type = "choice", choices = ["here", "abroad"], changeable = false }
visits = { type = "integer", cost = 1, step = 1 }
revenue = { type = "money", cost = 1, step = 100_000 }
stance = { type = "choice", choices = ["cold", "warm"], cost = 2 }
[table.contacts.column]
level = { type = "choice", choices = ["executive", "staff"] }
stance = { type = "choice", choices = ["supporter", "opponent"] }
[fact.executives]
type = "integer"
value = "count(contacts[level == 'executive'])"
cost = 2
[fact.supporters]
type = "integer"
value = "count(contacts[level == 'executive' and stance == 'supporter'])"
cost = 3
[class.key]
level = 2
when = ["country == 'here'", { any = ["revenue >= 500_000", "visits >= 9"] }]
[class.ordinary]
level = 1
[path.up]
from = "ordinary"
to = "key"
[path.up.gate.warm]
when = "stance == 'warm'"
[tier.vendor]
level = 1
[tier.vendor.gate.known]
when = "executives >= 2"
[tier.partner]
level = 2
[tier.partner.gate.liked]
when = "supporters >= 2"
"""


@pytest.fixture
def small(tmp_path):
    (tmp_path / "small.toml").write_text(RULES, encoding="utf-8")
    return compile_ruleset(load_ruleset(tmp_path / "small.toml"))


HERE = {"account_id": "A", "country": "here", "visits": 3, "revenue": 400_000, "stance": "cold"}


def test_ways_come_by_cost(small):
    ways = nearest(small, HERE, "class=key", as_of=TODAY).ways
    assert [(way.cost, [each.fact for each in way.changes]) for way in ways] == [
        (1.0, ["revenue"]), (6.0, ["visits"]),
    ]  # fmt: skip
    assert ways[0].changes[0].after == 500_000


def test_with_a_class_before_the_gates_of_the_path_count(small):
    way = nearest(small, HERE, "class=key", as_of=TODAY, earlier=Earlier(class_="ordinary")).ways[0]
    assert {each.fact: each.after for each in way.changes} == {"revenue": 500_000, "stance": "warm"}


def test_an_outcome_that_cannot_be_names_the_fixed_facts_that_block_it(small):
    found = nearest(small, HERE | {"country": "abroad"}, "class=key", as_of=TODAY)
    assert (found.ways, found.blocked_by, found.searched) == ((), ("country",), True)


def test_counts_of_the_same_rows_move_together(small):
    facts = HERE | {"contacts": []}
    way = nearest(small, facts, "tier=partner", as_of=TODAY).ways[0]
    assert {each.fact: each.after for each in way.changes} == {"supporters": 2}


def test_a_table_that_the_book_lacks_offers_no_way(small):
    assert nearest(small, HERE, "tier=partner", as_of=TODAY).ways == ()


def test_any_condition_can_be_wanted(small):
    way = nearest(small, HERE, "revenue >= 450_000 and visits < 3", as_of=TODAY).ways[0]
    assert {each.fact: each.after for each in way.changes} == {"revenue": 450_000, "visits": 2}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("class=kay", "did you mean `key`?"),
        ("clas=key", "did you mean `class`?"),
        ("tier=friend", "one of `vendor`, `partner`"),
        ("revenue >", "KR1"),
        ("revenue >= 'much'", "KR2"),
    ],
)
def test_an_outcome_that_is_none_is_told_with_a_mend(small, wanted, told):
    with pytest.raises(UsageError) as raised:
        nearest(small, HERE, wanted, as_of=TODAY)
    assert told in str(raised.value)


def test_a_choice_that_a_score_is_among_is_searched_part_by_part():
    program = kam()
    question = outcome(program, "(revenue_12m >= 9 or trust >= 90) and live_contacts >= 5")
    branches = branches_of(need_of(program, question, None, None))
    assert [len(reaches_of(each)) for each in branches] == [0, 1]
    # without a score among them one bound serves all
    question = outcome(program, "(revenue_12m >= 9 or live_contacts >= 3) and trust >= 90")
    assert len(branches_of(need_of(program, question, None, None))) == 1


def test_a_hard_part_of_a_choice_does_not_hide_the_easy_one():
    facts = {"account_id": "A", "annual_revenue": 5_000_000, "needs_our_product": True,
             "estimated_spend": 600_000, "orders": [order(80_000, 30)], "contacts": [],
             "activities": [], "complaints": [], "opportunities": []}  # fmt: skip
    wanted = "(key_by_sales or key_by_promise) and executive_contacts >= 1 and trust >= 40"
    found = nearest(kam(), facts, wanted, as_of=AS_OF, alternatives=1)
    assert found.ways
    assert found.ways[0].at_least <= found.ways[0].cost
