"""One Program serves many threads at once, and other processes: it decides there what it decides alone."""

from __future__ import annotations

import datetime
import gc
import multiprocessing
import pickle
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kamrules import Book, Earlier, compile_ruleset, decide, decide_book, explain, load_ruleset
from kamrules.engines.row import KEPT, engine_of

DAY = datetime.date(2026, 6, 30)
THREADS = 8


def account(number):
    """Return facts that differ by number, so that a mix-up of two accounts shows."""
    return {
        "account_id": f"A{number}",
        "name": f"Account {number}",
        "annual_revenue": number * 3_000_000,
        "needs_our_product": number % 3 != 0,
        "orders": [
            {"date": datetime.date(2026, 1 + month, 5), "amount": number * 40_000, "margin": 9_000}
            for month in range(number % 6)
        ],
        "contacts": [
            {"name": f"P{each}", "level": "executive", "stance": "supporter"}
            for each in range(number % 4)
        ],
    }


ACCOUNTS = [account(number) for number in range(60)]
EARLIER = Earlier(class_="ordinary", tier="vendor", proposed={"open_top_floor": DAY})


@pytest.fixture(scope="module")
def program():
    return compile_ruleset(load_ruleset("kam"))


@pytest.fixture
def fresh(program):
    """Return a program that no engine knows yet: threads make its engine and its functions at once."""
    return pickle.loads(pickle.dumps(program))


@pytest.fixture(autouse=True)
def _busy():
    """Let Python change threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(work):
    """Return what THREADS threads get that begin at the same moment."""
    start = threading.Barrier(THREADS)

    def begun(number):
        start.wait(60)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begun, range(THREADS)))


def test_the_accounts_decide_differently(program):
    assert len({decide(program, each, as_of=DAY).class_ for each in ACCOUNTS}) >= 3


def test_threads_that_decide_at_once_decide_what_one_decides_alone(program, fresh):
    def work(number):
        # each in an order of its own, some in another language and with something decided before
        turned = ACCOUNTS[number * 7 :] + ACCOUNTS[: number * 7]
        language = "zh" if number % 2 else None
        earlier = EARLIER if number % 3 == 0 else None
        found = [
            decide(fresh, each, as_of=DAY, language=language, earlier=earlier) for each in turned
        ]
        return language, earlier, turned, found

    for language, earlier, turned, found in at_once(work):
        alone = [
            decide(program, each, as_of=DAY, language=language, earlier=earlier) for each in turned
        ]
        assert found == alone


def test_threads_that_explain_at_once_prove_the_same(program, fresh):
    alone = [explain(program, each, as_of=DAY) for each in ACCOUNTS[:8]]
    for found in at_once(lambda _: [explain(fresh, each, as_of=DAY) for each in ACCOUNTS[:8]]):
        assert found == alone


def test_threads_that_decide_on_different_days_get_each_day_s_rules(program, fresh):
    days = [datetime.date(2020 + year, 1, 1) for year in range(THREADS)]
    found = at_once(lambda number: decide(fresh, ACCOUNTS[40], as_of=days[number]))
    assert found == [decide(program, ACCOUNTS[40], as_of=day) for day in days]


def test_threads_that_compile_at_once_get_the_same_program(program):
    ruleset = load_ruleset("kam")
    half = 3  # compiling takes half a second
    with ThreadPoolExecutor(half) as pool:
        found = list(pool.map(lambda _: compile_ruleset(ruleset), range(half)))
    assert all(each == program for each in found)


def test_threads_that_decide_books_at_once_have_tables_of_their_own(program):
    def decided(number):
        book = Book.of({"accounts": [{"account_id": f"B{number}", "annual_revenue": 10_000_000}]})
        with decide_book(program, book, as_of=DAY) as found:
            return found.tables["decisions"].project("account_id").fetchall()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(decided, range(3))) == [[(f"B{number}",)] for number in range(3)]


def test_a_program_comes_back_from_pickle_as_it_was(program):
    decide(program, ACCOUNTS[1], as_of=DAY)  # with an engine, which stays where it is
    packed = pickle.dumps(program)
    back = pickle.loads(packed)
    assert back == program
    assert hash(back) == hash(program)
    assert len(packed) < 1_500_000
    assert pickle.loads(pickle.dumps(back)) == program


def test_decisions_and_explanations_come_back_from_pickle_as_they_were(program):
    told = explain(program, ACCOUNTS[41], as_of=DAY)
    assert pickle.loads(pickle.dumps(told)) == told


def _decided(program, accounts):
    return [decide(program, each, as_of=DAY) for each in accounts]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_process_that_is_sent_a_program_decides_what_we_decide(program, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"there is no {method} here")
    with multiprocessing.get_context(method).Pool(1) as pool:
        found = pool.apply(_decided, (program, ACCOUNTS))
    assert found == _decided(program, ACCOUNTS)


def test_a_copy_of_a_program_shares_its_engine_and_is_not_compared_at_each_decision(
    program, fresh, monkeypatch
):
    decide(program, ACCOUNTS[1], as_of=DAY)
    decide(fresh, ACCOUNTS[1], as_of=DAY)
    assert engine_of(fresh) is engine_of(program)

    def compared(self, other):
        raise AssertionError("comparing two programs takes longer than deciding")

    monkeypatch.setattr(type(program), "__eq__", compared)
    assert decide(fresh, ACCOUNTS[1], as_of=DAY) == decide(program, ACCOUNTS[1], as_of=DAY)


def test_programs_that_nobody_asks_for_any_more_are_let_go(program):
    first = replace(program, digest="first")
    gone = weakref.ref(first)
    engine_of(first)
    del first
    assert gone() is not None
    for number in range(KEPT):
        engine_of(replace(program, digest=str(number)))
    gc.collect()
    assert gone() is None
