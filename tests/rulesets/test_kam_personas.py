"""What `kam` says about typical accounts, against what an experienced key account manager expects."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from tests.rulesets.kam import decided, kam

PERSONAS = tomli.loads(Path(__file__).with_name("personas.toml").read_text(encoding="utf-8"))[
    "persona"
]


def ids(decision):
    return [each.id for each in decision.actions]


@pytest.mark.parametrize("name", PERSONAS)
def test_a_typical_account_is_placed_as_expected(name):
    persona = PERSONAS[name]
    decision = decided(persona["facts"])
    said = {
        "class": decision.class_,
        "tier": decision.tier,
        "phase": decision.phase,
        "strategy": decision.strategy,
        "first": ids(decision)[0] if decision.actions else None,
    }
    assert {key: said[key] for key in persona["expect"]} == persona["expect"], persona["about"]
    assert decision.faults == ()


def test_each_class_each_of_most_phases_and_a_partner_have_a_persona():
    expected = [each["expect"] for each in PERSONAS.values()]
    assert {each["class"] for each in expected} == {each.id for each in kam().classes}
    assert "partner" in {each.get("tier") for each in expected}


def test_of_an_account_of_which_only_the_name_is_known_it_says_what_to_find_out():
    decision = decided({"account_id": "A", "name": "Only a name"})
    assert decision.class_ == "prospect"
    assert decision.tier is None
    gaps = {each.fact: each.info_level for each in decision.gaps}
    assert gaps["estimated_spend"] == 2
    assert gaps["potential"] == 3
    assert ids(decision)[0] == "qualify_prospect"


def test_of_an_account_without_a_name_the_texts_can_still_be_read():
    decision = decided({"account_id": "A"})
    assert decision.class_ == "prospect"
    assert "unknown" in decision.actions[0].title


def test_a_prospect_sees_one_next_step_and_not_the_whole_road():
    road = {"find_decision_maker", "meet_decision_maker", "offer_first_deal", "close_first_deal"}
    for name in ("promising_stranger", "prospect_about_to_decide", "former_customer"):
        assert len(road & set(ids(decided(PERSONAS[name]["facts"])))) <= 1, name


def test_a_reason_tells_the_figures_that_it_rests_on():
    found = decided(PERSONAS["hangs_on_one_person"]["facts"]).actions[0]
    assert "1,550,000" in found.reason
    assert found.owner == "account_manager"
    assert found.source == ("4.4", "2.3.1", "3.4.3")


def test_a_partner_is_told_what_is_missing_for_an_alliance():
    decision = decided(PERSONAS["partner"]["facts"])
    assert decision.next_tier.to == "strategic_alliance"
    assert "strategic_alliance.joint_business" in decision.next_tier.missing
    assert "strategic_alliance.joint_lead" not in decision.next_tier.missing
