"""What a decision of `kam` tells beyond its own tests: gaps by level, readable texts, what is missing."""

from __future__ import annotations

import pytest

from tests.rulesets.kam import decided, kam, persona


def ids(decision):
    return [each.id for each in decision.actions]


def test_of_an_account_of_which_only_the_name_is_known_it_says_at_which_level_to_find_out():
    decision = decided(persona("name_from_a_fair"))
    gaps = {each.fact: each.info_level for each in decision.gaps}
    assert gaps["estimated_spend"] == 2
    assert gaps["potential"] == 3


def test_of_an_account_without_a_name_the_texts_can_still_be_read():
    decision = decided({"account_id": "A"})
    assert decision.class_ == "prospect"
    assert "unknown" in decision.actions[0].title


@pytest.mark.parametrize("name", ["prospect", "prospect_with_a_rival", "former_customer"])
def test_a_prospect_sees_one_next_step_and_not_the_whole_road(name):
    road = {"find_decision_maker", "meet_decision_maker", "offer_first_deal", "close_first_deal"}
    assert len(road & set(ids(decided(persona(name))))) <= 1


def test_an_action_tells_who_does_it_and_the_clauses_that_it_rests_on():
    found = decided(persona("dominant_with_one_contact")).actions[0]
    assert found.owner == "account_manager"
    assert found.source == ("4.4", "2.3.1", "3.4.3")


def test_a_partner_is_told_what_is_missing_for_an_alliance():
    decision = decided(persona("partner"))
    assert decision.next_tier.to == "strategic_alliance"
    assert "strategic_alliance.joint_business" in decision.next_tier.missing
    assert "strategic_alliance.joint_lead" not in decision.next_tier.missing


def test_no_example_account_meets_a_fault():
    for name in ("key_account", "ally", "ordinary_customer", "prospect", "hopeless"):
        decision = decided(persona(name))
        assert decision.faults == ()
        assert decision.class_ in {each.id for each in kam().classes}
