"""What a ruleset to start from is like, whatever it extends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kamrules import load_ruleset
from kamrules.compiler import compile_with_warnings
from kamrules.compiler.completeness import untranslated
from kamrules.diagnostics import DataError, RulesetError, UsageError
from kamrules.document import names, shipped_folder
from kamrules.workbench.formatting import formatted
from kamrules.workbench.starting import folder, start
from kamrules.workbench.starting.example import example_for
from kamrules.workbench.testing import run_tests

HEADER = '[ruleset]\nname = "base"\nversion = "1"\n'


def works(path):
    """Check that a ruleset has nothing wrong with it, passes its tests and is laid out."""
    ruleset = load_ruleset(path)
    program, problems = compile_with_warnings(ruleset)
    assert (problems, untranslated(program, ruleset)) == ((), ())
    report = run_tests(ruleset)
    assert report.passed
    assert not any(each.changed for each in formatted(ruleset))
    return program, report


@pytest.mark.parametrize("base", names((shipped_folder(),)))
def test_it_works_whichever_shipped_ruleset_it_extends(base, tmp_path):
    start(tmp_path / "ours", extends=base)
    program, report = works(tmp_path / "ours")
    assert program.name == "ours"
    assert "notable_annual_revenue" in {each.id for each in program.parameters}
    assert [each.id for each in report.results] == [
        "a_notable_account_is_called", "a_smaller_one_is_left_alone",
    ]  # fmt: skip
    if "zh" in program.languages:
        action = next(each for each in program.actions if each.id == "call_notable_account")
        assert action.title.texts["zh"][0] == "致电"


def test_a_base_without_numbers_and_roles_gets_both(tmp_path):
    base = tmp_path / "base.toml"
    base.write_text(HEADER + '[table.accounts.column]\ngood = { type = "bool" }\n')
    started = start(tmp_path / "ours", extends=str(base))
    assert started.extends == "../base.toml"
    program, _ = works(tmp_path / "ours")
    assert [each.id for each in program.roles] == ["account_manager"]
    assert "orders_expected" in program.tables["accounts"].columns


def test_names_that_are_taken_get_a_number(tmp_path):
    base = tmp_path / "base.toml"
    text = """
[table.accounts.column]
size = { type = "number" }
[parameter.notable_size]
type = "number"
value = 3
[role.boss]
[action.call_notable_account]
title = "Call"
when = "size > notable_size"
priority = 1
owner = "boss"
due_days = 1
because = "B"
"""
    base.write_text(HEADER + text)
    start(tmp_path / "ours", extends=str(base))
    program, _ = works(tmp_path / "ours")
    assert [each.id for each in program.parameters] == ["notable_size", "notable_size_2"]
    assert [each.id for each in program.actions] == [
        "call_notable_account", "call_notable_account_2",
    ]  # fmt: skip
    assert {each.owner for each in program.actions} == {"boss"}


@pytest.mark.parametrize("languages", [["zh", "en"], ["de"], ["de", "zh"]])
def test_it_works_in_whatever_languages_the_base_is_written(languages, tmp_path):
    base = tmp_path / "base.toml"
    base.write_text(f"{HEADER}languages = {languages}\n[role.boss]\n")
    start(tmp_path / "ours", extends=str(base))
    works(tmp_path / "ours")


def test_where_an_example_does_not_fit_the_header_alone_is_written(tmp_path, monkeypatch):
    def misfit(base):
        return replace(example_for(base), role="nobody", own_role=False)

    monkeypatch.setattr(folder, "example_for", misfit)
    started = start(tmp_path / "ours", extends="depth")
    assert started.tests == 0
    program, _ = works(tmp_path / "ours")
    assert program.name == "ours"


@pytest.mark.parametrize(
    ("place", "name"),
    [("Our rules", "Our_rules"), (".hidden", "hidden"), ("规则", "own"), ("v1.2-b", "v1.2-b"),
     ("x" * 80, "x" * 60), ('say "hi"\n', "say_hi")],
)  # fmt: skip
def test_it_is_called_as_its_folder_as_far_as_that_is_a_name(place, name, tmp_path):
    assert start(tmp_path / place, extends="depth").name == name
    assert load_ruleset(tmp_path / place).model.ruleset.name == name


@pytest.mark.parametrize("name", ["our rules", "", "-x", "规则", "x" * 61, "a\n"])
def test_a_name_that_is_none_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match="KR837"):
        start(tmp_path / "ours", extends="kam", name=name)
    assert not (tmp_path / "ours").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / ".git").mkdir()
    for name in "abcd":
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match="is not empty: it holds `a`, `b`, `c` and 1 more"):
        start(tmp_path, extends="kam")
    for each in ("a", "a/b", "a/b/c"):
        with pytest.raises(UsageError, match=r"/a` is a file"):
            start(tmp_path / each, extends="kam")
    assert sorted(each.name for each in tmp_path.iterdir()) == [".git", "a", "b", "c", "d"]


def test_a_folder_with_nothing_but_hidden_files_is_empty(tmp_path):
    (tmp_path / ".git").mkdir()
    start(tmp_path, extends="depth", name="ours")
    works(tmp_path)


def test_a_base_that_is_not_there_or_does_not_compile_is_told(tmp_path):
    with pytest.raises(UsageError, match="did you mean `kam`"):
        start(tmp_path / "ours", extends="kamm")
    base = tmp_path / "base.toml"
    base.write_text(HEADER + '[fact.x]\ntype = "bool"\nvalue = "y"\n')
    with pytest.raises(RulesetError, match="KR200"):
        start(tmp_path / "ours", extends=str(base))
    assert [each.name for each in tmp_path.iterdir()] == ["base.toml"]


def test_a_folder_inside_the_ruleset_that_it_extends_is_refused(tmp_path):
    (tmp_path / "base.toml").write_text(HEADER)
    with pytest.raises(UsageError, match="lies inside"):
        start(tmp_path / "ours", extends=str(tmp_path))


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def full(self, *args, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(DataError, match="cannot be written: no space left on device"):
        start(tmp_path / "ours", extends="depth")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_no_file_system_takes_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"KR836.*cannot be read: file name too long"):
        start(tmp_path / ("x" * 300), extends="depth")


@pytest.mark.parametrize("extends", ["", " "])
def test_a_base_without_a_name_is_told(extends, tmp_path):
    with pytest.raises(UsageError, match="the ruleset to extend is empty"):
        start(tmp_path / "ours", extends=extends)


def test_a_new_ruleset_below_another_one_is_warned_of(tmp_path):
    assert start(tmp_path / "ours", extends="depth").warnings == ()
    started = start(tmp_path / "ours" / "more" / "rules", extends="depth")
    (warning,) = started.warnings
    assert warning.code == "KR836"
    assert "where `ruleset.toml` is of a ruleset" in warning.message
    assert start(tmp_path / "beside", extends="depth").warnings == ()


def test_what_editors_read_is_beside_it_and_named_in_its_first_line(tmp_path):
    started = start(tmp_path / "ours", extends="depth")
    assert [Path(each).relative_to(tmp_path).as_posix() for each in started.for_editors] == [
        "ours/.kamrules/ruleset.schema.json", "ours/.kamrules/book.schema.json",
        "ours/.tombi.toml", "ours/.taplo.toml",
    ]  # fmt: skip
    first, second = (tmp_path / "ours" / "ruleset.toml").read_text("utf-8").splitlines()[:2]
    assert (first, second) == ("#:schema .kamrules/ruleset.schema.json", "")
