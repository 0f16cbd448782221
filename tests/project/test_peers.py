"""What the benchmarks compare decides alike: rule engines, queries by hand, and kamrules itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.peers import rules
from benchmarks.peers.checking import (
    Decisions,
    batch_engine,
    differences,
    expected,
    one_by_one,
    whole_book,
)
from benchmarks.peers.forms import kamrules_engines
from benchmarks.peers.known import ONE_BY_ONE, WHOLE_BOOKS, Peer
from benchmarks.peers.rules import ACTIONS, CLASSES, COLUMNS, CRITERIA, RULES, SCORES, TIERS, TOP

ACCOUNTS = 400


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """Return accounts, their file, and what the row engine decides about them."""
    return expected(tmp_path_factory.mktemp("peers"), ACCOUNTS)


def installed(peer: Peer) -> Peer:
    if not peer.is_here:
        pytest.skip(f"{peer.needs} is not installed; `pip install --group bench` brings it")
    return peer


@pytest.mark.parametrize("peer", ONE_BY_ONE, ids=lambda peer: peer.form)
def test_a_small_engine_decides_as_the_row_engine(peer, decided):
    accounts, _, ours = decided
    assert differences(one_by_one(installed(peer), accounts), ours) == []


@pytest.mark.parametrize("peer", ONE_BY_ONE, ids=lambda peer: peer.form)
def test_a_small_engine_decides_what_lies_on_a_border_as_the_row_engine(peer):
    accounts = on_borders()
    ours = [kamrules_engines.told(each) for each in kamrules_engines.build_decide()(accounts)]
    assert differences(one_by_one(installed(peer), accounts), ours) == []


def on_borders():
    """Return an account for each number that a rule compares a column with, which has just that; and more."""
    some = dict.fromkeys(COLUMNS) | {
        "account_id": "A",
        "name": "A",
        "region": "north",
        "industry": "food",
    }
    some |= {"active": True, "contract": True, "revenue": 200_000.0, "revenue_before": 200_000.0}
    tests = [test for each in ACTIONS.values() for test in each.when]
    tests += [test for each in TIERS.values() for test in each]
    bounds = {(each.name, each.value) for each in tests if each.name in COLUMNS}
    bounds |= {(each.value, bound) for each in CRITERIA.values() for bound, _ in each.steps}
    own = sorted(
        (name, bound)
        for name, bound in bounds
        if COLUMNS.get(name) in {"money", "share", "integer"}
    )
    found = [
        some | {name: bound if COLUMNS[name] == "integer" else float(bound)} for name, bound in own
    ]
    # growth on a border, and so small that JSON would write it with an exponent
    return found + [
        some | {"revenue": revenue} for revenue in (180_000.0, 199_990.0, 200_010.0, 260_000.0)
    ]


def test_a_peer_that_needs_nothing_can_always_run():
    assert [each.form for each in ONE_BY_ONE if each.needs is None and each.is_here] == [
        "python_function"
    ]
    assert not Peer("nobody", "nobody", "a_package_that_nobody_has").is_here


@pytest.mark.parametrize("peer", WHOLE_BOOKS, ids=lambda peer: peer.form)
def test_a_query_by_hand_decides_as_the_row_engine(peer, decided, tmp_path):
    _, book, ours = decided
    assert differences(whole_book(installed(peer), book, tmp_path), ours) == []


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_engines_for_whole_books_decide_as_the_row_engine(engine, decided, tmp_path):
    _, book, ours = decided
    assert differences(batch_engine(engine, book, tmp_path), ours) == []


def test_the_accounts_reach_every_class_tier_and_nearly_every_action(decided):
    _, _, ours = decided
    assert {each[0] for each in ours} == set(CLASSES)
    assert {each[1] for each in ours} == {None, *TIERS}
    assert {len(each[4]) for each in ours} == {0, 1, 2, TOP}
    proposed = {name for each in ours for name in each[4]}
    assert len(proposed) >= len(ACTIONS) - 3


def test_a_peer_that_decides_otherwise_is_told(decided):
    _, _, ours = decided
    other: Decisions = [*ours]
    class_, tier, first, second, best = other[7]
    other[7] = class_, tier, first + 0.01, second, best
    assert [each.partition(":")[0] for each in differences(other, ours)] == ["account 7"]
    other[7] = class_, tier, first, second, (*best[1:], "nothing")
    assert [each.partition(":")[0] for each in differences(other, ours)] == ["account 7"]
    assert differences(ours[1:], ours) == [f"{ACCOUNTS - 1} decisions instead of {ACCOUNTS}"]


def test_another_rule_is_seen_in_every_form(decided, monkeypatch):
    accounts, _, ours = decided
    harder = replace(CRITERIA["size"], below=CRITERIA["size"].below + 1)
    monkeypatch.setitem(rules.CRITERIA, "size", harder)
    by_hand = next(each for each in ONE_BY_ONE if each.form == "python_function")
    assert differences(one_by_one(by_hand, accounts), ours)


def test_what_queries_by_hand_take_for_granted_is_so():
    assert RULES == 45
    for score in SCORES:
        weights = [each.weight for each in CRITERIA.values() if each.score == score]
        assert sum(weights) == 100
    for each in ACTIONS.values():
        assert each.start >= 0
        assert each.start + each.slope * 100 <= 100
        assert (each.slope * 10).is_integer()
