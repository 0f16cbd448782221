"""Files and folders that cannot be read are told of, all at once, with the right exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from kamrules.diagnostics import RulesetError, UsageError
from kamrules.document import load_ruleset, names, shipped_folder
from kamrules.document.reading import LARGEST_FILE
from tests.document.rulesets import ACTION, HEADER, marked, refused, write


def test_a_folder_is_read_file_by_file_in_the_order_of_names_sub_folders_included(tmp_path):
    write(tmp_path, b=ACTION.format("two"), a=HEADER, sub__a=ACTION.format("one"))
    write(tmp_path, **{".hidden__x": "broken", ".#b": "broken"})
    (tmp_path / "notes.txt").write_text("not TOML")
    ruleset = load_ruleset(tmp_path)
    assert [Path(each).relative_to(tmp_path).as_posix() for each in ruleset.files] == [
        "a.toml",
        "b.toml",
        "sub/a.toml",
    ]
    assert list(ruleset.model.action) == ["two", "one"]


def test_a_single_file_is_a_ruleset(tmp_path):
    path = write(tmp_path, rules=HEADER) / "rules.toml"
    assert load_ruleset(path).files == (path.as_posix(),)
    assert load_ruleset(str(path)).model.ruleset.name == "mine"


def test_a_byte_order_mark_and_windows_newlines_do_no_harm(tmp_path):
    (tmp_path / "rules.toml").write_bytes(b"\xef\xbb\xbf" + HEADER.replace("\n", "\r\n").encode())
    ruleset = load_ruleset(tmp_path / "rules.toml")
    assert ruleset.text("ruleset", "name").place(0, 4).column == 9


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path):
    (found,) = refused(tmp_path / "nowhere.toml", UsageError)
    assert found.code == "KR100"
    assert "no file or folder" in found.message


def test_an_unknown_name_names_the_nearest_and_lists_the_others(tmp_path):
    write(tmp_path, kam__rules=HEADER, resale=HEADER)
    assert names([tmp_path]) == ["kam", "resale"]
    (found,) = refused("kma", UsageError, folders=[tmp_path])
    assert found.code == "KR100"
    assert found.message == "there is no ruleset `kma`; rulesets found by name: kam, resale"
    assert found.help == "did you mean `kam`?"


def test_a_name_is_found_in_the_folders_and_a_path_that_exists_wins(tmp_path, monkeypatch):
    shelf, work = tmp_path / "shelf", tmp_path / "work"
    write(shelf, kam__rules=HEADER, resale=HEADER)
    work.mkdir()
    monkeypatch.chdir(work)
    assert load_ruleset("kam", folders=[shelf]).files == ((shelf / "kam/rules.toml").as_posix(),)
    assert load_ruleset("resale", folders=[shelf]).files == ((shelf / "resale.toml").as_posix(),)
    write(work, kam__own=HEADER)
    assert load_ruleset("kam", folders=[shelf]).files == ("kam/own.toml",)


def test_the_shipped_rulesets_stand_beside_the_package_or_in_it():
    assert shipped_folder().name == "rulesets"
    assert shipped_folder().parent.is_dir()


def test_a_folder_without_toml_files_is_wrong_usage(tmp_path):
    (found,) = refused(tmp_path, UsageError)
    assert found.code == "KR102"
    assert "holds no .toml file" in found.message


def test_a_file_that_may_not_be_read_is_told_of(tmp_path, monkeypatch):
    write(tmp_path, rules=HEADER)

    def refuse(*_args, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    (found,) = refused(tmp_path, UsageError)
    assert found.code == "KR101"
    assert "permission denied" in found.message


def test_a_disk_that_fails_is_told_of(tmp_path, monkeypatch):
    write(tmp_path, rules=HEADER)

    def fail(*_args, **_more):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    (found,) = refused(tmp_path, UsageError)
    assert "input/output error" in found.message


def test_a_link_to_a_folder_is_not_followed_so_it_cannot_go_round(tmp_path):
    write(tmp_path, rules=HEADER)
    (tmp_path / "loop.toml").symlink_to(tmp_path)
    assert load_ruleset(tmp_path).model.ruleset.name == "mine"


@pytest.mark.parametrize(
    ("content", "encoding", "column"), [("caf\u00e9", "latin-1", 13), ("\u5ba2\u6237", "gbk", 10)]
)
def test_a_file_that_is_not_utf_8_says_where(tmp_path, content, encoding, column):
    text = f'# first\nabout = "{content}"\n'
    (tmp_path / "rules.toml").write_bytes(text.encode(encoding))
    (found,) = refused(tmp_path / "rules.toml", RulesetError)
    assert found.code == "KR104"
    assert found.place.line == 2
    assert found.place.column == column
    assert found.help == "save the file as UTF-8"


def test_a_file_in_utf_16_says_so(tmp_path):
    (tmp_path / "rules.toml").write_text(HEADER, encoding="utf-16")
    (found,) = refused(tmp_path / "rules.toml", RulesetError)
    assert "UTF-16" in found.message


def test_a_huge_file_is_refused_before_it_is_read_as_toml(tmp_path):
    (tmp_path / "rules.toml").write_bytes(b"#" * (LARGEST_FILE + 1))
    (found,) = refused(tmp_path / "rules.toml", RulesetError)
    assert found.code == "KR103"
    assert "4 MiB" in found.message


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 3000, "x = " + "{a=" * 3000, "[" + ".".join("a" * 3000) + "]"]
)
def test_deep_nesting_is_refused(tmp_path, text):
    write(tmp_path, rules=text)
    (found,) = refused(tmp_path, RulesetError)
    assert found.code == "KR107"
    assert found.place.line == 1


def test_a_number_with_thousands_of_digits_is_refused(tmp_path):
    write(tmp_path, rules=HEADER + "x = " + "9" * 5000)
    (found,) = refused(tmp_path, RulesetError)
    assert found.code == "KR109"


def test_all_broken_files_are_told_of_at_once_sorted_by_file(tmp_path):
    write(tmp_path, a=HEADER, b="when = x > 1", c='title = "', base__x="[")
    found = refused(tmp_path, RulesetError)
    assert [Path(each.place.file).name for each in found] == ["b.toml", "x.toml", "c.toml"]
    assert marked(found[0]) == "x > 1"
