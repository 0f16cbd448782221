"""What the README says is so: its picture, its commands, its Python and its TOML."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import tomli

from tests.commands import run
from tests.project.picture import picture

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def blocks(kind):
    return [text for each, text in BLOCKS if each == kind]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Give a folder in which `kamrules demo` has run, with the rulesets beside, and what it printed."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "rulesets", folder / "rulesets")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        told = run("demo")
    assert told.status == 0, told.err
    return folder, told.out


def test_the_picture_is_what_the_demonstration_prints(demo):
    (shown,) = blocks("text")
    assert shown == picture(demo[1]), "draw it anew: python -m tests.project.picture"


def test_the_make_commands_are_targets_and_ci_runs_the_second():
    made = re.findall(r"^make (\w+)", "".join(blocks("sh")), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert made == ["demo", "test"]
    assert all(re.search(rf"^{each}:", makefile, re.MULTILINE) for each in made)
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith("make test")


def test_the_commands_of_the_readme_work_after_the_demonstration(demo, monkeypatch):
    monkeypatch.chdir(demo[0])
    lines = [line for line in "".join(blocks("sh")).splitlines() if line.startswith("kamrules ")]
    assert len(lines) >= 5
    for line in lines:
        told = run(*shlex.split(line)[1:])
        assert told.status in (0, 1), f"{line}\n{told.err}"
        assert "error[" not in told.err


def test_the_table_of_commands_names_every_command():
    commands = (ROOT / "kamrules" / "cli" / "commands").glob("[a-z]*.py")
    table = "".join(line for line in README.splitlines() if line.startswith("| `kamrules"))
    assert not [each.stem for each in commands if not re.search(rf"\b{each.stem}\b", table)]


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_of_the_readme_runs(code):
    exec(compile(code, "README.md", "exec"), {})


def test_the_ruleset_of_the_readme_is_right_and_decides_the_sample_book(demo, monkeypatch):
    (text,) = (each for each in blocks("toml") if "[ruleset]" in each)
    folder, _ = demo
    (folder / "ours").mkdir(exist_ok=True)
    (folder / "ours" / "ruleset.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    assert run("check", "ours").err.startswith("ours: nothing to complain about")
    assert run("run", "kamrules-demo/book", "--ruleset", "ours").status == 0


def test_the_book_file_of_the_readme_is_right(tmp_path):
    from kamrules import Book

    (text,) = (each for each in blocks("toml") if "[book]" in each)
    (tmp_path / "book.toml").write_text(text, encoding="utf-8")
    book = Book.read(tmp_path / "book.toml")
    assert list(book.tables) == ["accounts", "orders"]
    assert tomli.loads(text)["book"]["name"] == book.name


def test_the_links_of_the_readme_lead_to_files():
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link
