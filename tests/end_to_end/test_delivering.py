"""`kamrules run --to`: a run's tables in sinks of plug-ins, all of them or none."""

from __future__ import annotations

import json

import pytest

from tests.commands import start
from tests.end_to_end.plugged import plug_in
from tests.end_to_end.scene import FILES, RUN

# A sink that keeps its rows in files: `staged` beside `there`, renamed at the commit. Its `line` is open
# until it is abandoned, as every sink is at the end.
SINK = """
import json
from pathlib import Path
from kamrules import DataError, Diagnostic

class Kept:
    def __init__(self, target):
        self.target, self.there = target, Path(target.location)
        self.staged = self.there.with_suffix(".staged")
        if target.options.get("refuse"):
            raise ConnectionError("no route to the warehouse")
        self.line = self.there.with_suffix(".line")
        self.line.touch()

    def stage(self, tables, connection):
        rows = {name: each.fetchall() for name, each in tables.items()}
        known = {"mode": self.target.mode, "rows": rows, "as_of": self.target.run.as_of}
        self.staged.write_text(json.dumps(known, default=str))
        if self.there.name.startswith("full"):
            raise DataError(Diagnostic("KR648", "the warehouse is full"))
        return {name: len(each) for name, each in rows.items()}

    def commit(self):
        if self.there.name.startswith("lost"):
            raise ConnectionError("the line is dead")
        self.staged.replace(self.there)

    def abandon(self):
        self.staged.unlink(missing_ok=True)
        self.line.unlink(missing_ok=True)

@hookimpl
def register_sinks(register):
    register("kept", Kept)
"""


@pytest.fixture
def told(tmp_path):
    """Return a function that runs the small book with more words, and gives what was told."""
    environ = plug_in(tmp_path, SINK)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*words, **more):
        return start(*RUN, *words, cwd=tmp_path, **environ, **more)

    return run


def files(folder):
    return sorted(each.name for each in folder.iterdir())


def test_a_run_is_delivered_and_told_of(told, tmp_path):
    done = told("--to", "kept:warehouse.json")
    assert done.status == 0, done.err
    kept = json.loads((tmp_path / "warehouse.json").read_text())
    assert kept["mode"] == "replace"
    assert kept["as_of"] == "2026-06-30"
    assert [row[0] for row in kept["rows"]["decisions"]] == ["A1", "B2", "C3"]
    report = json.loads((tmp_path / "results/run.json").read_text())
    (one,) = report["delivered"]
    assert (one["to"], one["mode"]) == ("kept:warehouse.json", "replace")
    assert one["rows"]["decisions"] == 3
    assert "Delivered to kept:warehouse.json (replace): decisions 3, actions 1" in done.err


def test_a_sink_of_the_book_file_is_named_and_gets_the_tables_that_it_wants(told, tmp_path):
    sink = (
        '\n[sink.crm]\nto = "kept:crm.json"\nmode = "upsert"\ntables = ["decisions", "actions"]\n'
    )
    (tmp_path / "book.toml").write_text(FILES["book.toml"] + sink)
    assert told("--to", "crm", "--format", "none").status == 0
    kept = json.loads((tmp_path / "crm.json").read_text())
    assert sorted(kept["rows"]) == ["actions", "decisions"]
    assert kept["mode"] == "upsert"
    assert files(tmp_path / "results") == ["run.json"]
    assert told("--to", "crm", "--mode", "append").status == 0
    assert json.loads((tmp_path / "crm.json").read_text())["mode"] == "append"


WRONG = {
    "a sink that there is not": (("--to", "kelp:x"), 2, "KR710", "did you mean `kept:x`?"),
    "a name that the book does not have": (("--to", "cmr"), 2, "KR713", "did you mean `crm`?"),
    "a table that a run does not have": (("--to", "odd"), 2, "KR711", "did you mean `decisions`?"),
    "a sink that cannot be reached": (("--to", "refusing"), 4, "KR703", "no route to the warehouse"),
    "a password in clear": (("--to", "kept://kam:hunter2@x/y"), 4, "KR707", "${env:NAME}"),
}  # fmt: skip
SINKS = """
[sink.crm]
to = "kept:crm.json"
[sink.odd]
to = "kept:odd.json"
tables = ["decision"]
[sink.refusing]
to = "kept:r.json"
options = { refuse = true }
"""


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_sink_is_told_and_earlier_files_stay(name, told, tmp_path):
    words, status, code, part = WRONG[name]
    (tmp_path / "book.toml").write_text(FILES["book.toml"] + SINKS)
    assert told().status == 0
    before = {each: each.read_bytes() for each in (tmp_path / "results").iterdir()}
    there = files(tmp_path)
    done = told(*words, "--as-of", "2026-07-31")
    assert done.status == status, done.err
    assert f"[{code}]" in done.err
    assert part in done.err
    assert "hunter2" not in done.err
    assert {each: each.read_bytes() for each in (tmp_path / "results").iterdir()} == before
    assert files(tmp_path) == there


@pytest.mark.parametrize("place", ["full.json", "lost.json"])
def test_a_sink_that_fails_leaves_nothing_in_any_sink_folder_or_state(place, told, tmp_path):
    assert told("--to", "kept:first.json").status == 0
    before = {
        each: each.read_bytes() for each in [*(tmp_path / "results").iterdir(), tmp_path / "state.db"]
    }  # fmt: skip
    there = files(tmp_path)
    done = told("--to", f"kept:{place}", "--to", "kept:second.json", "--as-of", "2026-07-31")
    assert done.status == 4
    assert {each: each.read_bytes() for each in before} == before
    assert files(tmp_path) == there


def test_a_sink_is_let_go_when_the_folder_cannot_be_made(told, tmp_path):
    there = files(tmp_path)
    done = told("--to", "kept:first.json", "--out", "accounts.csv/results")
    assert done.status == 4
    assert "[KR802]" in done.err
    assert files(tmp_path) == there


def test_what_had_arrived_before_another_sink_failed_is_told(told, tmp_path):
    done = told("--to", "kept:second.json", "--to", "kept:lost.json")
    assert done.status == 4
    assert "the line is dead" in done.err
    assert "the run was delivered to `kept:second.json` before another sink failed" in done.err
    assert not (tmp_path / "results").exists()


def test_a_plug_in_adds_a_section_to_the_report(tmp_path):
    code = """
    from kamrules.contracts import Section

    @hookimpl
    def report_section(tables, run):
        rows = tuple(tables["decisions"].project("account_id, class").fetchall())
        return Section("Who is what", lines=(f"by {run.ruleset}",), columns=("who", "what"), rows=rows)
    """
    environ = plug_in(tmp_path, code)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = start(*RUN, cwd=tmp_path, **environ)
    assert done.status == 0, done.err
    assert "Who is what\nby small\n" in done.err
    (section,) = json.loads((tmp_path / "results/run.json").read_text())["sections"]
    assert section["rows"] == [["A1", "key"], ["B2", "ordinary"], ["C3", "ordinary"]]


def test_a_plug_in_for_other_hooks_is_switched_off_and_told_of(tmp_path):
    environ = plug_in(tmp_path, "kamrules_api = 3\n")
    listed = start("plugins", cwd=tmp_path, **environ)
    assert listed.status == 1
    assert "probe: probe 1" in listed.out
    assert "written for version 3 of the hooks, and kamrules has version 2; it is switched off" in (
        " ".join(listed.out.split())
    )
    assert "kamrules_probe.py" in listed.out.replace("\n", "")
