"""Rows beside rows in a warehouse: views count them as the batch engine does, to the day."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamrules.engines.sql.deploying import DIALECTS, Deployment, deploy
from tests.agreement.engines import compiled
from tests.engines.sql.scene_beside import (
    Asked,
    asking,
    beside,
    by_hand,
    ids,
    of_account_size,
    on,
    row,
    some_asked,
    some_rows,
)
from tests.engines.sql.warehouses import warehouse_of

DAY = datetime.date(2026, 6, 30)
FORMS = {
    "account_id": "text", "day": "date", "closed": "date", "n": "bigint", "contact": "text",
    "order": "number",
}  # fmt: skip

TAKEN = """
[ruleset]
name = "taken"
version = "1"
[table.accounts.column]
size = { type = "integer" }
[table.calls.column]
from_day = { type = "date" }
is_other = { type = "text" }
key_0 = { type = "text" }
[signal.again]
after = "calls[is_other == 'x']"
at_least = 2
within_days = 3
same = ["is_other", "key_0"]
"""


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(request):
    with warehouse_of(request.param) as found:
        yield found


def counted(warehouse, *asked, **tables):
    """Return what the view of facts counts for every account."""
    lacking = tuple(each for each in ("complaints", "visits") if each not in tables)
    made = Deployment(warehouse.dialect, DAY, prefix="crm.rules", schema="crm", without=lacking)
    warehouse.empty()
    warehouse.fill("accounts", {"account_id": "text", "size": "bigint"}, ids("a", "b"))
    for name, some in tables.items():
        warehouse.fill(name, FORMS, some)
    warehouse.run(deploy(asking(*asked), made))
    return {
        each["account_id"]: [each[f"f{number}"] for number in range(len(asked))]
        for each in warehouse.rows("SELECT * FROM crm.rules_facts")
    }


@pytest.mark.parametrize(("visited", "unanswered"), [(-1, 1), (0, 0), (14, 0), (15, 1), (None, 1)])
def test_an_answer_counts_from_the_same_day_to_the_last(warehouse, visited, unanswered):
    found = counted(warehouse, Asked((beside(),)), complaints=[row(0)], visits=[row(visited)])
    assert found == {"a": [unanswered], "b": [0]}


def test_a_row_does_not_count_itself_and_equal_rows_count_one_another(warehouse):
    asked = Asked((beside("complaints", -14, 0, 1),))
    assert counted(warehouse, asked, complaints=[row(0)])["a"] == [0]
    assert counted(warehouse, asked, complaints=[row(0), row(0)])["a"] == [2]


def test_unknown_keys_are_never_equal(warehouse):
    asked = [Asked((beside(needed=1, same=(key,)),)) for key in ("contact", "order")]
    nobody, somebody = row(0, contact=None, order=None), row(0, order=1)
    assert counted(warehouse, *asked, complaints=[nobody], visits=[nobody])["a"] == [0, 0]
    assert counted(warehouse, *asked, complaints=[somebody], visits=[nobody])["a"] == [0, 0]
    assert counted(warehouse, *asked, complaints=[somebody], visits=[somebody])["a"] == [1, 1]


def test_numbers_that_differ_in_their_last_place_are_different_keys(warehouse):
    asked = Asked((beside(needed=1, same=("order",)),))
    one, other = Decimal("123456789012.345678"), Decimal("123456789012.345679")
    found = [
        counted(warehouse, asked, complaints=[row(0, order=one)], visits=[row(0, order=each)])["a"]
        for each in (one, other)
    ]
    assert found == [[1], [0]]


def test_a_table_that_the_warehouse_lacks_leaves_it_unknown(warehouse):
    found = counted(warehouse, Asked((beside(),)), complaints=[row(0)])
    assert found == {"a": [None], "b": [None]}


def test_others_may_be_told_by_what_is_known_of_the_account(warehouse):
    visits = [row(1, "a", n=1), row(1, "b", n=1)]
    complaints = [row(0, "a"), row(0, "b"), row(1, "b", n=2)]
    found = counted(
        warehouse,
        Asked((of_account_size(beside(needed=1)),)),
        Asked((of_account_size(beside("complaints", needed=1)),)),
        complaints=complaints, visits=visits,
    )  # fmt: skip
    assert found == {"a": [1, 0], "b": [0, 1]}


def test_columns_may_have_the_names_that_the_views_use_themselves(warehouse):
    rules = compiled(TAKEN)
    warehouse.empty()
    warehouse.fill("accounts", {"account_id": "text", "size": "bigint"}, ids("a"))
    forms = {"account_id": "text", "from_day": "date", "is_other": "text", "key_0": "text"}
    taken = {"account_id": "a", "from_day": on(0), "is_other": "x", "key_0": "y"}
    warehouse.fill("calls", forms, [taken, {**taken, "from_day": on(3)}])
    warehouse.run(
        deploy(rules, Deployment(warehouse.dialect, DAY, prefix="crm.rules", schema="crm"))
    )
    assert warehouse.rows("SELECT again, again_date FROM crm.rules_facts") == [
        {"again": True, "again_date": float((on(3) - datetime.date(1970, 1, 1)).days)}
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(some_rows(), some_rows(), st.lists(some_asked(), min_size=1, max_size=3))
def test_any_rows_count_as_they_do_by_hand(warehouse, complaints, visits, asked):
    tables = {
        name: [
            {**each, "order": None if each["order"] is None else int(each["order"])}
            for each in some
        ]
        for name, some in (("complaints", complaints), ("visits", visits))
    }
    found = counted(warehouse, *asked, **tables)
    for account in "ab":
        assert found[account] == [by_hand(tables, each, account) for each in asked]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_told_a_window_of_days_over_whole_numbers(dialect):
    asked = Asked(
        (beside(same=("contact", "order", "day")), beside("complaints", -14, 0, 2, least=1))
    )
    text = deploy(asking(asked), Deployment(dialect, DAY, prefix="rules", schema="crm"))
    found = [each for each in sqlglot.parse(text, dialect=dialect) if each is not None]
    windows = [each for made in found for each in made.find_all(sqlglot.exp.WindowSpec)]
    ranges = [each.args["end"].sql() for each in windows if each.args["kind"] == "RANGE"]
    assert ranges == ["14", "14"]
    # days are held as doubles, by which some warehouses neither order within a range nor put rows apart
    made = {
        each.alias: each.this
        for one in found
        for each in one.find_all(sqlglot.exp.Alias)
        if each.alias.lower() in {"from_day", "key_2"}
    }
    assert len(made) == 2
    for each in made.values():
        inner = each.find(sqlglot.exp.Cast)
        assert inner is not None
        assert inner.to.sql("duckdb") in {"BIGINT", "INT"}
