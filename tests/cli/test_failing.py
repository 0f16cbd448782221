"""Whatever goes wrong becomes one clear message on stderr and the right status, never a traceback."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.commands import COMMAND, environment, run

RULES = '[ruleset]\nname = "example"\nversion = "1"\n'


@pytest.fixture
def broken(monkeypatch):
    """Let `kamrules check` fail in a way that no one foresaw."""

    def fail(*_, **__):
        raise ValueError("the moon\nis \x1b[31mfull")

    monkeypatch.setattr("kamrules.document.load_ruleset", fail)


def test_a_misspelt_command_is_told_with_the_nearest_one():
    told = run("chek")
    assert (told.status, told.out) == (2, "")
    assert told.err == "error[KR810]: there is no command `chek`\n  = help: did you mean `check`?\n"


def test_a_misspelt_option_is_told_with_the_nearest_one():
    told = run("check", "--formt", "json")
    assert told.status == 2
    assert (
        "`kamrules check` has no option `--formt`\n  = help: did you mean `--format`?" in told.err
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["decide"], "missing argument `FACTS.json|-`"),
        (["decide", "-", "--as-of", "2026-02-30"], "`--as-of`: `2026-02-30` is no date"),
        (["decide", "-", "--as-of", "20260630"], "`--as-of`: `20260630` is no date"),
        (["decide", "-", "--set", "key_revenue"], "`--set`: `key_revenue` lacks a value"),
        (["decide", "-", "--top", "-1"], "`--top`: -1 is not in the range x>=0"),
        (["check", "kam", "more"], "got unexpected extra argument (more)"),
        (["check", "--format", "xml"], "`--format`: `xml` is not one of"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence_with_status_2(words, message):
    told = run(*words)
    assert told.status == 2
    assert told.out == ""
    assert told.err.startswith(f"error[KR812]: {message}")


def test_a_defect_names_itself_and_a_file_to_report_without_a_traceback(broken):
    told = run("check", "kam")
    assert told.status == 70
    assert told.err.startswith(
        "error[KR900]: a defect of kamrules: ValueError: the moon is \ufffd[31mfull"
    )
    assert "Traceback" not in told.err
    path = told.err.split("the file `")[1].split("`")[0]
    report = Path(path)
    assert "Traceback" in report.read_text(encoding="utf-8")
    report.unlink()


@pytest.mark.parametrize("way", ["option", "environment"])
def test_a_defect_shows_its_traceback_when_asked(broken, way, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    words = ["--debug"] if way == "option" else []
    told = run(*words, "check", "kam", **({} if words else {"KAMRULES_DEBUG": "1"}))
    assert told.status == 70
    assert "Traceback" in told.err


def test_ctrl_c_says_that_nothing_was_changed_with_status_130(monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("kamrules.document.load_ruleset", interrupt)
    told = run("check", "kam")
    assert (told.status, told.out, told.err) == (130, "", "interrupted; nothing was changed\n")


def test_a_reader_that_goes_away_is_no_error():
    process = subprocess.Popen(
        [COMMAND, "schema", "ruleset"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141  # as a shell tells of a broken pipe


def test_a_missing_ruleset_is_wrong_usage_and_names_the_nearest():
    told = run("check", "kamm")
    assert told.status == 2
    assert "error[KR100]" in told.err
    assert "did you mean `kam`?" in told.err


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_check_gives_machines_their_form_on_stdout(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.toml").write_text(RULES + '[fact.x]\ntype = "money"\nvalue = "orderz"\n')
    told = run("check", "rules.toml", "--format", form)
    assert (told.status, told.err) == (3, "")
    if form == "github":
        assert told.out.startswith("::error file=rules.toml,line=6,col=10,title=KR2")
    else:
        found = json.loads(told.out)
        assert "rules.toml" in json.dumps(found)


def test_check_of_a_right_ruleset_says_so_with_status_0(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.toml").write_text(RULES)
    told = run("check", "rules.toml")
    assert (told.status, told.out) == (0, "")
    assert told.err == "rules.toml: nothing to complain about\n"


def test_check_of_a_ruleset_with_warnings_alone_has_status_1(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    unread = '[parameter.floor]\ntype = "money"\nvalue = 1\nlow = 0\nhigh = 2\nabout = "Unread"\n'
    (tmp_path / "rules.toml").write_text(RULES + unread)
    told = run("check", "rules.toml")
    assert told.status == 1
    assert "warning[KR502]" in told.err
    assert told.err.endswith("rules.toml: 1 warning\n")
