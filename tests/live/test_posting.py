"""Posting events: what changes, that each counts once, and what is refused."""

from __future__ import annotations

import datetime
import math
import threading
from decimal import Decimal

import pytest

from kamrules import DataError, Event, decide
from kamrules.live.refusals import KeyReused, NotInBook
from tests.live.living import PROGRAM, START, changed, day, event, hashes, live, order, visit


@pytest.fixture
def book():
    with live() as found:
        yield found


def code_of(caught):
    return [each.code for each in caught.value.diagnostics]


def test_an_account_that_arrives_is_decided_and_what_holds_is_told(book):
    posted = book.post(event("A"))
    assert (posted.account_id, posted.as_of, posted.repeated) == ("A", START, False)
    changes = posted.changes
    assert changes.arrived
    assert (changes.class_.before, changes.class_.after) == (None, "ordinary")
    assert changes.phase.after == "quiet"
    (visit_,) = changes.actions
    assert (visit_.change, visit_.action, visit_.title) == ("new", "visit", "Visit A")
    assert (visit_.owner, visit_.due_on) == ("manager", day(7))
    assert visit_.reason == "Nobody was at A within two weeks."
    assert book.entries()[-1].number == posted.entry


def test_an_event_tells_only_what_it_changes(book):
    book.post(event("A"))
    posted = book.post(order("A", 100))
    assert posted.changes.tier.after == "vendor"
    assert posted.changes.gates_met == ("tier.vendor.gate.sold",)
    assert (posted.changes.class_, posted.changes.phase, posted.changes.actions) == (None, None, ())
    assert set(posted.as_json()["changes"]) == {"account_id", "as_of", "tier", "gates_met"}


def test_gates_that_are_lost_and_actions_that_are_withdrawn_are_told_with_why(book):
    book.post(event("A"))
    book.post(order("A", 100, row_id="1"))
    lost = book.post(event("A", "orders", {}, op="delete", row_id="1"))
    assert lost.changes.gates_lost == ("tier.vendor.gate.sold",)
    assert lost.changes.tier.after is None
    withdrawn = book.post(visit("A")).changes
    assert changed(withdrawn, "withdrawn") == ["visit"]
    assert withdrawn.actions[0].why == "its condition no longer holds"


def test_an_update_changes_the_columns_it_names_and_null_makes_unknown(book):
    book.post(event("A", row={"name": "Acme", "employees": 10}))
    book.post(event("A", row={"employees": 50}, op="update"))
    assert book.question("A").facts == {
        "account_id": "A", "name": "Acme", "employees": 50, "orders": [], "visits": [],
    }  # fmt: skip
    book.post(event("A", row={"employees": None}, op="update"))
    assert book.question("A").facts["employees"] is None
    book.post(order("A", 5, row_id="o"))
    book.post(event("A", "orders", {"amount": 7}, op="update", row_id="o"))
    assert book.question("A").facts["orders"] == [{"date": "2026-06-01", "amount": 7}]


def test_an_insert_takes_the_place_of_a_row_of_the_same_id(book):
    book.post(event("A"))
    book.post(order("A", 5, row_id="first"))
    book.post(order("A", 6, row_id="second"))
    book.post(event("A", "orders", {"amount": 9}, row_id="first"))
    amounts = [each["amount"] for each in book.question("A").facts["orders"]]
    assert amounts == [9, 6]


def test_a_row_without_an_id_is_known_by_the_key_of_its_event(book):
    book.post(event("A"))
    book.post(order("A", 5, key="crm-17"))
    book.post(event("A", "orders", {"amount": 6}, op="update", row_id="crm-17"))
    assert book.question("A").facts["orders"][0]["amount"] == 6


def test_a_deleted_account_leaves_with_its_rows_and_actions_and_may_come_again(book):
    book.post(event("A"))
    book.post(order("A", 5))
    left = book.post(event("A", op="delete", row={})).changes
    assert left.left
    assert changed(left, "withdrawn") == ["visit"]
    assert left.actions[0].why == "the account left the book"
    assert book.actions() == []
    for ask in (book.decision, book.explanation, book.outcome):
        with pytest.raises(NotInBook, match=r"KR815.*account `A` is not in the book"):
            ask("A")
    assert len(book.entries(account_id="A")) == 3
    again = book.post(event("A")).changes
    assert again.arrived
    assert book.question("A").facts["orders"] == []


def test_the_same_event_again_gets_the_first_answer_and_changes_nothing(book):
    first = book.post(event("A", key="k"))
    head = book.head
    again = book.post(event("A", key="k"))
    assert again.repeated
    assert (again.entry, again.changes, again.as_of) == (first.entry, first.changes, first.as_of)
    assert book.head == head


def test_a_key_with_another_content_is_refused(book):
    book.post(event("A", key="k"))
    with pytest.raises(KeyReused) as caught:
        book.post(event("A", key="k", row={"name": "Other"}))
    assert code_of(caught) == ["KR814"]
    with pytest.raises(KeyReused):
        book.post(event("B", key="k"))


def test_many_events_are_one_commit_and_each_has_its_own_answer(book):
    commits = book.described["commits"]
    twice = order("A", 10, key="twice")
    found = book.post_many(
        [
            event("A"),
            twice,
            twice,
            order("nobody", 1),
            {"key": "x"},
            {**twice, "row": {"amount": 1}},
            event("B"),
        ]
    )
    assert book.described["commits"] == commits + 1
    assert [getattr(each, "repeated", None) for each in found] == [
        False, False, True, None, None, None, False,
    ]  # fmt: skip
    assert [each.diagnostics[0].code for each in found[3:6]] == ["KR815", "KR813", "KR814"]
    assert found[1].entry == found[2].entry
    assert [each.number for each in book.entries()] == list(range(1, book.head[0] + 1))


def test_a_refused_event_changes_nothing(book):
    book.post(event("A"))
    head, facts = book.head, book.question("A").facts
    for bad in (order("A", "much"), event("A", "ordres"), event("B", "orders", {"amount": 1})):
        with pytest.raises(DataError):
            book.post(bad)
    assert (book.head, book.question("A").facts) == (head, facts)


@pytest.mark.parametrize(
    ("bad", "codes", "words"),
    [
        (event("A", "ordres"), ["KR601"], "did you mean `orders`?"),
        (event("A", row={"nmae": "x"}), ["KR601"], "did you mean `name`?"),
        (event("A", row={"industry": "fod"}), ["KR604"], "did you mean `food`?"),
        (order("A", "5"), ["KR602"], "`amount` is a number, not the text `5`"),
        (event("A", "orders", {"date": "1.6.2026"}), ["KR602"], "`date` is a date such as"),
        (event("A", row={"nmae": 1, "employees": "x"}), ["KR601", "KR602"], "employees"),
        (event("A", row={"account_id": "B"}), ["KR813"], "the row is of account `B`"),
        (event("A", row_id="7"), ["KR813"], "has no `row_id`"),
        (event("A", "orders", op="update"), ["KR813"], "needs its `row_id`"),
        (event("A", "orders", op="delete", row_id="7"), ["KR817"], "no row `7` in `orders`"),
        (event("Z", op="update"), ["KR815"], "`Z` is not in the book"),
        (event("A", op="inset"), ["KR813"], "did you mean `insert`?"),
        ({**event("A"), "tabel": "x"}, ["KR813"], "did you mean `table`?"),
        ({"key": "k"}, ["KR813", "KR813"], "an event needs `table`"),
        (event("A", row={"name": ["x"]}), ["KR813"], "`row.name` is a text, a number"),
        (event("A", row={"name": "\x00"}), ["KR813"], "a character that no text has"),
        (event("A", row={"name": "\ud800"}), ["KR813"], "a character that no text has"),
        (event("A" * 1_000_000, row={}), ["KR813"], "`account_id` has more than 200 characters"),
        (event("", key=""), ["KR813", "KR813"], "`key` is empty"),
        (event("A", row={"name": "x" * 10_001}), ["KR813"], "more than 10,000 characters"),
        (event("A", row={f"c{n}": 1 for n in range(253)}), ["KR813"], "at most 252 columns"),
        (event("A", as_of="yesterday"), ["KR813"], "`as_of` is no date"),
        (event("A", as_of=5), ["KR813"], "`as_of` is a date"),
        (event(7, row={}), ["KR813"], "`account_id` is a text, not a number"),
        ([], ["KR813"], "an event is an object, not a list"),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_is_refused_with_what_is_wrong(book, bad, codes, words):
    book.post(event("A"))
    with pytest.raises(DataError) as caught:
        book.post(bad)
    assert code_of(caught) == codes
    told = str(caught.value)
    assert words in told
    assert len(told) < 2_000


def test_dates_decimals_and_what_is_not_finite_are_taken_as_python_has_them(book):
    row = {"date": datetime.date(2026, 6, 1), "amount": Decimal("12.5")}
    book.post(Event(key="a", account_id="A", table="accounts", row={"employees": math.nan}))
    book.post(Event(key="b", account_id="A", table="orders", row=row))
    facts = book.question("A").facts
    assert facts["employees"] is None
    assert facts["orders"] == [{"date": "2026-06-01", "amount": 12.5}]
    book.post(event("A", row={"employees": 10**5_000}, op="update"))
    assert book.decision("A").scores[0].value == decide(PROGRAM, facts, as_of=START).scores[0].value


def test_the_decision_is_that_of_the_row_engine_and_of_the_log(book):
    book.post(event("A"))
    book.post(order("A", 700))
    decision = book.decision("A")
    assert decision == decide(PROGRAM, book.question("A").facts, as_of=START)
    assert book.explanation("A").decision == decision
    assert book.outcome("A").digest == book.entries(account_id="A")[-1].outcome
    assert book.outcome("A").class_ == decision.class_


def test_without_declared_tables_what_was_never_told_is_unknown():
    with live(tables=()) as book:
        book.post(event("A"))
        assert book.decision("A").facts["revenue"] is None
        book.post(order("A", 5))
        assert book.decision("A").facts["revenue"] == 5.0
        assert book.decision("A").facts["recent_visits"] is None


def test_an_event_without_a_date_needs_a_book_with_one():
    with live(as_of=None) as book:
        with pytest.raises(DataError, match=r"KR818.*neither the event nor the book has a date"):
            book.post(event("A"))
        assert book.post(event("A", as_of="2026-06-05")).as_of == day(4)
        assert book.post(event("B")).as_of == day(4)


def test_events_of_many_threads_are_applied_once_each_in_the_order_of_their_account(book):
    accounts = [f"A{number}" for number in range(8)]

    def work(account):
        book.post(event(account, key=f"{account}/new"))
        for number in range(15):
            posted = book.post(
                event(account, "orders", {"amount": number}, key=f"{account}/{number}")
            )
            assert not posted.repeated

    threads = [threading.Thread(target=work, args=(each,)) for each in accounts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for each in accounts:
        amounts = [row["amount"] for row in book.question(each).facts["orders"]]
        assert amounts == list(range(15))
    assert book.verify() == []
    assert book.replay() == []
    assert book.described["commits"] < len(accounts) * 16


def test_one_key_from_many_threads_is_applied_once(book):
    book.post(event("A"))
    found = []
    post = order("A", 5, key="same")
    threads = [threading.Thread(target=lambda: found.append(book.post(post))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.repeated for each in found) == [False] + [True] * 7
    assert len({each.entry for each in found}) == 1
    assert len(book.question("A").facts["orders"]) == 1


def test_the_same_events_give_the_same_log_bytes_in_another_store(tmp_path):
    events = [
        event("A"),
        order("A", 700),
        visit("A"),
        event("B"),
        order("B", 3, date=day(2), as_of=day(2)),
    ]
    logs = []
    for name in ("one.db", "two.db"):
        with live(tmp_path / name, tables="all") as book:
            for each in events:
                book.post(each)
            book.tick(day(9))
            logs.append(hashes(book))
    assert logs[0] == logs[1]
    with live(tmp_path / "three.db") as book:
        # all at once, and so in one commit
        book.post_many(events)
        book.tick(day(9))
        assert hashes(book) == logs[0]
