"""Signals over a whole book: in runs, in trials of a parameter, on past dates, and counted."""

from __future__ import annotations

import datetime

import pytest

from kamrules.book import Book
from kamrules.engines.sql import decide_book
from kamrules.engines.sql.counting import count_book
from kamrules.engines.sql.held import HeldBook
from kamrules.engines.sql.past import PastBook
from kamrules.engines.sql.placing import for_placement
from kamrules.engines.sql.trying import Shift, Shifted, Trials
from tests.agreement.engines import compiled
from tests.engines.sql.scene import OPEN, rows

pytestmark = pytest.mark.usefixtures("each_engine")

START = datetime.date(2026, 3, 1)
RULES = """
[ruleset]
name = "signals"
version = "1"
hit = "first"
[parameter.patience]
type = "days"
value = 14
[table.accounts.column]
size = { type = "integer" }
[table.complaints.column]
day = { type = "date" }
[table.visits.column]
day = { type = "date" }
[table.orders.column]
day = { type = "date" }
product = { type = "text" }
[signal.unanswered]
after = "complaints"
without = "visits"
within_days = "patience"
[signal.taken_up]
after = "visits"
then = "orders"
within_days = 7
for_days = 30
[signal.again]
after = "orders"
at_least = 2
within_days = 10
same = "product"
[signal.noted]
after = "orders[product == 'b']"
[class.key]
level = 2
when = "unanswered"
[class.other]
level = 1
[tier.first]
level = 1
[tier.first.gate.taken]
when = "taken_up"
[role.seller]
[action.tell]
title = "{unanswered.date} {taken_up.date} {again.date} {noted.date}"
when = "true"
priority = 50
owner = "seller"
due_days = 7
because = "so"
"""
RULES_OF = {days: RULES.replace("value = 14", f"value = {days}") for days in (5, 14, 25)}


def on(days):
    return START + datetime.timedelta(days)


def book():
    """Return four accounts: answered late, answered in time, one that buys, one without rows."""
    return Book.of(tables=TABLES, as_of=on(60))


TABLES = {
    "accounts": [{"account_id": each, "size": 1} for each in "abcd"],
    "complaints": [{"account_id": each, "day": on(0)} for each in "ab"],
    "visits": [
        {"account_id": "a", "day": on(20)},
        {"account_id": "b", "day": on(10)},
        {"account_id": "c", "day": on(30)},
    ],
    "orders": [
        {"account_id": "c", "day": on(37), "product": "a"},
        {"account_id": "c", "day": on(38), "product": "b"},
        {"account_id": "c", "day": on(47), "product": "a"},
    ],
}


def test_signals_of_every_form_are_dated_by_the_day_on_which_they_were_complete():
    with decide_book(compiled(RULES), book(), as_of=on(60), open_source=OPEN) as decisions:
        told = {each["account_id"]: each["title"] for each in rows(decisions.tables["actions"])}
        places = {
            each["account_id"]: (each["class"], each["tier"])
            for each in rows(decisions.tables["decisions"])
        }
    assert told == {
        "a": f"{on(15)} unknown unknown unknown",
        "b": "unknown unknown unknown unknown",
        "c": f"unknown {on(37)} {on(47)} {on(38)}",
        "d": "unknown unknown unknown unknown",
    }
    assert places == {
        "a": ("key", None), "b": ("other", None), "c": ("other", "first"), "d": ("other", None)
    }  # fmt: skip


def test_a_parameter_of_a_signal_is_tried_like_any_other():
    impatient, base, patient = (for_placement(compiled(RULES_OF[days])) for days in (5, 14, 25))
    with HeldBook(base, book(), open_source=OPEN) as held:
        trials = Trials(held, base, on(60))
        stays = Shift("other", "other", None, None, 2)
        assert trials.shifts(base) == [
            Shift("key", "key", None, None, 1),
            Shift("other", "other", "first", "first", 1),
            stays,
        ]
        assert trials.shifted(impatient) == [Shifted("b", "other", "key", None, None)]
        assert trials.shifted(patient) == [Shifted("a", "key", "other", None, None)]


@pytest.mark.parametrize(
    ("day", "keys", "first"),
    [(14, [], []), (15, ["a"], []), (25, ["a"], []), (37, ["a"], ["c"]), (67, ["a"], ["c"]), (68, ["a"], [])],
)  # fmt: skip
def test_on_a_past_date_a_signal_is_what_could_be_known_by_then(day, keys, first):
    lean = for_placement(compiled(RULES))
    with HeldBook(lean, book(), open_source=OPEN) as held:
        past = PastBook(held, leave_out=True)
        past.decide(0, lean, on(day))
        found = held.rows("SELECT account_id, class, tier FROM past_0 ORDER BY line")
    assert [each[0] for each in found if each[1] == "key"] == keys
    assert [each[0] for each in found if each[2] == "first"] == first


def test_accounts_with_a_signal_are_counted():
    program = compiled(RULES)
    asked = [each.value for each in program.facts if each.type.kind == "bool"]
    found = count_book(program, book(), asked, as_of=on(60), open_source=OPEN)
    assert [each.address for each in program.facts if each.type.kind == "bool"] == [
        "signal.unanswered", "signal.taken_up", "signal.again", "signal.noted"
    ]  # fmt: skip
    assert found.counts == ((1, 3, 0), (1, 3, 0), (1, 3, 0), (1, 3, 0))


def test_signals_of_a_table_that_the_book_lacks_are_unknown():
    program = compiled(RULES)
    tables = {name: table for name, table in TABLES.items() if name != "visits"}
    with decide_book(program, Book.of(tables=tables), as_of=on(60), open_source=OPEN) as decisions:
        told = {each["account_id"]: each["title"] for each in rows(decisions.tables["actions"])}
    assert told["a"] == "unknown unknown unknown unknown"
    assert told["c"] == f"unknown unknown {on(47)} {on(38)}"
