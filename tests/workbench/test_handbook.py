"""The handbook that is made from a ruleset: whole, linked, safe, and never out of date unnoticed."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kamrules import compile_ruleset, load_ruleset
from kamrules.document import names, shipped_folder
from kamrules.workbench.handbook import handbook
from tests.commands import run

RULES = Path(__file__).with_name("rules.toml")
SHIPPED = [each for each in names([shipped_folder()]) if each != "vocabulary"]
ALONE = {"meta", "link", "br", "img", "hr"}


@cache
def files(name):
    program = compile_ruleset(load_ruleset(name))
    return handbook(program, program.languages)


class Page(HTMLParser):
    """Reads a page: whether its elements are balanced, its anchors and its links."""

    def __init__(self, text):
        super().__init__()
        self.open, self.anchors, self.links, self.tags = [], [], [], set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        found = dict(attrs)
        if "id" in found:
            self.anchors.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", SHIPPED)
def test_every_link_of_the_html_leads_to_a_page_and_an_anchor(name):
    pages = {path: Page(text) for path, text in files(name).items() if path.endswith(".html")}
    for path, page in pages.items():
        assert len(set(page.anchors)) == len(page.anchors), path
        assert "script" not in page.tags
        for link in page.links:
            target, _, anchor = link.partition("#")
            whole = str(Path(path).parent / target) if target else path
            assert whole in pages, (path, link)
            assert not anchor or anchor in pages[whole].anchors, (path, link)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_link_of_the_markdown_leads_to_a_page_and_an_anchor(name):
    pages = {path: text for path, text in files(name).items() if path.endswith(".md")}
    for path, text in pages.items():
        for link in re.findall(r"(?<!\\)\]\(([^)]+)\)", text):
            target, _, anchor = link.partition("#")
            whole = str(Path(path).parent / target) if target else path
            assert whole in pages, (path, link)
            assert not anchor or f'<a id="{anchor}"></a>' in pages[whole], (path, link)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_rule_stands_in_it_in_every_language(name):
    program = compile_ruleset(load_ruleset(name))
    for language in program.languages:
        text = "".join(
            each for path, each in files(name).items() if path.startswith(f"{language}/")
        )
        for rules in (
            program.classes, program.paths, program.tiers, program.phases, program.strategies,
            program.scores, program.actions, program.facts,
        ):  # fmt: skip
            for rule in rules:
                # the date of a signal is told with it
                assert f'id="{rule.address.removesuffix(".date")}"' in text
        for clause in program.sources:
            assert f'id="source.{clause}"' in text


def test_the_chinese_one_is_chinese():
    text = files("kam")["zh/actions.md"]
    assert "条件: 以下全部成立" in text
    assert "不要让" in text
    assert not re.search(r"\b(When|Owner|is at least|all of these)\b", text)


def test_what_an_author_writes_is_text_and_never_markup(tmp_path):
    text = RULES.read_text(encoding="utf-8")
    hostile = "Call <script>alert(1)</script> & [click](http://x) `a` | b"
    path = tmp_path / "rules.toml"
    path.write_text(text.replace('title = "Call"', f"title = '{hostile}'"), encoding="utf-8")
    made = handbook(compile_ruleset(load_ruleset(path)), ["en"])
    page = Page(made["actions.html"])
    assert "script" not in page.tags
    assert "http://x" not in page.links
    assert "<script" not in made["actions.md"].replace("\\<", "")
    assert "[click](" not in made["actions.md"].replace("\\[", "")


def test_it_is_the_same_every_time_and_knows_when_it_is_out_of_date(tmp_path):
    out = tmp_path / "deep" / "handbook"
    assert run("docs", str(RULES), "--out", str(out)).status == 0
    assert run("docs", str(RULES), "--out", str(out), "--check").status == 0
    (out / "classes.md").write_text("changed", encoding="utf-8")
    (out / "scores.html").unlink()
    told = run("docs", str(RULES), "--out", str(out), "--check")
    assert told.status == 1
    assert [line.rpartition("/")[2] for line in told.err.splitlines()] == [
        "classes.md",
        "scores.html",
    ]


def test_pages_that_are_not_made_any_more_go_and_other_files_stay(tmp_path):
    run("docs", str(RULES), "--out", str(tmp_path))
    (tmp_path / "own.md").write_text("mine", encoding="utf-8")
    assert run("docs", str(RULES), "--out", str(tmp_path), "--format", "html").status == 0
    assert not (tmp_path / "classes.md").exists()
    assert (tmp_path / "own.md").read_text(encoding="utf-8") == "mine"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    told = run("docs", str(RULES), "--out", str(tmp_path / "out"))
    assert told.status == 2
    assert "is a file" in told.err
