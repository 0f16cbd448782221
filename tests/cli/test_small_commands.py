"""The commands that only tell something: help, version, codes, schemas, completion, plug-ins."""

from __future__ import annotations

import json

import pytest

from kamrules import __version__
from kamrules.cli.entry import kamrules
from kamrules.pages import codes
from tests.commands import run

FOUND = kamrules.list_commands(None)


def test_the_commands_are_those_the_readme_tells_of():
    wanted = (
        "backtest check code completion coverage decide demo diff docs doctor explain fmt inspect "
        "log new plugin plugins replay run schema sensitivity serve sql test verify"
    )
    assert wanted.split() == FOUND


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("name", FOUND)
def test_help_of_a_command_ends_with_an_example_of_it(name, flag):
    told = run(name, flag)
    assert (told.status, told.err) == (0, "")
    assert "Example: " in told.out
    assert f"kamrules {name}" in told.out.rpartition("Example:")[2]
    assert max(len(line) for line in told.out.splitlines()) <= 100


def test_version_is_told():
    assert run("--version").out == f"kamrules {__version__}\n"


def test_a_code_is_told_with_both_examples():
    told = run("code", "kr170")
    assert told.status == 0
    assert told.out.startswith("KR170: a ruleset that extends itself\n\n")
    assert "An example that has the problem (kamrules check a.toml):" in told.out
    assert "Mended (kamrules check a.toml):" in told.out


def test_all_codes_are_listed():
    assert [line.split()[0] for line in run("code").out.splitlines()] == codes()


def test_a_code_that_does_not_exist_is_told_with_the_nearest():
    told = run("code", "KR90O")
    assert told.status == 2
    assert "error[KR806]: there is no code `KR90O`\n  = help: did you mean `KR90" in told.err


@pytest.mark.parametrize("what", ["ruleset", "book", "decision"])
def test_a_schema_is_json(what):
    schema = json.loads(run("schema", what).out)
    assert schema["type"] == "object"
    assert schema["properties"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(shell):
    told = run("completion", shell)
    assert told.status == 0
    assert f"_KAMRULES_COMPLETE={shell}_complete" in told.out


def test_the_script_completes_commands():
    words = {"_KAMRULES_COMPLETE": "bash_complete", "COMP_WORDS": "kamrules ex", "COMP_CWORD": "1"}
    assert run(**words).out == "plain,explain\n"


def test_plugins_are_listed_with_what_they_bring():
    listed = {each["name"]: each for each in json.loads(run("plugins", "--json").out)}
    assert listed["csv"]["sources"] == ["csv"]
    assert listed["xlsx"]["formats"] == ["xlsx"]
    told = run("plugins")
    assert told.status == 0
    assert "built in" in told.out


def test_the_demonstration_is_told_as_json_too(tmp_path):
    told = run("demo", "--out", tmp_path / "demo", "--json")
    data = json.loads(told.out)
    assert told.status == 0
    assert data["ruleset"]["name"] == "kam"
    assert len(data["urgent"]) == 20
