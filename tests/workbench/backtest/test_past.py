"""Decisions on past dates know nothing later."""

from __future__ import annotations

import copy
import datetime
import random

import pytest

from kamrules.book import Book
from kamrules.diagnostics import DataError
from kamrules.engines.sql import decide_book
from kamrules.memory import EarlierFiles
from kamrules.workbench.backtest import dates
from tests.workbench.backtest.history import DATE, LAST, OPEN, decisions, tables, tried


@pytest.mark.parametrize("day", [DATE(2025, 3, 31), DATE(2025, 10, 15), LAST])
def test_rows_dated_after_a_date_change_nothing_of_its_decisions(program, day):
    some = tables()
    before = decisions(program, some, day)
    assert len({row[1:3] for row in before}) >= 3
    more = copy.deepcopy(some)
    chance = random.Random(9)
    for number in range(300):
        later = day + datetime.timedelta(days=1 + chance.randrange(400))
        past = day - datetime.timedelta(days=chance.randrange(400))
        extra = {"account_id": f"A{number % 40:02}", "date": later, "amount": 5000}
        # dates that lie before it do not bring such a row back
        more["orders"].append({**extra, "delivered": chance.choice([None, later, past])})
    chance.shuffle(more["orders"])
    assert decisions(program, more, day) == before


@pytest.mark.parametrize("day", [DATE(2025, 3, 31), DATE(2025, 10, 15)])
def test_a_date_in_a_row_that_lies_later_is_as_if_it_were_not_there(program, day):
    some, other = tables(), tables()
    for each in other["orders"]:
        if each["delivered"] is None or each["delivered"] > day:
            each["delivered"] = None
    for each in other["accounts"]:
        if each["since"] > day:
            each["since"] = None
    assert decisions(program, other, day) == decisions(program, some, day)


@pytest.mark.parametrize("day", [DATE(2025, 3, 31), DATE(2025, 10, 15)])
def test_a_past_date_is_decided_as_a_run_over_the_book_of_that_day(program, day):
    some = tables()
    then = {
        "accounts": [{**each, "since": _until(each["since"], day)} for each in some["accounts"]],
        "orders": [
            {**each, "delivered": _until(each["delivered"], day)}
            for each in some["orders"]
            if each["date"] <= day
        ],
    }
    with decide_book(program, Book.of(then), as_of=day, open_source=OPEN) as found:
        wanted = found.tables["decisions"].project("account_id, class, tier, worth").fetchall()
    assert decisions(program, some, day) == wanted


def _until(value, day):
    return value if value is not None and value <= day else None


def test_a_planned_date_stays_known(program):
    day = DATE(2025, 10, 15)
    some = tables()
    found = [
        tried(program, some, [day], planned=planned).dates[0].tiers
        for planned in ((), ("orders.delivered",))
    ]
    assert found[0] != found[1]


def test_a_table_without_a_date_column_is_said_to_be_of_no_use(program):
    some = {**tables(), "notes": [{"account_id": "A01", "kind": "good"}]}
    found = tried(program, some, [LAST])
    assert found.dated.unusable == {"notes": "its rows have no date column"}
    assert "partner" not in {each.id for each in found.dates[0].tiers}


def test_rows_without_a_date_make_the_table_unusable_or_are_left_out(program):
    some = tables()
    some["orders"].append({"account_id": "A01", "date": None, "amount": 5, "delivered": None})
    rows = len(some["orders"])
    left_out = tried(program, some, [LAST])
    assert left_out.dated.undated == {"orders": (1, rows)}
    assert not left_out.dated.unusable
    strict = tried(program, some, [LAST], strict=True)
    assert strict.dated.unusable == {"orders": f"1 of {rows} rows have no `date`"}
    # nobody's revenue is known then
    assert [(each.id, each.accounts) for each in strict.dates[0].classes] == [("prospect", 40)]


def test_a_book_whose_dates_are_all_missing_is_refused(program):
    some = tables()
    for each in some["orders"]:
        each["date"] = None
    for each in some["accounts"]:
        each["since"] = None
    with pytest.raises(DataError) as raised:
        tried(program, some, [LAST])
    (problem,) = raised.value.diagnostics
    assert (problem.code, problem.help) == ("KR828", "`orders`: no row of it has a `date`")


def test_an_outcome_whose_time_is_not_over_is_none(program):
    days = [DATE(2026, 3, 1), DATE(2026, 4, 1), DATE(2026, 4, 2), DATE(2026, 6, 30)]
    found = tried(program, tables(), days)
    assert [each.over for each in found.dates] == [True, True, False, False]
    assert found.dates[2].foretold == {}
    assert found.days == 90


def test_classes_and_moves_add_up(program):
    found = tried(program, tables(), dates(DATE(2025, 6, 30), LAST, "3m"))
    for before, after in zip(found.dates, found.dates[1:], strict=False):
        for each in after.classes:
            into = sum(number for _, now, number in after.class_moves if now == each.id)
            assert into == each.accounts
        for each in before.classes:
            out = sum(number for was, _, number in after.class_moves if was == each.id)
            assert out == each.accounts
    assert sum(number for *_, number in found.class_moves) == 40 * (len(found.dates) - 1)


def test_remembered_classes_are_kept_as_runs_with_a_state_keep_them(program, tmp_path):
    days = [DATE(2025, 6, 30), DATE(2025, 12, 31)]
    some = tables()
    states, proposals = tmp_path / "states.csv", tmp_path / "proposals.csv"
    first = decisions(program, some, days[0])
    lines = [f"{name},{of},{tier or ''}" for name, of, tier, _ in first]
    states.write_text("account_id,class,tier\n" + "\n".join(lines) + "\n", "utf-8")
    proposals.write_text("account_id,action,proposed_on\n", "utf-8")
    then = {
        "accounts": [
            {**each, "since": _until(each["since"], days[1])} for each in some["accounts"]
        ],
        "orders": [
            {**each, "delivered": _until(each["delivered"], days[1])}
            for each in some["orders"]
            if each["date"] <= days[1]
        ],
    }
    earlier = EarlierFiles(states, proposals)
    with decide_book(
        program, Book.of(then), as_of=days[1], open_source=OPEN, earlier=earlier
    ) as run_:
        rows = run_.tables["decisions"].aggregate("class, count(*)", "class").fetchall()
    found = tried(program, some, days, remember=True)
    anew = tried(program, some, days)
    assert {each.id: each.accounts for each in found.dates[1].classes} == dict(rows)
    assert found.dates[1].classes != anew.dates[1].classes
