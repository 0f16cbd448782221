"""The signals of `kam`: as written by hand, shown by the sample book, told by reasons and by the guide."""

from __future__ import annotations

import datetime
from functools import cache

import pytest

from benchmarks.kam_by_hand import accounts
from kamrules import load_ruleset
from kamrules.compiler.parts import needs
from tests.rulesets.kam import AS_OF, decided, kam
from tests.rulesets.signals_by_hand import by_hand
from tests.rulesets.test_kam_as_written import GUIDE

SIGNALS = list(load_ruleset("kam").model.signal)


@cache
def book():
    return accounts(kam(), 500)


@pytest.mark.parametrize("days_ago", [0, 45, 200])
def test_by_hand_the_signals_of_the_sample_book_are_the_same_on_any_date(days_ago):
    today = AS_OF - datetime.timedelta(days=days_ago)
    for each in book():
        facts = decided(each, as_of=today, strict=False).facts
        told = {name: facts[f"{name}_date"] for name in SIGNALS}
        assert told == by_hand(each, today), each["account_id"]
        assert {name: facts[name] for name in SIGNALS} == {
            name: date is not None for name, date in told.items()
        }


def test_the_sample_book_shows_every_signal_on_some_accounts_and_not_on_most():
    found = [by_hand(each, AS_OF) for each in book()]
    for name in SIGNALS:
        assert 3 <= sum(each[name] is not None for each in found) <= 0.15 * len(found), name


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_has_an_action_whose_reason_tells_its_date(name):
    readers = [each for each in kam().actions if f"signal.{name}" in needs(each.when)]
    assert readers
    for each in readers:
        assert f"signal.{name}.date" in needs(each.because), each.id


@pytest.mark.parametrize("name", SIGNALS)
def test_the_actions_of_a_signal_are_proposed_in_the_sample_book(name):
    readers = {each.id for each in kam().actions if f"signal.{name}" in needs(each.when)}
    some = [each for each in book() if by_hand(each, AS_OF)[name] is not None]
    decisions = [decided(each, strict=False) for each in some]
    assert readers & {action.id for each in decisions for action in each.actions}


@pytest.mark.parametrize("name", SIGNALS)
def test_a_book_that_lacks_the_table_leaves_a_signal_open_and_its_actions_unsaid(name):
    tables = {each: [] for each in kam().tables if each != "accounts"}
    assert decided({"account_id": "A"}).facts[name] is None
    assert decided({"account_id": "A", **tables}).facts[name] is False


def test_the_guide_names_every_signal():
    text = GUIDE.read_text(encoding="utf-8")
    assert [name for name in SIGNALS if f"`{name}`" not in text] == []
