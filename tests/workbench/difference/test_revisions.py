"""Rulesets as they were at a git revision, with what they extend."""

from __future__ import annotations

import subprocess

import pytest

from kamrules.diagnostics import RulesetError, UsageError
from kamrules.document import shipped_folder
from kamrules.workbench.difference.revisions import Revision, revision_of, ruleset_at

RULES = """[ruleset]
name = "{name}"
version = "1"
{more}
"""
BASE = """[parameter.limit]
type = "money"
value = {limit}
[table.accounts.column]
size = {{ type = "money" }}
[class.key]
when = "size >= limit"
[class.other]
when = "not (size >= limit)"
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with a ruleset that extends another, of which the other was changed since."""
    top = tmp_path / "top"
    for name, more in (("base", BASE.format(limit=100)), ("ours", 'extends = ["../base"]')):
        write(top / "rules" / name, name, more)
    write(top / "rules" / "named", "named", 'extends = ["base"]')
    for each in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(each, raising=False)
    for key, value in (("AUTHOR", "a"), ("COMMITTER", "c")):
        monkeypatch.setenv(f"GIT_{key}_NAME", value)
        monkeypatch.setenv(f"GIT_{key}_EMAIL", f"{value}@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(top, "init", "-q")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "first")
    write(top / "rules" / "base", "base", BASE.format(limit=200))
    monkeypatch.chdir(top)
    return top


def write(folder, name, more):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.toml").write_text(RULES.format(name=name, more=more), encoding="utf-8")


def git(folder, *words):
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def at(wanted, *folders):
    return ruleset_at(wanted, folders=folders or (shipped_folder(),))


def limit(ruleset):
    return ruleset.model.parameter["limit"].value


def test_a_ruleset_and_what_it_extends_are_those_of_the_revision(repository):
    assert limit(at("rules/ours")) == 200
    found = at("HEAD:rules/ours")
    assert limit(found) == 100
    assert found.files == ("HEAD:rules/ours/rules.toml", "HEAD:rules/base/rules.toml")
    place, line = found.place("parameter", "limit", "value")
    assert (place.file, place.line, line) == ("HEAD:rules/base/rules.toml", 6, "value = 100")


def test_what_is_extended_by_name_is_of_the_revision_when_its_folder_lies_in_the_repository(
    repository,
):
    folder = repository / "rules"
    assert limit(at("rules/named", folder)) == 200
    assert limit(at("HEAD:rules/named", folder)) == 100


def test_a_ruleset_that_ships_is_found_by_name_from_a_revision(repository):
    write(repository / "rules" / "kams", "kams", 'extends = ["kam"]')
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "second")
    assert "key" in at("HEAD:rules/kams").model.class_


def test_a_path_may_count_from_the_current_folder(repository, monkeypatch):
    monkeypatch.chdir(repository / "rules")
    assert limit(at("HEAD:./ours")) == limit(at("HEAD:rules/ours")) == 100
    monkeypatch.chdir(repository / "rules" / "named")
    assert limit(at("HEAD:../base/rules.toml")) == 100


def test_errors_in_a_revision_are_told_with_its_files(repository):
    write(repository / "rules" / "base", "base", "[class.key]\nwhem = 1")
    git(repository, "commit", "-q", "-a", "-m", "second")
    with pytest.raises(RulesetError, match=r"--> HEAD:rules/base/rules.toml:5:1"):
        at("HEAD:rules/ours")
    assert limit(at("HEAD~1:rules/ours")) == 100


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("HEAD:rules/our", "revision `HEAD` has no ruleset at `rules/our`"),
        ("HEAL:rules/ours", "the repository has no revision `HEAL`"),
        ("--output=x:rules/ours", "a revision does not begin with `-`"),
        ("HEAD:../outside", "`../outside` lies outside of the repository"),
        ("HEAD:rules/../rules/ours", "is no path from the top of the repository"),
        ("HEAD:/etc", "is no path from the top of the repository"),
        ("HEAD:rules/\0", "revision `HEAD` has no ruleset"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_repository_is_told(repository, wanted, why):
    with pytest.raises(UsageError, match="KR846") as told:
        at(wanted)
    assert why in str(told.value)
    assert sorted(each.name for each in repository.iterdir()) == [".git", "rules"]


def test_outside_of_a_repository_it_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match="the current folder is in no git repository"):
        at("HEAD:rules")


def test_without_git_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is needed for that, and is not there"):
        at("HEAD:rules")


def test_a_path_that_exists_and_a_drive_are_no_revisions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert revision_of("a:b") == Revision("a", "b")
    (tmp_path / "a:b").mkdir()
    for each in ("a:b", "kam", "rules/ours", "C:\\rules", "c:/rules", ":rules"):
        assert revision_of(each) is None
