"""A hand-written program of the same rules decides as `kam` does: an oracle that shares no code with it."""

from __future__ import annotations

import datetime

import pytest

from benchmarks.kam_by_hand import AS_OF, accounts, differences
from kamrules.engines.row import engine_of
from tests.rulesets.kam import kam


@pytest.fixture(scope="module")
def book():
    return accounts(kam(), 300)


@pytest.mark.parametrize("months_ago", [0, 7, 19, 40])
def test_by_hand_the_sample_book_is_decided_alike_on_any_date(book, months_ago):
    as_of = AS_OF - datetime.timedelta(days=30 * months_ago)
    assert list(differences(engine_of(kam()), book, as_of)) == []


@pytest.mark.parametrize("lacking", [name for name in kam().tables if name != "accounts"])
def test_by_hand_a_book_that_lacks_a_table_is_decided_alike(book, lacking):
    without = [{name: rows for name, rows in each.items() if name != lacking} for each in book]
    assert list(differences(engine_of(kam()), without)) == []


def test_by_hand_accounts_of_which_a_part_is_known_are_decided_alike(book):
    partly = [
        {name: value for place, (name, value) in enumerate(each.items()) if (place + number) % 3}
        | {"account_id": each["account_id"]}
        for number, each in enumerate(book)
    ]
    assert list(differences(engine_of(kam()), partly)) == []
