"""Faults that strategy owners make: each is found by check or verify; a ruleset without one is clean."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from kamrules import load_ruleset
from kamrules.compiler import compile_with_warnings
from kamrules.diagnostics import KamrulesError, Severity
from kamrules.workbench.verify import State, verify

HERE = Path(__file__).parent
SOUND = (HERE / "sound.toml").read_text(encoding="utf-8")
FAULTS = tomli.loads((HERE / "faults.toml").read_text(encoding="utf-8"))


def found(path):
    """Return the codes of all that check and verify find."""
    try:
        ruleset = load_ruleset(str(path))
        program, diagnostics = compile_with_warnings(ruleset)
    except KamrulesError as error:
        return {each.code for each in error.diagnostics}
    codes = {each.code for each in diagnostics}
    if program is not None:
        codes |= {each.diagnostic.code for each in verify(ruleset).of(State.UNTRUE)}
    return codes


def test_the_sound_ruleset_is_proved_whole(tmp_path):
    path = tmp_path / "sound.toml"
    path.write_text(SOUND, encoding="utf-8")
    ruleset = load_ruleset(str(path))
    assert compile_with_warnings(ruleset)[1] == ()
    report = verify(ruleset)
    assert report.of(State.UNTRUE) == report.of(State.UNDECIDED) == ()
    assert {each.kind for each in report.findings} == {
        "disjoint", "complete", "certain", "reachable", "excluded", "asks", "stay", "order",
        "rising", "range",
    }  # fmt: skip


def test_there_are_enough_faults():
    assert len(FAULTS) >= 30


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name, tmp_path):
    fault = FAULTS[name]
    text = SOUND
    for which in ("", "_too"):
        before, after = fault.get(f"before{which}"), fault.get(f"after{which}")
        if before is not None:
            assert text.count(before) == 1, before
            text = text.replace(before, after)
    path = tmp_path / "broken.toml"
    path.write_text(text, encoding="utf-8")
    assert fault["code"] in found(path)


def test_a_fault_does_not_hide_behind_a_warning():
    ruleset = load_ruleset(str(HERE / "sound.toml"))
    assert all(
        each.diagnostic.severity is Severity.ERROR
        for each in verify(ruleset).findings
        if each.kind != "certain"
    )
