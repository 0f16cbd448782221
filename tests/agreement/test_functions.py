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
