"""Running totals: how far a capacity reaches through a book, in a run and for an account alone."""

from __future__ import annotations

import datetime
import random

import pytest

from kamrules import Cutoffs, DataError, decide
from kamrules.book import Book
from kamrules.engines import cutoffs as module
from kamrules.engines.sql import decide_book
from kamrules.plugins import open_source
from tests.agreement.engines import compiled, fetched

DAY = datetime.date(2026, 6, 30)
RULES = """
[ruleset]
name = "capacity"
version = "1"
hit = "first"
[parameter.team_hours]
type = "number"
value = 30
[table.accounts.column]
hours = { type = "number" }
worth = { type = "money" }
[fact.hours_so_far]
type = "number"
value = "running_total(hours, worth)"
[fact.part]
type = "share"
value = "running_share(worth, worth)"
[fact.place]
type = "integer"
value = "rank(worth)"
[class.cared_for]
when = "hours_so_far <= team_hours"
[class.others]
"""


@pytest.fixture(scope="module")
def program():
    return compiled(RULES)


def account(key, worth, hours):
    return {"account_id": key, "worth": worth, "hours": hours}


def told(program, cutoffs, worth, hours):
    facts = decide(program, account("X", worth, hours), as_of=DAY, cutoffs=cutoffs).facts
    return facts["hours_so_far"], facts["part"]


def run(program, accounts, engine):
    book = Book.of(tables={"accounts": accounts})
    with decide_book(program, book, as_of=DAY, open_source=open_source, engine=engine) as decisions:
        rows = fetched(decisions.tables["decisions"])
        return {row["account_id"]: row["class"] for row in rows}, decisions.cutoffs()


@pytest.fixture(scope="module")
def many():
    rolls = random.Random(3)
    return [
        account(str(number), rolls.choice([None, 5, 20.25, 100, -3, 0.0001, 7e6]),
                rolls.choice([None, 1, 0.5, 2, -0.25, 0]))
        for number in range(200)
    ]  # fmt: skip


def test_the_team_cares_for_the_accounts_that_are_worth_most_until_its_hours_are_used_up(program):
    accounts = [
        account("A", 500, 10),
        account("B", 100, 8),
        account("C", 300, 12),
        account("D", 100, 1),
        account("E", 200, None),
        account("F", None, 5),
        account("G", 50, 0.5),
    ]
    classes, cutoffs = run(program, accounts, "duckdb")
    assert {key for key, each in classes.items() if each == "cared_for"} == {"A", "C"}
    alone = [told(program, cutoffs, each["worth"], each["hours"]) for each in accounts]
    assert [hours for hours, _ in alone] == [10, 31, 22, 31, None, None, 31.5]
    assert [part for _, part in alone] == [
        500 / 1250, 1200 / 1250, 800 / 1250, 1200 / 1250, 1000 / 1250, None, 1.0,
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_an_account_alone_is_decided_as_in_the_run(program, many, engine):
    classes, cutoffs = run(program, many, engine)
    assert cutoffs == Cutoffs.of(program, many, DAY)
    for each in many:
        alone = decide(program, each, as_of=DAY, cutoffs=cutoffs)
        assert alone.class_ == classes[each["account_id"]]
    assert set(classes.values()) == {"cared_for", "others"}


def test_cutoffs_read_back_as_they_were_written(program, many, tmp_path):
    cutoffs = Cutoffs.of(program, many, DAY)
    cutoffs.write(tmp_path / "cutoffs.json")
    assert Cutoffs.read(tmp_path / "cutoffs.json") == cutoffs


def test_an_account_that_is_not_in_the_book_stands_with_the_next_below_it(program):
    cutoffs = Cutoffs.of(program, [account("A", 100, 10), account("B", 50, 5)], DAY)
    assert told(program, cutoffs, 1000, 3) == (10, 100 / 150)
    assert told(program, cutoffs, 70, 3) == (15, 1.0)
    assert told(program, cutoffs, 1, 3) == (15, 1.0)


@pytest.mark.parametrize(
    ("worths", "part"),
    [
        pytest.param([50, -50], None, id="a total of nothing"),
        pytest.param([9e13, 2e13], None, id="a total of too many digits"),
        pytest.param([], None, id="nobody"),
    ],
)
def test_a_share_of_nothing_or_of_too_much_is_unknown(program, worths, part):
    accounts = [account(str(number), worth, 1) for number, worth in enumerate(worths)]
    cutoffs = Cutoffs.of(program, accounts, DAY)
    assert told(program, cutoffs, 50, 1)[1] == part


def test_a_sum_of_too_many_digits_is_unknown_until_others_make_it_shorter():
    program = compiled(RULES.replace("hours_so_far <= team_hours", "part is unknown"))
    worths = [9e13, 8e13, -8.5e13, -9.5e13]
    accounts = [account(str(number), each, 1) for number, each in enumerate(worths)]
    classes, cutoffs = run(program, accounts, "duckdb")
    assert [key for key, each in classes.items() if each == "cared_for"] == ["1"]
    assert [told(program, cutoffs, each, 1)[1] for each in worths] == [
        9e13 / -1e13, None, 8.5e13 / -1e13, 1.0,
    ]  # fmt: skip


def test_of_many_different_values_each_so_many_th_is_kept_and_sums_reach_a_little_too_far(
    program, monkeypatch
):
    accounts = [account(str(number), number, 1) for number in range(100)]
    exact = Cutoffs.of(program, accounts, DAY)
    monkeypatch.setattr(module, "MOST", 10)
    thinned = Cutoffs.of(program, accounts, DAY)
    assert len(thinned.spreads[0].values) <= 11
    for worth in range(100):
        true, kept = (told(program, each, worth, 1)[0] for each in (exact, thinned))
        assert true <= kept <= true + 10


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param('"sums": [10000000', '"sums": [1, 10000000', "do not run up", id="longer"),
        pytest.param(', "sum_places": 6', "", "stand together", id="without places"),
        pytest.param("15000000]}", "14000000]}", "do not run up", id="another end"),
    ],
)
def test_a_file_whose_sums_cannot_be_is_refused(program, tmp_path, old, new, says):
    accounts = [account("A", 100, 10), account("B", 50, 5)]
    path = tmp_path / "cutoffs.json"
    Cutoffs.of(program, accounts, DAY).write(path)
    written = path.read_text(encoding="utf-8")
    assert old in written
    path.write_text(written.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=says):
        Cutoffs.read(path)


def test_without_cutoffs_nothing_is_known(program):
    assert told(program, None, 100, 1) == (None, None)
