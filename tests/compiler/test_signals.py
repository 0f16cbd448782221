"""What a signal becomes: two facts that every other rule can read, or what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kamrules.compiler import compile_ruleset
from kamrules.compiler.completeness import completeness
from kamrules.compiler.in_language import in_language
from kamrules.compiler.scope import scope_of
from kamrules.compiler.stages import compile_with_cases, compile_with_warnings
from kamrules.diagnostics import RulesetError, SourceText
from kamrules.document import load_ruleset
from kamrules.engines.layout import layout_of
from kamrules.expression import canonical, compile_expression

HEAD = '[ruleset]\nname = "small"\nversion = "1"\n'
WORDS = """
[parameter.patience]
type = "days"
value = 14
[parameter.part]
type = "share"
value = 0.5
[parameter.word]
type = "text"
value = "x"
[parameter.before]
type = "days"
value = -3
[parameter.none_]
type = "integer"
value = 0
[table.accounts.column]
revenue = { type = "money" }
[table.complaints.column]
date = { type = "date" }
closed = { type = "date", info_level = 3 }
severity = { type = "integer" }
contact = { type = "text", info_level = 2 }
place = { type = "text" }
kind = { type = "choice", choices = ["late", "broken"] }
cost = { type = "money" }
[table.activities.column]
kind = { type = "choice", choices = ["visit", "call"] }
date = { type = "date" }
contact = { type = "text" }
place = { type = "integer" }
[table.notes.column]
mood = { type = "integer" }
[score.worth]
[criterion.size]
score = "worth"
weight = 1
value = "revenue"
curve = [[0, 0], [100, 100]]
"""
UNANSWERED = """
[signal.unanswered]
title = "Unanswered complaint"
after = "complaints[severity >= 2]"
without = "activities[kind == 'visit']"
within_days = 14
"""
GATE = """
[tier.trusted]
level = 1
[tier.trusted.gate.answered]
when = "not unanswered"
"""
CASES = tomllib.loads(Path(__file__).with_name("signals.toml").read_text("utf-8"))["case"]


@pytest.fixture
def ruleset(tmp_path):
    def loaded(text, **given):
        path = tmp_path / "rules.toml"
        path.write_text(text, encoding="utf-8")
        return load_ruleset(path, **given)

    return loaded


@pytest.fixture
def program(ruleset):
    return lambda text, **given: compile_ruleset(ruleset(text, **given))


def written(program):
    """Return the aggregates that signals are made of, as text."""
    return [canonical(each.aggregate) for each in program.aggregates]


@pytest.mark.parametrize("case", CASES, ids=lambda each: each["signal"].strip().replace("\n", " "))
def test_a_mistake_is_told_at_its_place(program, case):
    with pytest.raises(RulesetError) as raised:
        program(f"{HEAD}{WORDS}[signal.s]\n{case['signal'].strip()}\n")
    (found,) = raised.value.diagnostics
    place = found.place
    marked = found.excerpt[place.column - 1 : place.end_column - 1]
    assert (found.code, marked, found.help) == (case["code"], case["marked"], case.get("help"))
    assert found.message == case.get("message", found.message)


def test_all_mistakes_of_a_signal_are_told_at_once(program):
    text = (
        '[signal.s]\nafter = "complaint"\nthen = "notes"\nwithin_days = "part"\nfor_days = "word"\n'
    )
    with pytest.raises(RulesetError) as raised:
        program(HEAD + WORDS + text)
    assert [each.code for each in raised.value.diagnostics] == ["KR201", "KR221", "KR334", "KR334"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ('[fact.unanswered]\ntype = "bool"\nvalue = "true"\n', "`unanswered` is already the name of a fact"),
        (
            '[fact.unanswered_date]\ntype = "date"\nvalue = "as_of"\n',
            "`unanswered_date` is already the name of a fact, and of the date of signal `unanswered`",
        ),
        (
            '[signal.unanswered_date]\nafter = "complaints"\n',
            "`unanswered_date` is already the name of a signal, and of the date of signal `unanswered`",
        ),
    ],
)  # fmt: skip
def test_a_name_belongs_to_one_thing(program, rule, message):
    with pytest.raises(RulesetError) as raised:
        program(HEAD + WORDS + UNANSWERED + rule)
    (found,) = raised.value.diagnostics
    assert (found.code, found.message) == ("KR321", message)
    assert found.address == "signal.unanswered"


def test_a_signal_that_reads_what_is_decided_by_it_is_defined_by_itself(program):
    text = UNANSWERED.replace("severity >= 2", "tier == 'trusted'") + GATE
    with pytest.raises(RulesetError) as raised:
        program(HEAD + WORDS + text)
    (found,) = raised.value.diagnostics
    assert found.code == "KR323"
    assert "`unanswered`" in found.message
    assert "aggregate" not in found.message


def test_a_signal_may_read_what_is_decided_without_it(program):
    program(HEAD + WORDS + UNANSWERED.replace("severity >= 2", "worth > 5 and severity > 1"))


def test_each_form_says_what_it_looks_for(program):
    forms = """
[signal.one]
after = "complaints[severity >= 2]"
[signal.two]
after = "complaints"
then = "activities[kind == 'visit']"
within_days = 1
same = "contact"
for_days = "patience"
[signal.three]
after = "complaints.closed"
without = "activities"
within_days = "patience"
valid_from = 2026-01-01
[signal.four]
after = "complaints"
at_least = 3
within_days = 30
same = ["contact", "place"]
valid_to = 2026-12-31
[signal.five]
after = "complaints[kind == 'late' or kind == 'broken']"
at_least = 1
[signal.six]
after = "complaints[severity > 1].closed"
then = "complaints[severity > 2]"
within_days = 0
"""
    found = written(program(HEAD + WORDS + forms))
    visited = "1 or more of complaints.date in the 1 day up to date, same contact"
    unseen = "without activities.date up to 14 days after closed"
    piling = "2 or more of complaints.date in the 30 days up to date, same contact and place"
    first = "1 or more of complaints[severity > 1].closed on date"
    assert found[::2] == [
        "any(complaints[severity >= 2 and date <= as_of])",
        f"any(activities[kind == 'visit' and date <= as_of and as_of <= date + patience and {visited}])",
        f"any(complaints[as_of >= 2026-01-01 and closed + 15d <= as_of and {unseen}])",
        f"any(complaints[as_of <= 2026-12-31 and date <= as_of and {piling}])",
        "any(complaints[(kind == 'late' or kind == 'broken') and date <= as_of])",
        f"any(complaints[severity > 2 and date <= as_of and {first}])",
    ]
    assert [each.removeprefix("max").removesuffix(")") for each in found[1::2]] == [
        each.removeprefix("any").removesuffix(")") + what
        for each, what in zip(
            found[::2], (".date", ".date", ", closed + 15d", ".date", ".date", ".date"), strict=True
        )
    ]


def test_two_signals_that_look_for_the_same_are_worked_out_once(program):
    again = UNANSWERED.replace("unanswered", "again")
    assert len(program(HEAD + WORDS + UNANSWERED + again).aggregates) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("severity >= 2", "severity >= 3"),
        ("'visit'", "'call'"),
        ("within_days = 14", "within_days = 15"),
        ("within_days = 14", 'within_days = 14\nsame = "contact"'),
        ("complaints[severity >= 2]", "complaints[severity >= 2].closed"),
        ("without =", "then ="),
        ("within_days = 14", "within_days = 14\nfor_days = 9"),
    ],
)
def test_whatever_changes_a_signal_changes_the_program(program, before, after):
    one, other = (
        program(HEAD + WORDS + text) for text in (UNANSWERED, UNANSWERED.replace(before, after))
    )
    assert one.digest != other.digest
    assert written(one) != written(other)


def test_every_rule_reads_a_signal_and_its_date_by_name(program):
    text = GATE.replace(
        '"not unanswered"', '["not unanswered", "days_since(unanswered.date) > 3d"]'
    )
    told = '[action.call]\ntitle = "Call"\nwhen = "unanswered"\npriority = 5\nowner = "x"\ndue_days = 1\n'
    told += 'because = "Since {unanswered.date}"\n[role.x]\n'
    found = program(HEAD + WORDS + UNANSWERED + text + told)
    assert [(each.address, each.id, str(each.type)) for each in found.facts] == [
        ("signal.unanswered", "unanswered", "bool"),
        ("signal.unanswered.date", "unanswered_date", "date"),
    ]
    node, problems = compile_expression(
        SourceText.plain("unanswered and unanswered.date > 2026-01-01"), scope_of(found)
    )
    assert problems == ()
    assert canonical(node) == "unanswered and unanswered.date > 2026-01-01"
    assert found.order.index("signal.unanswered.date") < found.order.index("tier")


def test_a_signal_that_nobody_reads_is_told_once(ruleset):
    _, told = compile_with_warnings(ruleset(HEAD + WORDS + UNANSWERED))
    assert [each.message for each in told if "signal" in each.message] == [
        "no rule reads signal `unanswered`"
    ]
    text = HEAD + WORDS + UNANSWERED + GATE.replace("not unanswered", "unanswered.date is unknown")
    assert not [
        each for each in compile_with_warnings(ruleset(text))[1] if "unanswered" in each.message
    ]


def test_a_parameter_that_only_a_signal_reads_is_read(ruleset):
    text = HEAD + WORDS + UNANSWERED.replace("14", '"patience"') + GATE
    told = [each.message for each in compile_with_warnings(ruleset(text))[1]]
    assert "no rule reads parameter `patience`" not in told
    assert "no rule reads parameter `part`" in told


def test_a_parameter_sets_the_days(program):
    text = HEAD + WORDS + UNANSWERED.replace("14", '"patience"')
    assert "up to 14 days" in written(program(text))[0]
    assert "up to 3 days" in written(program(text, set={"patience": "3"}))[0]


def test_an_extending_ruleset_changes_a_signal_key_by_key(tmp_path):
    (tmp_path / "base.toml").write_text(HEAD + WORDS + UNANSWERED + GATE, encoding="utf-8")
    head = '[ruleset]\nname = "mine"\nversion = "1"\nextends = ["base.toml"]\n'

    def mine(text):
        path = tmp_path / "mine.toml"
        path.write_text(head + text, encoding="utf-8")
        return compile_ruleset(load_ruleset(path))

    assert "up to 3 days after date" in written(mine("[signal.unanswered]\nwithin_days = 3\n"))[0]
    (found, *_) = written(mine('[signal.unanswered]\nthen = "activities"\n'))
    assert found.startswith(
        "any(activities[date <= as_of and 1 or more of complaints[severity >= 2]"
    )
    (found, *_) = written(mine("[signal.unanswered]\nat_least = 4\n"))
    assert "3 or more of complaints[severity >= 2].date in the 14 days" in found
    with pytest.raises(RulesetError) as raised:
        mine("[signal.unanswered]\nenabled = false\n")
    assert [each.code for each in raised.value.diagnostics] == ["KR200"]
    off = "[signal.unanswered]\nenabled = false\n[tier.trusted.gate.answered]\nenabled = false\n"
    assert mine(off).facts == ()


def test_a_signal_taken_over_that_nobody_reads_costs_nothing(tmp_path):
    (tmp_path / "base.toml").write_text(HEAD + WORDS + UNANSWERED, encoding="utf-8")
    path = tmp_path / "mine.toml"
    head = '[ruleset]\nname = "mine"\nversion = "1"\nextends = ["base.toml"]\n'
    path.write_text(head, encoding="utf-8")
    assert compile_ruleset(load_ruleset(path)).aggregates == ()
    path.write_text(head + GATE, encoding="utf-8")
    # with its date, which tells when it came about
    assert len(compile_ruleset(load_ruleset(path)).facts) == 2


def test_the_columns_that_signals_look_at_are_read_from_the_book(program):
    text = UNANSWERED + 'same = "contact"\n'
    tables = dict(layout_of(program(HEAD + WORDS + text)).tables)
    assert {name for name, _ in tables["complaints"]} == {"date", "severity", "contact"}
    assert {name for name, _ in tables["activities"]} == {"date", "kind", "contact"}


def test_a_signal_that_is_unknown_is_a_gap_of_the_level_of_what_it_looks_at(program):
    def levels(text):
        return {each.fact: each.info_level for each in program(HEAD + WORDS + text + GATE).gaps}

    assert levels(UNANSWERED)["unanswered"] == 1
    assert levels(UNANSWERED + 'same = "contact"\n')["unanswered"] == 2
    assert levels(UNANSWERED.replace("2]", "2].closed"))["unanswered"] == 3


def test_the_title_of_a_signal_is_translated(program):
    text = HEAD + 'languages = ["en", "zh"]\n' + WORDS + UNANSWERED + GATE
    told = '[message.zh]\n"signal.unanswered.title" = "无人答复的投诉"\n'
    found = program(text + told)
    assert {each.title for each in found.facts} == {"Unanswered complaint"}
    assert {each.title for each in in_language(found, "zh").facts} == {"无人答复的投诉"}
    assert "signal.unanswered.title" not in completeness(found)[0].missing
    assert completeness(program(text))[0].missing.count("signal.unanswered.title") == 1


def test_a_test_may_say_what_a_signal_must_come_to(ruleset):
    text = """
[persona.a]
as_of = 2026-03-01
[persona.a.facts]
complaints = [{ date = 2026-01-01, severity = 3 }]
activities = []
[test.t]
given = "a"
[test.t.expect]
facts = { unanswered = true, unanswered_date = 2026-01-16 }
holds = ["unanswered.date < as_of"]
"""
    _, (case,), _ = compile_with_cases(ruleset(HEAD + WORDS + UNANSWERED + GATE + text))
    assert set(case.facts) == {"unanswered", "unanswered_date"}
