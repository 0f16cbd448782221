"""Action items: open until they are done, dismissed or withdrawn; cooldown counts from what was settled."""

from __future__ import annotations

import pytest

from kamrules import DataError
from kamrules.live.refusals import KeyReused, NotInBook
from tests.live.living import changed, day, event, live, order, visit


@pytest.fixture
def book():
    with live() as found:
        found.post(event("A"))
        yield found


def only(book, status=None):
    (found,) = book.actions(status=status)
    return found


def test_an_action_that_is_done_is_told_and_not_proposed_again_that_day(book):
    item = only(book)
    posted = book.settle(item.id, "done", outcome="met the owner", note="by phone")
    (change,) = posted.changes.actions
    assert (change.change, change.item, change.action) == ("done", item.id, "visit")
    assert book.actions() == []
    done = only(book, "done")
    assert (done.outcome, done.note, done.changed_on) == ("met the owner", "by phone", day(0))
    assert book.post(order("A", 5)).changes.actions == ()


def test_the_cooldown_of_what_was_done_counts_from_that_day(book):
    item = only(book)
    book.tick(day(5))
    book.settle(item.id, "done")
    assert [
        changed(each, "new") for number in range(6, 15) for each in book.tick(day(number))
    ] == []
    (changes,) = book.tick(day(15))
    assert changed(changes, "new") == ["visit"]
    assert only(book).number == 2


def test_an_open_action_stays_while_it_is_in_cooldown_and_when_that_ends(book):
    item = only(book)
    book.tick(day(3))
    assert book.decision("A").held_back[0].status == "cooldown"
    assert only(book).id == item.id
    book.tick(day(12))
    assert book.decision("A").actions[0].id == "visit"
    assert (only(book).id, only(book).due_on) == (item.id, item.due_on)


def test_an_accepted_action_stays_open_and_can_be_withdrawn(book):
    item = only(book)
    (change,) = book.settle(item.id, "accepted").changes.actions
    assert (change.change, only(book).status) == ("accepted", "accepted")
    withdrawn = book.post(visit("A")).changes
    assert changed(withdrawn, "withdrawn") == ["visit"]
    # who did it nevertheless may say so
    assert book.settle(item.id, "done").changes.actions[0].change == "done"


def test_an_action_that_another_excludes_is_withdrawn(book):
    changes = book.post(order("A", 1_500)).changes
    assert changed(changes, "withdrawn") == ["visit"]
    assert changes.actions[0].why == "another action takes its place"
    assert changed(changes, "new") == ["thank"]


def test_a_due_day_that_comes_is_told_once(book):
    assert [changed(each, "due") for each in book.tick(day(6))] == []
    (changes,) = book.tick(day(9))
    assert changed(changes, "due") == ["visit"]
    assert book.tick(day(10)) == []


def test_settling_the_same_again_gets_the_first_answer(book):
    item = only(book)
    first = book.settle(item.id, "done")
    again = book.settle(item.id, "done")
    assert (again.repeated, again.entry) == (True, first.entry)
    keyed = book.settle(item.id, "done", key="mine")
    assert not keyed.repeated
    assert keyed.changes.actions == ()
    with pytest.raises(KeyReused, match="KR814"):
        book.settle(item.id, "done", outcome="other")


def test_what_cannot_be_settled_is_refused_by_name(book):
    item = only(book)
    with pytest.raises(NotInBook, match=r"KR817.*there is no action `nope`"):
        book.settle("nope", "done")
    with pytest.raises(
        DataError, match=r"KR865.*settled as accepted, done, dismissed, not as `won`"
    ):
        book.settle(item.id, "won")
    book.settle(item.id, "dismissed")
    with pytest.raises(DataError, match=r"KR865.*is dismissed and cannot be done any more"):
        book.settle(item.id, "done")
    with pytest.raises(DataError, match=r"KR865.*`note` has more than 4,000 characters"):
        book.settle(item.id, "dismissed", note="x" * 4_001)
    book.tick(day(11))
    later = only(book)
    assert later.id != item.id
    with pytest.raises(DataError, match=r"KR865.*a later one has taken its place"):
        book.settle(item.id, "done")


def test_action_items_are_listed_by_owner_account_and_status_a_page_at_a_time(book):
    book.post_many([event(each, row={"employees": 10 * n}) for n, each in enumerate("BCDE")])
    listed = book.actions(owner="manager")
    assert [each.account_id for each in listed][:4] == ["E", "D", "C", "A"] or len(listed) == 5
    assert [each.priority for each in listed] == sorted((e.priority for e in listed), reverse=True)
    pages = []
    after = None
    while page := book.actions(limit=2, after=after):
        pages += page
        after = page[-1].id
    assert pages == listed
    assert [each.account_id for each in book.actions(account_id="C")] == ["C"]
    assert book.actions(owner="nobody") == []
    with pytest.raises(NotInBook, match="KR817"):
        book.actions(after="nope")


def test_an_item_has_a_history(book):
    item = only(book)
    book.settle(item.id, "accepted")
    book.tick(day(2))
    book.settle(item.id, "done")
    steps = [(status, on) for _, status, on in book.history(item.id)]
    assert steps == [("proposed", day(0)), ("accepted", day(0)), ("done", day(2))]
