"""What a strategy owner gets from coverage: clauses with their rules, and rules that tests reach."""

from __future__ import annotations

import json
from pathlib import Path

from kamrules import compile_ruleset, load_ruleset
from kamrules.workbench.coverage import clause_coverage, rule_coverage
from tests.commands import run

RULES = Path(__file__).with_name("rules.toml")


def clauses():
    return clause_coverage(compile_ruleset(load_ruleset(RULES)))


def rules():
    ruleset = load_ruleset(RULES)
    return rule_coverage(ruleset, compile_ruleset(ruleset))


def test_a_clause_lists_the_rules_that_name_it_by_kind():
    found = {each.id: each.rules for each in clauses().clauses}
    assert found["1"] == (("class", ("key", "other")), ("fact", ("big",)))
    assert found["3.1"] == (("role", ("sales",)), ("action", ("call",)))


def test_a_heading_is_covered_by_its_parts_and_a_clause_without_a_rule_is_named():
    found = clauses()
    assert [each.id for each in found.open] == ["2"]
    assert {each.id: each.parts for each in found.clauses}["3"] == ("3.1",)
    assert found.share == 0.75


def test_rules_that_no_test_reaches_are_named_with_their_place():
    missed = {each.address: each.place for each in rules().missed}
    assert set(missed) == set()
    text = RULES.read_text(encoding="utf-8")
    assert text.splitlines()[0].startswith("#")


def test_a_rule_counts_as_reached_when_it_is_at_work():
    counted = {each.address: each.tests for each in rules().rules}
    assert counted == {"class.key": 3, "class.other": 1, "action.call": 2}


def test_conditions_are_counted_true_false_and_unknown():
    found = rules().conditions["action.call.when[1]"]
    assert found == (3, 1, 0)
    assert rules().both_ways >= 1


def test_less_than_asked_for_ends_with_1():
    assert run("coverage", str(RULES), "--tests", "--min", "100").status == 0
    assert run("coverage", str(RULES), "--sources", "--min", "100").status == 1
    assert run("coverage", str(RULES), "--sources", "--min", "75").status == 0


def test_the_same_is_told_as_text_json_and_markdown():
    text = run("coverage", str(RULES)).out
    assert "3 of 4 clauses have rules (75%)" in text
    assert "without a rule: 2" in text
    data = json.loads(run("coverage", str(RULES), "--format", "json").out)
    assert [each["id"] for each in data["clauses"] if not each["covered"]] == ["2"]
    table = run("coverage", str(RULES), "--format", "markdown").out
    assert "| 3 | Calls | by its parts 3.1 |" in table
    assert "| `action.call` | 2 |" in table
