"""Every shipped ruleset decides its example accounts as its tests say; those of kam reach every rule."""

from __future__ import annotations

import pytest

from kamrules import compile_ruleset, load_ruleset
from kamrules.document import names, shipped_folder
from kamrules.workbench.coverage import Part, coverage_by_tests
from kamrules.workbench.testing import run_tests
from kamrules.workbench.testing.telling import told

SHIPPED = names([shipped_folder()])
DECIDING = [each for each in SHIPPED if each != "vocabulary"]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_tests_of_a_shipped_ruleset_pass(name):
    report = run_tests(load_ruleset(name))
    assert report.passed, told(report)


@pytest.mark.parametrize("name", DECIDING)
def test_a_ruleset_that_decides_has_tests_and_leaves_none_out(name):
    tests = load_ruleset(name).model.test
    assert tests
    assert [each for each, test in tests.items() if test.skip is not None] == []


def test_the_tests_of_kam_reach_every_rule_and_band():
    ruleset = load_ruleset("kam")
    covered = coverage_by_tests(ruleset, compile_ruleset(ruleset))
    bands = [each for each in covered.missed(Part.STEPS) if each.kind == "band"]
    assert [each.address for each in (*covered.missed(Part.RULES), *bands)] == []
