"""A program in several languages: what is told in each, and what `check` says of a translation."""

from __future__ import annotations

import datetime
import pickle

import pytest

from kamrules import decide, explain
from kamrules.compiler import compile_ruleset
from kamrules.compiler.completeness import completeness, untranslated
from kamrules.compiler.in_language import in_language
from kamrules.compiler.stages import compile_with_warnings
from kamrules.document import load_ruleset

DAY = datetime.date(2026, 6, 30)
HEAD = '[ruleset]\nname = "small"\nversion = "1"\nlanguages = ["en", "zh"]\nabout = "Small"\n'
RULES = """
[table.accounts.column]
name = { type = "text", title = "Name" }
switching_cost = { type = "choice", choices = ["very_low", "high"] }
growth = { type = "share" }
first_order = { type = "date" }
[fact.costly]
type = "choice"
choices = ["very_low", "high"]
value = "switching_cost"
[parameter.size]
type = "choice"
choices = ["very_small", "large"]
value = "very_small"
[score.worth]
about = "What it is worth"
band = { quite_good = "[0..100]" }
[criterion.growing]
score = "worth"
weight = 1
value = "growth"
curve = [[0, 0], [1, 100]]
[class.key_account]
level = 2
when = "growth > 50%"
[class.ordinary]
level = 1
when = "not (growth > 50%)"
[path.up]
from = "ordinary"
to = "key_account"
[path.up.gate.costly]
title = "Hard to leave us"
when = "switching_cost == 'high'"
advice = "Raise the cost of leaving ({switching_cost})."
[tier.preferred_supplier]
level = 1
[tier.preferred_supplier.gate.grows]
when = "growth > 0"
[phase.early_days]
[strategy.hold_on]
objective = "Hold {name}, {class}."
[role.seller]
title = "Seller"
[source."2.4"]
title = "Worth of a customer"
[action.call]
title = "Call {name}"
when = "true"
priority = 10
owner = "seller"
due_days = 7
because = "{class}, {tier}, {phase}, {strategy}, {worth.band}, {switching_cost}, {costly}, {size}, {growth}"
"""
ZH = """
[message.zh]
ruleset.about = "小"
table.accounts.column.name.title = "名称"
table.accounts.column.switching_cost.choices.very_low = "很低"
table.accounts.column.switching_cost.choices.high = "高"
fact.costly.choices.very_low = "很低"
fact.costly.choices.high = "不低"
parameter.size.choices.very_small = "很小"
parameter.size.choices.large = "大"
score.worth.title = "价值"
score.worth.about = "它值多少"
score.worth.band.quite_good = "良好"
criterion.growing.title = "增长"
class.key_account.title = "关键客户"
class.ordinary.title = "普通客户"
path.up.title = "上升"
path.up.gate.costly.title = "难以离开我们"
path.up.gate.costly.advice = "提高离开的成本（{switching_cost}）。"
tier.preferred_supplier.title = "优先供应商"
tier.preferred_supplier.gate.grows.title = "增长中"
phase.early_days.title = "初期"
strategy.hold_on.title = "守住"
strategy.hold_on.objective = "守住{name}（{class}）。"
role.seller.title = "销售"
source."2.4".title = "客户价值"
action.call.title = "致电{name}"
action.call.because = "{class}、{tier}、{phase}、{strategy}、{worth.band}、{switching_cost}、{costly}、{size}、{growth}"
"""  # noqa: E501
FACTS = {"account_id": "A", "name": "Nordwerk", "switching_cost": "very_low", "growth": 0.25}


@pytest.fixture
def written(tmp_path):
    def load(text=HEAD + RULES + ZH):
        path = tmp_path / "rules.toml"
        path.write_text(text, encoding="utf-8")
        return load_ruleset(path)

    return load


@pytest.fixture
def program(written):
    return compile_ruleset(written())


def warnings(ruleset):
    """Return code, marked text, message and help of what a ruleset is warned of."""
    _, found = compile_with_warnings(ruleset)
    marked = [each.excerpt[each.place.column - 1 : each.place.end_column - 1] for each in found]
    return [
        (each.code, mark, each.message, each.help) for each, mark in zip(found, marked, strict=True)
    ]


def told(program, language, **facts):
    """Return the texts of a decision in a language."""
    one = decide(program, FACTS | facts, as_of=DAY, language=language)
    (action,) = one.actions
    return one, action


def test_a_decision_is_told_in_the_language_asked_for(program):
    one, action = told(program, "zh")
    assert (action.title, one.objective) == ("致电Nordwerk", "守住Nordwerk（普通客户）。")
    assert [each.title for each in one.scores] == ["价值"]
    assert [each.title for each in one.scores[0].criteria] == ["增长"]
    (gate,) = one.next_class.gates
    assert (one.next_class.title, gate.title) == ("关键客户", "难以离开我们")
    assert gate.advice == "提高离开的成本（很低）。"
    assert (one.class_, one.tier, one.scores[0].band) == (
        "ordinary", "preferred_supplier", "quite_good",
    )  # fmt: skip


def test_choices_are_shown_by_what_people_call_them(program):
    english = "ordinary, preferred supplier, early days, hold on, quite good, very low, very low, "
    assert told(program, "en")[1].reason == english + "very small, 25%"
    chinese = "普通客户、优先供应商、初期、守住、良好、很低、很低、很小、25%"
    assert told(program, "zh")[1].reason == chinese
    assert "high、不低" in told(program, "zh", switching_cost="high")[1].reason.replace(
        "高", "high"
    )


def test_choices_may_be_named_in_the_first_language_too(written):
    more = '[message.en]\ntable.accounts.column.switching_cost.choices.very_low = "free to leave"\n'
    reason = told(compile_ruleset(written(HEAD + RULES + ZH + more)), "en")[1].reason
    assert "quite good, free to leave, very low" in reason


def test_an_unknown_choice_is_unknown_in_the_language_of_the_text(program):
    facts = {"switching_cost": None}
    assert "良好、未知、未知、很小" in told(program, "zh", **facts)[1].reason


def test_a_text_without_a_translation_is_told_in_the_first_language_throughout(written):
    rules = compile_ruleset(written(HEAD + RULES + '[message.zh]\nclass.ordinary.title = "普通"\n'))
    one, action = told(rules, "zh", switching_cost=None)
    assert action.reason.startswith("ordinary, preferred supplier")
    assert "unknown" in action.reason
    assert (one.next_class.title, one.objective) == ("Key account", "Hold Nordwerk, ordinary.")


def test_a_proof_is_told_in_the_language_asked_for(program):
    proof = explain(program, FACTS, as_of=DAY, language="zh")
    titles = {each.address: each.title for each in walk(proof.root)}
    for address, title in {
        "score.worth": "价值", "criterion.growing": "增长", "class.ordinary": "普通客户", "path.up": "上升",
        "path.up.gate.costly": "难以离开我们", "tier.preferred_supplier": "优先供应商",
        "tier.preferred_supplier.gate.grows": "增长中", "action.call": "致电Nordwerk",
    }.items():  # fmt: skip
        assert titles[address] == title


def walk(proof):
    yield proof
    for each in proof.children:
        yield from walk(each)


def test_a_program_in_a_language_tells_everything_in_it_without_being_asked(program):
    chinese = in_language(program, "zh")
    assert (chinese.about, chinese.sources["2.4"], chinese.roles[0].title) == (
        "小", "客户价值", "销售",
    )  # fmt: skip
    assert chinese.tables["accounts"].columns["name"].title == "名称"
    assert (chinese.scores[0].bands[0].title, chinese.scores[0].about) == ("良好", "它值多少")
    assert decide(chinese, FACTS, as_of=DAY) == decide(program, FACTS, as_of=DAY, language="zh")
    assert decide(chinese, FACTS, as_of=DAY, language="en") == decide(program, FACTS, as_of=DAY)


def test_there_is_one_program_a_language_and_a_way_back(program):
    chinese = in_language(program, "zh")
    assert in_language(program, "zh") is chinese
    assert in_language(chinese, "zh") is chinese
    assert in_language(program, "fr") is program
    english = in_language(pickle.loads(pickle.dumps(chinese)), "en")
    assert english.classes == program.classes
    assert english.sources == program.sources
    assert english.languages == program.languages


def test_a_ruleset_may_speak_another_language_than_the_one_it_extends(written, tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    (base / "rules.toml").write_text(HEAD + RULES + ZH, encoding="utf-8")
    mine = '[ruleset]\nname = "mine"\nversion = "1"\nextends = ["base"]\nlanguages = ["zh"]\n'
    rules = compile_ruleset(written(mine))
    one = decide(rules, FACTS, as_of=DAY)
    assert (one.scores[0].title, one.actions[0].title) == ("价值", "致电Nordwerk")


# what is said of a translation


def test_a_translation_that_shows_another_fact_is_told_at_its_placeholder(written):
    text = (HEAD + RULES + ZH).replace("致电{name}", "致电{growth}")
    wanted = ("KR505", "{growth}", "the en text does not show `growth`; it shows {name}",
              "did you mean {name}?")  # fmt: skip
    assert warnings(written(text)) == [wanted]


def test_a_translation_that_leaves_a_fact_out_is_told(written):
    text = (HEAD + RULES + ZH).replace("致电{name}", "致电")
    ((code, _, message, _),) = warnings(written(text))
    assert (code, message) == ("KR503", "the zh text does not show {name}")


def test_other_facts_beside_the_same_ones_are_told_without_a_guess(written):
    text = (HEAD + RULES + ZH).replace("致电{name}", "致电{name}{first_order:date}")
    ((code, marked, message, mend),) = warnings(written(text))
    assert (code, marked, mend) == ("KR505", "{first_order:date}", None)
    assert message == "the en text does not show `first_order`"


def test_the_type_of_a_placeholder_need_not_stand_in_both_languages(written):
    assert warnings(written((HEAD + RULES + ZH).replace("致电{name}", "致电{name:text}"))) == []


def test_words_that_repeat_a_percent_sign_are_told_where_they_stand(written):
    text = (HEAD + RULES + ZH).replace("、{growth}", "、百分之{growth}")
    ((code, marked, _, _),) = warnings(written(text))
    assert (code, marked) == ("KR504", "百分之")


# completeness


def test_a_ruleset_translated_throughout_lacks_nothing(written, program):
    (found,) = completeness(program)
    assert (found.language, len(found.texts), found.missing) == ("zh", 24, ())
    assert untranslated(program, written()) == ()


def test_what_is_not_translated_is_told_once_a_file_with_the_first_places(written):
    lines = [
        each for each in ZH.splitlines() if not each.startswith(("action.", "phase.", "score."))
    ]
    ruleset = written(HEAD + RULES + "\n".join(lines))
    (found,) = untranslated(compile_ruleset(ruleset), ruleset)
    assert found.code == "KR506"
    assert found.message == (
        "5 texts of this file not translated into zh: `score.worth.title`, `phase.early_days.title`, "
        "`action.call.title` and 2 more"
    )
    assert found.excerpt == "[score.worth]"
    assert '"score.worth.title" = "..."' in found.help


def test_descriptions_need_no_translation(written):
    text = ZH.replace('ruleset.about = "小"\n', "").replace('score.worth.about = "它值多少"\n', "")
    assert completeness(compile_ruleset(written(HEAD + RULES + text)))[0].missing == ()


def test_a_ruleset_in_one_language_lacks_none(written):
    text = (HEAD + RULES).replace('languages = ["en", "zh"]\n', "")
    assert completeness(compile_ruleset(written(text))) == ()


def test_a_ruleset_that_does_not_list_languages_itself_owes_no_translations(written, tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    (base / "rules.toml").write_text(HEAD + RULES + ZH, encoding="utf-8")
    mine = '[ruleset]\nname = "mine"\nversion = "1"\nextends = ["base"]\n[role.other]\n'
    ruleset = written(mine)
    rules = compile_ruleset(ruleset)
    assert completeness(rules)[0].missing == ("role.other.title",)
    assert untranslated(rules, ruleset) == ()
    ruleset = written(mine.replace("[role", 'languages = ["en", "zh"]\n[role'))
    assert [each.code for each in untranslated(compile_ruleset(ruleset), ruleset)] == ["KR506"]
