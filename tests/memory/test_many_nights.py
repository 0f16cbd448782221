"""A memory over many nights: it grows with what moves, and tells of every date what was known then."""

from __future__ import annotations

import csv
import datetime
import random
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules.decision import Earlier
from kamrules.memory import Memory
from tests.memory.test_first_version import FIRST
from tests.memory.test_memory import files, read

START = datetime.date(2026, 1, 1)
CLASSES = ["key", "ordinary", "prospect"]


def night(number):
    return START + datetime.timedelta(number)


def record(path, number, states, folder):
    """Record a night's {account: class} and return the size of the file."""
    with Memory.open(path) as memory:
        memory.record(night(number), files(folder, [(*each, "") for each in states.items()]))
    return path.stat().st_size


def known_before(path, number, folder):
    """Return the {account: class} before a night, each account in one row."""
    with Memory.open(path) as memory:
        found = memory.earlier(night(number), folder)
    rows = [] if found is None else read(found.states)
    classes = {account: class_ for account, class_, _ in rows}
    assert len(classes) == len(rows)
    return classes


def whole(path):
    """Return the nights whose states the file holds as a whole."""
    with closing(sqlite3.connect(path)) as database:
        dates = database.execute("SELECT as_of FROM states WHERE whole ORDER BY as_of").fetchall()
    return [(datetime.date.fromisoformat(each) - START).days for (each,) in dates]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


@pytest.fixture
def book():
    """Give 20,000 accounts, by their ids in no order."""
    chance = random.Random(7)
    ids = chance.sample(range(10**9), 20_000)
    return {f"A{each:09}": chance.choice(CLASSES) for each in ids}


def move(book, number, accounts=20):
    """Let some accounts of a book move, one come and one go, in a night."""
    chance = random.Random(number)
    for each in chance.sample(sorted(book), accounts):
        book[each] = chance.choice(CLASSES)
    del book[chance.choice(sorted(book))]
    book[f"new {number}"] = "prospect"


def test_thirty_nights_with_few_moves_make_the_file_little_bigger(path, book, tmp_path):
    first = record(path, 0, book, tmp_path)
    expected = [dict(book)]
    for number in range(1, 30):
        move(book, number)
        size = record(path, number, book, tmp_path)
        expected.append(expected[-1] | book)
    assert size < 1.4 * first
    for number, states in enumerate(expected, start=1):
        assert known_before(path, number, tmp_path) == states


def test_the_same_states_in_another_order_or_form_cost_no_room(path, book, tmp_path, monkeypatch):
    monkeypatch.setattr("kamrules.memory.lines._PIECE", 2**15)
    first = record(path, 0, book, tmp_path)
    for number in range(1, 6):
        ids = random.Random(number).sample(sorted(book), len(book))
        turned = files(tmp_path, [(each, book[each], "") for each in ids])
        rows = [("account_id", "class", "tier"), *read(turned.states)]
        with turned.states.open("w", newline="", encoding="utf-8") as file:
            quoting = csv.QUOTE_ALL if number % 2 else csv.QUOTE_MINIMAL
            csv.writer(file, quoting=quoting).writerows(rows)
        with Memory.open(path) as memory:
            memory.record(night(number), turned)
            assert [each.accounts for each in memory.runs()] == [20_000] * (number + 1)
    assert path.stat().st_size - first < first / 20
    assert known_before(path, 9, tmp_path) == book


def test_moves_that_come_to_much_are_written_as_a_whole_again(path, book, tmp_path):
    for number in range(8):
        record(path, number, book, tmp_path)
        move(book, number, accounts=1500)
    first, second, *_ = whole(path)
    assert first == 0
    assert 2 < second < 7
    everything = dict.fromkeys(book, "key")  # a night that moves nearly everybody
    record(path, 8, everything, tmp_path)
    assert whole(path)[-1] == 8
    assert known_before(path, 9, tmp_path).items() >= everything.items()


def test_no_more_nights_than_a_bound_have_to_be_read_together(path, book, tmp_path, monkeypatch):
    monkeypatch.setattr("kamrules.memory.remembering._CHAIN", 3)
    for number in range(10):
        record(path, number, book, tmp_path)
        move(book, number)
    assert whole(path) == [0, 4, 8]


def test_nights_in_which_nothing_moves_need_no_reading(path, book, tmp_path, monkeypatch):
    monkeypatch.setattr("kamrules.memory.remembering._CHAIN", 3)
    for number in range(10):
        record(path, number, book, tmp_path)
    assert whole(path) == [0]


def test_a_night_that_is_run_again_costs_room_only_where_it_says_something_else(
    path, book, tmp_path
):
    books = []
    for number in range(5):
        books.append(dict(book))
        record(path, number, book, tmp_path)
        move(book, number)
    before = path.stat().st_size
    for number in (2, 1, 0, 3):
        assert record(path, number, books[number], tmp_path) <= before + 4096
    assert whole(path) == [0]
    told = [known_before(path, number, tmp_path) for number in range(6)]
    books[1]["A new one"] = "key"
    record(path, 1, books[1], tmp_path)
    assert whole(path) == [0, 2]
    told[2] |= {"A new one": "key"}
    assert [known_before(path, number, tmp_path) for number in range(6)] == told


def test_a_run_of_a_few_accounts_costs_the_room_of_a_few(path, book, tmp_path):
    first = record(path, 0, book, tmp_path)
    few = dict.fromkeys(sorted(book)[:10], "another")
    assert record(path, 1, few, tmp_path) <= first + 4096
    assert known_before(path, 2, tmp_path) == book | few


def test_new_accounts_come_in_an_order_that_is_the_same_in_every_process(path, book, tmp_path):
    record(path, 0, book, tmp_path)
    new = [f"B{each}" for each in random.Random(3).sample(range(10**6), 200)]
    record(path, 1, book | dict.fromkeys(new, "key"), tmp_path)
    with Memory.open(path) as memory:
        found = memory.earlier(night(2), tmp_path)
    assert [each[0] for each in read(found.states)] == [*book, *sorted(new)]


def test_an_account_that_moves_back_is_known_as_it_is(path, book, tmp_path):
    one = next(iter(book))
    for number, class_ in enumerate(("key", "ordinary", "key")):
        record(path, number, book | {one: class_}, tmp_path)
    assert [known_before(path, number, tmp_path)[one] for number in (1, 2, 3)] == [
        "key",
        "ordinary",
        "key",
    ]
    assert whole(path) == [0]


def test_a_file_of_version_1_keeps_its_room_and_what_it_knows(path, book, tmp_path):
    with closing(sqlite3.connect(path)) as database:
        database.executescript(FIRST)
        for table in ("run", "state", "proposal"):
            database.execute(f"DELETE FROM {table}")
        before = {}
        for number in range(12):
            day = night(number).isoformat()
            database.execute("INSERT INTO run VALUES (?, 'kam', '', ?)", (day, len(book)))
            moved = [(*each, None) for each in book.items() if before.get(each[0]) != each[1]]
            database.executemany(
                "INSERT INTO state VALUES (?, ?, ?, ?)",
                [(each, day, *rest) for each, *rest in moved],
            )
            before = dict(book)
            move(book, number)
        database.commit()
    told = [known_before(path, number, tmp_path) for number in range(13)]
    with Memory.open(path) as memory, memory.transaction():
        pass
    assert [known_before(path, number, tmp_path) for number in range(13)] == told
    assert len(told[12]) == 20_011
    assert whole(path) == [0]


IDS = ["a", "b,c", 'd"e', '"f\ng', "h\r", " i ", "NULL", "é", "a,key", "aa"]
STATES = st.dictionaries(st.sampled_from(IDS), st.sampled_from(["", *CLASSES]))
RUNS = st.lists(st.tuples(st.integers(0, 5), STATES), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(
    runs=RUNS,
    share=st.sampled_from([0, 0.25, 10**9]),
    chain=st.sampled_from([1, 500]),
    piece=st.sampled_from([8, 2**22]),
)
def test_whatever_nights_are_run_in_whatever_order_each_knows_what_a_plain_model_knows(
    runs, share, chain, piece, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("memory")
    path = folder / "state.db"
    left = {}

    def before(number):
        return left.get(max((each for each in left if each < number), default=None), {})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kamrules.memory.remembering._SHARE", share)
        patch.setattr("kamrules.memory.remembering._CHAIN", chain)
        patch.setattr("kamrules.memory.lines._PIECE", piece)
        for number, states in runs:
            record(path, number, states, folder)
            left[number] = before(number) | states
        for number in range(7):
            assert known_before(path, number, folder) == before(number)
            with Memory.open(path) as memory:
                ask = memory.every_earlier(night(number))
                for each in IDS:
                    class_ = before(number).get(each)
                    expected = None if class_ is None else Earlier(**{"class": class_ or None})
                    assert memory.earlier_of(each, night(number)) == expected
                    assert ask(each) == expected
                assert len(memory.runs()) == len(left)
