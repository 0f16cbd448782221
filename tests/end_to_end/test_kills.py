"""A run that is killed at any moment leaves the old output or the new one, and a state that agrees."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import environment, start
from tests.end_to_end.killed_at import MOMENTS
from tests.end_to_end.plugged import plug_in
from tests.end_to_end.scene import RUN, scene
from tests.end_to_end.wreckage import dump, kept, left_over

SINK = ("--to", "sqlite:///sink.db")
JULY = ("--as-of", "2026-07-31", *SINK)
NEW = {"after-swap", "before-state", "after-state", "before-clearing"}
"""Moments from which on the run counts."""


def killed_at(moment, folder, *more):
    """Run the scene's book in a process that kills itself at a moment."""
    words = [sys.executable, "-m", "tests.end_to_end.killed_at", moment, *RUN, *more]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False,
        env=environment(PYTHONPATH=root, PYTHONDONTWRITEBYTECODE="1"),
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def before_and_after(tmp_path):
    """Give a scene after its first run, and what it and the next run leave undisturbed."""
    (tmp_path / "here").mkdir()
    place = scene(tmp_path / "here")
    assert place.run(*SINK).status == 0
    before = kept(place.folder)
    shutil.copytree(place.folder, tmp_path / "copy")
    assert type(place)(tmp_path / "copy").run(*JULY).status == 0
    return place, before, kept(tmp_path / "copy")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_counts_with_its_state_or_not_at_all(moment, before_and_after):
    place, before, after = before_and_after
    assert before.run != after.run
    assert before.state != after.state
    killed_at(moment, place.folder, *JULY)
    if moment == "between-two-renames":
        # a file system that cannot exchange: there is no output until the next run puts it back
        assert not (place.folder / "results").exists()
        killed_at("before-swap", place.folder, *JULY)
    left = kept(place.folder)
    expected = after if moment in NEW else before
    assert (left.run, left.state) == (expected.run, expected.state)
    assert place.run(*JULY).status == 0
    assert kept(place.folder) == after
    assert not left_over(place.folder)


@pytest.mark.parametrize("moment", ["stage", "commit"])
def test_a_run_killed_in_a_sink_leaves_output_and_state_agreeing(moment, tmp_path):
    place = scene(tmp_path)
    assert place.run().status == 0
    before = kept(tmp_path)
    code = f"""\
    class Deadly:
        def __init__(self, target): pass
        def stage(self, tables, connection):
            {"os.kill(os.getpid(), 9)" if moment == "stage" else "return {}"}
        def commit(self): os.kill(os.getpid(), 9)
        def abandon(self): pass

    @hookimpl
    def register_sinks(register):
        register("deadly", Deadly)
    """
    environ = plug_in(tmp_path, code)
    assert place.run("--as-of", "2026-07-31", "--to", "deadly:x", **environ).status == -9
    left = kept(tmp_path)
    assert (left == before) == (moment == "stage")
    assert place.run("--as-of", "2026-07-31").status == 0
    assert not left_over(tmp_path)


def test_a_first_run_that_is_killed_leaves_no_output_and_no_state(tmp_path):
    place = scene(tmp_path)
    code = "@hookimpl\ndef decided(tables, run):\n    os.kill(os.getpid(), 9)\n"
    assert place.run(**plug_in(tmp_path, code)).status == -9
    assert kept(tmp_path) == type(kept(tmp_path))(None, (), ())
    assert place.run().status == 0
    assert not left_over(tmp_path)


def test_a_state_behind_its_output_is_settled_by_whoever_opens_it_first(before_and_after):
    place, _, after = before_and_after
    killed_at("after-swap", place.folder, *JULY)
    assert left_over(place.folder)
    words = ("explain", "book.toml", "A1", "--ruleset", "rules.toml", "--as-of", "2026-08-01")
    told = start(*words, "--state", "state.db", cwd=place.folder)
    assert told.status == 0, told.err
    assert not [each for each in left_over(place.folder) if "state.db" in each]
    assert kept(place.folder).state == after.state


def test_a_run_without_a_state_first_settles_the_one_of_the_output_it_replaces(before_and_after):
    place, _, after = before_and_after
    killed_at("after-swap", place.folder, *JULY)
    stateless = [each for each in RUN if each not in {"--state", "state.db"}]
    assert start(*stateless, *SINK, cwd=place.folder).status == 0

    assert dump(place.folder / "state.db") == after.state
    assert not left_over(place.folder)


def test_output_and_state_may_be_moved_together_before_anyone_settles(before_and_after, tmp_path):
    place, _, after = before_and_after
    killed_at("after-swap", place.folder, *JULY)
    place.folder.rename(tmp_path / "elsewhere")
    left = kept(tmp_path / "elsewhere")
    assert (left.run, left.state) == (after.run, after.state)
