"""A run that is stopped, killed or runs out of disk leaves earlier output and the state file as they were."""

from __future__ import annotations

import resource
import signal
import subprocess

import pytest

from tests.commands import COMMAND, environment
from tests.end_to_end.plugged import plug_in
from tests.end_to_end.scene import RUN, scene

STOP = "os.kill(os.getpid(), signal.SIGINT)"
MOMENTS = {
    "at its start": "@hookimpl\ndef run_started(run):\n    {stop}\n",
    "when all is decided": "@hookimpl\ndef decided(tables, run):\n    {stop}\n",
    "in the middle of writing": """\
def write(tables, folder, connection):
    (folder / "half.csv").write_text("half of it")
    {stop}
    return ("half.csv",)

@hookimpl
def register_formats(register):
    register("halves", write)
""",
    "in the middle of delivering": """\
class Endless:
    def __init__(self, target):
        pass
    def stage(self, tables, connection):
        threading.Timer(0.5, lambda: {stop}).start()
        connection.execute("SELECT count(*) FROM range(1_000_000_000_000) t(i) WHERE hash(i) = 7")
    def abandon(self):
        pass

@hookimpl
def register_sinks(register):
    register("sink", Endless)
""",
    "while a slow disk takes its time": """\
import time
import kamrules.manifest

@hookimpl
def decided(tables, run):
    def flush(path):
        threading.Timer(0.3, lambda: {stop}).start()
        time.sleep(3600)
    kamrules.manifest.flush = flush
""",
    "in the middle of remembering": """\
from kamrules.memory import Memory

@hookimpl
def decided(tables, run):
    def record(self, *_, **__):
        threading.Timer(0.5, lambda: {stop}).start()
        self._connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        )
    Memory.record = record
""",
    "in the middle of a long computation": """\
def endless(table, connection):
    threading.Timer(0.5, lambda: {stop}).start()
    rows = "SELECT 'A1' AS account_id, '1' AS amount FROM range(1_000_000_000_000) t(i) WHERE hash(i) = 7"
    return connection.sql(rows)

@hookimpl
def register_sources(register):
    register("endless", endless)
""",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_stops_a_run_and_nothing_is_changed(moment, tmp_path):
    place = scene(tmp_path)
    assert place.run().status == 0
    before = place.kept()
    environ = plug_in(tmp_path, MOMENTS[moment].format(stop=STOP))
    if "endless" in MOMENTS[moment]:
        place.replace("book.toml", "csv:orders.csv", "endless:orders")
    more = ("--format", "halves") if "halves" in MOMENTS[moment] else ()
    more += ("--to", "sink:x") if "sink" in MOMENTS[moment] else ()
    told = place.run(*more, **environ)
    assert told.err == "interrupted; nothing was changed\n"
    assert (told.status, told.out) == (130, "")
    assert place.kept() == before


def test_ctrl_c_when_all_is_written_says_that_the_files_are_in_place(tmp_path):
    place = scene(tmp_path)
    code = f"@hookimpl\ndef run_finished(run, summary):\n    {STOP}\n"
    told = place.run(**plug_in(tmp_path, code))
    assert (told.status, told.err) == (130, "interrupted; the files of the run are in place\n")
    assert (tmp_path / "results" / "run.json").exists()
    assert place.run().status == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_run_left_is_cleared_away_by_the_next(number, tmp_path):
    place = scene(tmp_path)
    assert place.run().status == 0
    before = place.kept()
    code = f"@hookimpl\ndef decided(tables, run):\n    os.kill(os.getpid(), {number})\n"
    assert place.run(**plug_in(tmp_path, code)).status == -number
    assert {name: text for name, text in place.kept().items() if not name.startswith(".")} == before
    assert place.run().status == 0
    assert sorted(place.kept()) == sorted(before)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_plug_in_that_fails_at_the_end_does_not_take_the_output_with_it(tmp_path):
    place = scene(tmp_path)
    code = "@hookimpl\ndef run_finished(run, summary):\n    raise ValueError('no network')\n"
    told = place.run(**plug_in(tmp_path, code))
    assert told.status == 0
    assert "plug-in `probe` failed in `run_finished`: ValueError: no network" in told.err
    assert (tmp_path / "results" / "run.json").exists()


def test_plug_ins_are_told_of_a_run_and_of_its_failure(tmp_path):
    place = scene(tmp_path)
    code = """\
    import sys

    @hookimpl
    def run_started(run):
        print("started", run.ruleset, run.as_of, run.out, file=sys.stderr)

    @hookimpl
    def decided(tables, run):
        print("decided", len(tables["decisions"].fetchall()), file=sys.stderr)

    @hookimpl
    def run_finished(run, summary):
        print("finished", summary["accounts"], file=sys.stderr)

    @hookimpl
    def run_failed(run, error):
        print("failed", type(error).__name__, file=sys.stderr)
    """
    environ = plug_in(tmp_path, code)
    assert place.run("--quiet", **environ).err == (
        "started small 2026-06-30 results\ndecided 3\nfinished 3\n"
    )
    (tmp_path / "orders.csv").unlink()
    lines = place.run("--quiet", **environ).err.splitlines()
    assert lines[:2] == ["started small 2026-06-30 results", "failed DataError"]


def limited(size):
    """Return what makes files of a process not longer than so many bytes, as a full disk would."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "xlsx"])
@pytest.mark.parametrize("size", [100, 400])
def test_a_full_disk_is_told_and_changes_nothing(form, size, tmp_path):
    place = scene(tmp_path)
    assert place.run().status == 0
    before = place.kept()
    words = [*RUN[:-2], "--format", form]
    told = subprocess.run(
        [COMMAND, *words], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=environment(PYTHONDONTWRITEBYTECODE="1"), preexec_fn=limited(size),
    )  # fmt: skip
    assert told.returncode == 4, told.stderr
    assert told.stdout == ""
    assert told.stderr.count("error[KR") == 1, told.stderr
    assert "too large" in told.stderr or "cannot be written" in told.stderr, told.stderr
    assert place.kept() == before


def test_a_disk_that_is_full_for_the_state_file_alone_puts_the_earlier_output_back(tmp_path):
    place = scene(tmp_path)
    accounts = "".join(f"X{number},Many,gold\n" for number in range(3_000))
    place.write(accounts_csv=f"account_id,name,rating\n{accounts}A1,Acme,gold\nB2,Beta,silver\n")
    assert place.run("--format", "parquet").status == 0
    before = place.kept()
    state = len(before["state.db"])
    assert max(len(text) for name, text in before.items() if name.startswith("results")) < state
    told = subprocess.run(
        [COMMAND, *RUN, "--as-of", "2026-07-31"], cwd=tmp_path, capture_output=True,
        text=True, check=False, env=environment(PYTHONDONTWRITEBYTECODE="1"), preexec_fn=limited(state),
    )  # fmt: skip
    assert told.returncode == 4, told.stderr
    assert told.stderr.count("error[KR") == 1, told.stderr
    assert place.kept() == before
