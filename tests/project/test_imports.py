"""What importing kamrules costs, and that the command line starts fast because it imports late."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("duckdb", "sqlglot", "durable", "click", "rich")


def imported(code: str) -> set[str]:
    """Return the top-level modules that are loaded after running code in a fresh interpreter."""
    show = "; import sys; print(' '.join({each.partition('.')[0] for each in sys.modules}))"
    command = [sys.executable, "-c", code + show]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # the code may have printed before
    return set(done.stdout.splitlines()[-1].split())


def test_importing_kamrules_loads_no_engine_and_no_command_line():
    assert not imported("import kamrules") & set(HEAVY)


def test_deciding_one_account_in_process_loads_no_database_and_no_command_line():
    code = "from kamrules import load_ruleset, compile_ruleset, decide; "
    code += "decide(compile_ruleset(load_ruleset('kam')), {'account_id': 'A'}, as_of='2026-06-30')"
    assert not imported(code) & set(HEAVY)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "--help"]])
def test_help_loads_neither_engines_nor_pydantic_nor_rich(words):
    code = "import sys, kamrules.cli; sys.argv = ['kamrules', *" + repr(words) + "]; "
    code += "exec('try: kamrules.cli.main()\\nexcept SystemExit: pass')"
    assert not imported(code) & {"duckdb", "sqlglot", "durable", "rich", "pydantic", "tomli"}


@pytest.mark.parametrize("name", __import__("kamrules").__all__)
def test_every_name_of_the_public_api_can_be_imported(name):
    assert getattr(__import__("kamrules"), name) is not None
