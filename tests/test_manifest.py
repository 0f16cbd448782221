"""The manifest tells of every file what it holds, and finds whatever was changed since."""

from __future__ import annotations

import hashlib
import json

import duckdb
import pytest

from kamrules.contracts import Written
from kamrules.manifest import Sealing, expanded, flaws, manifest, run_of
from kamrules.progress import silent


@pytest.fixture
def output(tmp_path):
    """Give a folder as a run leaves it."""
    # a name that is a pattern too, and what else the pattern would find
    folder = tmp_path / "out*"
    (tmp_path / "outer" / "gaps").mkdir(parents=True)
    duckdb.sql("FROM range(9)").write_parquet(
        str(tmp_path / "outer" / "gaps" / "part-0000.parquet")
    )
    (folder / "gaps").mkdir(parents=True)
    (folder / "actions.csv").write_bytes(b"x" * 3_000_000)
    duckdb.sql("FROM range(7)").write_parquet(str(folder / "gaps" / "part-0000.parquet"))
    (folder / "cutoffs.json").write_text("{}")
    names = (Written("actions.csv", "actions", 12), "gaps/part-0000.parquet", "cutoffs.json")
    with Sealing(folder, names) as sealing:
        hashes = sealing.hashes(silent)
    report = {"kamrules": "1", "durations": {"write": 1.0}}
    report["manifest"] = manifest(folder, names, hashes, duckdb.connect())
    report["run"] = run_of(report)
    (folder / "run.json").write_text(json.dumps(report))
    return folder


def told(folder):
    return [(each.file, each.message) for each in flaws(folder)]


def test_each_file_has_its_table_rows_bytes_and_hash(output):
    found = json.loads((output / "run.json").read_text())["manifest"]
    assert found == {
        "actions.csv": {
            "table": "actions", "rows": 12, "bytes": 3_000_000,
            "sha256": hashlib.sha256(b"x" * 3_000_000).hexdigest(),
        },
        "gaps/part-0000.parquet": {
            "table": "gaps", "rows": 7, "bytes": (output / "gaps/part-0000.parquet").stat().st_size,
            "sha256": hashlib.sha256((output / "gaps/part-0000.parquet").read_bytes()).hexdigest(),
        },
        "cutoffs.json": {
            "table": None, "rows": None, "bytes": 2, "sha256": hashlib.sha256(b"{}").hexdigest(),
        },
    }  # fmt: skip
    assert told(output) == []


def test_durations_do_not_name_a_run_and_everything_else_does():
    report = {"files": ["a"], "durations": {"write": 1.0}}
    assert run_of(report) == run_of({**report, "durations": {}, "run": "x"})
    assert run_of(report) != run_of({**report, "files": ["b"]})


def changed(path, old, new):
    path.write_bytes(path.read_bytes().replace(old, new))


@pytest.mark.parametrize(
    ("harm", "file", "message"),
    [
        (lambda out: (out / "actions.csv").unlink(), "actions.csv", "is missing"),
        (lambda out: (out / "cutoffs.json").write_text("{}\n"), "cutoffs.json",
         "has 3 bytes, and the run wrote 2"),
        (lambda out: (out / "cutoffs.json").write_text("[]"), "cutoffs.json", "was changed since the run"),
        (lambda out: (out / "mine.txt").write_text(""), "mine.txt", "was put there by someone else"),
        (lambda out: (out / "gaps" / "mine").write_text(""), "gaps/mine", "was put there by someone else"),
        (lambda out: changed(out / "run.json", b'"rows": 12', b'"rows": 13'), "run.json",
         "was changed since the run"),
        (lambda out: (out / "run.json").write_text("{"), "run.json", "is damaged"),
        (lambda out: (out / "run.json").write_text("{}"), "run.json",
         "has no manifest: an earlier kamrules wrote it, or it is damaged"),
        (lambda out: (out / "run.json").unlink(), "run.json",
         "is not there: no run that was done wrote this folder"),
    ],
    ids=["missing", "longer", "other bytes", "stranger", "stranger inside", "report", "half a report",
         "no manifest", "no report"],
)  # fmt: skip
def test_what_was_changed_since_the_run_is_found(harm, file, message, output):
    harm(output)
    assert told(output) == [(file, message)]


def test_a_file_that_cannot_be_read_while_it_is_hashed_is_told(tmp_path):
    (tmp_path / "a").mkdir()
    with Sealing(tmp_path, ["a"]) as sealing, pytest.raises(IsADirectoryError):
        sealing.hashes(silent)


def test_folders_that_an_engine_wrote_stand_for_the_files_in_them(tmp_path):
    (tmp_path / "actions").mkdir()
    for name in ("part-1", "part-0"):
        (tmp_path / "actions" / name).touch()
    (tmp_path / "run.csv").touch()
    assert expanded(tmp_path, ["run.csv", "actions"]) == (
        "run.csv", "actions/part-0", "actions/part-1",
    )  # fmt: skip
