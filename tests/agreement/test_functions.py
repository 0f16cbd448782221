"""Functions at their edges: every pair of strange values through row engine, SQL engine and oracle."""

from __future__ import annotations

import datetime
import itertools

from tests.agreement.checking import agree
from tests.agreement.engines import by_row, compiled
from tests.strategies import Case
from tests.strategies.books import TableData

DECAYING = """
[ruleset]
name = "decaying"
version = "1"
[table.accounts.column]
age = { type = "days" }
half_life = { type = "days" }
times = { type = "number" }
[score.fresh]
[criterion.left]
score = "fresh"
weight = 1
value = "decay(age, half_life)"
curve = [[0, 0], [1, 100]]
[criterion.of_parts]
score = "fresh"
weight = 1
value = "decay(age * times, half_life * times)"
curve = [[0, 0], [1, 100]]
[criterion.by_a_constant]
score = "fresh"
weight = 1
value = "decay(age / times, 45d)"
curve = [[0, 0], [1, 100]]
"""
DAYS = (None, 0, 1, 2, 7, 30, 45, 90, 365, 8192, 10**6, 10**17, -1, -45)
TIMES = (1.0, 1e-6, 0.333333, 1e11, -1.0, None)


def test_decay_is_the_same_everywhere_for_ages_and_half_lives_of_any_size():
    rows = [
        {"account_id": f"{number}", "age": age, "half_life": half_life, "times": times}
        for number, (age, half_life, times) in enumerate(itertools.product(DAYS, DAYS, TIMES))
    ]
    forms = {"account_id": "text", "age": "bigint", "half_life": "bigint", "times": "double"}
    case = Case(
        DECAYING,
        {"accounts": TableData(forms, rows)},
        datetime.date(2026, 6, 30),
        None,
        3,
        "en",
    )
    agree(case)
    left = {
        row["account_id"]: row["fresh.left"] for row in by_row(compiled(DECAYING), case)["scores"]
    }
    ids = {(row["age"], row["half_life"]): row["account_id"] for row in rows}
    assert left[ids[45, 45]] == 50
    assert left[ids[7, 1]] == 100 * 0.007813
    assert left[ids[10**17, 1]] == 0
    assert left[ids[-45, 1]] == left[ids[0, 1]] == 100
    for age, half_life in itertools.product(DAYS, (None, 0, -1, -45)):
        assert left[ids[age, half_life]] is None


WORKED_OUT = """
[ruleset]
name = "worked_out"
version = "1"
[table.accounts.column]
times = { type = "number" }
[table.orders.column]
amount = { type = "money" }
x = { type = "number" }
on = { type = "date" }
length = { type = "days" }
"""
VALUES = {
    "sum(orders, amount * times)": "money",
    "mean(orders, x * times)": "number",
    "min(orders, x * times)": "number",
    "max(orders, x / times)": "number",
    "sum(orders[x > 0], round(x * times))": "integer",
    "max(orders, round(x * times))": "integer",
    "max(orders, length * times)": "days",
    "sum(orders, length * times)": "days",
    "days_since(max(orders, on + length * times))": "days",
    "days_since(min(orders[amount > 0], on - length * times))": "days",
    "sum(orders, x * times * 1% / 1)": "number",
    "mean(orders, if(amount > 50, amount, coalesce(amount * times, 7)))": "money",
}


def test_values_worked_out_for_rows_are_rounded_and_added_alike():
    numbers = [
        0.5,
        1.5,
        -0.5,
        -2.5,
        1e6 / 3,
        0.00005,
        0.0000005,
        1e11,
        5e17,
        -1e12,
        1e300,
        7.0,
        None,
    ]
    text = WORKED_OUT + "[score.s]\n"
    for number, (value, kind) in enumerate(VALUES.items()):
        text += f'[fact.f{number}]\ntype = "{kind}"\nvalue = "{value}"\n'
        # one to see small differences, one for great numbers
        for size in (10, 10**13):
            text += f'[criterion.c{number}_{size}]\nscore = "s"\nweight = 1\nvalue = "f{number}"\n'
            text += f"curve = [[{-size}, 0], [{size}, 100]]\n"
    accounts = [{"account_id": f"{place}", "times": each} for place, each in enumerate(numbers)]
    day = datetime.date(2026, 6, 30)
    orders = [
        {
            "account_id": f"{owner}",
            "amount": number if number is None or abs(number) < 1e14 else 1.0,
            "x": number,
            "on": day + datetime.timedelta(days=place),
            "length": place * 1001,
        }
        for owner in range(len(numbers))
        for place, number in enumerate(numbers)
        if (owner + place) % 3
    ]
    tables = {
        "accounts": TableData({"account_id": "text", "times": "double"}, accounts),
        "orders": TableData(
            {
                "account_id": "text",
                "amount": "double",
                "x": "double",
                "on": "date",
                "length": "bigint",
            },
            orders,
        ),
    }
    case = Case(text, tables, day, None, 3, "en")
    agree(case)
    points = by_row(compiled(text), case)["scores"]
    for number in range(len(VALUES)):
        different = {row[f"s.c{number}_10"] for row in points}
        different |= {row[f"s.c{number}_{10**13}"] for row in points}
        assert len(different) > 3, f"f{number} says nothing"


DATED = """
[ruleset]
name = "dated"
version = "1"
[table.accounts.column]
shift = { type = "number" }
[table.orders.column]
on = { type = "date" }
[score.s]
[criterion.last]
score = "s"
weight = 1
value = "max(orders, on + 1d * shift) - 1970-01-01"
curve = [[-1_000_000, 0], [3_000_000, 100]]
"""


def test_dates_worked_out_for_rows_end_with_the_years_1_and_9999():
    day = datetime.date(2026, 6, 30)
    to_last, to_first = (datetime.date.max - day).days, (datetime.date.min - day).days
    known = {0.0, 0.5, to_last - 1.0, to_last + 0.0, to_last + 0.4, to_first + 0.0, to_first - 0.4}
    unknown = {to_last + 0.5, to_last + 1.0, to_first - 0.6, to_first - 1.0, 1e11, -1e11}
    shifts = sorted(known | unknown)
    accounts = [{"account_id": f"{place}", "shift": each} for place, each in enumerate(shifts)]
    orders = [{"account_id": f"{place}", "on": day} for place in range(len(shifts))]
    tables = {
        "accounts": TableData({"account_id": "text", "shift": "double"}, accounts),
        "orders": TableData({"account_id": "text", "on": "date"}, orders),
    }
    case = Case(DATED, tables, day, None, 3, "en")
    agree(case)
    points = [row["s.last"] for row in by_row(compiled(DATED), case)["scores"]]
    assert {each for each, found in zip(shifts, points, strict=True) if found is not None} == known
