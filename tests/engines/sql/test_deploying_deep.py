"""Views that are too deep for a warehouse become several, and all tables are told only where lists are."""

from __future__ import annotations

import datetime

import pytest
import sqlglot
from sqlglot import exp

from kamrules.compiler import compile_ruleset
from kamrules.diagnostics import UsageError
from kamrules.document import load_ruleset
from kamrules.engines.sql.deploying import Deployment, Run, deploy, statements_of
from kamrules.engines.sql.deploying.dialects import DIALECTS
from kamrules.engines.sql.deploying.translating import translated
from kamrules.engines.sql.tree import call, column
from tests.agreement.engines import compiled

DAY = datetime.date(2026, 6, 30)
DEEPEST = 15
RULES = """
[ruleset]
name = "deep"
version = "1"
hit = "first"
[table.accounts.column]
a = { type = "number" }
[fact]
f0 = { type = "number", value = "max(a, 1)" }
%s
[class.key]
"""


def deep(storeys):
    facts = [
        f'f{each} = {{ type = "number", value = "max(f{each - 1}, {each}) / f{each - 1}" }}'
        for each in range(1, storeys)
    ]
    return compiled(RULES % "\n".join(facts))


def depth_of(view):
    """Return how many CTEs of a view stand on each other."""
    found = {}
    for each in view.find_all(exp.CTE):
        names = (one.name for one in each.this.find_all(exp.Table) if not one.db)
        found[each.alias] = 1 + max((found.get(one, 0) for one in names), default=0)
    return max(found.values(), default=0)


def views_of(text, dialect):
    made = [each for each in sqlglot.parse(text, dialect=dialect) if isinstance(each, exp.Create)]
    return {each.this.name: each for each in made}


@pytest.mark.parametrize("rules", ["deep", "kam"])
def test_no_view_for_spark_is_deeper_than_spark_takes(rules):
    program = deep(60) if rules == "deep" else compile_ruleset(load_ruleset("kam"))
    found = views_of(deploy(program, Deployment("spark", DAY, prefix="crm.r")), "spark")
    names = list(found)
    assert names[0] == "r_facts_1"
    assert {"r_facts", "r_decisions"} <= set(names)
    assert max(map(depth_of, found.values())) <= DEEPEST
    for place, each in enumerate(found.values()):
        # a view reads only those that are made before it
        read = {one.name for one in each.find_all(exp.Table) if one.name in found} - {
            each.this.name
        }
        assert read <= set(names[:place])


def test_a_flat_ruleset_needs_no_further_views_and_other_warehouses_never_do():
    flat = views_of(deploy(deep(2), Deployment("spark", DAY, prefix="r")), "spark")
    assert list(flat) == ["r_facts", "r_decisions"]
    duck = views_of(deploy(deep(60), Deployment("duckdb", DAY, prefix="r")), "duckdb")
    assert list(duck) == ["r_facts", "r_decisions"]
    assert max(map(depth_of, duck.values())) > DEEPEST


@pytest.mark.parametrize("dialect", ["postgres", "snowflake", "bigquery"])
def test_all_tables_are_refused_where_there_are_no_lists(dialect):
    with pytest.raises(UsageError) as raised:
        statements_of(deep(2), Deployment(dialect, DAY), Run())
    assert [each.code for each in raised.value.diagnostics] == ["KR885"]


def test_a_run_needs_a_date():
    with pytest.raises(UsageError) as raised:
        statements_of(deep(2), Deployment("spark"), Run())
    assert [each.code for each in raised.value.diagnostics] == ["KR886"]


def test_a_function_that_spark_has_not_been_told_is_not_passed_on():
    with pytest.raises(TypeError, match="list_zip"):
        translated(call("list_zip", column("a")), DIALECTS["spark"])


def test_what_is_read_more_than_once_and_costs_work_is_kept():
    rules = RULES.replace(
        "[fact]", '[table.orders.column]\namount = { type = "money" }\n[fact]'
    ) % (
        'most = { type = "money", value = "max(orders.amount)" }\n'
        'near = { type = "integer", value = "count(orders[amount > most / 2])" }'
    )
    other = '[class.other]\nwhen = "most > 5 and near > 1"\nlevel = 2\n[class.key]\nlevel = 1'
    rules = rules.replace("[class.key]", other)
    made = statements_of(compiled(rules), Deployment("spark", DAY), Run(prefix="r"))
    # the greatest amount is read by the rows that are held against it, and by the accounts
    assert [each.name for each in made.steps if each.keep] == ["r_orders_measures", "r_core"]
