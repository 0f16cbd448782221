"""What decisions on past dates foretold is measured right."""

from __future__ import annotations

import datetime
import json
import random

import pytest

from kamrules.diagnostics import UsageError
from kamrules.workbench.backtest import dates
from kamrules.workbench.backtest.asked import horizon, parsed
from tests.commands import run
from tests.workbench.backtest.history import DATE, LAST, RULES, decisions, tables, tried


def ranks(values):
    """Return mean ranks, unknown ones lowest, straight from the definition."""
    keys = [-1e9 if each is None else each for each in values]
    return [
        sum(other < each for other in keys) + (sum(other == each for other in keys) + 1) / 2
        for each in keys
    ]


def correlation(left, right):
    x, y = ranks(left), ranks(right)
    mean = (len(x) + 1) / 2
    over = sum((a - mean) * (b - mean) for a, b in zip(x, y, strict=True))
    spread = sum((a - mean) ** 2 for a in x) * sum((b - mean) ** 2 for b in y)
    return over / spread**0.5


def lift(by, outcome):
    """Return the mean lift over many orders of those that are alike."""
    chance = random.Random(1)
    keys = [-1e9 if each is None else each for each in by]
    top = len(keys) // 10
    tries = 3000
    total = 0.0
    for _ in range(tries):
        order = sorted(range(len(keys)), key=lambda each: (-keys[each], chance.random()))
        total += sum(outcome[each] for each in order[:top])
    return total / tries / top / (sum(outcome) / len(outcome))


def test_lift_and_rank_correlation_are_as_defined(program):
    day = DATE(2025, 9, 30)
    some = tables(seed=8)
    found = tried(program, some, [day]).dates[0].foretold
    end = day + datetime.timedelta(days=90)
    names = [each["account_id"] for each in some["accounts"]]

    def summed(first, last):
        return [
            sum(each["amount"] for each in some["orders"]
                if each["account_id"] == name and first < each["date"] <= last)
            for name in names
        ]  # fmt: skip

    outcome = summed(day, end)
    levels = {"key": 3, "ordinary": 2, "prospect": 1}
    rows = decisions(program, some, day)
    by = {
        "class": [levels[row[1]] for row in rows],
        "worth": [row[3] for row in rows],
        "against": summed(day - datetime.timedelta(days=365), day),
    }
    for name, values in by.items():
        assert found[name].correlation == pytest.approx(correlation(values, outcome), abs=2e-6), (
            name
        )
        assert found[name].lift == pytest.approx(lift(values, outcome), rel=0.06), name
    assert found["class"].accounts == 40


def test_an_outcome_may_be_a_condition(program):
    text = "any(orders[date > as_of and date <= as_of + 30d]) and revenue > 0"
    found = tried(program, tables(), [DATE(2025, 9, 30)], outcome=text)
    means = [each.mean for each in found.dates[0].classes]
    assert all(0 <= each <= 1 for each in means)
    assert any(means)


@pytest.mark.parametrize(
    ("where", "days"),
    [
        ("date > as_of and date <= as_of + 90d", 90),
        ("date > as_of and date < as_of + 90d", 89),
        ("as_of + 30d >= date", 30),
        ("date <= as_of + 90d and delivered <= as_of + 10d", 10),
        ("date in (as_of..as_of + 45d]", 45),
        ("date <= as_of", 0),
    ],
)
def test_how_far_an_outcome_looks_ahead_is_read_from_it(program, where, days):
    text = f"sum(orders[{where}].amount)"
    assert horizon(parsed(program, text, "--outcome"), text, "--outcome") == days


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sum(orders[date > as_of].amount)", "KR829"),
        ("sum(orders[date > as_of or date <= as_of + 3d].amount)", "KR829"),
        ("since", "KR830"),
        ("rank(size)", "KR830"),
        ("sum(order.amount)", "KR201"),
    ],
)
def test_an_outcome_that_cannot_be_is_told(program, text, code):
    with pytest.raises(UsageError) as raised:
        tried(program, tables(), [DATE(2025, 9, 30)], outcome=text)
    assert [each.code for each in raised.value.diagnostics] == [code]


def test_dates_keep_the_day_or_take_the_last_of_a_month():
    months = dates(DATE(2025, 11, 30), DATE(2026, 5, 30), "3m")
    assert months == [DATE(2025, 11, 30), DATE(2026, 2, 28), DATE(2026, 5, 30)]
    assert dates(DATE(2024, 2, 29), DATE(2026, 2, 28), "1y")[1:] == [
        DATE(2025, 2, 28),
        DATE(2026, 2, 28),
    ]
    assert dates(DATE(2026, 1, 1), DATE(2026, 1, 20), "1w")[-1] == DATE(2026, 1, 15)
    assert dates(DATE(9999, 12, 1), DATE(9999, 12, 31), "30d") == [
        DATE(9999, 12, 1),
        DATE(9999, 12, 31),
    ]


@pytest.mark.parametrize("every", ["3", "m", "0d", "3q", "-3m", "", "99999d"])
def test_a_step_that_is_none_is_told(every):
    with pytest.raises(UsageError, match="KR827"):
        dates(DATE(2025, 1, 1), LAST, every)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    book = tmp_path / "book"
    book.mkdir()
    (book / "accounts.csv").write_text("account_id,size\nA1,5\nA2,6\n", "utf-8")
    (book / "orders.csv").write_text(
        "account_id,date,amount\nA1,2025-05-01,950\nA2,2025-04-01,20\nA1,2025-08-01,70\n"
        "A2,2025-12-24,1\n",
        "utf-8",
    )
    return tmp_path


def test_the_command_tells_classes_moves_and_what_was_foretold(folder):
    words = ("backtest", folder / "rules.toml", "--book", folder / "book", "--from", "2025-06-30",
             "--to", "2025-12-30")  # fmt: skip
    told = run(*words)
    assert (told.status, told.err) == (0, "")
    assert "2 accounts on 3 dates to 2025-12-30, by example 1" in told.out
    missing = "No outcome yet on 2025-09-30, 2025-12-30: it takes 90 days, and the book tells until"
    assert f"{missing} 2025-12-24" in " ".join(told.out.split())
    data = json.loads(run(*words, "--json").out)
    assert [each["outcome_over"] for each in data["dates"]] == [True, False, False]
    assert data["dates"][0]["foretold"]["worth"]["correlation"] == 1.0
    assert data["as_of_today"] == []


def test_dates_that_are_all_missing_end_with_status_4(folder):
    (folder / "book" / "orders.csv").write_text("account_id,date,amount\nA1,,950\n", "utf-8")
    told = run("backtest", folder / "rules.toml", "--book", folder / "book", "--from", "2025-06-30",
               "--to", "2025-12-30")  # fmt: skip
    assert told.status == 4
    assert told.err.startswith("error[KR828]: the book has no dates to go back by")
