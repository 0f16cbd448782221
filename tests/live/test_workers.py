"""Workers: whatever happens to a process with durable-rules in it, every question is answered rightly."""

from __future__ import annotations

import datetime
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kamrules import UsageError, compile_ruleset, load_ruleset
from kamrules.decision import Earlier
from kamrules.live.deciding import Question, RowDecider
from kamrules.live.workers import WorkerPool
from tests.agreement.deciding_live import PRESENT

AS_OF = datetime.date(2026, 6, 30)
ENGINE, TROUBLE = ("live", None) if PRESENT else ("row", "absent")
"""Who decides in a worker here, and why not the live engine."""
RULESET = """
[ruleset]
name = "small"
version = "1"
hit = "first"
[table.accounts.column]
revenue = { type = "money" }
[table.visits]
order = "date"
[table.visits.column]
date = { type = "date" }
kind = { type = "text" }
[signal.left_alone]
after = "visits[kind == 'complaint']"
without = "visits[kind == 'visit']"
within_days = 7
[class.key]
level = 2
when = "revenue >= 1_000"
[class.ordinary]
level = 1
[role.us]
[action.call]
title = "Call"
when = "left_alone"
priority = 5
owner = "us"
due_days = 3
effort_hours = 1
because = "Nobody came since {left_alone.date}."
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "rules.toml"
    path.write_text(RULESET)
    return compile_ruleset(load_ruleset(path))


def question(program, number=0, **more):
    visits = [{"date": "2026-06-01", "kind": "complaint"}, {"date": "2026-06-05", "kind": "visit"}]
    facts = {
        "account_id": f"A{number}",
        "revenue": number * 100,
        "visits": visits[: 1 + number % 2],
    }
    return Question(program, facts, AS_OF, **more)


@pytest.fixture
def pool(program):
    with WorkerPool(2, timeout=5.0) as made:
        made.prepare(program, AS_OF)
        yield made


def settled(pool, program):
    """Wait until fresh processes are in place: the row engine answers until then."""
    pool.prepare(program, AS_OF)


def test_workers_answer_what_the_row_engine_does_and_say_who_decided(pool, program):
    for number in range(20):
        asked = question(program, number, earlier=Earlier.model_validate({"class": "ordinary"}))
        found, expected = pool.decide(asked), RowDecider().decide(asked)
        assert (found.outcome, found.inputs) == (expected.outcome, expected.inputs)
        assert found.outcome.digest == expected.outcome.digest
        assert (found.engine, found.trouble) == (ENGINE, TROUBLE)
    assert pool.described["counts"] == {TROUBLE or ENGINE: 20, "started": 2}


def test_a_signal_is_in_the_outcome_with_its_date(pool, program):
    outcome = pool.decide(question(program, 0)).outcome
    assert outcome.signals == {"left_alone": datetime.date(2026, 6, 9)}
    assert [each.reason for each in outcome.actions] == ["Nobody came since 2026-06-09."]


def test_a_killed_worker_costs_one_question_a_second_try(pool, program):
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
    found = [pool.decide(question(program, number)) for number in range(8)]
    assert {each.engine for each in found} == {"row"}
    assert [each.trouble for each in found].count("crashed") == 2
    assert {each.trouble for each in found} == {"crashed", "starting"}
    assert [each.outcome for each in found] == [
        RowDecider().decide(question(program, number)).outcome for number in range(8)
    ]
    settled(pool, program)
    assert pool.decide(question(program)).engine == ENGINE


def test_a_worker_that_hangs_is_killed_after_the_timeout(program):
    with WorkerPool(1, timeout=0.2) as pool:
        pool.prepare(program, AS_OF)
        (pid,) = pool.pids
        os.kill(pid, signal.SIGSTOP)
        found = pool.decide(question(program, 3))
        assert (found.engine, found.trouble) == ("row", "hung")
        assert found.outcome == RowDecider().decide(question(program, 3)).outcome
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_makes_room_for_a_fresh_one_after_so_many_questions(program):
    with WorkerPool(1, recycled_after=5) as pool:
        pool.prepare(program, AS_OF)
        (first,) = pool.pids
        counted = 0
        while pool.pids == [first]:
            assert pool.decide(question(program)).trouble == TROUBLE
            counted += 1
        assert counted >= 5
        assert pool.decide(question(program)).engine == ENGINE
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)


def test_many_threads_ask_at_once(pool, program):
    with ThreadPoolExecutor(16) as threads:
        asked = [question(program, number) for number in range(200)]
        found = list(threads.map(pool.decide, asked))
    assert [each.outcome for each in found] == [RowDecider().decide(each).outcome for each in asked]
    assert {each.engine for each in found} == {ENGINE}


def test_a_program_that_is_new_to_a_worker_is_sent_along(pool, program, tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULESET.replace("1_000", "500"))
    other = compile_ruleset(load_ruleset(path))
    for each in (other, program, other):
        found = pool.decide(question(each, 7))
        assert (found.engine, found.trouble) == (ENGINE, TROUBLE)
        assert found.outcome.class_ == ("key" if each is other else "ordinary")


def test_programs_that_a_worker_has_forgotten_are_sent_again(pool, program, tmp_path):
    programs = [program]
    for revenue in (500, 600):
        path = tmp_path / f"{revenue}.toml"
        path.write_text(RULESET.replace("1_000", str(revenue)))
        programs.append(compile_ruleset(load_ruleset(path)))
    for each in (*programs, *programs):
        found = pool.decide(question(each, 5))
        assert (found.engine, found.trouble) == (ENGINE, TROUBLE)
        assert found.outcome == RowDecider().decide(question(each, 5)).outcome


def test_names_that_a_program_does_not_know_are_left_aside(pool, program):
    asked = question(program, 1)
    known = replace(asked, facts={**asked.facts, "colour": "blue", "pets": [{"name": "Rex"}]})
    assert pool.decide(known).outcome == pool.decide(asked).outcome


def library(folder, source):
    """Write a library of that name in place of durable-rules'."""
    (folder / "durable_rules_engine.py").write_text(source)


WHOLE = """
import os, time
def create_ruleset(name, text): return 1
def delete_ruleset(handle): pass
def delete_state(handle, sid): pass
def start_action_for_state(handle, state): return None
def assert_fact(handle, message): {body}
"""


@pytest.mark.parametrize(
    ("source", "trouble"),
    [
        ("raise ImportError('no extension')", "absent"),
        (WHOLE.format(body="os.abort()"), "crashed"),
        (WHOLE.format(body="raise MemoryError"), "crashed"),
        (WHOLE.format(body="return 1, 0"), "differed"),
        (WHOLE.format(body="time.sleep(60)"), "hung"),
    ],
)
def test_what_the_library_may_do_to_a_worker(program, tmp_path, monkeypatch, source, trouble):
    library(tmp_path, source)
    monkeypatch.syspath_prepend(tmp_path)
    with WorkerPool(1, timeout=0.3) as pool:
        pool.prepare(program, AS_OF)
        found = pool.decide(question(program, 12))
        assert (found.engine, found.trouble) == ("row", trouble)
        assert found.outcome == RowDecider().decide(question(program, 12)).outcome
        assert pool.described["counts"][trouble] == 1


@pytest.mark.skipif(not PRESENT, reason="durable-rules is not installed")
def test_an_account_with_more_rows_than_the_matcher_takes_is_the_row_engines(pool, program):
    visits = [{"date": "2026-06-01", "kind": ("complaint", "visit")[n % 2]} for n in range(400)]
    asked = Question(program, {"account_id": "A", "visits": visits}, AS_OF)
    found = pool.decide(asked)
    assert (found.engine, found.trouble) == ("row", "too_large")
    assert found.outcome == RowDecider().decide(asked).outcome


def test_no_worker_is_no_pool():
    with pytest.raises(UsageError, match="0 workers cannot decide anything"):
        WorkerPool(0)


def test_closed_pools_leave_no_process(program):
    pool = WorkerPool(2)
    pool.prepare(program, AS_OF)
    pids = pool.pids
    pool.close()
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
