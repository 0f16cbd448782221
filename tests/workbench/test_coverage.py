"""What a strategy owner gets from coverage: clauses with their rules, and rules that tests reach."""

from __future__ import annotations

import json
from pathlib import Path

from kamrules import compile_ruleset, load_ruleset
from kamrules.workbench.coverage import Part, clause_coverage, coverage_by_tests
from tests.commands import run

RULES = Path(__file__).with_name("rules.toml")


def clauses():
    return clause_coverage(compile_ruleset(load_ruleset(RULES)))


def by_tests():
    ruleset = load_ruleset(RULES)
    return coverage_by_tests(ruleset, compile_ruleset(ruleset))


def test_a_clause_lists_the_rules_that_name_it_by_kind():
    found = {each.id: each.rules for each in clauses().clauses}
    assert found["1"] == (("class", ("key", "other")), ("fact", ("big",)))
    assert found["3.1"] == (("role", ("sales",)), ("action", ("call",)))


def test_a_heading_is_covered_by_its_parts_and_a_clause_without_a_rule_is_named():
    found = clauses()
    assert [each.id for each in found.open] == ["2"]
    assert {each.id: each.parts for each in found.clauses}["3"] == ("3.1",)
    assert found.share == 0.75


def test_a_rule_counts_as_reached_when_it_is_at_work():
    counted = {each.address: each.true for each in by_tests().of(Part.RULES)}
    assert counted == {"class.key": 3, "class.other": 1, "action.call": 2}


def test_the_smallest_conditions_are_counted_true_false_and_unknown():
    found = {
        (each.address, each.text): (each.true, each.false, each.unknown)
        for each in by_tests().of(Part.ATOMS)
    }
    assert found == {
        ("fact.big", "sales >= much"): (3, 1, 0),
        ("class.key.when", "big"): (3, 1, 0),
        ("class.other.when", "big"): (3, 1, 0),
        ("action.call.when[0]", "class == 'key'"): (3, 1, 0),
        ("action.call.when[1]", "silent > 30d"): (3, 1, 0),
        ("action.call.when[1]", "count(orders) == 0"): (0, 4, 0),
    }


def test_what_no_test_reaches_is_named_with_its_place():
    (missed,) = by_tests().missed(Part.ATOMS)
    assert (missed.address, missed.text) == ("action.call.when[1]", "count(orders) == 0")
    file, _, number = missed.place.rpartition(":")
    assert 'when = ["class' in Path(file).read_text(encoding="utf-8").splitlines()[int(number) - 1]


def test_less_than_asked_for_of_any_part_told_ends_with_1():
    assert run("coverage", RULES, "--tests", "--rules", "--min", "100").status == 0
    assert run("coverage", RULES, "--tests", "--min", "100").status == 1
    assert run("coverage", RULES, "--tests", "--min", "83").status == 0
    assert run("coverage", RULES, "--tests", "--atoms", "--min", "84").status == 1
    assert run("coverage", RULES, "--sources", "--min", "100").status == 1
    assert run("coverage", RULES, "--sources", "--min", "75").status == 0


def test_a_condition_of_which_one_way_was_not_seen_is_told_with_what_is_lacking():
    told = run("coverage", RULES, "--tests").out
    assert "conditions true and false      5    6     83%" in told
    assert (
        "action.call.when[1]: count(orders) == 0\n"
        "    true 0  false 4  unknown 0   <- no test has it true\n"
    ) in told
    assert "silent > 30d" not in told
    assert "action.call.when[1]: silent > 30d\n" in run("coverage", RULES, "--tests", "--atoms").out


def test_a_parameter_may_be_set():
    told = run("coverage", RULES, "--tests", "--rules", "--set", "much=1_000", "--json")
    rules = {
        each["address"]: each["accounts"] for each in json.loads(told.out)["tests"]["rules"]["all"]
    }
    # the one test that sets it itself keeps its own value
    assert rules == {"class.key": 1, "class.other": 3, "action.call": 1}


def test_the_same_is_told_as_text_json_and_markdown():
    text = run("coverage", str(RULES)).out
    assert "3 of 4 clauses have rules (75%)" in text
    assert "without a rule: 2" in text
    data = json.loads(run("coverage", str(RULES), "--format", "json").out)
    assert [each["id"] for each in data["clauses"] if not each["covered"]] == ["2"]
    assert data["tests"]["rules"]["all"][2]["accounts"] == 2
    assert (
        run("coverage", str(RULES), "--json").out
        == run("coverage", str(RULES), "--format", "json").out
    )
    table = run("coverage", str(RULES), "--format", "markdown").out
    assert "| 3 | Calls | by its parts 3.1 |" in table
    assert "| `action.call` | 2 |" in table
    assert "| `action.call.when[1]` | `count(orders) == 0` | 0 | 4 | 0 |" in table
