"""The alternative rulesets: one class for any account, and what people need to know of each model."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings

from kamrules import compile_ruleset, load_ruleset
from kamrules.compiler import compile_with_cases
from kamrules.document import names, shipped_folder
from kamrules.engines.row import engine_of
from kamrules.workbench.coverage import Part, clause_coverage, coverage_by_tests
from tests.rulesets.kam import AS_OF
from tests.rulesets.test_kam_classes import ACCOUNTS

SHIPPED = names([shipped_folder()])
ALTERNATIVES = [each for each in SHIPPED if each not in ("kam", "vocabulary")]


@cache
def program(name):
    return compile_ruleset(load_ruleset(name))


@pytest.mark.parametrize("name", ALTERNATIVES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts=ACCOUNTS)
def test_exactly_one_class_holds_for_any_account(name, facts):
    decision = engine_of(program(name)).decide(facts, as_of=AS_OF)
    assert decision.faults == ()
    assert decision.class_ is not None
    assert decision.strategy is not None


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_ruleset_has_nothing_to_complain_about(name):
    found, _, diagnostics = compile_with_cases(load_ruleset(name))
    assert found is not None
    assert [str(each) for each in diagnostics] == []


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_its_tests_reach_every_rule(name):
    covered = coverage_by_tests(load_ruleset(name), program(name))
    bands = [each for each in covered.missed(Part.STEPS) if each.kind == "band"]
    assert bands == []
    assert [each.address for each in covered.missed(Part.RULES)] == []


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_every_rule_names_a_part_of_its_model(name):
    assert clause_coverage(program(name)).without_clause == ()


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_the_page_of_rulesets_names_it_and_its_model(name):
    page = (shipped_folder().parent / "docs" / "rulesets.md").read_text(encoding="utf-8")
    assert f"## `{name}`" in page
