"""What `kamrules schema` prints and writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import tomli

from tests.commands import run, start


@pytest.mark.parametrize("what", ["ruleset", "book"])
def test_a_schema_has_the_ids_of_the_ruleset_asked_about(what):
    without, within = (run("schema", what, *words).out for words in ((), ("depth",)))
    assert "annual_revenue" not in without
    assert "annual_revenue" in within
    assert json.loads(within)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_rulesets_that_can_be_extended_are_choices():
    (extends,) = json.loads(run("schema", "ruleset").out)["$defs"]["Header"]["properties"][
        "extends"
    ]["items"].values()
    assert {"const": "kam"} in extends


def test_the_files_are_written_beside_the_ruleset_and_it_stays_as_it_is(tmp_path):
    assert start("new", "ours", "--extends", "depth", cwd=tmp_path).status == 0
    (tmp_path / "ours" / "more.toml").write_text('[role.scout]\ntitle = "Scout"\n')
    told = start("schema", "ruleset", "ours", "--write", cwd=tmp_path)
    assert (told.status, told.out) == (0, "")
    assert told.err.splitlines() == [
        "written: ours/.kamrules/ruleset.schema.json",
        "first line of a book file: #:schema ours/.kamrules/book.schema.json (as seen from that file)",
    ]
    schema = json.loads(
        (tmp_path / "ours" / ".kamrules" / "ruleset.schema.json").read_text("utf-8")
    )
    assert "scout" in schema["properties"]["role"]["properties"]
    assert start("check", "ours", cwd=tmp_path).status == 0
    told = start("schema", "ruleset", "ours", "--write", cwd=tmp_path)
    assert told.err.startswith("ours: nothing to change\n")
    for name in (".tombi.toml", ".taplo.toml"):
        tomli.loads((tmp_path / "ours" / name).read_text("utf-8"))


def test_json_tells_what_was_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.toml").write_text('[ruleset]\nname = "r"\nversion = "1"\n')
    told = run("schema", "book", "r.toml", "--write", "--json")
    assert (told.status, told.err) == (0, "")
    assert json.loads(told.out) == {
        "ruleset": ".kamrules/r.ruleset.schema.json",
        "book": ".kamrules/r.book.schema.json",
        "files": [
            ".kamrules/r.ruleset.schema.json", ".kamrules/r.book.schema.json",
            ".tombi.toml", ".taplo.toml",
        ],
        "warnings": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "status", "wanted"),
    [
        ("ruleset kam --write", 2, "error[KR882]: `kam` came with kamrules"),
        ("ruleset --write", 2, "--write needs RULESET"),
        ("decision kam", 2, "is the same for every ruleset"),
        ("decision --write", 2, "is the same for every ruleset"),
        ("ruleset kamm", 2, "did you mean `kam`?"),
        ("rules kam", 2, "`rules` is not one of `ruleset`, `book`, `decision`"),
        ("ruleset broken.toml", 3, "error[KR151]"),
        ("ruleset broken.toml --write", 3, "error[KR151]"),
    ],
)
def test_what_is_asked_for_wrongly_is_told(words, status, wanted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.toml").write_text('[ruleset]\nname = "r"\n')
    told = run("schema", *words.split())
    assert (told.status, told.out) == (status, "")
    assert wanted in told.err
    assert [each.name for each in tmp_path.iterdir()] == ["broken.toml"]


def test_a_ruleset_that_does_not_compile_yet_has_a_schema(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.toml").write_text(
        '[ruleset]\nname = "r"\nversion = "1"\n[fact.x]\ntype = "bool"\nvalue = "y"\n'
    )
    assert run("check", "r.toml").status == 3
    assert run("schema", "ruleset", "r.toml").status == 0


EDITORS = (Path(__file__).resolve().parents[2] / "docs" / "editors.md").read_text("utf-8")


def test_what_the_page_on_editors_says_is_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (commands,) = re.findall(r"```sh\n(.*?)```", EDITORS, re.DOTALL)
    for line in commands.splitlines():
        assert run(*line.split()[1:]).status == 0
    table = EDITORS.partition("| file in the ruleset's folder")[2].partition("\n\n")[0]
    told = re.findall(r"`(\.[\w./]+\.(?:json|toml))`", table)
    folder = tmp_path / "ours"
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(told) == written - {"ruleset.toml"}
    (first,) = re.findall(r"```toml\n(.*?)\n```", EDITORS, re.DOTALL)
    assert (folder / "ruleset.toml").read_text("utf-8").startswith(f"{first}\n\n")
