"""What a memory remembers from run to run, and which files it leaves alone."""

from __future__ import annotations

import csv
import datetime
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules.diagnostics import DataError, UsageError
from kamrules.memory import EarlierFiles, Memory

JANUARY, FEBRUARY, MARCH = (datetime.date(2026, month, 28) for month in (1, 2, 3))
NAMES = [("account_id", "class", "tier"), ("account_id", "action", "proposed_on")]


def files(folder, states, proposals=()):
    """Write what a run leaves: (account, class, tier) and (account, action, date)."""
    found = EarlierFiles(folder / "new-states.csv", folder / "new-proposals.csv")
    for path, header, rows in zip(
        (found.states, found.proposals), NAMES, (states, proposals), strict=True
    ):
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
    return found


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def known(memory, as_of, folder):
    """Return the states and last proposals before a date, None when nothing is known."""
    found = memory.earlier(as_of, folder)
    if found is None:
        return None
    last = {(account, action): day for account, action, day in sorted(read(found.proposals))}
    return set(read(found.states)), {(*key, day) for key, day in last.items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


def test_a_run_reads_what_an_earlier_one_left(path, tmp_path):
    states = {("A", "key", "vendor"), ('Bé,\n"x"', "", ""), ("C", "ordinary", "")}
    proposals = {("A", "call", "2026-01-28"), ("A", "visit", "2026-01-28")}
    with Memory.open(path) as memory:
        memory.record(JANUARY, files(tmp_path, states, proposals), ruleset="kam", digest="abc")
    with Memory.open(path) as memory:
        assert known(memory, FEBRUARY, tmp_path) == (states, proposals)
        assert known(memory, JANUARY, tmp_path) is None
        (run,) = memory.runs()
    assert (run.as_of, run.ruleset, run.digest, run.accounts) == (JANUARY, "kam", "abc", 3)


def test_a_first_run_knows_nothing_and_makes_the_file_only_when_it_succeeds(path, tmp_path):
    with Memory.open(path) as memory:
        assert memory.earlier(JANUARY, tmp_path) is None
        assert memory.runs() == ()
        with pytest.raises(RuntimeError), memory.transaction():  # noqa: PT012
            memory.record(JANUARY, files(tmp_path, [("A", "key", "")]))
            raise RuntimeError
    assert not path.exists()


def test_an_account_keeps_its_latest_state_when_a_later_book_lacks_it(path, tmp_path):
    with Memory.open(path) as memory:
        memory.record(JANUARY, files(tmp_path, [("A", "key", ""), ("B", "ordinary", "")]))
        memory.record(FEBRUARY, files(tmp_path, [("A", "ordinary", "vendor")]))
        assert known(memory, MARCH, tmp_path)[0] == {
            ("A", "ordinary", "vendor"),
            ("B", "ordinary", ""),
        }
        assert known(memory, FEBRUARY, tmp_path)[0] == {("A", "key", ""), ("B", "ordinary", "")}


def test_running_a_date_again_sees_the_same_and_replaces_what_it_left(path, tmp_path):
    with Memory.open(path) as memory:
        memory.record(JANUARY, files(tmp_path, [("A", "key", "")], [("A", "call", "2026-01-28")]))
        before = known(memory, FEBRUARY, tmp_path)
        first = [("A", "call", "2026-02-28"), ("A", "visit", "2026-02-28")]
        memory.record(FEBRUARY, files(tmp_path, [("A", "ordinary", "")], first))
        assert known(memory, FEBRUARY, tmp_path) == before
        again = [("A", "call", "2026-01-28"), ("A", "write", "2026-02-28")]
        memory.record(FEBRUARY, files(tmp_path, [("A", "prospect", "")], again))
        assert known(memory, FEBRUARY, tmp_path) == before
        assert known(memory, MARCH, tmp_path) == ({("A", "prospect", "")}, set(again))
        assert [run.as_of for run in memory.runs()] == [JANUARY, FEBRUARY]


def test_running_an_early_date_again_leaves_what_later_runs_decided(path, tmp_path):
    with Memory.open(path) as memory:
        for date in (JANUARY, FEBRUARY):
            memory.record(date, files(tmp_path, [("A", "key", ""), ("B", "key", "")]))
        memory.record(JANUARY, files(tmp_path, [("A", "ordinary", "")]))
        assert known(memory, FEBRUARY, tmp_path)[0] == {("A", "ordinary", "")}
        assert known(memory, MARCH, tmp_path)[0] == {("A", "key", ""), ("B", "key", "")}


def test_of_each_action_the_last_date_before_the_run_counts(path, tmp_path):
    with Memory.open(path) as memory:
        for date in (JANUARY, FEBRUARY):
            memory.record(date, files(tmp_path, [("A", "", "")], [("A", "call", str(date))]))
        assert known(memory, FEBRUARY, tmp_path)[1] == {("A", "call", "2026-01-28")}
        assert known(memory, MARCH, tmp_path)[1] == {("A", "call", "2026-02-28")}


def test_proposals_from_before_the_first_run_are_taken_over(path, tmp_path):
    with Memory.open(path) as memory:
        memory.record(
            FEBRUARY, files(tmp_path, [], [("A", "call", "2025-12-01"), ("A", "x", "2027-01-01")])
        )
        assert known(memory, MARCH, tmp_path) == (set(), {("A", "call", "2025-12-01")})


STATES = st.dictionaries(
    st.sampled_from("ABC"), st.sampled_from(["", "key", "ordinary"]), max_size=3
)


@settings(max_examples=60, deadline=None)
@given(runs=st.lists(STATES, min_size=1, max_size=5))
def test_after_any_runs_each_account_has_the_state_of_the_last_run_it_was_in(
    runs, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("memory")
    latest = {}
    with Memory.open(folder / "state.db") as memory:
        for number, states in enumerate(runs):
            date = JANUARY + datetime.timedelta(number)
            found = memory.earlier(date, folder)
            assert dict(each[:2] for each in (read(found.states) if found else ())) == latest
            memory.record(date, files(folder, [(key, value, "") for key, value in states.items()]))
            latest |= states


def test_a_run_that_fails_leaves_the_memory_as_it_was(path, tmp_path):
    with Memory.open(path) as memory:
        memory.record(JANUARY, files(tmp_path, [("A", "key", "")]))
    before = path.read_bytes()
    with Memory.open(path) as memory:
        with pytest.raises(KeyboardInterrupt), memory.transaction():  # noqa: PT012
            memory.record(FEBRUARY, files(tmp_path, [("A", "ordinary", "")]))
            raise KeyboardInterrupt
        assert known(memory, MARCH, tmp_path)[0] == {("A", "key", "")}
    assert path.read_bytes() == before


def test_a_run_that_is_killed_leaves_the_memory_as_it_was(path, tmp_path):
    rows = [(f"A{number}", "key", "") for number in range(5000)]
    with Memory.open(path) as memory:
        memory.record(JANUARY, files(tmp_path, rows))
    after = files(tmp_path, [(each, "ordinary", "") for each, _, _ in rows])
    code = f"""
import datetime, os
from pathlib import Path
from kamrules.memory import EarlierFiles, Memory
memory = Memory.open({str(path)!r})
memory._connection.execute("PRAGMA cache_size = 5")
with memory.transaction():
    files = EarlierFiles(Path({str(after.states)!r}), Path({str(after.proposals)!r}))
    memory.record(datetime.date(2026, 2, 28), files)
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with Memory.open(path) as memory:
        assert {each[1] for each in known(memory, MARCH, tmp_path)[0]} == {"key"}
        assert len(memory.runs()) == 1


def test_two_runs_at_once_are_kept_apart(path, tmp_path, monkeypatch):
    monkeypatch.setattr("kamrules.memory.file._PATIENCE", 0.1)
    with Memory.open(path) as memory:
        memory.record(JANUARY, files(tmp_path, [("A", "key", "")]))
    with Memory.open(path) as one, Memory.open(path) as other, one.transaction():
        with (
            pytest.raises(DataError, match="is in use by another run") as told,
            other.transaction(),
        ):
            pass
        assert told.value.diagnostics[0].code == "KR683"
        assert known(other, FEBRUARY, tmp_path)[0] == {("A", "key", "")}


def test_what_fails_beside_the_memory_is_not_blamed_on_it(path):
    with Memory.open(path) as memory, pytest.raises(sqlite3.OperationalError), memory.transaction():
        raise sqlite3.OperationalError


def refused(path, error, code, part):
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(error) as told:
        Memory.open(path)
    assert [each.code for each in told.value.diagnostics] == [code]
    assert part in str(told.value)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not list(path.parent.glob("*-journal"))


def test_a_file_that_is_no_memory_is_refused_and_left_alone(path):
    path.write_text("account_id,name\n")
    refused(path, DataError, "KR681", "is no memory of kamrules")


def test_a_damaged_database_is_refused(path):
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    refused(path, DataError, "KR681", "is no memory of kamrules")


def test_another_programs_database_is_refused_and_left_alone(path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE deals (id)")
    database.close()
    refused(path, DataError, "KR681", "is a database, but no memory of kamrules")


def test_a_memory_of_a_later_version_is_refused_and_left_alone(path, tmp_path):
    with Memory.open(path) as memory:
        memory.record(JANUARY, files(tmp_path, []))
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    refused(path, DataError, "KR682", "is of version 99, and this kamrules knows 2")


def test_an_empty_file_is_a_new_memory(path, tmp_path):
    path.touch()
    with Memory.open(path) as memory:
        memory.record(JANUARY, files(tmp_path, [("A", "key", "")]))
        assert known(memory, FEBRUARY, tmp_path)[0] == {("A", "key", "")}


def test_a_path_that_can_hold_no_file_is_wrong_usage(tmp_path):
    refused(tmp_path / "nowhere" / "state.db", UsageError, "KR680", "there is no folder")
    refused(tmp_path, UsageError, "KR680", "is a directory")


def test_a_full_disk_is_told_and_the_memory_stays_as_it_was(path, tmp_path):
    with Memory.open(path) as memory:
        memory.record(JANUARY, files(tmp_path, [("A", "key", "")]))
    code = f"""
import datetime, resource, signal
from pathlib import Path
from kamrules.memory import EarlierFiles, Memory
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
memory = Memory.open({str(path)!r})
memory.record(datetime.date(2026, 2, 28), EarlierFiles(Path("big.csv"), Path("none.csv")))
"""
    (tmp_path / "big.csv").write_text(
        "account_id,class,tier\n" + "".join(f"B{n},key,\n" for n in range(9000))
    )
    (tmp_path / "none.csv").write_text("account_id,action,proposed_on\n")
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stderr
    assert "error[KR684]: memory" in told
    with Memory.open(path) as memory:
        assert known(memory, MARCH, tmp_path)[0] == {("A", "key", "")}
