"""The sample book: the same bytes everywhere, and a book on which `kam` shows what it can."""

from __future__ import annotations

import datetime
import hashlib
import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from kamrules.workbench.sample import sample_book
from tests.rulesets.kam import AS_OF, decided, kam
from tests.rulesets.reading import read_facts

if TYPE_CHECKING:
    from pathlib import Path

WRITE = "import sys; from pathlib import Path; from kamrules.workbench.sample import sample_book; "


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    sample_book(folder)
    return folder


@pytest.fixture(scope="module")
def decisions(book):
    return [decided(facts, strict=False) for facts in read_facts(book, kam())]


def digests(folder: Path) -> dict[str, str]:
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in folder.iterdir()}


def test_the_same_book_is_written_every_time(book, tmp_path):
    assert digests(sample_book(tmp_path).parent) == digests(book)


@pytest.mark.parametrize("hash_seed", ["1", "4711"])
def test_the_same_book_is_written_whatever_order_python_hashes_in(book, tmp_path, hash_seed):
    command = [sys.executable, "-c", WRITE + "sample_book(Path(sys.argv[1]))", str(tmp_path)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
    assert digests(tmp_path) == digests(book)


def test_another_seed_size_or_date_gives_another_book(tmp_path):
    one = sample_book(tmp_path / "one", accounts=30).parent
    two = sample_book(tmp_path / "two", accounts=30, seed=8).parent
    three = sample_book(tmp_path / "three", accounts=30, as_of=datetime.date(2025, 1, 1)).parent
    orders = {(each / "orders.csv").read_bytes() for each in (one, two, three)}
    assert len(orders) == 3


@pytest.mark.parametrize("accounts", [0, 1, 7])
def test_a_small_book_has_every_table_and_that_many_accounts(tmp_path, accounts):
    sample_book(tmp_path, accounts=accounts)
    tables = {each.stem for each in tmp_path.glob("*.csv")}
    assert tables == set(kam().tables)
    assert len(read_facts(tmp_path, kam())) == accounts


def test_every_column_of_the_vocabulary_is_in_the_book_and_no_other(book):
    for name, table in kam().tables.items():
        header = (book / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        assert header[0] == "account_id"
        assert set(header[1:]) == set(table.columns) - {"account_id"}, name


def test_it_has_names_beyond_ascii_and_dirt_for_the_quality_report(book):
    accounts = (book / "accounts.csv").read_text(encoding="utf-8")
    assert not accounts.isascii()
    ids = Counter(line.split(",")[0] for line in accounts.splitlines()[1:])
    assert sum(count - 1 for count in ids.values()) == 1
    orders = (book / "orders.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert sum(line.split(",")[0] not in ids for line in orders) == 4


def test_the_few_key_accounts_carry_most_of_the_revenue(decisions):
    revenue: Counter[str] = Counter()
    for each in decisions:
        revenue[each.class_] += each.facts["revenue_12m"] or 0
    classes = Counter(each.class_ for each in decisions)
    assert set(classes) == {each.id for each in kam().classes}
    assert 0.05 <= classes["key"] / len(decisions) <= 0.1
    assert revenue["key"] > 0.5 * revenue.total()
    assert classes["ordinary"] > classes["key"]
    assert revenue["unattractive"] < 0.01 * revenue.total()


def test_every_tier_phase_and_band_is_found_in_it(decisions):
    program = kam()
    assert {each.tier for each in decisions} == {None} | {each.id for each in program.tiers}
    assert {each.phase for each in decisions} == {each.id for each in program.phases}
    for place, score in enumerate(program.scores):
        bands = {each.scores[place].band for each in decisions}
        assert {band.id for band in score.bands} <= bands


def test_no_account_of_it_is_at_fault(decisions):
    assert [each.account_id for each in decisions if each.faults] == []


def test_most_actions_are_proposed_for_somebody(decisions):
    proposed = {action.id for each in decisions for action in each.actions}
    assert len(proposed) > 0.8 * len(kam().actions)


def test_actions_tell_accounts_apart(decisions):
    first = Counter(each.actions[0].id for each in decisions if each.actions)
    assert max(first.values()) < 0.15 * len(decisions)
    assert len(first) > len(kam().actions) / 3
    priorities = sorted(action.priority for each in decisions for action in each.actions)
    assert sum(each >= 95 for each in priorities) < 0.01 * len(priorities)
    assert len(set(priorities)) > 0.5 * len(priorities)


def test_reasons_are_whole_sentences_without_a_hole(decisions):
    for each in decisions:
        for action in each.actions:
            assert action.reason[-1] in ".?", action
            assert "{" not in action.reason + action.title
            assert not action.reason.startswith("unknown"), action


def test_the_date_of_the_book_is_the_date_that_these_tests_decide_for(book):
    assert f"as_of = {AS_OF.isoformat()}" in (book / "book.toml").read_text(encoding="utf-8")
