"""Translations are found by address, however an author writes the address."""

from __future__ import annotations

from kamrules.document import load_ruleset
from tests.document.rulesets import ACTION, HEADER, load, marked, problems, write

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
