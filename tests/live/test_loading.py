"""Loading a book: accounts in bulk from tables or a book file, and events about them from then on."""

from __future__ import annotations

import pytest

from kamrules import DataError, LiveBook, decide, load_ruleset
from kamrules.live.refusals import NotInBook
from kamrules.workbench.sample import sample_book
from tests.live.living import PROGRAM, RULESET, day, event, live, order


def tables(number=3):
    return {
        "accounts": [
            {"account_id": f"A{n}", "name": f"N{n}", "employees": n} for n in range(number)
        ],
        "orders": [
            {"account_id": f"A{n}", "row_id": f"o{n}", "date": day(0), "amount": 400 * n}
            for n in range(number)
        ],
    }


def test_tables_are_taken_and_decided():
    with LiveBook(RULESET, "memory") as book:
        found = book.load(tables(), as_of=day(1))
        assert (found.accounts, found.rows, found.as_of) == (3, 3, day(1))
        assert book.as_of == day(1)
        for number in range(3):
            facts = {"account_id": f"A{number}", "name": f"N{number}", "employees": number,
                     "orders": [{"date": "2026-06-01", "amount": 400 * number}]}  # fmt: skip
            assert book.decision(f"A{number}") == decide(PROGRAM, facts, as_of=day(1))
        # visits were not in it
        assert book.decision("A0").facts["recent_visits"] is None
        assert book.replay() == []
        assert book.verify() == []


def test_a_table_that_was_loaded_is_known_for_accounts_that_come_later():
    with LiveBook(RULESET, "memory", as_of=day(0)) as book:
        book.load(tables())
        book.post(event("B"))
        assert book.decision("B").facts["revenue"] == 0


def test_rows_that_were_loaded_can_be_changed_by_their_ids():
    with live() as book:
        book.load(tables())
        book.post(event("A1", "orders", {"amount": 1}, op="update", row_id="o1"))
        assert book.question("A1").facts["orders"] == [{"date": "2026-06-01", "amount": 1}]


def test_an_account_that_is_loaded_again_is_as_the_source_has_it_and_others_stay():
    with live() as book:
        book.load(tables())
        book.post(order("A0", 5))
        book.load({"accounts": [{"account_id": "A0", "name": "new"}], "orders": []})
        assert book.question("A0").facts == {
            "account_id": "A0", "name": "new", "orders": [], "visits": [],
        }  # fmt: skip
        assert book.count() == 3
        assert book.replay() == []


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ({"accounts": [{"account_id": "A", "nmae": 1}]}, "KR601", "did you mean `name`?"),
        ({"accounts": [{"name": "x"}]}, "KR813", "account_id"),
        ({"accounts": [{"account_id": "A"}] * 2}, "KR813", "is there twice"),
        ({"accounts": [], "orders": [{"account_id": "B"}]}, "KR815", "`B` is not among"),
        ({"accounts": [], "ordres": [{"account_id": "B"}]}, "KR601", "did you mean `orders`?"),
    ],
)
def test_tables_that_cannot_be_are_refused_and_nothing_is_taken(source, code, words):
    with live() as book:
        with pytest.raises(DataError) as caught:
            book.load(source)
        assert caught.value.diagnostics[0].code == code
        assert words in str(caught.value)
        assert book.count() == 0
        with pytest.raises(NotInBook):
            book.outcome("A")


def test_a_load_needs_a_date():
    with LiveBook(RULESET, "memory") as book, pytest.raises(DataError, match="KR818"):
        book.load(tables())


def test_a_book_file_is_loaded_and_decided_as_a_run_decides_it(tmp_path):
    path = sample_book(tmp_path / "sample", accounts=40)
    ruleset = load_ruleset("kam")
    with LiveBook(ruleset, tmp_path / "book.db") as book:
        found = book.load(path)
        assert found.accounts == 40
        assert not found.quality.clean
        assert book.as_of == found.as_of
        for account in ("C-00001", "C-00017", "C-00040"):
            facts = book.question(account).facts
            assert book.decision(account) == decide(book.program, facts, as_of=found.as_of)
        assert book.replay() == []
        with pytest.raises(DataError, match="rows"):
            book.load(path, leave_out=False)
