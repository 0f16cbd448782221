"""What `kamrules fmt` does to files, and what it tells."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands import run, start

UNTIDY = """
[ruleset]
version="1"
name = 'own'  # ours

[table.accounts.column]
sales = {type="money"}

[class.key]
when = "sales>=100000 and sales is not unknown"
[class.other]
when = "not coalesce(sales>=100000, false)"
""".lstrip()
TIDY = """
[ruleset]
name = "own"  # ours
version = "1"

[table.accounts.column]
sales = { type = "money" }

[class.key]
when = ["sales >= 100_000", "sales is not unknown"]

[class.other]
when = "not coalesce(sales >= 100_000, false)"
""".lstrip()


def write(folder, text=UNTIDY):
    path = folder / "ours" / "rules.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_is_laid_out_and_then_there_is_nothing_to_change(tmp_path):
    path = write(tmp_path)
    path.chmod(0o640)
    told = start("fmt", "ours", cwd=tmp_path)
    assert (told.status, told.out) == (0, "")
    assert told.err == "laid out: ours/rules.toml\nours: 1 of 1 file laid out\n"
    assert path.read_text(encoding="utf-8") == TIDY
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["rules.toml"]
    told = start("fmt", "ours", "--check", cwd=tmp_path)
    assert (told.status, told.err) == (0, "ours: nothing to change in 1 file\n")


def test_check_writes_nothing_and_ends_with_status_1(tmp_path, monkeypatch):
    path = write(tmp_path)
    monkeypatch.chdir(tmp_path)
    told = run("fmt", "ours", "--check")
    assert (told.status, told.out) == (1, "")
    assert told.err == "would change: ours/rules.toml\nours: 1 of 1 file would change\n"
    assert path.read_text(encoding="utf-8") == UNTIDY


def test_diff_shows_what_would_change_and_writes_nothing(tmp_path, monkeypatch):
    path = write(tmp_path)
    monkeypatch.chdir(tmp_path)
    told = run("fmt", "ours", "--diff")
    assert told.status == 0
    assert told.out.startswith("--- ours/rules.toml\n+++ ours/rules.toml\n@@")
    assert '-version="1"\n' in told.out
    assert '+when = ["sales >= 100_000", "sales is not unknown"]\n' in told.out
    assert run("fmt", "ours", "--diff", "--check").status == 1
    assert path.read_text(encoding="utf-8") == UNTIDY


def test_json_tells_every_file(tmp_path, monkeypatch):
    write(tmp_path)
    (tmp_path / "ours" / "more.toml").write_text("# nothing yet\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    told = json.loads(run("fmt", "ours", "--check", "--json").out)
    assert (told["changed"], told["written"]) == (1, False)
    assert [(each["file"], each["changed"]) for each in told["files"]] == [
        ("ours/more.toml", False),
        ("ours/rules.toml", True),
    ]
    told = json.loads(run("fmt", "ours", "--json").out)
    assert (told["changed"], told["written"]) == (1, True)
    assert Path("ours/rules.toml").read_text(encoding="utf-8") == TIDY


def test_a_ruleset_that_cannot_be_read_is_told_and_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, UNTIDY + "[class.third]\nwhen = sales\n")
    told = run("fmt", "ours")
    assert told.status == 3
    assert "--> ours/rules.toml:13:8" in told.err
    broken = UNTIDY + '[class.third]\nwhen = "salse > 1"\n'
    path.write_text(broken, encoding="utf-8")
    told = run("fmt", "ours")
    assert told.status == 3
    assert "error[KR200]" in told.err
    assert "did you mean `sales`?" in told.err
    assert path.read_text(encoding="utf-8") == broken


def test_what_a_ruleset_extends_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path)
    own = tmp_path / "own.toml"
    own.write_text('[ruleset]\nversion="1"\nname="b"\nextends=["ours"]\n', encoding="utf-8")
    assert run("fmt", "own.toml").status == 0
    assert own.read_text(encoding="utf-8") == (
        '[ruleset]\nname = "b"\nversion = "1"\nextends = ["ours"]\n'
    )
    assert path.read_text(encoding="utf-8") == UNTIDY


def test_a_ruleset_by_name_is_looked_at_and_never_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = run("fmt", "pyramid")
    assert told.status == 2
    assert "error[KR835]: `pyramid` came with kamrules or a plug-in" in told.err
    assert run("fmt", "pyramid", "--diff").status == 0
    told = run("fmt", "pyramidd")
    assert (told.status, "did you mean `pyramid`?" in told.err) == (2, True)


def test_a_file_that_may_not_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path)

    def refused(self, content):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refused)
    told = run("fmt", "ours")
    assert told.status == 4
    assert "error[KR802]: `ours/rules.toml` cannot be written: permission denied" in told.err
    assert path.read_text(encoding="utf-8") == UNTIDY
