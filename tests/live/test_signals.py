"""Signals in a live book: raised by an event or by a day that passes, told with their day, and ended."""

from __future__ import annotations

import pytest

from kamrules import LiveBook
from tests.live.living import RULES, START, day, event, visit

SIGNALS = """
[signal.unvisited]
after = "orders[amount >= 100]"
without = "visits"
within_days = 5

[signal.twice]
after = "visits"
at_least = 2
within_days = 3
for_days = 10
"""


@pytest.fixture
def book(tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES.read_text(encoding="utf-8") + SIGNALS, encoding="utf-8")
    with LiveBook(rules, "memory", as_of=START, tables="all") as found:
        found.post(event("A"))
        yield found


def order(amount):
    return event("A", "orders", {"date": START.isoformat(), "amount": amount})


def test_what_did_not_happen_in_time_is_told_on_the_day_on_which_it_is_certain(book):
    assert book.post(order(100)).changes.signals_raised == ()
    assert [each.signals_raised for each in book.tick(day(5))] == []
    (changes,) = book.tick(day(6))
    assert changes.signals_raised == (("unvisited", day(6)),)
    assert book.outcome("A").signals == {"unvisited": day(6)}
    assert book.decision("A").facts["unvisited"] is True
    late = book.post(visit("A", day(4), as_of=day(7))).changes
    assert late.signals_ended == ("unvisited",)
    assert book.replay() == []


def test_a_signal_of_several_events_lasts_as_long_as_it_says_and_is_told_when_it_is_renewed(book):
    book.post(visit("A", day(0)))
    raised = book.post(visit("A", day(2), as_of=day(2))).changes
    assert raised.signals_raised == (("twice", day(2)),)
    renewed = book.post(visit("A", day(3), as_of=day(3))).changes
    assert renewed.signals_raised == (("twice", day(3)),)
    assert [each.signals_ended for each in book.tick(day(13)) if each.signals_ended] == []
    (changes,) = book.tick(day(14))
    assert changes.signals_ended == ("twice",)
    assert book.replay() == []
