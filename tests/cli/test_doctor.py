"""`kamrules doctor` tells what the installation can do, and how to mend what it cannot."""

from __future__ import annotations

import json
import sys

import pytest

from tests.agreement.deciding_live import PRESENT
from tests.commands import run
from tests.end_to_end.scene import RUN, scene

WHOLE = """
def create_ruleset(name, text): return 1
def delete_ruleset(handle): pass
def delete_state(handle, sid): pass
def start_action_for_state(handle, state): return None
def assert_fact(handle, message): {body}
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Put a library in the place of durable-rules'."""

    def put(source):
        (tmp_path / "durable_rules_engine.py").write_text(source)
        monkeypatch.delitem(sys.modules, "durable_rules_engine", raising=False)
        monkeypatch.syspath_prepend(tmp_path)

    yield put
    sys.modules.pop("durable_rules_engine", None)


@pytest.mark.skipif(not PRESENT, reason="durable-rules is not installed")
def test_everything_that_is_installed_works():
    told = run("doctor")
    assert (told.status, told.err) == (0, "")
    assert "durable-rules" in told.out
    assert "a small match came out right" in told.out


@pytest.mark.parametrize("name", ["duckdb", "polars"])
def test_what_decides_whole_books_is_named_and_told_when_it_is_damaged(name, monkeypatch):
    (found,) = [each for each in json.loads(run("doctor", "--json").out) if each["part"] == name]
    assert (found["good"], found["state"][0].isdigit()) == (True, True)
    monkeypatch.setitem(sys.modules, name, None)
    told = run("doctor", "--json")
    assert told.status == 1
    (found,) = [each for each in json.loads(told.out) if each["part"] == name]
    assert (found["state"], found["mend"]) == ("damaged", f"pip install --force-reinstall {name}")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise ModuleNotFoundError('none')", "it is not installed"),
        ("raise ImportError('undefined symbol: PyEval_CallObject')", "undefined symbol"),
        (WHOLE.format(body="return 1, 0"), "it matches wrongly"),
        (WHOLE.format(body="raise MemoryError('full')"), "it fails: full"),
    ],
)
def test_a_library_that_cannot_be_used_is_told_with_the_mend(library, source, why):
    library(source)
    told = run("doctor", "--json")
    assert told.status == 1
    (found,) = [each for each in json.loads(told.out) if each["part"] == "durable-rules"]
    assert why in found["told"]
    assert "live decisions are the row engine's, which are the same" in found["told"]
    assert "pip install durable-rules==2.0.28" in found["mend"]
    assert ("CPPFLAGS=" in found["mend"]) == (sys.version_info >= (3, 13))


def test_the_mend_is_printed_too(library):
    library("raise ModuleNotFoundError('none')")
    told = run("doctor")
    assert told.status == 1
    assert "to mend durable-rules: " in told.out


@pytest.fixture
def output(tmp_path, monkeypatch):
    """Give the output and the state of a run, in the current folder."""
    monkeypatch.chdir(tmp_path)
    place = scene(tmp_path)
    assert run(*RUN).status == 0
    return place


def test_the_output_of_a_run_is_whole_and_its_state_belongs_to_it(output):
    told = run("doctor", "results", "--state", "state.db")
    assert (told.status, told.err) == (0, "")
    assert "as the run wrote them" in told.out
    assert "belongs to the run that wrote the output" in told.out


def test_a_file_of_the_output_that_was_changed_is_named(output, tmp_path):
    with (tmp_path / "results" / "gaps.parquet").open("ab") as file:
        file.write(b"more")
    told = run("doctor", "results", "--json")
    assert told.status == 1
    (found,) = json.loads(told.out)
    assert (found["part"], found["good"]) == ("gaps.parquet", False)
    assert "bytes, and the run wrote" in found["told"]


def test_a_state_that_went_on_without_the_output_is_told(output):
    assert run(*RUN, "--as-of", "2026-07-31", "--out", "others").status == 0
    told = run("doctor", "results", "--state", "state.db", "--json")
    assert told.status == 1
    files, state = json.loads(told.out)
    assert files["good"]
    assert state["state"] == "differs"
    assert "the last one with it wrote `others`" in state["told"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "error[KR675]: there is no output folder `nowhere`"),
        (("--state", "state.db"), "error[KR675]: `--state` is looked at together with"),
        (("results", "--state", "none.db"), "error[KR808]: there is no state file `none.db`"),
    ],
    ids=["folder", "state alone", "state"],
)
def test_an_output_that_is_not_there_is_wrong_usage(words, message, output):
    told = run("doctor", *words)
    assert told.status == 2
    assert told.err.startswith(message)
