"""A ruleset's tests among those of a project, by the plug-in of pytest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RULES = Path(__file__).with_name("rules.toml")


@pytest.fixture
def project(tmp_path):
    """Give a project with one test of its own and a ruleset in a folder."""
    (tmp_path / "rules").mkdir()
    shutil.copy(RULES, tmp_path / "rules" / "rules.toml")
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return tmp_path


def outcome(project, *words):
    """Run pytest there and return its exit status and output."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
        cwd=project, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_without_being_asked_it_does_nothing(project):
    status, out = outcome(project)
    assert (status, out.splitlines()[-1].split(" in ")[0]) == (0, "1 passed")


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["alone", "side by side"])
def test_every_test_of_a_ruleset_is_a_test_of_the_project(project, words):
    (project / "pytest.ini").write_text("[pytest]\nkamrules_rulesets = rules\n", encoding="utf-8")
    status, out = outcome(project, *words)
    assert status == 1
    assert out.splitlines()[-1].split(" in ")[0] == "1 failed, 4 passed, 1 skipped"
    assert "class: expected key, got other" in out
    assert "Traceback" not in out


def test_a_ruleset_of_one_file_can_be_named_on_the_command_line(project):
    status, out = outcome(project, "test_own.py", "--kamrules-ruleset", "rules/rules.toml")
    assert status == 1
    assert out.splitlines()[-1].split(" in ")[0] == "1 failed, 4 passed, 1 skipped"


def test_who_names_single_tests_gets_those_alone(project):
    (project / "pytest.ini").write_text("[pytest]\nkamrules_rulesets = rules\n", encoding="utf-8")
    status, out = outcome(project, "test_own.py")
    assert (status, out.splitlines()[-1].split(" in ")[0]) == (0, "1 passed")
