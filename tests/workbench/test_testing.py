"""What a strategy owner gets from the tests of a ruleset."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kamrules import RulesetError, load_ruleset
from kamrules.workbench.testing import Outcome, run_tests
from kamrules.workbench.testing.telling import junit, told, under
from tests.commands import run

RULES = Path(__file__).with_name("rules.toml")
GOLDEN = Path(__file__).parent / "golden"


def report():
    return run_tests(load_ruleset(RULES))


def changed(tmp_path, old, new):
    """Write the small ruleset with one text in place of another."""
    path = tmp_path / "rules.toml"
    text = RULES.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_each_test_passes_fails_or_waits():
    outcomes = {each.id: each.outcome for each in report().results}
    assert outcomes == {
        "who_buys_much_and_is_silent_is_called": Outcome.PASSED,
        "who_was_called_waits": Outcome.PASSED,
        "what_is_much_can_be_set": Outcome.PASSED,
        "this_one_is_wrong": Outcome.FAILED,
        "not_yet": Outcome.SKIPPED,
    }


def test_a_failure_shows_the_values_under_the_conditions_that_read_them():
    golden = (GOLDEN / "tests.txt").read_text(encoding="utf-8")
    assert told(report()).replace(str(RULES), "rules.toml") + "\n" == golden


def test_values_that_would_meet_stand_in_lines_of_their_own():
    assert under("a + bb > c", (("a", "1,000,000"), ("bb", "2"), ("c", "3"))) == [
        "└ 1,000,000",
        "    └ 2  └ 3",
    ]


def test_the_command_ends_with_1_when_a_test_fails_and_0_when_none_does():
    assert run("test", str(RULES)).status == 1
    passing = run("test", str(RULES), "-k", "silent")
    assert (passing.status, passing.out.splitlines()[-1]) == (0, "1 passed")


def test_asking_for_tests_that_do_not_exist_fails():
    told_ = run("test", str(RULES), "-k", "nonsense")
    assert told_.status == 1
    assert "no test has `nonsense` in its name" in told_.err


def test_ci_servers_read_the_report(tmp_path):
    assert run("test", str(RULES), "--junit", str(tmp_path / "deep" / "report.xml")).status == 1
    suite = ElementTree.parse(tmp_path / "deep" / "report.xml").getroot().find("testsuite")
    assert {key: suite.get(key) for key in ("tests", "failures", "skipped")} == {
        "tests": "5",
        "failures": "1",
        "skipped": "1",
    }
    failure = suite.find("testcase[@name='this_one_is_wrong']/failure")
    assert failure.get("message") == "class: expected key, got other"
    assert "└ 50" in failure.text


def test_a_report_for_ci_servers_holds_any_text(tmp_path):
    path = changed(tmp_path, 'skip = "waits for signals"', 'skip = "<&> ]]> \\u0001"')
    text = junit(run_tests(load_ruleset(path)))
    assert ElementTree.fromstring(text).find(".//skipped").get("message") == "<&> ]]> \ufffd"


def test_a_parameter_that_breaks_the_rules_fails_its_test_and_no_other(tmp_path):
    path = changed(tmp_path, "set = { much = 20 }", "set = { much = 20 }\nfacts = { sales = 10 }")
    outcomes = {each.id: each.outcome for each in run_tests(load_ruleset(path)).results}
    assert outcomes["what_is_much_can_be_set"] is Outcome.FAILED
    assert outcomes["who_was_called_waits"] is Outcome.PASSED


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'given = "small_acme"\nset',
            'given = "smal_acme"\nset',
            "there is no persona `smal_acme`",
        ),
        ('top_action = "call"', 'top_action = "cal"', "there is no action `cal`"),
        ('not_actions = ["call"]', 'not_actions = ["rest"]', "there is no action `rest`"),
        ("set = { much = 20 }", "set = { more = 20 }", "there is no parameter `more`"),
        ("set = { much = 20 }", "set = { much = 2 }", "2 lies outside the range from 10 to 1_000"),
        ('"silent > 30d"] }', '"silent > 30"] }', "`silent` is a span of days"),
        ("facts = { sales = 50 }", "facts = { slaes = 50 }", "has no column or table `slaes`"),
        ("facts = { silent = 5 }", 'facts = { silent = "long" }', "not the text"),
        ('class = "other" }\n', 'class = "othre" }\n', "there is no class `othre`"),
        ('silent = "[0d..10d]"', 'silent = "[0d..10d"', "`[` is never closed"),
        ("as_of = 2026-06-30", 'about = "no date"', "has no date"),
    ],
)
def test_a_mistake_in_a_test_is_an_error_with_its_place(tmp_path, old, new, message):
    path = changed(tmp_path, old, new)
    with pytest.raises(RulesetError) as caught:
        run_tests(load_ruleset(path))
    found = [each for each in caught.value.diagnostics if message in each.message]
    assert found, caught.value
    assert found[0].place.line > 1
    assert run("check", str(path)).status == 3


def test_mistakes_in_tests_do_not_keep_a_ruleset_from_deciding(tmp_path):
    path = changed(tmp_path, 'top_action = "call"', 'top_action = "cal"')
    facts = tmp_path / "acme.json"
    facts.write_text('{"account_id": "A", "sales": 500}', encoding="utf-8")
    assert run("decide", str(facts), "--ruleset", str(path), "--as-of", "2026-06-30").status == 0


def test_tests_are_not_part_of_what_a_ruleset_decides(tmp_path):
    path = changed(tmp_path, 'skip = "waits for signals"', 'skip = "later"')
    assert load_ruleset(path).digest == load_ruleset(RULES).digest


def test_a_ruleset_that_extends_another_runs_its_own_tests(tmp_path):
    shutil.copy(RULES, tmp_path / "base.toml")
    (tmp_path / "ours.toml").write_text(
        '[ruleset]\nname = "ours"\nversion = "1"\nextends = ["base.toml"]\n'
        "[parameter.much]\nvalue = 1_000\n"
        '[test.ours]\ngiven = "acme"\nexpect.class = "other"\n',
        encoding="utf-8",
    )
    results = run_tests(load_ruleset(tmp_path / "ours.toml")).results
    assert [(each.id, each.outcome) for each in results] == [("ours", Outcome.PASSED)]


def test_the_memory_of_a_run_before_can_be_given(tmp_path):
    path = changed(
        tmp_path,
        'expect = { class = "key", not_actions = ["call"], facts = { silent = "[0d..10d]" } }',
        'before = { class = "other", proposed = { call = 2026-06-29 } }\n'
        'expect = { class = "other", class_move = "held" }',
    )
    outcomes = {each.id: each.outcome for each in run_tests(load_ruleset(path)).results}
    assert outcomes["who_was_called_waits"] is Outcome.PASSED
