"""Signals in the workbench: told in their author's words, changed and proved as what they are."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from kamrules import Book, advised, compare, compile_ruleset, decide, explain, load_ruleset, nearest
from kamrules.plugins import open_source
from kamrules.workbench.coverage import Part, coverage_by_tests
from kamrules.workbench.formatting import formatted
from kamrules.workbench.proofs import outline
from kamrules.workbench.sensitivity import sensitivity
from kamrules.workbench.sentences import Sentences, signal_in_words
from tests.commands import run

RULES = Path(__file__).with_name("signals.toml")
TEXT = RULES.read_text(encoding="utf-8")
AS_OF = datetime.date(2026, 5, 20)


def day(month, number):
    return datetime.date(2026, month, number)


def complaint(date, severity=3, contact="ann"):
    return {"date": date, "severity": severity, "contact": contact}


def visit(date, kind="executive", contact="ann"):
    return {"date": date, "kind": kind, "contact": contact}


UNANSWERED = "after complaints[severity >= 2] without visits[kind == 'executive'] within patience"
LATE = '[signal.late]\nafter = "complaints"\nthen = "visits"\nwithin_days = 7\nsame = "contact"\n'
SILENT = {"account_id": "silent", "complaints": [complaint(day(5, 2))], "visits": []}
ANSWERED = {
    "account_id": "answered",
    "complaints": [
        complaint(day(5, 1), 2),
        complaint(day(5, 10), 1),
        complaint(day(5, 12), 3, "bob"),
    ],
    "visits": [visit(day(5, 8)), visit(day(5, 13), "other", "bob")],
}
CALM = {"account_id": "calm", "complaints": [], "visits": []}
BLANK = {"account_id": "blank"}


@pytest.fixture(scope="module")
def program():
    return compile_ruleset(load_ruleset(RULES))


def changed(tmp_path, *edits):
    text = TEXT
    for was, becomes in edits:
        assert was in text
        text = text.replace(was, becomes)
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return load_ruleset(path)


def book():
    accounts = [SILENT, ANSWERED, CALM]
    tables = {"accounts": [{"account_id": each["account_id"]} for each in accounts]}
    for table in ("complaints", "visits"):
        tables[table] = [
            {"account_id": each["account_id"], **row} for each in accounts for row in each[table]
        ]
    return Book.of(tables, as_of=AS_OF)


# explanations


def facts_read(program, facts, language=None):
    explained = explain(program, facts, as_of=AS_OF, language=language)
    lines = outline(explained, language=language or "en").lines
    heading = "以上用到的事实" if language == "zh" else "Facts read above"
    (found,) = [each for each in lines if each.words == heading]
    return [each.words for each in found.lines]


def test_a_signal_is_explained_as_it_was_written_with_its_day_and_what_stood_beside(program):
    told = facts_read(program, ANSWERED)
    assert (
        f"unanswered no = {UNANSWERED} (0 of 3 rows; visits[...] 2026-05-08, 1 of 2 rows)"
    ) in told
    assert (
        "piling_up yes, on 2026-05-10 = at least many of complaints within 30 days, same contact "
        "(1 of 3 rows; complaints 2026-05-01, 1 of 3 rows)"
    ) in told
    assert (
        "won_back yes, on 2026-05-13 = after complaints then visits within 30 days, same contact, for 90 "
        "days (2 of 2 rows; complaints 2026-05-01, 2026-05-12, 2 of 3 rows)"
    ) in told
    assert not any(each.startswith("won_back.date") for each in told)


def test_what_did_not_come_is_told_as_none(program):
    assert (
        f"unanswered yes, on 2026-05-17 = {UNANSWERED} (1 of 1 rows; visits[...] none, 0 of 0 rows)"
    ) in facts_read(program, SILENT)
    (told,) = [each for each in facts_read(program, SILENT, "zh") if each.startswith("unanswered")]
    assert told.startswith("unanswered 是（2026-05-17） = after")
    assert told.endswith("(1行中的1行; visits[...] 无, 0行中的0行)")


def test_a_signal_that_only_its_date_is_read_of_is_explained_too(program):
    told = facts_read(program, SILENT)
    assert (
        "complained yes, on 2026-05-02 = after complaints[severity >= 2], for memory (1 of 1 rows)"
        in told
    )


def test_without_a_table_nothing_stands_beside(program):
    facts = {name: each for name, each in SILENT.items() if name != "visits"}
    proof = explain(program, facts, as_of=AS_OF).facts["unanswered"]
    came, beside = proof.reads
    assert (proof.shown, came.rows, beside.rows, beside.at) == ("unknown", None, None, ())
    assert (beside.value, beside.shown) == (None, "unknown")


def test_a_proof_names_the_rows_that_came_about_and_those_beside_them(program):
    came, beside = explain(program, ANSWERED, as_of=AS_OF).facts["won_back"].reads
    assert (came.table, came.at, beside.table, beside.at) == (
        "visits",
        (1, 2),
        "complaints",
        (1, 3),
    )
    assert beside.name == "won_back: complaints"


# the least that would have to change


def ways(program, facts, wanted, language=None):
    found = nearest(program, facts, wanted, as_of=AS_OF, language=language)
    return [
        [(each.title, each.before_shown, each.after_shown) for each in way.changes]
        for way in found.ways
    ]


def test_a_signal_that_comes_about_does_so_on_the_day_of_the_run(program):
    wanted = "won_back and won_back.date == as_of"
    assert ways(program, CALM, wanted) == [[("won back", "no", "yes")]]
    assert ways(program, CALM, "tier=close") == [[("won back", "no", "yes")]]


def test_with_a_signal_that_ends_its_date_is_gone(program):
    assert ways(program, SILENT, "unanswered.date is unknown") == [
        [("complaint without an answer", "yes", "no")]
    ]


def test_an_earlier_day_is_a_change_of_its_own_as_near_as_may_be(program):
    assert ways(program, SILENT, "days_since(complained.date) > 45d") == [
        [("the day of complained of late", "2026-05-02", "2026-04-04")]
    ]
    (way,) = ways(program, CALM, "days_since(complained.date) > 45d")
    assert sorted(way) == [
        ("complained of late", "no", "yes"),
        ("the day of complained of late", "unknown", "2026-04-04"),
    ]
    (way,) = ways(program, CALM, "days_since(complained.date) > 45d", "zh")
    assert ("近期投诉的日期", "未知", "2026-04-04") in way


def test_no_signal_comes_about_tomorrow(program):
    found = nearest(program, SILENT, "complained.date > as_of", as_of=AS_OF)
    assert (found.ways, found.searched) == ((), True)


def test_what_a_table_tells_that_the_book_lacks_cannot_be_changed(program):
    for lacking in ("visits", "complaints"):
        facts = {name: each for name, each in SILENT.items() if name != lacking}
        found = nearest(program, facts, "not unanswered", as_of=AS_OF)
        assert (found.ways, found.lacking) == ((), (lacking,))


def test_no_date_is_worth_asking_for_where_the_signal_is_known_not_to_hold(program):
    (gap,) = advised(program, decide(program, CALM, as_of=AS_OF), CALM).gaps
    assert (gap.fact, gap.may_change, gap.narrows) == ("complained_date", (), 0.0)


# what edits and numbers do


def edits(tmp_path, *changes):
    found = compare(load_ruleset(RULES), changed(tmp_path, *changes))
    return [(each.address, each.was, each.becomes) for each in found.edits]


@pytest.mark.parametrize(
    ("was", "becomes", "edit"),
    [
        (
            "without = \"visits[kind == 'executive']\"", 'without = "visits"',
            ("signal.unanswered.without", "visits[kind == 'executive']", "visits"),
        ),
        (
            'within_days = "patience"', "within_days = 10",
            ("signal.unanswered.within_days", "patience", "10 days"),
        ),
        ("for_days = 90", "for_days = 30", ("signal.won_back.for_days", "90 days", "30 days")),
        ('at_least = "many"', "at_least = 3", ("signal.piling_up.at_least", "many", "3")),
        ('same = ["contact"]\n', "", ("signal.piling_up.same", "contact", None)),
        (
            "[signal.won_back]\n", LATE + "[signal.won_back]\n",
            ("signal.late", None, "after complaints, then visits, within 7 days, same contact"),
        ),
    ],
)  # fmt: skip
def test_an_edit_of_a_signal_is_told_in_its_words(was, becomes, edit, tmp_path):
    assert edits(tmp_path, (was, becomes)) == [edit]


def test_another_way_of_writing_a_signal_is_no_edit(tmp_path):
    spaced = ('"complaints[severity >= 2]"', '"complaints[ severity>=2 ]"')
    assert edits(tmp_path, spaced, ('same = ["contact"]', 'same = "contact"')) == []


def test_an_edit_of_a_signal_is_the_cause_of_what_moves(tmp_path):
    found = compare(
        load_ruleset(RULES), changed(tmp_path, ('at_least = "many"', "at_least = 3")),
        book(), as_of=AS_OF, open_source=open_source,
    )  # fmt: skip
    (moved,) = found.effect.listed
    assert moved.account_id == "answered"
    assert {str(each.cause) for each in moved.changes} == {"signal.piling_up.at_least"}
    assert "tier.known.gate.calm" in found.affected.direct


def test_what_a_column_beside_is_read_by_is_told(tmp_path):
    found = compare(
        load_ruleset(RULES),
        changed(tmp_path, ('kind = { type = "choice", choices = ["executive", "other"] }',
                           'kind = { type = "choice", choices = ["executive", "other", "third"] }')),
    )  # fmt: skip
    assert "signal.unanswered" in found.affected.direct


def test_the_days_and_counts_of_signals_are_varied(program):
    found = sensitivity(
        load_ruleset(RULES), book(), as_of=AS_OF, open_source=open_source, nearest=0
    )
    effects = {each.tuned.id: each for each in found.effects}
    moved = {name: each.sides for name, each in effects.items() if each.most != (0, 0)}
    assert moved == {"patience": (True, False), "many": (True, True)}


# everything else that tells of rules


def test_rows_of_signals_are_laid_out_too(tmp_path):
    ruleset = changed(tmp_path, ('"complaints[severity >= 2]"', '"complaints [severity>=2]"'))
    (file,) = formatted(ruleset)
    assert (file.changed, file.after) == (True, TEXT)


def test_conditions_are_counted_under_the_signal_as_written():
    ruleset = load_ruleset(RULES)
    counted = coverage_by_tests(ruleset, compile_ruleset(ruleset)).of(Part.ATOMS)
    told = {each.address: each.text for each in counted if each.kind == "signal"}
    assert told == {
        "signal.complained": "after complaints[severity >= 2], for memory",
        "signal.unanswered": UNANSWERED,
        "signal.won_back": "after complaints then visits within 30 days, same contact, for 90 days",
        "signal.piling_up": "at least many of complaints within 30 days, same contact",
    }


LASTING = "it lasts for 90 days after that"
GRAVE, TOP, SAME = (
    "severity is at least 2",
    "a row of visits where kind is executive",
    "with the same contact",
)
SENTENCES = {
    "complained": (
        "there is a row of complaints where severity is at least 2; it lasts for memory (60 days) after that",
        "存在complaints中满足“severity不少于2”的一行；此后持续memory（60天）",
    ),
    "unanswered": (
        f"a row of complaints where {GRAVE} is not followed within patience (14 days) by {TOP}",
        "complaints中满足“severity不少于2”的一行之后patience（14天）以内没有visits中满足“kind为executive”的一行",
    ),
    "won_back": (
        f"a row of complaints is followed within 30 days by a row of visits, {SAME}; {LASTING}",
        "complaints的一行之后30天以内有visits的一行，且contact相同；此后持续90天",
    ),
    "piling_up": (
        "many (2) or more of all rows of complaints lie within 30 days, with the same contact",
        "30天以内至少有many（2）个complaints的所有行，且contact相同",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_signal_is_a_sentence(name, program):
    fact = next(each for each in program.facts if each.id == name)
    told = [signal_in_words(Sentences(program, each), fact.signal) for each in program.languages]
    assert tuple(told) == SENTENCES[name]


def test_the_handbook_tells_a_signal_once_with_what_it_reads(tmp_path):
    assert run("docs", RULES, "--out", tmp_path / "book", "--format", "markdown").status == 0
    page = (tmp_path / "book" / "en" / "facts.md").read_text(encoding="utf-8")
    assert page.count("</a>complaint without an answer\n") == 1
    part = page[page.index('id="signal.unanswered"') : page.index('id="signal.won_back"')]
    for each in ("vocabulary.md#table.complaints", "vocabulary.md#table.visits",
                 "parameters.md#parameter.patience", "`unanswered`, `unanswered.date`"):  # fmt: skip
        assert each in part
    numbers = (tmp_path / "book" / "en" / "parameters.md").read_text(encoding="utf-8")
    assert "Read by: [complaint without an answer](facts.md#signal.unanswered)" in numbers


def test_every_claim_about_rules_that_read_signals_is_settled():
    found = json.loads(run("verify", RULES, "--json").out)
    assert found["counts"]["undecided"] == 0
    assert found["counts"]["untrue"] == 1  # classes of which too little is known
