"""Watching a ruleset: its tests run again when one of its files changes, and only then."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

import pytest

from kamrules.diagnostics import UsageError
from kamrules.document import shipped_folder
from kamrules.workbench.testing import watching
from kamrules.workbench.testing.watching import Watch
from tests.commands import COMMAND, environment, run

FOLDERS = (shipped_folder(),)
RULES = """
[ruleset]
name = "ours"
version = "1"
[table.accounts.column]
sales = { type = "money" }
[class.key]
when = "sales >= 100"
[class.other]
when = "sales < 100"
[test.large]
as_of = 2026-06-30
facts = { sales = 200 }
expect = { class = "key" }
"""


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "ours" / "rules.toml"
    path.parent.mkdir()
    path.write_text(RULES, encoding="utf-8")
    return path


def edit(path, old, new):
    """Change a file; its length changes too, so that no clock has to have gone on."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


class Waits:
    """Does one thing at each wait, then ends as Ctrl-C does."""

    def __init__(self, *things):
        self.things = list(things)

    def __call__(self):
        if not self.things:
            raise KeyboardInterrupt
        self.things.pop(0)()


def nothing():
    return None


def seen(folder, *things):
    """Return how many files were watched in each round until Ctrl-C."""
    watch = Watch.of(str(folder), FOLDERS).rounds(Waits(*things))
    found = []
    with suppress(KeyboardInterrupt):
        while True:
            found.append(next(watch))
    return found


def test_nothing_runs_again_while_nothing_changes(rules):
    assert seen(rules.parent, nothing, nothing, nothing) == [1]


def test_an_edit_runs_them_again_once(rules):
    assert seen(rules.parent, lambda: edit(rules, "100", "1000"), nothing, nothing) == [1, 1]


def test_a_file_that_comes_or_goes_is_a_change(rules):
    more = rules.with_name("more.toml")
    come = lambda: more.write_text("[parameter]\n", encoding="utf-8")  # noqa: E731
    assert seen(rules.parent, come, nothing, more.unlink, nothing) == [1, 2, 1]


def test_files_beside_a_ruleset_that_is_one_file_do_not_count(rules):
    come = lambda: rules.with_name("notes.toml").write_text("", encoding="utf-8")  # noqa: E731
    assert seen(rules, come, nothing) == [1]


def test_a_file_still_being_written_is_waited_for(rules):
    writes = [lambda n=n: edit(rules, "version", f"# {n}\nversion") for n in range(3)]
    assert seen(rules.parent, *writes, nothing, nothing) == [1, 1]


def test_rulesets_that_it_extends_are_watched_too(rules, tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    (top / "r.toml").write_text(
        '[ruleset]\nname = "top"\nversion = "1"\nextends = ["../ours"]\n', encoding="utf-8"
    )
    assert seen(top, lambda: edit(rules, "100", "1000"), nothing) == [2, 2]
    assert len(Watch.of("kam", FOLDERS).locations) == 1
    assert next(Watch.of("kam", FOLDERS).rounds(nothing)) > 30


def test_what_is_extended_stays_watched_while_an_edit_is_broken(rules, tmp_path):
    top = tmp_path / "top.toml"
    top.write_text('[ruleset]\nname = "top"\nversion = "1"\nextends = ["ours"]\n', encoding="utf-8")
    found = seen(
        top,
        lambda: top.write_text("[ruleset\n", encoding="utf-8"),
        nothing,
        lambda: edit(rules, "100", "1000"),
        nothing,
    )
    assert found == [2, 2, 2]


def test_a_change_while_the_tests_run_is_not_missed(rules):
    watch = Watch.of(str(rules.parent), FOLDERS).rounds(Waits(nothing, nothing))
    next(watch)
    edit(rules, "100", "1000")
    assert next(watch) == 1


def test_there_must_be_a_ruleset_to_watch():
    with pytest.raises(UsageError):
        Watch.of("no_such_ruleset", FOLDERS)
    assert run("test", "no_such_ruleset", "--watch").status == 2


def test_a_broken_edit_is_told_and_watching_goes_on(rules, monkeypatch):
    steps = Waits(
        lambda: edit(rules, "sales < 100", "sale < 100"),
        nothing,
        lambda: edit(rules, "sale < 100", "sales < 100 "),
        nothing,
    )
    monkeypatch.setattr(watching, "pause", steps)
    told = run("test", rules.parent, "--watch")
    assert told.status == 130
    assert told.out == "ours 1\n1 passed\n" * 2
    assert "error[" in told.err
    assert "`sale`" in told.err
    assert told.err.count("watching 1 file; Ctrl-C ends it") == 3
    assert "interrupted" not in told.err
    assert "\x1b" not in told.out + told.err


def test_json_is_for_one_report(rules):
    told = run("test", rules.parent, "--watch", "--json")
    assert told.status == 2
    assert "--watch tells people" in told.err


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent otherwise there")
def test_the_installed_command_watches_until_ctrl_c(rules):
    process = subprocess.Popen(
        [str(COMMAND), "test", str(rules.parent), "--watch"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment(),
    )  # fmt: skip
    try:
        # what is read blocks until it is there, so nothing depends on how fast anything is
        assert [process.stdout.readline() for _ in range(2)] == ["ours 1\n", "1 passed\n"]
        edit(rules, 'class = "key"', 'class = "other"')
        lines = [process.stdout.readline()]
        while not lines[-1].endswith("failed\n"):
            lines.append(process.stdout.readline())
        assert "class: expected other, got key" in "".join(lines)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
