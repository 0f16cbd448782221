"""Aggregates over an account's rows: several in one pass, none, and rows of which none can count."""

from __future__ import annotations

import pytest

from kamrules import decide
from tests.engines.row.rulesets import AS_OF, compiled

AGGREGATES = {
    "total": ("money", "sum(orders.amount)"),
    "number": ("integer", "count(orders.amount)"),
    "average": ("money", "mean(orders.amount)"),
    "largest": ("money", "max(orders.amount)"),
    "days": ("integer", "distinct(orders.date)"),
    "some": ("bool", "any(orders[amount > 10])"),
    "later": ("integer", "count(orders[date > since])"),
    "above": ("integer", "count(orders[amount > limit])"),
    "chosen": ("integer", "count(orders[if(amount > 10, date > as_of - 30d, amount > 5)])"),
    "recent": ("integer", "count(orders[date > as_of - 90d])"),
    "sold_late": ("bool", "any(orders[date > first_day])"),
    "planned": ("money", "max(plans.amount)"),
    "above_plan": ("integer", "count(orders[amount > planned])"),
    "either": ("integer", "count(plans[if(amount > largest, amount > 10, amount > 12)])"),
    "many": ("bool", "count(orders) >= 3.5"),
    "first_day": ("date", "min(orders.date)"),
}
PROGRAM = compiled(
    """
[ruleset]
name = "small"
version = "1"
[table.accounts.column]
since = { type = "date" }
limit = { type = "money" }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
[table.plans.column]
amount = { type = "money" }
"""
    + "".join(
        f'[fact.{name}]\ntype = "{kind}"\nvalue = "{text}"\n'
        for name, (kind, text) in AGGREGATES.items()
    )
)
ROWS = [
    {"date": "2026-01-05", "amount": 20},
    {"date": "2026-01-20", "amount": 6},
    {"date": "2025-12-01", "amount": 30},
    {"date": "2026-01-05", "amount": 4},
]


def facts(rows, **account):
    given = {"account_id": "A1", **account} | ({} if rows is None else {"orders": rows})
    return decide(PROGRAM, given, as_of=AS_OF).facts


def test_all_aggregates_of_a_table_are_right_together():
    found = facts(ROWS, since="2026-01-10", limit=5)
    told = {name: found[name] for name in AGGREGATES if name != "first_day"}
    assert told == {
        "total": 60, "number": 4, "average": 15, "largest": 30, "days": 3, "some": True,
        "later": 1, "above": 3, "chosen": 2, "recent": 4, "sold_late": True,
        "planned": None, "above_plan": 0, "either": None, "many": True,
    }  # fmt: skip
    assert str(found["first_day"]) == "2025-12-01"


@pytest.mark.parametrize("turn", range(4))
def test_the_order_of_rows_makes_no_difference(turn):
    account = {"since": "2026-01-10", "limit": 5}
    assert facts(ROWS[turn:] + ROWS[:turn], **account) == facts(ROWS, **account)


def test_what_is_found_over_other_aggregates_does_not_wait_for_one_that_is_unknown():
    for plans, above, either in (([], 0, 0), ([{"amount": 15}], 2, 1)):
        given = {"account_id": "A1", "orders": ROWS, "plans": plans}
        found = decide(PROGRAM, given, as_of=AS_OF).facts
        assert (found["sold_late"], found["either"], found["above_plan"]) == (True, either, above)


def test_a_number_of_rows_is_compared_with_what_is_not_whole():
    assert (facts(ROWS)["many"], facts(ROWS[:3])["many"]) == (True, False)


def test_over_no_rows_sums_and_counts_are_0_any_is_false_and_the_others_are_unknown():
    found = facts([], since="2026-01-10", limit=5)
    assert found == {
        "total": 0, "number": 0, "average": None, "largest": None, "days": 0, "some": False,
        "later": 0, "above": 0, "chosen": 0, "recent": 0, "sold_late": False,
        "planned": None, "above_plan": 0, "either": None, "many": False, "first_day": None,
    }  # fmt: skip
    assert isinstance(found["total"], float)
    assert isinstance(found["number"], int)


def test_over_a_table_that_is_lacking_all_are_unknown():
    assert set(facts(None, since="2026-01-10", limit=5).values()) == {None}


@pytest.mark.parametrize(
    ("account", "later", "above"),
    [({}, 0, 0), ({"since": "2026-01-10"}, 1, 0), ({"limit": 5}, 0, 3)],
)
def test_no_row_counts_against_a_value_that_is_unknown_and_each_is_tested_on_its_own(
    account, later, above
):
    found = facts(ROWS, **account)
    assert (found["later"], found["above"]) == (later, above)
    assert (found["total"], found["some"], found["chosen"]) == (60, True, 2)


@pytest.mark.parametrize(
    ("account", "counted"),
    [({"since": "2026-01-10"}, (1, 0)), ({"limit": 5}, (0, 3)), ({}, (0, 0))],
)
def test_where_all_that_is_asked_waits_for_a_value_each_waits_for_its_own(account, counted):
    program = compiled(
        """
        [ruleset]
        name = "small"
        version = "1"
        [table.accounts.column]
        since = { type = "date" }
        limit = { type = "money" }
        [table.orders.column]
        date = { type = "date" }
        amount = { type = "money" }
        [fact.later]
        type = "integer"
        value = "count(orders[date > since])"
        [fact.above]
        type = "integer"
        value = "count(orders[amount > limit])"
        """
    )
    found = decide(program, {"account_id": "A1", "orders": ROWS, **account}, as_of=AS_OF).facts
    assert (found["later"], found["above"]) == counted
