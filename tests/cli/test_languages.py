"""What people read on the command line in Chinese: headings, trees and tables that line up."""

from __future__ import annotations

import datetime
import json
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from kamrules import Earlier, compile_ruleset, explain, load_ruleset
from kamrules.cli.tree import decision_tree
from tests.cli.test_tree import FACTS
from tests.commands import run
from tests.end_to_end.scene import RULES, RUN, scene

GOLDEN = Path(__file__).parent / "golden"
ZH = """
[message.zh]
class.key.title = "重点客户"
class.ordinary.title = "普通客户"
score.worth.title = "价值"
criterion.volume.title = "销售量"
role.seller.title = "销售"
action.call.title = "致电{name}"
action.call.because = "{name}采购了{revenue}。"
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Give a scene whose ruleset speaks Chinese too, with its folder as the current one."""
    monkeypatch.chdir(tmp_path)
    place = scene(tmp_path)
    place.write(rules_toml=bilingual(RULES) + ZH)
    return place


def bilingual(rules):
    return rules.replace('version = "1"\n', 'version = "1"\nlanguages = ["en", "zh"]\n')


def printed(text):
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def test_a_decision_is_drawn_in_chinese(tmp_path):
    rules = (GOLDEN / "rules.toml").read_text(encoding="utf-8")
    (tmp_path / "rules.toml").write_text(bilingual(rules), encoding="utf-8")
    zh = (GOLDEN / "zh.toml").read_text(encoding="utf-8")
    (tmp_path / "zh.toml").write_text(zh, encoding="utf-8")
    earlier = Earlier(**{"class": "ordinary", "proposed": {"visit": datetime.date(2026, 6, 20)}})
    explanation = explain(
        compile_ruleset(load_ruleset(tmp_path)), FACTS | {"name": "北方工厂"},
        as_of=datetime.date(2026, 6, 30), earlier=earlier, language="zh",
    )  # fmt: skip
    text = StringIO()
    screen = Console(file=text, width=100, highlight=False, markup=False)
    screen.print(decision_tree(explanation, {"seller": "销售"}, "zh"))
    assert printed(text.getvalue()) == (GOLDEN / "tree.zh.txt").read_text(encoding="utf-8")


def test_a_run_is_summed_up_in_chinese(place):
    told = run(*RUN, "--lang", "zh")
    assert (told.status, told.out) == (0, "")
    assert printed(told.err) == (GOLDEN / "summary.zh.txt").read_text(encoding="utf-8")


def test_columns_line_up_although_chinese_characters_are_wide(place):
    lines = run(*RUN, "--lang", "zh").err.splitlines()
    table = [each.rstrip() for each in lines[2:6]]
    assert len({cell_len(each) for each in table}) == 1


def test_the_report_and_the_reasons_are_in_the_language_and_the_ids_stay(place):
    run(*RUN, "--lang", "zh", "--format", "csv")
    report = json.loads(Path("results/run.json").read_text(encoding="utf-8"))
    assert report["language"] == "zh"
    assert [each["title"] for each in report["counts"]["classes"]] == ["重点客户", "普通客户"]
    actions = Path("results/actions.csv").read_text(encoding="utf-8")
    assert "A1,1,call,致电Acme,proposed" in actions
    assert "Acme采购了1,301。" in actions


def test_explain_names_the_role_and_the_class_in_chinese(place):
    told = run("explain", "book.toml", "A1", "--ruleset", "rules.toml", "--language", "zh")
    assert "客户类别：重点客户 (首次归类，此前未知)" in told.out
    assert "销售，2026-07-14前，1小时" in told.out


def test_decide_answers_in_chinese(place):
    place.write(a_json='{"account_id": "A1", "name": "北方", "rating": "gold", "orders": []}')
    told = run("decide", "a.json", "-r", "rules.toml", "--as-of", "2026-06-30", "--lang", "zh")
    assert json.loads(told.out)["actions"][0]["title"] == "致电北方"


def test_a_language_that_the_ruleset_lacks_is_refused(place):
    told = run(*RUN, "--lang", "fr")
    assert told.status == 2
    assert "has no texts in `fr`, only in `en`, `zh`" in told.err


# check


def test_check_tells_the_languages_and_how_far_each_has_come(place):
    told = run("check", "rules.toml")
    assert (told.status, told.err) == (
        0, "rules.toml: nothing to complain about; languages: en, zh (7 of 7 texts)\n",
    )  # fmt: skip


def test_check_warns_of_what_is_not_translated_and_is_strict_when_asked(place):
    place.replace("rules.toml", 'class.key.title = "重点客户"\n', "")
    told = run("check", "rules.toml")
    assert told.status == 1
    assert (
        "warning[KR506]: 1 text of this file not translated into zh: `class.key.title`" in told.err
    )
    assert told.err.endswith("rules.toml: 1 warning; languages: en, zh (6 of 7 texts)\n")
    assert run("check", "rules.toml", "--strict").status == 3


def test_commands_that_decide_say_nothing_of_missing_translations(place):
    place.replace("rules.toml", 'class.key.title = "重点客户"\n', "")
    assert "KR506" not in run(*RUN, "--lang", "zh").err
