"""A hand-written program of the same rules decides as the benchmark's ruleset does: an oracle of its own."""

from __future__ import annotations

import datetime
from functools import cache

import pytest

from benchmarks.kam_by_hand import AS_OF, RULESET, accounts, differences
from kamrules import compile_ruleset, load_ruleset
from kamrules.engines.row import engine_of


@cache
def rules():
    return compile_ruleset(load_ruleset(RULESET))


@pytest.fixture(scope="module")
def book():
    return accounts(rules(), 300)


@pytest.mark.parametrize("months_ago", [0, 7, 19, 40])
def test_by_hand_the_sample_book_is_decided_alike_on_any_date(book, months_ago):
    as_of = AS_OF - datetime.timedelta(days=30 * months_ago)
    assert list(differences(engine_of(rules()), book, as_of)) == []


@pytest.mark.parametrize("lacking", [name for name in rules().tables if name != "accounts"])
def test_by_hand_a_book_that_lacks_a_table_is_decided_alike(book, lacking):
    without = [{name: rows for name, rows in each.items() if name != lacking} for each in book]
    assert list(differences(engine_of(rules()), without)) == []


def test_by_hand_accounts_of_which_a_part_is_known_are_decided_alike(book):
    partly = [
        {name: value for place, (name, value) in enumerate(each.items()) if (place + number) % 3}
        | {"account_id": each["account_id"]}
        for number, each in enumerate(book)
    ]
    assert list(differences(engine_of(rules()), partly)) == []
