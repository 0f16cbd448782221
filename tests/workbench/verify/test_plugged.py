"""What verify proves of rules that call functions of plug-ins holds whatever those give."""

from __future__ import annotations

import pytest

from kamrules import load_ruleset
from kamrules.workbench.verify import State, verify
from tests.strategies.functions import plugged

RULES = """
[ruleset]
name = "calling"
version = "1"
[table.accounts.column]
country = { type = "text" }
town = { type = "text" }
sales = { type = "money" }
since = { type = "date" }
flag = { type = "bool" }
[class.key]
when = "(CONDITION) is not unknown and (CONDITION)"
level = 2
[class.other]
when = "OTHER"
level = 1
"""
CONDITIONS = [
    "initial(country) == 'A'", "initial(country) in ['A', 'B']", "longer_than(country, 3)",
    "after_discount(sales, 10%) >= 90", "days_into_week(since) > 3d", "signed(flag, 5) > 1",
    "week_of(since) >= 2026-01-01",
]  # fmt: skip


def told(tmp_path, condition, other="(CONDITION) is unknown or not (CONDITION)"):
    path = tmp_path / "rules.toml"
    text = RULES.replace("OTHER", other).replace("CONDITION", condition)
    path.write_text(text, encoding="utf-8")
    report = verify(load_ruleset(path, functions=plugged()))
    return {(each.kind, each.address): each for each in report.findings}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_and_its_opposite_leave_nobody_out_whatever_functions_give(tmp_path, condition):
    found = told(tmp_path, condition)
    assert found["disjoint", "class.other"].state is State.PROVED
    assert found["complete", "class.key"].state is State.PROVED
    assert State.UNTRUE not in {each.state for each in found.values()}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_nobody_proves_that_classes_are_whole_which_a_function_can_leave(tmp_path, condition):
    found = told(tmp_path, condition, other="(CONDITION) is unknown")
    assert found["complete", "class.key"].state is not State.PROVED


def test_an_account_is_shown_where_a_function_of_numbers_leaves_one_out(tmp_path):
    found = told(tmp_path, CONDITIONS[3], other="not (CONDITION) and sales < 50")
    gap = found["complete", "class.key"]
    assert gap.state is State.UNTRUE
    assert gap.witness is not None


@pytest.mark.parametrize(
    "condition",
    ["country == town", "initial(country) == town", "initial(country) == initial(town)"],
)
def test_two_texts_that_no_rule_names_may_differ(tmp_path, condition):
    """They were once taken to be equal, and the class of those that differ for one that nobody reaches."""
    found = told(tmp_path, condition)
    assert State.UNTRUE not in {each.state for each in found.values()}
    found = told(tmp_path, condition, other="country is unknown or town is unknown")
    assert found["complete", "class.key"].state is not State.PROVED


def test_a_function_of_what_is_unknown_is_unknown(tmp_path):
    found = told(tmp_path, CONDITIONS[3], other="sales is unknown or not (CONDITION)")
    assert found["disjoint", "class.other"].state is State.PROVED
