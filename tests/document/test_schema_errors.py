"""What does not fit the schema is told in our words, at its place, with the mend when it is sure."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamrules.diagnostics import KamrulesError
from kamrules.document import (
    ActionModel,
    ClassModel,
    ColumnModel,
    CriterionModel,
    GateModel,
    Header,
    ParameterModel,
    RulesetModel,
    ScoreModel,
    StrategyModel,
    TableModel,
    load_ruleset,
)  # fmt: skip
from kamrules.document.schema import keys_of
from tests.document.mistakes import ACT, CRITERION, MISTAKES
from tests.document.rulesets import HEADER, load, marked, problems, refused, write


@pytest.mark.parametrize(
    ("text", "code", "address", "under", "message", "mend"), MISTAKES, ids=range(len(MISTAKES))
)
def test_a_mistake_is_told_once_at_its_place(tmp_path, text, code, address, under, message, mend):
    (found,) = problems(tmp_path, text)
    assert (found.code, found.address, marked(found)) == (code, address, under)
    assert message in found.message
    assert (mend is None) == (found.help is None), found.help
    assert mend is None or mend in found.help


@pytest.mark.parametrize("text", [each[0] for each in MISTAKES], ids=range(len(MISTAKES)))
def test_no_word_of_the_validator_reaches_the_author(tmp_path, text):
    (found,) = problems(tmp_path, text)
    for word in ("Input", "valid ", "Model", "tag", "String", "dict", "float", "_type", "<"):
        assert word not in found.message.replace("choices", "")
    assert not found.message.endswith(".")


@pytest.mark.parametrize(
    ("header", "code", "under", "mend"),
    [
        ("", "KR151", "", "[ruleset]"),
        ("[ruleset]\nname = 'x'", "KR151", "ruleset", None),
        ("[ruleset]\nname = 'my rules'\nversion = '1'", "KR154", "'my rules'", "my-rules"),
        ("[ruleset]\nname = 'x'\nversion = 1.0", "KR152", "1.0", '"1.0"'),
        (
            "[ruleset]\nname = 'x'\nversion = '1'\nlanguages = ['Chinese']",
            "KR153",
            "'Chinese'",
            None,
        ),
        ("[ruleset]\nname = 'x'\nversion = '1'\nlanguages = ['en', 'en']", "KR159", "'en'", None),
        ("[ruleset]\nname = 'x'\nversion = '1'\nlanguages = []", "KR157", "[]", None),
        ("[ruleset]\nname = 'x'\nversion = '1'\nhit = 'frist'", "KR153", "'frist'", "`first`"),
        ("ruleset = 5", "KR152", "5", None),
    ],
)
def test_the_header_is_checked(tmp_path, header, code, under, mend):
    (found,) = refused(write(tmp_path, rules=header) / "rules.toml")
    assert (found.code, marked(found)) == (code, under)
    assert (mend is None) == (found.help is None), found.help
    assert mend is None or mend in found.help


def test_all_mistakes_come_at_once_sorted_by_place(tmp_path):
    found = problems(
        tmp_path, ACT.replace("14", "-1") + "x = 1\n[class.A]\nlevel = 0\n[fact.min]\n"
    )
    assert [each.code for each in found] == ["KR156", "KR150", "KR154", "KR156", "KR151", "KR155"]
    lines = [each.place.line for each in found]
    assert lines == sorted(lines)


def test_texts_that_people_read_may_have_many_lines(tmp_path):
    ruleset = load(
        tmp_path,
        '[class.a]\nabout = """\nMany\nlines"""\n' + ACT.replace('"It helps"', '"""A\nB"""'),
    )
    assert ruleset.model.class_["a"].about == "Many\nlines"
    source = ruleset.text("action", "a", "because")
    assert (source.text, source.excerpt) == ("A\nB", 'because = """A')


def test_conditions_nest_as_authors_write_them(tmp_path):
    when = "['a', {any = ['b', {not = 'c'}]}, {at_least = 1, of = ['d', {all = ['e']}]}, ['f']]"
    ruleset = load(tmp_path, f"[class.a]\nwhen = {when}\nstay = 'g'\n")
    rule = ruleset.model.class_["a"]
    assert rule.when[1].any[1].not_ == "c"
    assert rule.when[2].of[1].all == ["e"]
    assert rule.when[3] == ["f"]
    assert (
        ruleset.text("class", "a", "when", 1, "any", 1, "not").address
        == "class.a.when[1].any[1].not"
    )


def test_numbers_may_be_names_of_parameters(tmp_path):
    ruleset = load(tmp_path, ACT.replace("14", '"due"') + CRITERION.replace("1", '"much"'))
    assert ruleset.model.action["a"].due_days == "due"
    assert ruleset.text("criterion", "c", "weight").text == "much"


MODELS = (
    ActionModel, ClassModel, ColumnModel, CriterionModel, GateModel, Header, ParameterModel, ScoreModel,
    StrategyModel, TableModel,
)  # fmt: skip
FORMS = ["any", "all", "not", "of", "at_least", "in", "x", "title"]
SCALARS = ["5", "-1.5", "true", "'x'", "''", "2026-01-31", "nan", "10:00:00", "9e99", "'\u4e2d'"]
VALUES = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda each: f"[{', '.join(each)}]"),
        st.dictionaries(st.sampled_from(FORMS), inner, max_size=2).map(
            lambda each: "{" + ", ".join(f"{key} = {value}" for key, value in each.items()) + "}"
        ),
    ),
    max_leaves=4,
)
KEYS = sorted({key for model in MODELS for key in keys_of(model)} - set(keys_of(RulesetModel)))
TABLES = [*keys_of(RulesetModel), "nonsense"]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(TABLES),
            st.sampled_from(["", ".a", ".a.gate.g", ".a.column.b", ".zh.class", ".'B c'"]),
            st.lists(
                st.tuples(st.sampled_from(KEYS), VALUES), max_size=4, unique_by=lambda each: each[0]
            ),
        ),
        max_size=4,
        unique_by=lambda each: (each[0], each[1]),
    )
)
def test_whatever_stands_in_a_ruleset_is_loaded_or_told_of(tmp_path_factory, tables):
    lines = []
    for table, path, pairs in tables:
        lines += [f"[{table}{path}]", *(f"{key} = {value}" for key, value in pairs)]
    folder = tmp_path_factory.mktemp("any")
    try:
        load_ruleset(write(folder, rules="\n".join(lines)) / "rules.toml")
    except KamrulesError as error:
        found = error.diagnostics
    else:
        found = ()
    assert all(each.code.startswith("KR1") and each.place.line >= 1 for each in found)


def test_header_alone_is_a_ruleset(tmp_path):
    assert load(tmp_path, "").model.ruleset.version == "1.0.0"
    assert HEADER
