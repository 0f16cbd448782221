"""Where Spark differs from other warehouses: each trap by itself, in ANSI mode and without it."""

from __future__ import annotations

import datetime

import pytest

from kamrules.engines.sql.deploying import Deployment, Run, deploy, statements_of
from tests.agreement.deploying import agree_completely, agree_in
from tests.agreement.engines import compiled
from tests.engines.sql.spark import OF_SPARK
from tests.engines.sql.warehouses import warehouse_of
from tests.strategies import Case
from tests.strategies.books import Past, TableData
from tests.strategies.values import BIG, DECIMALS, TEXTS

pytestmark = pytest.mark.filterwarnings(*OF_SPARK)
DAY = datetime.date(2026, 6, 30)
DOUBLES = (
    0.0, -0.0, 0.1, 0.3, -0.5, 2.5, 1.00005, -1.00005, 1e-300, 123456789.12345, 9.9e13, 1e15, 1e300,
    float("nan"), float("inf"), float("-inf"), None,
)  # fmt: skip
DAYS = (
    datetime.date(1, 1, 1), datetime.date(999, 12, 31), datetime.date(1582, 10, 10),
    datetime.date(1969, 12, 31), datetime.date(1970, 1, 1), DAY, datetime.date(9999, 12, 31), None,
)  # fmt: skip
RULES = """
[ruleset]
name = "rules"
version = "1"
hit = "first"
[table.accounts.column]
name = { type = "text" }
a = { type = "money" }
b = { type = "number" }
n = { type = "integer" }
day = { type = "date" }
[table.orders]
order = "day"
[table.orders.column]
amount = { type = "money" }
day = { type = "date" }
kind = { type = "text" }
[fact]
third = { type = "money", value = "a / 3" }
third_of_sevens = { type = "money", value = "(a + 7) / 3 * 0.1" }
ratio = { type = "number", value = "a / a" }
squared = { type = "number", value = "b * b" }
to_the_fourth = { type = "number", value = "squared * squared" }
to_the_eighth = { type = "number", value = "to_the_fourth * to_the_fourth" }
to_the_sixteenth = { type = "number", value = "to_the_eighth * to_the_eighth" }
beyond = { type = "number", value = "to_the_sixteenth * to_the_sixteenth" }
counted = { type = "number", value = "n + 0.5" }
whole = { type = "number", value = "round(b, 0)" }
tenths = { type = "number", value = "round(b, 1)" }
least = { type = "money", value = "min(a, 10)" }
most = { type = "money", value = "max(a, 10)" }
within = { type = "money", value = "clamp(a, 1, 5)" }
size = { type = "money", value = "abs(a)" }
age = { type = "days", value = "as_of - day" }
decayed = { type = "number", value = "decay(as_of - day, 30d)" }
sold = { type = "money", value = "sum(orders.amount)" }
usual = { type = "money", value = "mean(orders.amount)" }
kinds = { type = "integer", value = "distinct(orders.kind)" }
amounts = { type = "integer", value = "distinct(orders.amount)" }
first_kind = { type = "text", value = "first(orders.kind)" }
last_kind = { type = "text", value = "last(orders.kind)" }
last_amount = { type = "money", value = "last(orders.amount)" }
recent = { type = "integer", value = "count(orders[day > as_of - 365d])" }
blank = { type = "bool", value = "name == 'a '" }
[score.worth]
band = { low = "[0..50)", high = "[50..100]" }
[criterion.amount]
score = "worth"
weight = 0.3
value = "a"
curve = [[0, 0], [10, 33.3], [1_000_000, 100]]
[criterion.many]
score = "worth"
weight = 0.7
value = "n"
scale = [{ in = "[10..]", points = 99.9 }, { points = 0.1 }]
[class.key]
level = 2
when = "worth >= 50"
[class.ordinary]
level = 1
[path.up]
from = "ordinary"
to = "key"
[path.up.gate.sold]
when = "sold >= 100"
[tier.vendor]
level = 1
[tier.vendor.gate.any]
when = "sold >= 0"
[tier.partner]
level = 2
[tier.partner.gate.much]
when = "sold >= 1000"
[role.seller]
title = "Seller"
[action.call]
title = "Call {name}"
when = "sold >= 0"
priority = "worth"
owner = "seller"
due_days = 14
effort_hours = 1.5
cooldown_days = 30
excludes = ["write"]
because = "{a} and {b} and {n} since {day}, {blank}"
[action.write]
title = "Write"
when = ["a > 0", "day < as_of"]
priority = "b / 3"
owner = "seller"
due_days = 36_500
effort_hours = 0.1

because = "{third} of {sold}"
"""


def each_of(values, *, form, others):
    """Return a case in which every value stands once in the account's column of a form, others beside it."""
    column = {"double": "a", "decimal": "a", "bigint": "n", "date": "day", "text": "name"}[form]
    forms = {
        "account_id": "text",
        "name": "text",
        "a": "double",
        "b": "double",
        "n": "bigint",
        "day": "date",
    }
    forms[column] = form
    usual = {"name": "a", "a": 2.0, "b": 1.5, "n": 3, "day": DAY} | others
    accounts = [
        {"account_id": f"A{place:02}", **usual, column: value} for place, value in enumerate(values)
    ]
    return forms, accounts


def case_of(forms, accounts, orders=(), amounts="double", past=None):
    given = {"account_id": "text", "amount": amounts, "day": "date", "kind": "text"}
    tables = {"accounts": TableData(forms, accounts), "orders": TableData(given, list(orders))}
    return Case(RULES, tables, DAY, past, 3, "en")


@pytest.fixture(scope="module", params=["spark", "lenient spark"])
def spark(request):
    with warehouse_of(request.param) as found:
        yield found


TRAPS = {
    "doubles": ("double", DOUBLES, {}),
    "doubles in sums of products": ("double", DOUBLES, {"b": 1e11}),
    "decimals": ("decimal", (*DECIMALS, None), {"b": -0.25}),
    "whole numbers": ("bigint", (*BIG, None), {}),
    "dates": ("date", DAYS, {}),
    "texts": ("text", [each for each in TEXTS if each], {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("trap", TRAPS)
def test_a_column_of_values_that_are_traps_is_decided_as_the_row_engine_does(spark, trap):
    form, values, others = TRAPS[trap]
    case = case_of(*each_of(values, form=form, others=others))
    agree_in(spark, case)
    agree_completely(spark, case)


def orders_of(kind, amounts):
    """Return orders of one account: every text on every day, so that first and last are told by the text."""
    days = (None, DAY, datetime.date(2025, 6, 29), datetime.date(1, 1, 1))
    return [
        {"account_id": "A00", "amount": amount, "day": days[place % 4], "kind": kind(place)}
        for place, amount in enumerate(amounts)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "amounts"), [("double", DOUBLES * 3), ("decimal", DECIMALS * 3), ("bigint", (*BIG, None) * 2)],
    ids=["doubles", "decimals", "whole numbers"],
)  # fmt: skip
def test_rows_are_summed_counted_and_ordered_as_the_row_engine_does(spark, form, amounts):
    texts = (*TEXTS, None)
    rows = orders_of(lambda place: texts[place % len(texts)], amounts)
    case = case_of(*each_of([1.0, 2.0], form="double", others={}), rows, form)
    agree_in(spark, case)
    agree_completely(spark, case)


@pytest.mark.slow
def test_what_was_decided_before_counts(spark):
    rows = [
        {"account_id": f"A{each:02}", "amount": 60.0 * each, "day": DAY, "kind": "x"}
        for each in range(6)
    ]
    yesterday = DAY - datetime.timedelta(days=1)
    past = Past(
        [("A00", "key", "partner"), ("A01", "key", None), ("A02", "ghost", "vendor"),
         ("A03", None, "partner")],
        [("A01", "call", yesterday), ("A02", "call", DAY), ("A03", "call", DAY - datetime.timedelta(days=30)),
         ("A04", "ghost", yesterday), ("A05", "call", datetime.date(1, 1, 1))],
    )  # fmt: skip
    accounts = each_of([1.0] * 6, form="double", others={"n": 50})
    agree_completely(spark, case_of(*accounts, rows, past=past))


@pytest.mark.slow
def test_a_time_with_a_zone_is_the_day_that_it_is_in_utc(spark):
    spark.empty()
    spark.fill("accounts", {"account_id": "text", "since": "date"}, [])
    spark.run(
        "CREATE OR REPLACE VIEW crm.times AS SELECT 'A' AS account_id,"
        " TIMESTAMP '2026-06-29T23:30:00Z' AS day UNION ALL SELECT 'B', TIMESTAMP '2026-06-30T00:00:00Z'"
        " UNION ALL SELECT 'C', TIMESTAMP '0001-01-01T00:00:00Z'"
        " UNION ALL SELECT 'D', TIMESTAMP '1969-12-31T23:59:59.9Z'"
    )
    asked = Deployment(
        "spark", DAY, prefix="crm.rules", schema="crm", sources={"accounts": "crm.times"},
        without=("orders", "accounts.name", "accounts.a", "accounts.b", "accounts.n"),
    )  # fmt: skip
    spark.run(deploy(compiled(RULES), asked))
    found = spark.rows("SELECT account_id, day FROM crm.rules_facts ORDER BY account_id")
    first = (datetime.date(1, 1, 1) - datetime.date(1970, 1, 1)).days
    assert [each["day"] for each in found] == [20633.0, 20634.0, first, -1.0]


def test_a_query_over_the_core_is_told_for_each_table_and_names_are_its_own():
    asked = Deployment("spark", DAY, sources={"accounts": "mine"}, without=("orders",))
    made = statements_of(compiled(RULES), asked, Run(2, prefix="run"))
    assert list(made.tables) == ["decisions", "actions", "scores", "gates", "gaps"]
    assert made.core == made.steps[-1].name == "run_core"
    assert made.steps[-1].keep
    assert all(each.name.startswith("run_") for each in made.steps)
    assert all("`run_core`" in sql for sql in made.tables.values())


def test_decimals_and_dates_are_written_so_that_no_cast_can_fail():
    text = deploy(compiled(RULES), Deployment("spark", DAY))
    assert "TRY_CAST(`amount` AS DECIMAL(18, 4))" in text
    assert "TRY_CAST(`day` AS DATE)" in text
