"""Rows beside rows: what stands before or after a row counts to the day, however many rows there are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules.book import Book
from tests.engines.sql.scene import csv_book, decided, rows
from tests.engines.sql.scene_beside import (
    Asked,
    Row,
    asking,
    beside,
    by_hand,
    ids,
    of_account_size,
    on,
    row,
    some_asked,
    some_rows,
)

pytestmark = pytest.mark.usefixtures("each_engine")


def told(book: Book, *asked: Asked, **options: Any) -> dict[str, str]:
    """Return what is counted for every account, as the SQL engine has it."""
    with decided(asking(*asked), book, **options) as decisions:
        found = rows(decisions.tables["actions"])
    return {row["account_id"]: row["title"] for row in found}


def answer(asked: Asked, complaints: list[Row], visits: list[Row]) -> str:
    """Return what is counted for one account."""
    tables = {"accounts": ids("a"), "complaints": complaints, "visits": visits}
    return told(Book.of(tables=tables), asked)["a"]


@pytest.mark.parametrize(
    ("visited", "unanswered"), [(-1, "1"), (0, "0"), (14, "0"), (15, "1"), (None, "1")]
)
def test_an_answer_counts_from_the_same_day_to_the_last(visited, unanswered):
    assert answer(Asked((beside(),)), [row(0)], [row(visited)]) == unanswered


@pytest.mark.parametrize(("complained", "followed"), [(0, "1"), (-14, "1"), (-15, "0"), (1, "0")])
def test_what_comes_after_something_looks_back_to_the_first_day(complained, followed):
    asked = Asked((beside("complaints", -14, 0, 1),), table="visits")
    assert answer(asked, [row(complained)], [row(0)]) == followed


def test_days_may_all_lie_ahead():
    asked = Asked((beside(first=2, last=3, needed=1),))
    found = [answer(asked, [row(0)], [row(day)]) for day in (1, 2, 3, 4)]
    assert found == ["0", "1", "1", "0"]


def test_a_row_without_a_day_counts_for_nothing():
    assert answer(Asked((beside(),)), [row(None)], []) == "0"
    assert answer(Asked((beside("complaints", -9, 9, 1),)), [row(None), row(None)], []) == "0"


def test_a_row_does_not_count_itself():
    alone = Asked((beside("complaints", -14, 0, 1),))
    assert answer(alone, [row(0)], []) == "0"
    assert answer(Asked((beside("complaints", -14, 0, 0),)), [row(0)], []) == "1"


def test_equal_rows_count_one_another():
    asked = Asked((beside("complaints", -14, 0, 1),))
    assert answer(asked, [row(0), row(0)], []) == "2"
    assert answer(Asked((beside("complaints", -14, 0, 2),)), [row(0)] * 3, []) == "3"


def test_a_row_that_would_not_count_is_not_taken_off():
    # of small ones and large ones only the large count, and the small one stands beside one of them
    asked = Asked((beside("complaints", -14, 0, 1, least=5),))
    assert answer(asked, [row(0, n=1), row(0, n=9)], []) == "1"
    # its other date lies elsewhere, so that it is not itself among the others
    closed = Asked((beside("complaints", -14, 0, 1, day="closed"),))
    assert answer(closed, [row(0, closed=20), row(10, closed=90)], []) == "1"
    assert answer(closed, [row(20, closed=0), row(0, closed=90)], []) == "1"


def test_unknown_keys_are_never_equal():
    asked = Asked((beside(needed=1, same=("contact",)),))
    assert answer(asked, [row(0, contact=None)], [row(0, contact=None)]) == "0"
    assert answer(asked, [row(0)], [row(0, contact=None), row(0, contact="y")]) == "0"
    assert answer(asked, [row(0)], [row(0)]) == "1"
    without = Asked((beside(same=("contact", "order")),))
    assert answer(without, [row(0, order=1)], [row(0, order=None)]) == "1"
    assert answer(without, [row(0, order=1)], [row(0, order=1)]) == "0"


def test_numbers_that_differ_in_their_last_place_are_different_keys():
    asked = Asked((beside(needed=1, same=("order",)),))
    one, other = Decimal("123456789012.345678"), Decimal("123456789012.345679")
    assert float(one) == float(other)
    assert answer(asked, [row(0, order=one)], [row(0, order=other)]) == "0"
    assert answer(asked, [row(0, order=one)], [row(0, order=one)]) == "1"


@pytest.mark.parametrize("other", [int, float, str, Decimal])
@pytest.mark.parametrize("one", [int, float, str, Decimal])
def test_numbers_are_equal_however_the_tables_hold_them(one, other):
    asked = Asked((beside(needed=1, same=("order",)),))
    found = answer(asked, [row(0, order=one(7))], [row(0, order=other(7)), row(0, order=other(8))])
    assert found == "1"
    assert answer(asked, [row(0, order=one(7))], [row(0, order=other(8))]) == "0"


def test_a_table_that_the_book_lacks_leaves_it_unknown():
    tables = {"accounts": ids("a"), "complaints": [row(0)]}
    asked = Asked((beside(),))
    assert told(Book.of(tables=tables), asked)["a"] == "unknown"
    mirrored = Asked((beside("complaints"),), table="visits")
    assert told(Book.of(tables=tables), mirrored)["a"] == "unknown"


def test_a_column_that_the_book_lacks_is_unknown_in_every_row():
    bare = {"account_id": "a", "n": 1, "day": on(0)}
    tables = {"accounts": ids("a"), "complaints": [bare], "visits": [dict(bare)]}
    found = told(
        Book.of(tables=tables), Asked((beside(),)), Asked((beside(same=("contact", "order")),)),
        Asked((beside(day="closed"),)), Asked((beside(needed=1),)),
    )  # fmt: skip
    assert found["a"] == "0 1 0 1"


def test_others_may_be_told_by_what_is_known_of_the_account():
    tables = {
        "accounts": ids("a", "b"),
        "complaints": [row(0, "a"), row(0, "b"), row(1, "b", n=2)],
        "visits": [row(1, "a", n=1), row(1, "b", n=1)],
    }
    found = told(
        Book.of(tables=tables),
        Asked((of_account_size(beside(needed=1)),)),
        Asked((of_account_size(beside("complaints", needed=1)),)),
    )
    assert found == {"a": "1 0", "b": "0 1"}


def test_accounts_are_kept_apart_and_those_without_rows_have_none():
    tables = {
        "accounts": ids("a", "b", "c"),
        "complaints": [row(0, "a"), row(0, "b")],
        "visits": [row(3, "b"), row(3, "nobody")],
    }
    assert told(Book.of(tables=tables), Asked((beside(),))) == {"a": "1", "b": "0", "c": "0"}


def test_the_quality_of_a_table_is_told_though_only_others_are_read_beside_it():
    tables = {
        "accounts": ids("a"),
        "complaints": [row(0), row(0, "nobody")],
        "visits": [row(3), row(3, "nobody"), row(4, "nobody")],
    }
    with decided(asking(Asked((beside(),))), Book.of(tables=tables)) as decisions:
        found = {each.table: (each.rows_read, each.rows_kept) for each in decisions.quality.tables}
    assert found == {"accounts": (1, 1), "complaints": (2, 1), "visits": (3, 1)}


def test_rows_that_the_book_file_leaves_out_stand_beside_nothing(tmp_path):
    book = csv_book(
        tmp_path,
        '[table.visits.only]\nstate = ["held"]',
        accounts="account_id\na\n",
        complaints="account_id,day,n\na,2026-01-01,1\na,2026-02-01,1\n",
        visits="account_id,day,n,state\na,2026-01-02,1,planned\na,2026-02-02,1,held\n",
    )
    assert told(book, Asked((beside(),)), Asked((beside(needed=1),)))["a"] == "1 1"


def test_an_account_with_very_many_rows_is_counted_row_by_row_and_not_pair_by_pair():
    # a pass by pairs would be 400 million of them
    days = [2 * (number % 150) for number in range(20_000)]
    found = answer(
        Asked((beside(first=1, last=1),)),
        [row(day) for day in days],
        [row(day) for day in days],
    )
    assert found == "20,000"


@settings(max_examples=40, deadline=None)
@given(some_rows(), some_rows(), st.lists(some_asked(), min_size=1, max_size=3))
def test_any_rows_count_as_they_do_by_hand(complaints, visits, asked):
    tables = {"complaints": complaints, "visits": visits}
    found = told(Book.of(tables={"accounts": ids("a", "b"), **tables}), *asked)
    for account in "ab":
        counted = [str(by_hand(tables, each, account)) for each in asked]
        assert found[account].split() == counted
