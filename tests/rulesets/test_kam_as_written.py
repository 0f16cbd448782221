"""What a strategy owner relies on in the text of the ruleset `kam`."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from kamrules.compiler import compile_with_warnings
from kamrules.document import load_ruleset
from kamrules.expression.nodes import Compare, Constant
from kamrules.expression.types import Kind
from tests.rulesets.kam import kam

HEADINGS = {"1.5", "2.5"}
"""Clauses that only gather others; their parts are cited."""
GUIDE = Path(__file__).parents[2] / "docs" / "kam.md"


def every_rule():
    program = kam()
    yield from program.facts
    yield from (each for score in program.scores for each in (score, *score.criteria))
    yield from program.classes
    for rule in (*program.paths, *program.tiers):
        yield rule
        yield from rule.gates
    yield from program.phases
    yield from program.strategies
    yield from program.actions


def nodes(value, of):
    """Yield everything of a class inside a rule."""
    if isinstance(value, of):
        yield value
    if is_dataclass(value):
        for each in fields(value):
            yield from nodes(getattr(value, each.name), of)
    elif isinstance(value, tuple):
        for each in value:
            yield from nodes(each, of)


def test_kam_compiles_without_an_error_or_a_warning():
    program, warnings = compile_with_warnings(load_ruleset("kam"))
    assert program is not None
    assert warnings == ()


def test_it_has_what_the_handbook_names():
    program = kam()
    assert [each.id for each in program.classes] == ["key", "ordinary", "prospect", "unattractive"]
    assert [each.id for each in program.tiers] == [
        "vendor", "preferred_supplier", "partner", "strategic_alliance",
    ]  # fmt: skip
    assert {each.id for each in program.phases} == {
        "breakthrough", "consolidation", "growth", "harvest", "defence", "hibernation", "suspension",
    }  # fmt: skip
    assert {each.id for each in program.scores} == {
        "attractiveness", "relationship", "trust", "contentment", "plan_quality",
        "competitive_position", "information",
    }  # fmt: skip
    assert len(program.actions) >= 120
    states = next(each for each in program.facts if each.id == "relation_state")
    assert len(states.type.choices) == 7


def test_there_is_a_way_from_the_bottom_of_the_pyramid_to_its_top():
    ways = {(each.origin, each.target) for each in kam().paths}
    assert {("unattractive", "prospect"), ("prospect", "ordinary"), ("ordinary", "key")} <= ways


def test_every_class_has_a_strategy_of_its_name_for_whatever_no_other_takes():
    program = kam()
    assert {each.id for each in program.classes} <= {each.id for each in program.strategies}


def test_the_shares_of_all_selling_time_add_up_to_all_of_it():
    assert sum(each.time_share for each in kam().strategies) == pytest.approx(1)


@pytest.mark.parametrize("rule", list(every_rule()), ids=lambda rule: rule.address)
def test_every_rule_names_clauses_that_exist(rule):
    assert rule.source, f"{rule.address} names no clause"
    assert set(rule.source) <= set(kam().sources)


def test_every_role_names_clauses_that_exist():
    for role in kam().roles:
        assert role.source, role.id
        assert set(role.source) <= set(kam().sources)


def test_every_clause_that_is_titled_is_cited_by_a_rule():
    cited = {clause for rule in (*every_rule(), *kam().roles) for clause in rule.source}
    assert set(kam().sources) <= cited | HEADINGS


@pytest.mark.parametrize("parameter", kam().parameters, ids=lambda each: each.id)
def test_every_parameter_can_be_tuned_within_a_range_and_says_what_it_is(parameter):
    assert parameter.about
    assert parameter.low < parameter.high
    assert parameter.low <= parameter.value <= parameter.high


def test_no_condition_compares_with_a_number_that_nobody_can_tune():
    """0 and 1 (none, at least one), levels of information and of tiers are no thresholds."""
    program = kam()
    rules = [*program.classes, *program.phases, *program.actions]
    rules += [gate for each in (*program.paths, *program.tiers) for gate in each.gates]
    bare = []
    for rule in rules:
        for part in ("when", "stay"):
            for compare in nodes(getattr(rule, part, None), Compare):
                for constant in nodes(compare, Constant):
                    if constant.parameter is None and _is_threshold(constant, compare):
                        bare.append(f"{rule.address}: {constant.value}")  # noqa: PERF401
    assert bare == []


def _is_threshold(constant: Constant, compare: Compare) -> bool:
    if constant.type.kind in {Kind.BOOL, Kind.TEXT, Kind.CHOICE} or constant.value in {0, 1}:
        return False
    return "level" not in repr(compare)


def test_every_parameter_is_used():
    program = kam()
    used = {each.parameter for each in nodes(_everything(), Constant)}
    text = "".join(path.read_text(encoding="utf-8") for path in _toml_files())
    in_numbers = {each.id for each in program.parameters if f'"{each.id}"' in text}
    assert {each.id for each in program.parameters} <= used | in_numbers


def _everything():
    program = kam()
    return (
        program.aggregates, program.facts, program.scores, program.classes, program.paths,
        program.tiers, program.phases, program.strategies, program.actions,
    )  # fmt: skip


def _toml_files():
    return (Path(__file__).parents[2] / "rulesets" / "kam").rglob("*.toml")


def test_every_action_has_an_owner_a_date_an_effort_and_a_reason_with_the_account_in_it():
    program = kam()
    roles = {each.id for each in program.roles}
    for action in program.actions:
        assert action.owner in roles, action.address
        assert action.due_days > 0, action.address
        assert action.effort_hours > 0, action.address
        assert action.cooldown_days > 0, action.address


def test_the_guide_names_every_class_tier_phase_and_score():
    named = set(re.findall(r"`([a-z_0-9]+)`", GUIDE.read_text(encoding="utf-8")))
    program = kam()
    for rules in (program.classes, program.tiers, program.phases, program.scores):
        assert {each.id for each in rules} <= named


def test_the_guide_names_nothing_that_the_rules_do_not_have():
    text = GUIDE.read_text(encoding="utf-8")
    program = kam()
    known = {each.id for each in every_rule()} | {each.id for each in program.parameters}
    known |= {column for table in program.tables.values() for column in table.columns}
    known |= set(program.tables) | {"kam"}
    assert set(re.findall(r"`([a-z]+_[a-z_0-9]+)`", text)) <= known


def test_the_guide_gives_parameters_as_the_rules_have_them():
    text = GUIDE.read_text(encoding="utf-8")
    values = {each.id: each.value for each in kam().parameters}
    told = re.findall(r"^\| `([a-z_]+)` \| ([0-9,]+) \|", text, flags=re.MULTILINE)
    assert len(told) == 4
    assert {name: float(value.replace(",", "")) for name, value in told} == {
        name: values[name] for name, _ in told
    }
