"""What signals come to, day by day: every form at its edges, worked out by hand."""

from __future__ import annotations

import datetime
import time

import pytest

from kamrules.engines.row import engine_of
from tests.engines.row.rulesets import compiled

DAY = datetime.timedelta(days=1)
START = datetime.date(2026, 3, 1)
VOCABULARY = """
[ruleset]
name = "signals"
version = "1"
[parameter.patience]
type = "days"
value = 14
[table.accounts.column]
least = { type = "integer" }
[table.complaints.column]
date = { type = "date" }
closed = { type = "date" }
severity = { type = "integer" }
contact = { type = "text" }
number = { type = "integer" }
[table.visits.column]
date = { type = "date" }
kind = { type = "choice", choices = ["executive", "other"] }
contact = { type = "text" }
number = { type = "integer" }
"""


def day(number):
    """Return the day so many days after the first of all rows."""
    return None if number is None else START + number * DAY


def complaint(on, severity=3, /, **more):
    return {"date": day(on), "severity": severity, **more}


def visit(on, kind="executive", /, **more):
    return {"date": day(on), "kind": kind, **more}


def came(keys, on, **facts):
    """Return whether the signal holds on a day, and on which day it came about, counted from the first."""
    engine = engine_of(compiled(f"{VOCABULARY}[signal.s]\n{keys}\n"))
    given = {"account_id": "a", **{name: each for name, each in facts.items() if each is not None}}
    found = engine.decide(given, as_of=day(on)).facts
    date = found["s_date"]
    return found["s"], None if date is None else (date - START).days


ALONE = "after = 'complaints[severity >= 2]'"
UNANSWERED = ALONE + "\nwithout = \"visits[kind == 'executive']\"\nwithin_days = 14"
ANSWERED = UNANSWERED.replace("without", "then")
PILING = ALONE + "\nat_least = 3\nwithin_days = 10"


@pytest.mark.parametrize(
    ("rows", "on", "found"),
    [
        ([complaint(5)], 4, (False, None)),
        ([complaint(5)], 5, (True, 5)),
        ([complaint(5), complaint(2)], 9, (True, 5)),
        ([complaint(5), complaint(10)], 9, (True, 5)),
        ([complaint(5, 1), complaint(6, None)], 9, (False, None)),
        ([complaint(None)], 9, (False, None)),
        ([], 9, (False, None)),
        (None, 9, (None, None)),
    ],
)
def test_rows_alone_come_about_on_their_day(rows, on, found):
    assert came(ALONE, on, complaints=rows) == found


@pytest.mark.parametrize(
    ("on", "found"), [(19, (True, 5)), (20, (False, None)), (4, (False, None)), (5, (True, 5))]
)
def test_a_signal_lasts_as_many_days_as_it_says(on, found):
    assert came(ALONE + "\nfor_days = 'patience'", on, complaints=[complaint(5)]) == found


def test_it_lasts_from_the_newest_row():
    keys = ALONE + "\nfor_days = 14"
    assert came(keys, 30, complaints=[complaint(16), complaint(5), complaint(31)]) == (True, 16)
    assert came(keys, 31, complaints=[complaint(16), complaint(5)]) == (False, None)


@pytest.mark.parametrize(
    ("visits", "on", "found"),
    [
        # the day on which nothing more can come is the first day after the span
        ([], 13, (False, None)),
        ([], 14, (False, None)),
        ([], 15, (True, 15)),
        ([], 400, (True, 15)),
        # on the same day, and on the last day of the span, it is an answer
        ([visit(0)], 15, (False, None)),
        ([visit(14)], 15, (False, None)),
        ([visit(15)], 15, (True, 15)),
        ([visit(-1)], 15, (True, 15)),
        # what is unknown, or of another kind, is none
        ([visit(None)], 15, (True, 15)),
        ([visit(3, None)], 15, (True, 15)),
        ([visit(3, "other")], 15, (True, 15)),
        ([visit(3, "other"), visit(4)], 15, (False, None)),
        (None, 15, (None, None)),
    ],
)
def test_what_stays_without_an_answer_is_certain_after_the_span(visits, on, found):
    assert came(UNANSWERED, on, complaints=[complaint(0)], visits=visits) == found


def test_of_several_the_newest_without_an_answer_counts():
    complaints = [complaint(0), complaint(20), complaint(40)]
    assert came(UNANSWERED, 60, complaints=complaints, visits=[visit(41)]) == (True, 35)
    assert came(UNANSWERED, 60, complaints=complaints, visits=[visit(20), visit(41)]) == (True, 15)
    late = [visit(14), visit(34), visit(54)]
    assert came(UNANSWERED, 60, complaints=complaints, visits=late) == (False, None)


def test_a_table_that_the_book_lacks_leaves_it_unknown_and_one_without_rows_does_not():
    assert came(UNANSWERED, 60, visits=[visit(1)]) == (None, None)
    assert came(UNANSWERED, 60, complaints=[], visits=None) == (None, None)
    assert came(UNANSWERED, 60, complaints=[], visits=[]) == (False, None)
    assert came(ANSWERED, 60, complaints=None, visits=[visit(1)]) == (None, None)
    assert came(ANSWERED, 60, complaints=[], visits=[visit(1)]) == (False, None)


@pytest.mark.parametrize(
    ("visits", "on", "found"),
    [
        ([visit(0)], 0, (True, 0)),
        ([visit(14)], 14, (True, 14)),
        ([visit(14)], 13, (False, None)),
        ([visit(15)], 20, (False, None)),
        ([visit(-1)], 20, (False, None)),
        ([visit(3), visit(9), visit(15)], 20, (True, 9)),
        ([visit(3), visit(9, "other"), visit(None)], 20, (True, 3)),
    ],
)
def test_one_after_the_other_comes_about_on_the_day_of_the_second(visits, on, found):
    assert came(ANSWERED, on, complaints=[complaint(0)], visits=visits) == found


@pytest.mark.parametrize(
    ("days", "on", "found"),
    [
        ([0, 5, 10], 10, (True, 10)),
        ([0, 5, 10], 9, (False, None)),
        ([0, 5, 11], 20, (False, None)),
        ([0, 5, 10, 15], 20, (True, 15)),
        ([0, 5, 10, 30], 40, (True, 10)),
        # in whatever order rows come
        ([10, 0, 5], 20, (True, 10)),
        ([5, 11, 0, 21], 20, (False, None)),
        ([5, 30, 10, 12, 31], 29, (True, 12)),
        ([4, 4, 4], 20, (True, 4)),
        ([4, 4, None], 20, (False, None)),
        ([4, 4], 20, (False, None)),
    ],
)
def test_so_many_within_the_days_come_about_with_the_last_of_them(days, on, found):
    assert came(PILING, on, complaints=[complaint(each) for each in days]) == found


def test_only_rows_that_count_make_up_the_number():
    rows = [complaint(0), complaint(1, 1), complaint(2), complaint(3, None)]
    assert came(PILING, 20, complaints=rows) == (False, None)
    assert came(PILING, 20, complaints=[*rows, complaint(9)]) == (True, 9)
    assert came(PILING, 20, complaints=[complaint(9), *rows]) == (True, 9)


def test_one_of_them_is_enough_for_at_least_one():
    assert came(ALONE + "\nat_least = 1", 20, complaints=[complaint(7)]) == (True, 7)


@pytest.mark.parametrize(
    ("first", "second", "answered", "unanswered"),
    [
        ("x", "x", (True, 4), (False, None)),
        ("x", "y", (False, None), (True, 15)),
        ("x", None, (False, None), (True, 15)),
        (None, "x", (False, None), (True, 15)),
        # unknown is not the same as unknown
        (None, None, (False, None), (True, 15)),
        ("", "", (True, 4), (False, None)),
    ],
)
def test_rows_are_joined_where_both_know_the_same(first, second, answered, unanswered):
    for same in ('same = "contact"', 'same = ["contact"]'):
        rows = {"complaints": [complaint(0, contact=first)], "visits": [visit(4, contact=second)]}
        assert came(f"{ANSWERED}\n{same}", 20, **rows) == answered
        assert came(f"{UNANSWERED}\n{same}", 20, **rows) == unanswered


def test_all_columns_have_to_be_the_same():
    keys = ANSWERED + '\nsame = ["contact", "number"]'
    rows = [complaint(0, contact="x", number=1), complaint(1, contact="y", number=2)]
    for contact, number, found in (
        ("x", 1, True),
        ("y", 2, True),
        ("x", 2, False),
        ("x", None, False),
    ):
        visits = [visit(4, contact=contact, number=number)]
        assert came(keys, 20, complaints=rows, visits=visits)[0] is found


def test_numbers_are_joined_exactly_however_long():
    keys = ANSWERED + '\nsame = "number"'
    long = 10**17 + 1
    for number, found in ((long, True), (long + 1, False)):
        rows = {"complaints": [complaint(0, number=long)], "visits": [visit(4, number=number)]}
        assert came(keys, 20, **rows)[0] is found


def test_so_many_of_the_same_contact():
    keys = PILING + '\nsame = "contact"'
    rows = [complaint(each, contact=contact) for each, contact in enumerate("xyxyx")]
    assert came(keys, 20, complaints=rows) == (True, 4)
    mixed = [rows[each] for each in (4, 1, 0, 3, 2)]
    assert came(keys, 20, complaints=mixed) == (True, 4)
    assert came(keys, 12, complaints=[*mixed, complaint(12, contact="x")]) == (True, 12)
    assert came(keys, 13, complaints=[complaint(13, contact="x"), *mixed]) == (True, 4)
    assert came(keys, 20, complaints=rows[:4]) == (False, None)
    assert came(keys, 20, complaints=[complaint(each) for each in range(5)]) == (False, None)


def test_a_row_is_not_what_comes_after_itself():
    """Of one table: another complaint of any kind within five days after a severe one."""
    then = "after = 'complaints[severity >= 2]'\nthen = 'complaints'\nwithin_days = 5"
    without = then.replace("then", "without")
    assert came(then, 20, complaints=[complaint(0)]) == (False, None)
    assert came(without, 20, complaints=[complaint(0)]) == (True, 6)
    # two on the same day come after each other
    assert came(then, 20, complaints=[complaint(0), complaint(0)]) == (True, 0)
    assert came(without, 20, complaints=[complaint(0), complaint(0)]) == (False, None)
    assert came(then, 20, complaints=[complaint(0), complaint(5, 1)]) == (True, 5)
    assert came(then, 20, complaints=[complaint(0), complaint(6, 1)]) == (False, None)
    # the second is not severe, so that nothing has to come after it
    assert came(without, 20, complaints=[complaint(0), complaint(5, 1)]) == (False, None)


def test_a_row_that_does_not_know_what_is_the_same_stands_alone():
    keys = "after = 'complaints'\nwithout = 'complaints'\nwithin_days = 5\nsame = 'contact'"
    alone = [complaint(0, contact=None), complaint(3, contact=None)]
    assert came(keys, 20, complaints=alone) == (True, 9)
    assert came(keys, 20, complaints=alone[:1]) == (True, 6)
    assert came(keys, 20, complaints=[complaint(0, contact="x")]) == (True, 6)
    assert came(keys, 20, complaints=[complaint(0, contact="x")] * 2) == (False, None)
    again = keys.replace("without", "then")
    assert came(again, 20, complaints=alone) == (False, None)


def test_a_row_that_cannot_be_the_second_is_not_taken_off():
    keys = (
        "after = 'complaints[severity >= 2]'\nwithout = 'complaints[severity < 2]'\nwithin_days = 5"
    )
    assert came(keys, 20, complaints=[complaint(0), complaint(3, 1)]) == (False, None)
    assert came(keys, 20, complaints=[complaint(0), complaint(3, 2)]) == (True, 9)


def test_dates_of_another_column_count_where_it_is_named():
    """Complained again within five days of the day on which a complaint was closed."""
    keys = "after = 'complaints.closed'\nthen = 'complaints[severity >= 2]'\nwithin_days = 5"
    first = complaint(0, closed=day(10))
    assert came(keys, 20, complaints=[first]) == (False, None)
    assert came(keys, 20, complaints=[first, complaint(9)]) == (False, None)
    assert came(keys, 20, complaints=[first, complaint(10)]) == (True, 10)
    assert came(keys, 20, complaints=[first, complaint(15)]) == (True, 15)
    assert came(keys, 20, complaints=[first, complaint(16)]) == (False, None)
    # closed on the day it came in: it is not its own successor
    assert came(keys, 20, complaints=[complaint(3, closed=day(3))]) == (False, None)
    assert came(keys, 20, complaints=[complaint(3, closed=day(3))] * 2) == (True, 3)
    without = keys.replace("then", "without")
    assert came(without, 20, complaints=[complaint(3, closed=day(3))]) == (True, 9)
    assert came(without, 20, complaints=[complaint(3, closed=None)]) == (False, None)
    assert came(without, 20, complaints=[first, complaint(12, closed=None)]) == (False, None)


@pytest.mark.parametrize(
    ("start", "end", "found"), [(9, 30, True), (10, 10, True), (11, 30, False), (0, 9, False)]
)
def test_outside_its_dates_a_signal_is_false(start, end, found):
    keys = f"{ALONE}\nvalid_from = {day(start)}\nvalid_to = {day(end)}"
    assert came(keys, 10, complaints=[complaint(5)])[0] is found


def test_a_condition_on_rows_reads_the_account_too():
    keys = UNANSWERED.replace("severity >= 2", "severity >= least").replace(
        "kind == 'executive'", "number >= least"
    )
    rows = {"complaints": [complaint(0)], "visits": [visit(3, number=3)]}
    assert came(keys, 20, least=2, **rows) == (False, None)
    rows["visits"] = [visit(3, number=1)]
    assert came(keys, 20, least=2, **rows) == (True, 15)
    assert came(keys, 20, least=4, **rows) == (False, None)
    assert came(keys, 20, least=None, **rows) == (False, None)


def test_days_at_the_ends_of_the_calendar_are_no_trouble():
    for on in (datetime.date.min, datetime.date.max):
        for keys in (UNANSWERED, ANSWERED, PILING):
            engine = engine_of(compiled(f"{VOCABULARY}[signal.s]\n{keys.replace('14', '36500')}\n"))
            rows = {"complaints": [{"date": on, "severity": 3}]}
            rows["visits"] = [{"date": on, "kind": "executive"}]
            facts = {"account_id": "a", **rows}
            found = engine.decide(facts, as_of=on).facts
            assert found["s"] is (keys == ANSWERED)


def test_an_explanation_names_the_rows_that_came_about():
    program = compiled(
        f"{VOCABULARY}[signal.s]\n{UNANSWERED}\n[signal.t]\n{PILING}\nsame = 'contact'\n"
    )
    complaints = [complaint(0), complaint(20), complaint(None), complaint(40), complaint(1)]
    complaints += [complaint(each, contact="x") for each in (41, 42, 43)]
    complaints += [complaint(each) for each in (44, 45, 47)]
    facts = {"account_id": "a", "complaints": complaints, "visits": [visit(21)]}
    told = engine_of(program).explain(facts, as_of=day(60)).facts
    read, answer = told["s"].reads
    assert (answer.table, answer.rows, answer.at) == ("visits", 1, (1,))
    assert (read.value, read.rows, read.of, read.at) == (True, 8, 11, (1, 4, 5, 6, 7, 8, 9, 10))
    read, _ = told["s_date"].reads
    assert (read.value, read.given_by) == (day(60), 10)
    wanted = "after complaints[severity >= 2] without visits[kind == 'executive'] within 14 days"
    assert told["s"].text == told["s_date"].text == wanted
    # rows that do not know their contact are of no same one
    read, others = told["t"].reads
    assert (read.value, read.at, others.at) == (True, (8,), (6, 7))
    del facts["visits"]
    read, answer = engine_of(program).explain(facts, as_of=day(60)).facts["s"].reads
    assert (read.value, read.rows, answer.value, answer.rows) == (None, None, None, None)


def test_many_rows_cost_no_more_than_in_proportion():
    """Each row is looked up among sorted days; looking at every pair would take a hundred times as long."""
    engine = engine_of(compiled(f"{VOCABULARY}[signal.s]\n{UNANSWERED}\n[signal.t]\n{PILING}\n"))

    def cost(rows):
        facts = {
            "account_id": "a",
            "complaints": [complaint(each % 700) for each in range(rows)],
            "visits": [visit(2000 - each % 700) for each in range(rows)],
        }
        prepared = engine.prepare(facts)
        best = min(_timed(lambda: engine.compact(prepared, day(3000))) for _ in range(5))
        return best / rows

    assert cost(20_000) < 20 * cost(200)


def _timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
