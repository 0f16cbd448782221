"""What a run tells of itself while it goes on: a line for people, events for machines."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from kamrules.cli.pace import Pace, shown
from tests.commands import COMMAND, environment, run
from tests.end_to_end.plugged import plug_in
from tests.end_to_end.scene import RUN, scene


class Clock:
    """A clock that goes only when told to."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_rate_and_time_left_come_from_what_a_step_has_done_so_far(clock):
    pace = Pace(clock)
    assert shown(pace.at("deciding", 0, 3_000_000, "accounts")) == "0 of 3,000,000 accounts"
    clock.now = 4
    told = shown(pace.at("deciding", 1_200_000, 3_000_000, "accounts"))
    assert told == "1,200,000 of 3,000,000 accounts, 300,000/s, 0:06 left"


def test_nothing_is_foretold_of_a_step_that_has_only_begun(clock):
    pace = Pace(clock)
    pace.at("deciding", 0, 100, "accounts")
    clock.now = 0.1
    assert shown(pace.at("deciding", 50, 100, "accounts")) == "50 of 100 accounts"


@pytest.mark.parametrize("step", ["deciding", "writing decisions"])
def test_another_step_or_one_that_begins_anew_has_a_pace_of_its_own(step, clock):
    pace = Pace(clock)
    pace.at("deciding", 0, 100, "accounts")
    clock.now = 10
    pace.at("deciding", 90, 100, "accounts")
    pace.at(step, 0, 100, "accounts")
    clock.now = 12
    assert shown(pace.at(step, 40, 100, "accounts")) == "40 of 100 accounts, 20/s, 0:03 left"


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("%", "50%, 1:23:20 left"),
        ("bytes", "50 of 100 MB, 0 MB/s, 1:23:20 left"),
        ("", "50,000,000 of 100,000,000, 10,000/s, 1:23:20 left"),
    ],
    ids=["per cent", "bytes", "parts"],
)
def test_every_unit_is_shown_as_people_read_it(unit, told, clock):
    pace = Pace(clock)
    pace.at("reading", 0, 1e8, unit)
    clock.now = 5000
    found = pace.at("reading", 5e7, 1e8, unit)
    assert shown(found) == told.replace("50%", "50000000%")


def test_what_is_not_counted_is_not_shown(clock):
    assert shown(Pace(clock).at("remembering")) == ""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Give a scene, with its folder as the current one."""
    monkeypatch.chdir(tmp_path)
    return scene(tmp_path)


def events(told):
    return [json.loads(line) for line in told.err.splitlines()]


def test_events_tell_start_steps_and_end_of_a_run_and_stdout_stays_one_document(place):
    told = run(*RUN, "--progress", "json", "--json")
    found = events(told)
    assert (found[0]["event"], found[0]["book"], found[0]["out"]) == (
        "start",
        "book.toml",
        "results",
    )
    steps = [each["step"] for each in found if each["event"] == "step"]
    wanted = ["reading the ruleset", "reading accounts", "reading orders", "summing up orders",
              "bringing tables together", "deciding", "remembering", "hashing files"]  # fmt: skip
    assert [each for each in steps if each in wanted] == wanted
    report = json.loads(told.out)
    assert found[-1]["event"] == "done"
    assert {name: found[-1][name] for name in ("run", "accounts", "files")} == {
        name: report[name] for name in ("run", "accounts", "files")
    }
    assert [each["seconds"] for each in found] == sorted(each["seconds"] for each in found)


def test_warnings_are_events_too(place):
    place.replace(
        "rules.toml", 'when = "coalesce(revenue, 0) < 1000"', 'when = "coalesce(revenue, 0) < 10"'
    )
    told = run(*RUN, "--progress", "json")
    warned = [each for each in events(told) if each["event"] == "warning"]
    assert told.status == 0
    assert "KR807" in {each["code"] for each in warned}


def test_a_failure_is_an_event_with_its_diagnostics_and_the_status_is_the_same(place):
    place.replace("orders.csv", "B2,2026-06-15,20", "B2,2026-06-15,much")
    plain = run(*RUN)
    told = run(*RUN, "--progress", "json")
    assert told.status == plain.status == 4
    last = events(told)[-1]
    assert (last["event"], last["status"]) == ("failed", 4)
    assert f"[{last['diagnostics'][0]['code']}]" in plain.err


def test_a_password_in_clear_is_in_no_event(tmp_path):
    uri = "postgresql://kam:hunter2hunter2@127.0.0.1:1/crm?table=deals"
    told = run(
        "run", uri, "--as-of", "2026-06-30", "--out", str(tmp_path / "out"), "--progress", "json"
    )
    found = events(told)
    assert found[0]["book"] == "postgresql://kam:***@127.0.0.1:1/crm?table=deals"
    assert [each["code"] for each in found[-1]["diagnostics"]] == ["KR707"]
    assert "hunter2" not in told.err + told.out


def test_what_an_engine_was_given_as_a_reference_is_in_no_event(tmp_path):
    place = scene(tmp_path)
    code = """
    @hookimpl
    def register_engines(register):
        register("telling", decide)

    def decide(task):
        task.progress(f"logging in with {task.options['token']}")
        raise ConnectionError(f"401 for Bearer {task.options['token']}")
    """
    given = ("--engine", "telling", "--engine-option", "token=${env:LAKE_TOKEN}")
    told = place.run(
        *given, "--progress", "json", LAKE_TOKEN="t0p-s3cret", **plug_in(tmp_path, code)
    )
    found = events(told)
    assert "logging in with ***" in [each.get("step") for each in found]
    assert found[-1]["diagnostics"][0]["message"].endswith("ConnectionError: 401 for Bearer ***")
    assert "t0p-s3cret" not in told.err + told.out


def test_an_interruption_is_an_event(tmp_path):
    place = scene(tmp_path)
    code = "@hookimpl\ndef decided(tables, run):\n    os.kill(os.getpid(), signal.SIGINT)\n"
    told = place.run("--progress", "json", **plug_in(tmp_path, code))
    last = events(told)[-1]
    assert told.status == 130
    assert last["event"] == "interrupted"
    assert (last["status"], last["message"]) == (130, "nothing was changed")


SLOW = """
import time

def slow(table, connection):
    rows = (
        "SELECT 'A1' AS account_id, '2026-05-01' AS date, '1' AS amount FROM range(600_000_000) t(i) "
        "WHERE hash(hash(hash(i))) = 7"
    )
    return connection.sql(rows)

@hookimpl
def register_sources(register):
    register("slow", slow)
"""


def on_a_terminal(place, *more, **environ):
    """Run the scene's book with a terminal as stderr, and return what that shows."""
    mine, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, *RUN, *more], cwd=place.folder, stderr=theirs, stdout=subprocess.PIPE,
        env=environment(TERM="xterm", **environ),
    ) as process:  # fmt: skip
        os.close(theirs)
        found = b""
        while True:
            try:
                chunk = os.read(mine, 10_000)
            except OSError:  # Linux's way to say that nobody holds the other end
                break
            if not chunk:
                break
            found += chunk
        process.wait()
    os.close(mine)
    assert process.returncode == 0, found
    return found.decode("utf-8", "replace")


def test_a_terminal_shows_how_far_a_step_of_duckdb_is(tmp_path):
    place = scene(tmp_path)
    place.replace("book.toml", "csv:orders.csv", "slow:orders")
    environ = plug_in(tmp_path, SLOW)
    told = on_a_terminal(place, **environ)
    assert "reading orders" in told
    assert "%" in told
    assert "left" in told


@pytest.mark.parametrize("more", [("--quiet",), ("--progress", "none", "--json")], ids=" ".join)
def test_a_terminal_shows_nothing_of_it_when_that_is_not_wanted(more, tmp_path):
    told = on_a_terminal(scene(tmp_path), *more)
    assert told == ""


def test_a_file_as_stderr_gets_no_progress(place):
    told = run(*RUN)
    assert "deciding" not in told.err
    assert Path("results").exists()
