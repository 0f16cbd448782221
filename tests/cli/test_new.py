"""What `kamrules new` writes and tells."""

from __future__ import annotations

import json

from tests.commands import run, start


def test_a_new_ruleset_passes_check_test_and_fmt_right_after(tmp_path):
    told = start("new", "ours", cwd=tmp_path)
    assert (told.status, told.out) == (0, "")
    assert told.err.splitlines() == [
        "ours/ruleset.toml: ruleset `ours` extends `kam`, with a parameter, an action and two tests",
        "next: kamrules check ours; kamrules test ours",
    ]
    told = start("check", "ours", cwd=tmp_path)
    assert (told.status, "ours: nothing to complain about" in told.err) == (0, True)
    told = start("test", "ours", cwd=tmp_path)
    assert (told.status, told.out) == (0, "ours 1\n2 passed\n")
    assert start("fmt", "ours", "--check", cwd=tmp_path).status == 0


def test_it_decides_the_sample_book(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("new", "ours").status == 0
    facts = json.dumps({"account_id": "one", "name": "One", "annual_revenue": 5_000_000})
    told = run("decide", "-", "--ruleset", "ours", "--as-of", "2026-06-30", stdin=facts)
    assert "call_notable_account" in {each["id"] for each in json.loads(told.out)["actions"]}


def test_json_tells_what_was_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = run("new", "rules/ours", "--extends", "depth", "--name", "deep", "--json")
    assert json.loads(told.out) == {
        "folder": "rules/ours", "file": "rules/ours/ruleset.toml", "name": "deep", "extends": "depth",
        "tests": 2,
    }  # fmt: skip
    assert told.err == ""


def test_a_folder_in_use_is_refused_with_a_mend(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "notes.txt").touch()
    told = run("new", "ours")
    assert told.status == 2
    assert told.err == (
        "error[KR836]: `ours` is not empty: it holds `notes.txt`\n"
        "  = help: name a folder that does not exist yet\n"
    )
