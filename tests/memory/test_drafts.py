"""A state file and the output it belongs to change together, whoever is killed or looks on in between."""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
import subprocess
import sys
import threading

import pytest

from kamrules.diagnostics import DataError
from kamrules.memory import EarlierFiles, Memory

JANUARY, FEBRUARY = datetime.date(2026, 1, 28), datetime.date(2026, 2, 28)
DIES = """
import datetime, os, sys
from pathlib import Path
from kamrules.memory import EarlierFiles, Memory
state, out, files = map(Path, sys.argv[1:4])
memory = Memory.open(state)
with memory.transaction():
    memory.record(datetime.date(2026, 2, 28), EarlierFiles(files / "states.csv", files / "proposals.csv"))
    memory.prepare(out, "new")
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def place(tmp_path):
    """Give a folder with a state file of January, and the state of February as files."""
    (tmp_path / "proposals.csv").write_text("account_id,action,proposed_on\n")
    (tmp_path / "states.csv").write_text("account_id,class,tier\nA,ordinary,\n")
    with Memory.open(tmp_path / "state.db") as memory:
        memory.record(JANUARY, files(tmp_path))
    (tmp_path / "states.csv").write_text("account_id,class,tier\nA,key,\n")
    (tmp_path / "results").mkdir()
    return tmp_path


def files(folder):
    return EarlierFiles(folder / "states.csv", folder / "proposals.csv")


def report(folder, run):
    (folder / "results" / "run.json").write_text(json.dumps({"run": run}))


def die(folder):
    """Prepare February's state in a process that is then killed."""
    words = [sys.executable, "-c", DIES, folder / "state.db", folder / "results", folder]
    assert subprocess.run(words, check=False).returncode == -9


def dates(folder):
    with Memory.open(folder / "state.db") as memory:
        return [each.as_of for each in memory.runs()]


def left(folder):
    return [each.name for each in folder.iterdir() if ".kamrules-" in each.name]


def test_a_prepared_state_counts_once_its_output_is_in_place(place):
    die(place)
    report(place, "new")
    assert len(left(place)) == 1
    assert dates(place) == [JANUARY, FEBRUARY]
    assert left(place) == []
    with Memory.open(place / "state.db") as memory:
        run, folder = memory.output()
    assert (run, folder.resolve()) == ("new", (place / "results").resolve())


@pytest.mark.parametrize(
    "content", ["old", None, "{"], ids=["another run", "no output", "half a report"]
)
def test_a_prepared_state_whose_output_never_came_is_removed(content, place):
    die(place)
    if content == "old":
        report(place, "old")
    elif content:
        (place / "results" / "run.json").write_text(content)
    assert dates(place) == [JANUARY]
    assert left(place) == []


def test_a_run_at_work_keeps_its_draft_whoever_looks(place):
    with Memory.open(place / "state.db") as memory, memory.transaction():
        memory.record(FEBRUARY, files(place))
        memory.prepare(place / "results", "new")
        assert dates(place) == [JANUARY]
        assert len(left(place)) == 1
    assert dates(place) == [JANUARY, FEBRUARY]


def test_who_waited_for_a_run_to_end_goes_on_from_what_it_left(place):
    with Memory.open(place / "state.db") as late:
        with Memory.open(place / "state.db") as memory:
            memory.record(FEBRUARY, files(place))
        late.record(datetime.date(2026, 3, 28), files(place))
    assert dates(place) == [JANUARY, FEBRUARY, datetime.date(2026, 3, 28)]


def test_who_waits_while_the_file_is_replaced_holds_the_new_one(place, monkeypatch):
    opened = threading.Event()
    connect = sqlite3.connect

    def connected(*words, **how):
        found = connect(*words, **how)
        if threading.current_thread() is waiting:
            opened.set()
        return found

    def record():
        with Memory.open(place / "state.db") as late:
            monkeypatch.setattr("kamrules.memory.file._PATIENCE", 60)
            opened.clear()
            ready.set()
            with late.transaction():
                late.record(datetime.date(2026, 3, 28), files(place))
                monkeypatch.setattr("kamrules.memory.file._PATIENCE", 0)
                with Memory.open(place / "state.db") as third:
                    try:
                        third.record(FEBRUARY, files(place))
                    except DataError as error:
                        refused.append(error.diagnostics[0].code)

    refused = []
    ready = threading.Event()
    waiting = threading.Thread(target=record)
    with Memory.open(place / "state.db") as memory, memory.transaction():
        memory.record(FEBRUARY, files(place))
        monkeypatch.setattr("kamrules.memory.drafts.sqlite3.connect", connected)
        waiting.start()
        assert ready.wait(60)
        assert opened.wait(60)  # it holds the file that is about to be replaced
    waiting.join()
    assert refused == ["KR683"]
    assert dates(place) == [JANUARY, FEBRUARY, datetime.date(2026, 3, 28)]


def test_a_file_that_someone_else_puts_there_during_a_run_is_not_lost(place):
    def disturbed():
        with Memory.open(place / "state.db") as memory, memory.transaction():
            memory.record(FEBRUARY, files(place))
            (place / "other.db").write_text("mine")
            (place / "other.db").replace(place / "state.db")

    with pytest.raises(DataError, match="someone else has replaced it"):
        disturbed()
    assert (place / "state.db").read_text() == "mine"
    assert left(place) == []


def test_a_link_to_a_state_file_stays_a_link(place):
    (place / "link.db").symlink_to(place / "state.db")
    with Memory.open(place / "link.db") as memory:
        memory.record(FEBRUARY, files(place))
    assert (place / "link.db").is_symlink()
    assert dates(place) == [JANUARY, FEBRUARY]


def test_a_state_file_keeps_its_rights(place):
    (place / "state.db").chmod(0o640)
    with Memory.open(place / "state.db") as memory:
        memory.record(FEBRUARY, files(place))
    assert (place / "state.db").stat().st_mode & 0o777 == 0o640


def test_a_state_that_counts_and_cannot_take_its_place_is_told(place, monkeypatch):
    die(place)
    report(place, "new")

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.replace", refused)
    with pytest.raises(DataError, match="behind its output: permission denied") as told:
        Memory.open(place / "state.db")
    assert told.value.diagnostics[0].code == "KR672"
    monkeypatch.undo()
    assert dates(place) == [JANUARY, FEBRUARY]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_an_output_that_may_not_be_read_decides_nothing(place):
    die(place)
    report(place, "new")
    (place / "results").chmod(0)
    with pytest.raises(DataError, match="behind its output"):
        Memory.open(place / "state.db")
    (place / "results").chmod(0o700)
    assert dates(place) == [JANUARY, FEBRUARY]
