"""What comes out: scores, class, tier, actions and gaps, with what was decided before."""

from __future__ import annotations

import datetime
import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from kamrules import decide, explain
from kamrules.decision import Decision, Earlier
from kamrules.engines.layout import layout_of
from kamrules.engines.row import RowEngine, engine_of
from kamrules.engines.row.code import Writer
from kamrules.engines.row.generate import write
from tests.engines.row.rulesets import AS_OF, FACTS, SMALL, compiled

PROGRAM = compiled()


def decided(earlier=None, *, top=None, language=None, program=PROGRAM, as_of=AS_OF, **changes):
    return decide(
        program, FACTS | changes, as_of=as_of, earlier=earlier, top=top, language=language
    )


def before(class_=None, tier=None, **days):
    proposed = {name: AS_OF - datetime.timedelta(days=ago) for name, ago in days.items()}
    return Earlier(class_=class_, tier=tier, proposed=proposed)


def test_a_decision_says_where_an_account_stands():
    decision = decided()
    assert (decision.class_, decision.tier, decision.phase, decision.strategy) == (
        "key",
        "partner",
        "grown",
        "serve",
    )
    assert (decision.class_move, decision.tier_move) == ("placed", "placed")
    assert decision.objective == "Serve Acme."
    assert (decision.ruleset, decision.version, decision.digest) == ("small", "3", PROGRAM.digest)


def test_a_score_has_its_interval_and_the_weights_in_use():
    score = decided(margin=None).scores[0]
    assert (score.value, score.low, score.high, score.band) == (100, 80, 100, "high")
    assert [each.weight_in_use for each in score.criteria] == [1, 0]


def test_a_criterion_shows_a_whole_number_as_one():
    program = compiled(SMALL.replace('value = "revenue"\ncurve', 'value = "seats"\ncurve'))
    value = decided(program=program).scores[0].criteria[0].value
    assert (value, type(value)) == (3, int)


@pytest.mark.parametrize(("rows", "points"), [(0, 0), (1, 20), (2, 40), (4, 80), (5, 80)])
def test_a_number_of_rows_is_read_off_a_curve_between_its_points(rows, points):
    curve = 'value = "count(orders)"\ncurve = [[0, 0], [1.5, 30], [4, 80]]'
    program = compiled(SMALL.replace('value = "revenue"\ncurve = [[0, 0], [1_000, 100]]', curve))
    found = decided(program=program, orders=[{"amount": 1}] * rows).scores[0].criteria[0]
    assert (found.value, found.points) == (rows, points)


def test_the_interval_of_a_score_holds_its_value_where_what_is_unknown_would_only_raise_or_lower_it():
    raised = decided(revenue=0, margin=None).scores[0]
    assert (raised.value, raised.low, raised.high) == (0, 0, 25)
    at_most_60 = SMALL.replace('in = "[20%..]", points = 100', 'in = "[20%..]", points = 60')
    lowered = decided(margin=None, program=compiled(at_most_60)).scores[0]
    assert (lowered.value, lowered.low, lowered.high) == (100, 80, 100)


def test_an_unknown_fact_of_every_criterion_leaves_the_score_unknown_but_bounded():
    score = decided(margin=None, revenue=None).scores[0]
    assert (score.value, score.low, score.high, score.band) == (None, 5, 100, None)


# memory


@pytest.mark.parametrize(
    ("was", "facts", "now", "move"),
    [
        ("key", {}, "key", "stayed"),
        ("key", {"revenue": 600}, "key", "held"),
        ("key", {"revenue": 499}, "ordinary", "down"),
        ("key", {"active": False}, "prospect", "down"),
        ("ordinary", {}, "key", "up"),
        ("prospect", {}, "ordinary", "up"),
        ("prospect", {"orders": []}, "prospect", "held"),
        ("prospect", {"orders": None}, "prospect", "held"),
        ("ordinary", {"revenue": None}, "ordinary", "held"),
        ("key", {"revenue": None}, "key", "held"),
        ("gone", {}, "key", "placed"),
        (None, {}, "key", "placed"),
    ],
)
def test_class_moves_one_step_up_by_its_gates_and_down_when_stay_fails(was, facts, now, move):
    decision = decided(before(was), **facts)
    assert (decision.class_, decision.class_move) == (now, move)


@pytest.mark.parametrize(
    ("was", "facts", "now", "move"),
    [
        ("partner", {}, "partner", "stayed"),
        ("partner", {"margin": 0.15}, "partner", "held"),
        ("partner", {"margin": 0.05}, "vendor", "down"),
        ("partner", {"margin": None}, "partner", "held"),
        ("vendor", {}, "partner", "up"),
        ("vendor", {"margin": 0.15}, "vendor", "stayed"),
        ("vendor", {"orders": []}, None, "down"),
        (None, {"orders": []}, None, None),
        (None, {}, "partner", "placed"),
    ],
)
def test_tier_moves_one_level_up_and_down_when_a_gate_no_longer_keeps(was, facts, now, move):
    decision = decided(before("key", was), **facts)
    assert (decision.tier, decision.tier_move) == (now, move)


@pytest.mark.parametrize(
    ("ago", "status"),
    [(0, "proposed"), (1, "cooldown"), (29, "cooldown"), (30, "proposed"), (-1, "proposed")],
)
def test_an_action_cools_down_from_the_day_after_to_the_day_before_its_end(ago, status):
    decision = decided(before("key", call=ago), revenue=50)
    found = {each.id: each for each in (*decision.actions, *decision.held_back)}["call"]
    assert found.status == status
    assert found.free_on == (
        AS_OF + datetime.timedelta(days=30 - ago) if status == "cooldown" else None
    )


# actions


def test_actions_are_ranked_and_told_with_owner_date_effort_and_reason():
    action = decided(revenue=50).actions[0]
    assert (action.id, action.rank, action.owner, action.effort_hours) == ("call", 1, "seller", 1.5)
    assert action.due_on == datetime.date(2026, 2, 7)
    assert action.priority == 24.375
    assert action.reason == "50 of revenue, 25% margin, 41 ordered."
    assert action.source == ("1.1",)


def test_an_excluded_action_stays_visible_and_says_what_takes_its_place():
    decision = decided()
    assert [each.id for each in decision.actions] == ["visit"]
    assert [(each.id, each.status, each.excluded_by) for each in decision.held_back] == [
        ("call", "excluded", ("visit",))
    ]


def test_an_account_without_an_action_says_what_was_nearest():
    decision = decided(active=False, orders=[])
    assert decision.actions == ()
    assert (decision.nearest_miss.action, decision.nearest_miss.missing) == ("call", ("active",))


def test_top_keeps_the_best_and_counts_them_all():
    more = compiled(
        SMALL
        + """
[action.write]
title = "Write"
when = "active"
priority = 50
owner = "seller"
due_days = 1
effort_hours = 1
because = "It is cheap."
"""
    )
    decision = decided(program=more, top=1)
    # equal priorities rank in the order written
    assert ([each.id for each in decision.actions], decision.proposed) == (["visit"], 2)
    assert decided(program=more, top=0).actions == ()


@pytest.mark.parametrize(
    ("text", "priority"),
    [("-5", 0), ("150", 100), ("worth * 0 + 0.0005", 0.001), ("margin * 0 + 7", 0)],
)
def test_priority_is_clamped_rounded_and_zero_when_unknown(text, priority):
    program = compiled(SMALL.replace('"10 + worth / 2"', f'"{text}"'))
    margin = None if "margin" in text else 0.25
    assert decided(program=program, revenue=50, margin=margin).actions[0].priority == priority


def test_texts_come_in_the_language_asked_for_and_else_in_the_first():
    assert [each.title for each in decided(language="zh").actions] == ["拜访"]
    assert [each.title for each in decided(language="zh", revenue=50).actions] == ["Call Acme"]


# what is next, gaps, faults


def test_the_next_class_and_tier_say_what_is_missing():
    decision = decided(revenue=400, margin=0.1)
    assert (decision.next_class.to, decision.next_class.missing) == (
        "key",
        ("ordinary_to_key.volume",),
    )
    assert decision.next_class.gates[0].advice == "Bring revenue from 400 to 1,000."
    assert (decision.next_tier.to, decision.next_tier.missing) == ("partner", ("partner.margin",))


def test_a_gap_names_the_fact_its_level_and_what_it_matters_to():
    gap = next(each for each in decided(margin=None).gaps if each.fact == "margin")
    assert gap.info_level == 2
    assert gap.matters_to == ("criterion.profit", "tier.partner.gate.margin")


def test_an_unknown_fact_that_would_change_nothing_is_no_gap():
    either = 'when = { any = ["seats > 3", "active"] }'
    program = compiled(
        SMALL.replace('when = "ordered > 0"\n[tier.partner]', f"{either}\n[tier.partner]")
    )
    assert "seats" not in {each.fact for each in decided(program=program, seats=None).gaps}
    open_ = decided(program=program, seats=None, active=None)
    assert "tier.vendor.gate.sells" in {
        address for each in open_.gaps if each.fact == "seats" for address in each.matters_to
    }


def test_an_account_for_which_no_class_or_several_hold_is_a_fault_of_the_ruleset():
    several = compiled(SMALL.replace('when = "not active"', 'when = "revenue > 0"'))
    decision = decided(program=several)
    assert (decision.class_, decision.faults) == (None, ("several classes hold: key, prospect",))
    none = compiled(SMALL.replace('when = "not active"', 'when = "revenue < 0"'))
    assert decided(program=none, active=False).faults == ("no class holds",)


@pytest.mark.parametrize(
    ("day", "valid"),
    [("2026-01-29", False), ("2026-01-30", True), ("2026-02-15", True), ("2026-02-16", False)],
)
def test_a_rule_counts_on_the_first_and_on_the_last_day_of_its_validity(day, valid):
    dates = "[action.visit]\nvalid_from = 2026-01-30\nvalid_to = 2026-02-15"
    program = compiled(SMALL.replace("[action.visit]", dates))
    decision = decided(program=program, as_of=datetime.date.fromisoformat(day))
    assert [each.id for each in decision.actions] == (["visit"] if valid else ["call"])


def test_one_program_decides_by_the_rules_of_each_day_it_is_asked_about():
    dates = "[action.visit]\nvalid_from = 2026-01-30\nvalid_to = 2026-02-15"
    program = compiled(SMALL.replace("[action.visit]", dates))
    days = ["2026-02-16", "2026-01-30", "2026-01-29", "2026-02-15", "2026-01-30"]
    found = [decided(program=program, as_of=datetime.date.fromisoformat(day)) for day in days]
    assert [each.actions[0].id for each in found] == ["call", "visit", "call", "visit", "visit"]


# as data, and as a part of something larger


def test_a_decision_is_json_and_reads_back():
    decision = decided(before("ordinary", "vendor", call=3))
    text = decision.model_dump_json(by_alias=True)
    assert json.loads(text)["class"] == "key"
    assert Decision.model_validate_json(text) == decision
    assert "class" in Decision.model_json_schema()["properties"]


def test_an_explanation_shows_what_was_read_and_where_it_is_written():
    found = explain(PROGRAM, FACTS, as_of=AS_OF)
    assert found.decision == decided()
    flat = list(_all(found.root))
    gate = next(each for each in flat if each.address == "tier.partner.gate.margin")
    assert gate.state == "true"
    read = {each.name: each for below in _all(gate) for each in below.reads}
    assert read["margin"].shown == "25%"
    ordered = [each for below in _all(found.facts["ordered"]) for each in below.reads]
    assert [(each.rows, each.of) for each in ordered if each.rows is not None] == [(1, 2)]
    assert re.search(r"small\.toml:\d+", next(each.place for each in flat if each.place))


def _all(proof):
    yield proof
    for each in proof.children:
        yield from _all(each)


def test_one_engine_serves_many_threads():
    engine = RowEngine(PROGRAM)
    many = [FACTS | {"account_id": f"A{number}", "revenue": number} for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda facts: engine.decide(facts, as_of=AS_OF), many))
    assert found == [decide(PROGRAM, facts, as_of=AS_OF) for facts in many]


def test_a_program_can_be_sent_to_another_process_and_decides_the_same():
    again = pickle.loads(pickle.dumps(PROGRAM))
    assert decide(again, FACTS, as_of=AS_OF) == decided()


def test_an_engine_is_made_once_for_a_program():
    assert engine_of(PROGRAM) is engine_of(PROGRAM)


def test_no_text_of_an_author_stands_in_the_generated_code():
    hostile = SMALL.replace("Call {name}", "x\\\"); __import__('os') # {name}").replace(
        '"food"', '"fo\'od\\\\"'
    )
    program = compiled(hostile)
    writer = Writer()
    source = write(program, layout_of(program), writer)
    for text in ("__import__", "fo'od", "seller", "Acme", "revenue", "worth"):
        assert text not in source
    compile(source, "<test>", "exec")
