"""Days: time passes by ticks and events only, and a day begins with what held at the end of the last."""

from __future__ import annotations

import pytest

from kamrules import Earlier, UsageError, decide
from tests.live.living import PROGRAM, changed, day, event, hashes, live, order, visit


@pytest.fixture
def book():
    with live() as found:
        yield found


def test_a_tick_decides_every_account_and_tells_those_that_moved(book):
    book.post_many([event("A"), visit("A"), event("B"), event("C"), visit("C"), visit("C", day(5))])
    changes = book.tick(day(14))
    assert book.as_of == day(14)
    assert [each.account_id for each in changes] == ["A", "B"]
    assert changes[0].phase.after == "quiet"
    assert changed(changes[0], "new") == ["visit"]
    assert changed(changes[1], "due") == ["visit"]
    assert {book.decision(each).as_of for each in "ABC"} == {day(14)}


def test_a_class_moves_up_one_path_a_day_and_stays_by_its_own_condition(book):
    book.post_many([event("A"), order("A", 700), visit("A")])
    assert book.outcome("A").class_ == "ordinary"
    moved = book.post(order("A", 600, as_of=day(1).isoformat())).changes
    assert (moved.class_.before, moved.class_.after) == ("ordinary", "key")
    assert book.outcome("A").class_move == "up"
    book.post(event("A", "orders", {"amount": None}, op="update", row_id=book.entries()[-1].key))
    assert book.outcome("A").class_ == "ordinary"
    # on the same day the day before still counts, so that the order of events does not
    assert book.outcome("A").class_move == "stayed"


def test_what_held_at_the_end_of_a_day_counts_on_the_next(book):
    book.post_many([event("A"), visit("A"), order("A", 1_200)])
    assert book.outcome("A").class_move == "placed"
    book.tick(day(1))
    assert (book.outcome("A").class_, book.outcome("A").class_move) == ("key", "stayed")
    assert book.question("A").earlier == Earlier(
        class_="key", tier="vendor", proposed={"thank": day(0)}
    )


def test_late_news_is_applied_and_decided_on_the_accounts_present_day(book):
    book.post(event("A"))
    book.tick(day(10))
    posted = book.post(visit("A", day(4), as_of=day(4).isoformat()))
    assert posted.as_of == day(10)
    assert book.outcome("A").phase == "busy"
    assert book.as_of == day(10)


def test_an_event_moves_the_book_and_others_follow_with_their_next_event_or_tick(book):
    book.post_many([event("A"), event("B")])
    book.post(order("A", 1, as_of=day(3).isoformat()))
    assert book.as_of == day(3)
    assert book.decision("B").as_of == day(0)
    assert book.post(order("B", 1)).as_of == day(3)


def test_time_does_not_go_back(book):
    book.post(event("A"))
    book.tick(day(5))
    with pytest.raises(UsageError, match=r"KR818.*time does not go back to 2026-06-04"):
        book.tick(day(3))
    assert book.as_of == day(5)


def test_a_tick_of_the_same_day_changes_nothing(book):
    book.post(event("A"))
    book.tick(day(5))
    log = hashes(book)
    assert book.tick(day(5)) == []
    assert hashes(book) == log


def test_a_tick_that_was_broken_off_goes_on(book, monkeypatch):
    accounts = [f"A{number:03}" for number in range(250)]
    book.post_many([event(each) for each in accounts])
    decider = book._desk.decider
    asked = []

    def failing(question):
        asked.append(question.facts["account_id"])
        if len(asked) > 150:
            raise KeyboardInterrupt
        return type(decider).decide(decider, question)

    monkeypatch.setattr(decider, "decide", failing, raising=False)
    with pytest.raises(KeyboardInterrupt):
        book.tick(day(8))
    monkeypatch.undo()
    moved = book.tick(day(8))
    assert [each.account_id for each in moved] == accounts[100:]
    assert {book.decision(each).as_of for each in accounts} == {day(8)}
    assert book.replay() == []


def test_a_day_at_a_time_gives_what_runs_with_memory_give(book):
    book.post_many([event("A", row={"employees": 40}), order("A", 900), visit("A")])
    earlier = None
    for number in range(40):
        if number:
            book.tick(day(number))
        facts = book.question("A").facts
        wanted = decide(PROGRAM, facts, as_of=day(number), earlier=earlier)
        assert book.decision("A") == wanted
        proposed = {} if earlier is None else dict(earlier.proposed)
        proposed |= {each.id: day(number) for each in wanted.actions}
        earlier = Earlier(class_=wanted.class_, tier=wanted.tier, proposed=proposed)
    assert book.replay() == []
