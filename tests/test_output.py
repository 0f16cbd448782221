"""The output folder is replaced as a whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from subprocess import PIPE

import pytest

from kamrules.diagnostics import DataError, UsageError
from kamrules.output import OutputFolder

REPORT = {"kamrules": "1", "files": ["a.csv"]}


def written(target, text):
    """Write an output folder with one file, and put it in place."""
    with OutputFolder(target) as output:
        (output.folder / "a.csv").write_text(text)
        output.write_report(REPORT)
        output.swap()


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.name != "run.json"}


def test_an_earlier_run_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "deep" / "results"
    written(target, "one")
    written(target, "two")
    assert contents(target) == {"a.csv": "two"}
    assert [path.name for path in target.parent.iterdir()] == ["results"]
    assert json.loads((target / "run.json").read_text()) == REPORT


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "results").mkdir()
    written(tmp_path / "results", "one")
    assert contents(tmp_path / "results") == {"a.csv": "one"}


def test_a_failure_before_the_swap_leaves_the_earlier_run(tmp_path):
    target = tmp_path / "results"
    written(target, "one")
    with pytest.raises(ZeroDivisionError), OutputFolder(target) as output:  # noqa: PT012
        (output.folder / "a.csv").write_text("half")
        raise ZeroDivisionError
    assert contents(target) == {"a.csv": "one"}
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_swap_can_be_taken_back(tmp_path):
    target = tmp_path / "results"
    written(target, "one")
    with OutputFolder(target) as output:
        (output.folder / "a.csv").write_text("two")
        output.swap()
        assert contents(target) == {"a.csv": "two"}
        output.undo()
    assert contents(target) == {"a.csv": "one"}
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_first_swap_taken_back_leaves_nothing(tmp_path):
    with OutputFolder(tmp_path / "results") as output:
        output.swap()
        output.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("report", [None, "no json", "[]", '{"files": ["a.csv"]}'])
def test_a_folder_that_no_run_wrote_is_refused(report, tmp_path):
    target = tmp_path / "results"
    target.mkdir()
    (target / "a.csv").write_text("mine")
    if report is not None:
        (target / "run.json").write_text(report)
    with pytest.raises(UsageError, match=r"holds what no run of kamrules wrote: `a.csv`"):
        OutputFolder(target)
    assert (target / "a.csv").read_text() == "mine"


def test_a_file_that_someone_put_beside_the_output_is_not_lost(tmp_path):
    target = tmp_path / "results"
    written(target, "one")
    (target / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"`notes\.txt`"):
        OutputFolder(target)


def test_a_file_that_comes_during_the_run_is_not_lost_either(tmp_path):
    target = tmp_path / "results"
    written(target, "one")
    with pytest.raises(UsageError, match=r"`notes\.txt`"), OutputFolder(target) as output:  # noqa: PT012
        (target / "notes.txt").write_text("mine")
        output.swap()
    assert contents(target) == {"a.csv": "one", "notes.txt": "mine"}


def test_the_current_folder_cannot_be_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="is the current folder"):
        OutputFolder(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with (
        pytest.raises(DataError, match="cannot be written: permission denied"),
        OutputFolder(tmp_path / "x"),
    ):
        pass


def dead():
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("number", [dead, os.getpid], ids=["another", "the same"])
def test_what_a_killed_run_set_aside_is_put_back_and_what_it_half_wrote_removed(number, tmp_path):
    target = tmp_path / "results"
    stem = f".results.kamrules-{number()}-abcd"
    (tmp_path / f"{stem}.earlier").mkdir()
    (tmp_path / f"{stem}.earlier" / "a.csv").write_text("earlier")
    (tmp_path / stem).mkdir()
    with OutputFolder(target):
        assert contents(target) == {"a.csv": "earlier"}
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


HOLDS = """
import sys
from pathlib import Path
from kamrules.output import OutputFolder
with OutputFolder(Path(sys.argv[1])) as output:
    print(output.folder.name, flush=True)
    sys.stdin.read()
"""


def test_another_run_at_work_is_left_alone(tmp_path):
    words = [sys.executable, "-c", HOLDS, str(tmp_path / "results")]
    with subprocess.Popen(words, stdin=PIPE, stdout=PIPE, text=True) as other:
        name = other.stdout.readline().strip()
        written(tmp_path / "results", "one")
        assert (tmp_path / name).is_dir()
        other.communicate("")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_what_a_killed_run_of_the_same_process_number_left_is_removed_too(tmp_path):
    # in a container every run has the number 1
    (tmp_path / f".results.kamrules-{os.getpid()}-abcd").mkdir()
    written(tmp_path / "results", "one")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems may need two steps")
def test_who_reads_while_runs_follow_one_another_always_finds_a_whole_run(tmp_path):
    target = tmp_path / "results"
    written(target, "0")
    ended = threading.Event()
    missed = []

    def read():
        while not ended.is_set():
            missed.extend([1] * (not (target / "run.json").exists()))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        written(target, str(number))
    ended.set()
    reader.join()
    assert not missed


@pytest.fixture
def no_exchange(monkeypatch):
    """Let the file system be one that cannot exchange two folders."""
    monkeypatch.setattr("kamrules.output.exchange", lambda *_: False)


@pytest.mark.usefixtures("no_exchange")
def test_where_folders_cannot_be_exchanged_two_renames_do(tmp_path):
    target = tmp_path / "results"
    written(target, "one")
    written(target, "two")
    with OutputFolder(target) as output:
        (output.folder / "a.csv").write_text("three")
        output.swap()
        assert contents(target) == {"a.csv": "three"}
        output.undo()
    assert contents(target) == {"a.csv": "two"}
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_files_in_parts_are_replaced_and_those_of_others_among_them_are_not(tmp_path):
    target = tmp_path / "results"
    with OutputFolder(target) as output:
        (output.folder / "gaps").mkdir()
        (output.folder / "gaps" / "part-0000.csv").write_text("one")
        output.write_report(REPORT | {"files": ["gaps/part-0000.csv"]})
        output.swap()
    written(target, "two")
    assert contents(target) == {"a.csv": "two"}
    (target / "mine").mkdir()
    with pytest.raises(UsageError, match="`mine`"):
        OutputFolder(target)
    (target / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"`mine/notes\.txt`"):
        OutputFolder(target)
