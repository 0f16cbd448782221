"""Priorities near 0 and 100: clamped as in the row engine, also where the SQL engine sees no need to."""

from __future__ import annotations

import pytest

from kamrules.book import Book
from kamrules.engines.row import decide
from kamrules.engines.sql.actions import span
from tests.engines.sql.scene import DAY, decided, program, rows

pytestmark = pytest.mark.usefixtures("each_engine")

SCORES = """
[score.one]
title = "one"
[criterion.size]
score = "one"
weight = 3
value = "money"
curve = [[0, 0], [1000, 100]]
[criterion.part]
score = "one"
weight = 0.1
value = "share"
curve = [[0, 0], [1, 100]]
"""
DATA = [
    {"account_id": f"A{number}", "money": money, "share": share, "number": 7}
    for number, (money, share) in enumerate(
        [(0, 0), (1000, 1), (1000, None), (None, 1), (333, 0.3), (999.9999, 0.999999), (None, None)]
    )
]
SPANS = [
    ("20 + 0.4 * one", (20.0, 60.0)),
    ("60 - 0.5 * one", (10.0, 60.0)),
    ("-0.2 * one + 30", (10.0, 30.0)),
    ("0.5 * (one - 50) + 40", (15.0, 65.0)),
    ("one", (0.0, 100.0)),
    ("50 + one", (50.0, 150.0)),
    ("one - 50", (-50.0, 50.0)),
    ("99.999 + 0.00001 * one", (99.999, 100.0)),
    ("50 + one - 0.5 * one", (0.0, 150.0)),
    ("number", None),
    ("20 + 100 / one", None),
    ("30 + min(one, 20)", None),
]


def ruled(priority):
    """Return a ruleset of one action."""
    action = f"""
[action.do]
title = "do"
when = "true"
priority = "{priority}"
owner = "seller"
due_days = 1
because = "so"
"""
    return program(more=SCORES + action)


@pytest.mark.parametrize("priority", [each for each, _ in SPANS])
def test_a_priority_is_the_row_engines(priority):
    rules = ruled(priority)
    with decided(rules, Book.of(tables={"accounts": DATA})) as decisions:
        found = [(row["account_id"], row["priority"]) for row in rows(decisions.tables["actions"])]
    expected = [
        (each["account_id"], decide(rules, each, as_of=DAY).actions[0].priority) for each in DATA
    ]
    assert found == expected


@pytest.mark.parametrize(("priority", "expected"), SPANS)
def test_the_span_of_a_priority_is_seen_from_its_tree(priority, expected):
    found = span(ruled(priority).actions[0].priority)
    assert found == (None if expected is None else pytest.approx(expected))
