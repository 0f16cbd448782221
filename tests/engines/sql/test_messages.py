"""Reasons of many actions at once: each says its own, whatever the others show in the same place."""

from __future__ import annotations

import random
from itertools import product

import pytest

from kamrules.book import Book
from kamrules.engines.row import decide
from tests.engines.sql.scene import DAY, decided, program, rows

pytestmark = pytest.mark.usefixtures("each_engine")

FACTS = {
    "name": ("Acme", "", None),
    "money": (1_234_567, 999, None),
    "share": (0.245, None),
    "day": ("2026-01-31", None),
    "yes": (True, None),
    "level": ("gold", None),
}
"""What accounts have; all ways to put it together."""


def rules(reasons, titles=()):
    """Return a ruleset of one action a reason."""
    lines = []
    for number, reason in enumerate(reasons):
        title = titles[number] if number < len(titles) else f"do {number}"
        lines += [
            f"[action.a{number}]", f'title = "{title}"', 'when = "true"', f"priority = {90 - number}",
            'owner = "seller"', "due_days = 1", f'because = "{reason}"',
        ]  # fmt: skip
    return program(more="\n".join(lines))


def accounts():
    found = [dict(zip(FACTS, each, strict=True)) for each in product(*FACTS.values())]
    random.Random(3).shuffle(found)
    return [
        {"account_id": f"A{number}"}
        | {key: value for key, value in one.items() if value is not None}
        for number, one in enumerate(found)
    ]


@pytest.mark.parametrize(
    "reasons",
    [
        pytest.param(["{money} a", "{money} b", "{money}"], id="one_fact_for_all"),
        pytest.param(
            ["{money} a year", "{number} a year", "{whole} a year"], id="one_text_for_all"
        ),
        pytest.param(["{name}{level}", "{yes} and {day} of {share}", "{share}"], id="all_kinds"),
        pytest.param(
            ["plain", "of {money}", "{day}, {day}, {day}", "too"], id="more_and_fewer_slots"
        ),
        pytest.param(["plain", "too"], id="no_slots"),
        pytest.param([f"{{{each}}} for {{money}}" for each in FACTS] * 3, id="many"),
    ],
)
def test_every_reason_is_the_row_engines(reasons):
    made, data = rules(reasons), accounts()
    expected = {
        (each["account_id"], action.id): (action.title, action.reason)
        for each in data
        for action in decide(made, each, as_of=DAY, top=50).actions
    }
    with decided(made, Book.of(tables={"accounts": data}), top=50) as decisions:
        found = {
            (row["account_id"], row["action"]): (row["title"], row["reason"])
            for row in rows(decisions.tables["actions"])
        }
    assert found == expected
    assert len(found) == len(data) * len(reasons)


def test_titles_with_facts_and_without_stand_side_by_side():
    made = rules(["so", "so"], ["Visit {name}", "Write"])
    data = [{"account_id": "A", "name": "Acme"}, {"account_id": "B"}]
    with decided(made, Book.of(tables={"accounts": data})) as decisions:
        found = [(row["account_id"], row["title"]) for row in rows(decisions.tables["actions"])]
    assert found == [("A", "Visit Acme"), ("A", "Write"), ("B", "Visit unknown"), ("B", "Write")]
