"""Translations are found by address, however an author writes the address."""

from __future__ import annotations

from kamrules.document import load_ruleset
from tests.document.rulesets import ACTION, HEADER, load, marked, problems, refused, write

ZH = 'languages = ["en", "zh"]\n'
RULES = ACTION.format("a") + "[tier.t]\nlevel = 1\n[tier.t.gate.g]\nwhen = 'x'\nadvice = 'Win'\n"


def test_quoted_addresses_and_nested_tables_mean_the_same(tmp_path):
    quoted = '[message.zh]\n"action.a.title" = "\u5f00"\n"tier.t.gate.g.advice" = "\u8d62"\n'
    nested = (
        '[message.zh.action.a]\ntitle = "\u5f00"\n[message.zh]\ntier.t.gate.g.advice = "\u8d62"\n'
    )
    mixed = '[message.zh]\naction."a.title" = "\u5f00"\n"tier.t".gate.g.advice = "\u8d62"\n'
    for text in (quoted, nested, mixed):
        ruleset = load(tmp_path, ZH + RULES + text)
        assert ruleset.model.message == {
            "zh": {"action.a.title": "\u5f00", "tier.t.gate.g.advice": "\u8d62"}
        }
        source = ruleset.text("message", "zh", "tier.t.gate.g.advice")
        assert source.text == "\u8d62"
        assert source.excerpt[source.columns[0] - 1] == "\u8d62"


def test_translations_may_stand_in_a_file_of_their_own_and_in_an_extending_ruleset(tmp_path):
    write(
        tmp_path,
        base__rules=HEADER + ZH + RULES,
        base__zh='[message.zh]\n"action.a.title" = "\u5f00"\n',
        mine=HEADER + 'extends = ["base"]\n[message.zh]\naction.a.title = "\u6253\u5f00"\n',
    )
    assert load_ruleset(tmp_path / "base").model.message["zh"]["action.a.title"] == "\u5f00"
    assert (
        load_ruleset(tmp_path / "mine.toml").model.message["zh"]["action.a.title"] == "\u6253\u5f00"
    )


def test_an_address_of_nothing_names_the_nearest(tmp_path):
    (found,) = problems(tmp_path, ZH + RULES + '[message.zh]\n"action.a.becuase" = "x"\n')
    assert (found.code, marked(found)) == ("KR180", '"action.a.becuase"')
    assert found.help == "did you mean `action.a.because`?"


def test_only_texts_that_people_read_can_be_translated(tmp_path):
    (found,) = problems(tmp_path, ZH + RULES + '[message.zh]\n"action.a.when" = "x"\n')
    assert found.code == "KR180"


def test_an_address_translated_twice_is_an_error(tmp_path):
    text = '[message.zh]\n"action.a.title" = "x"\naction.a.title = "y"\n'
    (found,) = problems(tmp_path, ZH + RULES + text)
    assert (found.code, found.place.line) == ("KR106", 19)
    assert "line 18" in found.message


def test_a_language_that_the_ruleset_does_not_list_is_an_error(tmp_path):
    (found,) = problems(tmp_path, RULES + '[message.zh]\n"action.a.title" = "x"\n')
    assert (found.code, marked(found)) == ("KR181", "zh")
    assert found.help == 'add it to [ruleset]: languages = ["en", "zh"]'


def test_a_translation_of_a_rule_that_is_switched_off_is_no_error(tmp_path):
    text = '[message.zh]\n"action.a.title" = "x"\n'
    ruleset = load(tmp_path, ZH + ACTION.format("a") + "enabled = false\n" + text)
    assert ruleset.model.action == {}


NAMED = """
[ruleset]
name = "mine"
version = "1"
about = "Ours"
languages = ["en", "zh"]
[table.accounts]
about = "Customers"
[table.accounts.column.switching]
type = "choice"
choices = ["low", "high"]
about = "What it costs to leave us"
[parameter.size]
type = "choice"
value = "small"
choices = ["small", "large"]
[fact.cost]
type = "choice"
choices = ["low", "high"]
value = "switching"
[score.worth]
band = { good = "[0..100]" }
[role.seller]
about = "Sells"
[source."2.4"]
title = "Worth"
[persona.nordwerk]
title = "Nordwerk"
[test.one]
about = "A test"
given = "nordwerk"
as_of = 2026-06-30
expect = { holds = ["switching == 'low'"] }
[message.zh]
ruleset.about = "我们的"
table.accounts.about = "客户"
table.accounts.column.switching.title = "更换成本"
table.accounts.column.switching.about = "离开我们的代价"
table.accounts.column.switching.choices.low = "低"
parameter.size.about = "规模"
parameter.size.choices.small = "小"
fact.cost.about = "代价"
fact.cost.choices.high = "高"
score.worth.band.good = "良好"
role.seller.about = "销售"
source."2.4".title = "价值"
persona.nordwerk.title = "北方工厂"
persona.nordwerk.about = "大客户"
test.one.about = "一个测试"
[message.en]
table.accounts.column.switching.choices.low = "cheap to leave"
"""


def test_whatever_people_read_has_an_address(tmp_path):
    ruleset = load_ruleset(write(tmp_path, rules=NAMED) / "rules.toml")
    assert len(ruleset.model.message["zh"]) == 15
    assert ruleset.model.message["zh"]["source.2.4.title"] == "价值"
    assert list(ruleset.model.message["en"].values()) == ["cheap to leave"]


def test_a_choice_that_does_not_exist_has_none(tmp_path):
    text = NAMED.replace("choices.high =", "choices.hihg =")
    (found,) = refused(write(tmp_path, rules=text) / "rules.toml")
    assert (found.code, found.help) == ("KR180", "did you mean `fact.cost.choices.high`?")


BASE = ZH + RULES + '[score.s]\nband = { low = "[0..50)", high = "[50..100]" }\n'
BASE_ZH = '[message.zh]\n"action.a.title" = "做"\n"action.a.because" = "有用"\n"score.s.band.low" = "低"\n'


def extended(folder, mine):
    write(folder, base__rules=HEADER + BASE, base__zh=BASE_ZH, mine=HEADER + EXTENDS + mine)
    return load_ruleset(folder / "mine.toml").model


EXTENDS = 'extends = ["base"]\n'


def test_a_translation_of_what_an_extending_ruleset_says_otherwise_is_not_taken_over(tmp_path):
    mine = '[action.a]\ntitle = "Do something else"\nbecause = "It helps"\n'
    assert extended(tmp_path, mine).message == {
        "zh": {"action.a.because": "有用", "score.s.band.low": "低"}
    }


def test_it_is_when_the_extending_ruleset_translates_what_it_says_itself(tmp_path):
    mine = '[action.a]\ntitle = "Do something else"\n[message.zh]\n"action.a.title" = "做别的"\n'
    assert extended(tmp_path, mine).message["zh"]["action.a.title"] == "做别的"


def test_a_band_keeps_its_name_when_an_extending_ruleset_moves_it(tmp_path):
    mine = '[score.s.band]\nlow = "[0..40)"\nhigh = "[40..100]"\n'
    assert extended(tmp_path, mine).message["zh"]["score.s.band.low"] == "低"


def test_translations_of_a_base_into_a_language_not_listed_are_left_behind(tmp_path):
    assert extended(tmp_path, 'languages = ["en"]\n').message == {}
