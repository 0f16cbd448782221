"""What `kamrules new` writes and tells."""

from __future__ import annotations

import json

from tests.commands import run, start


def test_a_new_ruleset_passes_check_test_and_fmt_right_after(tmp_path):
    told = start("new", "ours", cwd=tmp_path)
    assert (told.status, told.out) == (0, "")
    assert told.err.splitlines() == [
        "ours/ruleset.toml: ruleset `ours` extends `kam`, with a parameter, an action and two tests",
        "editors with tombi or taplo complete and explain its ids: see `kamrules schema --help`",
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
        "tests": 2, "warnings": [],
        "for_editors": [
            "rules/ours/.kamrules/ruleset.schema.json", "rules/ours/.kamrules/book.schema.json",
            "rules/ours/.tombi.toml", "rules/ours/.taplo.toml",
        ],
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


def test_a_folder_with_a_space_can_be_pasted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = run("new", "our rules", "--extends", "depth")
    assert told.err.endswith("next: kamrules check 'our rules'; kamrules test 'our rules'\n")
    assert run("test", "our rules").status == 0


def test_a_configuration_of_an_editor_that_is_there_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / ".tombi.toml").write_text("# mine\n")
    told = run("new", "ours", "--extends", "depth")
    assert told.status == 0
    assert "warning[KR880]" in told.err
    assert (tmp_path / "ours" / ".tombi.toml").read_text() == "# mine\n"
