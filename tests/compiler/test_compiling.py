"""What compiling a ruleset gives: a program that says what is meant, or everything that is wrong."""

from __future__ import annotations

import datetime
import os
import pickle
import subprocess
import sys

import pytest

from kamrules.compiler import compile_ruleset
from kamrules.compiler.in_force import in_force
from kamrules.compiler.stages import STAGES, compile_with_warnings
from kamrules.diagnostics import RulesetError
from kamrules.document import load_ruleset

HEAD = '[ruleset]\nname = "small"\nversion = "1"\n'
TABLES = """
[table.accounts.column]
revenue = { type = "money" }
active = { type = "bool" }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
"""
SCORE = """
[score.worth]
[criterion.size]
score = "worth"
weight = 2
value = "revenue"
curve = [[0, 0], [100, 100]]
"""
CLASSES = """
[class.key]
when = "revenue >= 5"
[class.other]
when = "not (revenue >= 5)"
"""
WHOLE = HEAD + TABLES + SCORE + CLASSES


@pytest.fixture
def program(tmp_path):
    def compiled(text, **given):
        path = tmp_path / "rules.toml"
        path.write_text(text, encoding="utf-8")
        return compile_ruleset(load_ruleset(path, **given))

    return compiled


@pytest.fixture
def told(program):
    def problems(text):
        with pytest.raises(RulesetError) as raised:
            program(text)
        return [(each.code, each.place.line, each.message) for each in raised.value.diagnostics]

    return problems


def fact(name, value, type_="money"):
    return f'[fact.{name}]\ntype = "{type_}"\nvalue = "{value}"\n'


def test_stages_have_names_and_run_in_order():
    assert [each.__name__ if callable(each) else str(each) for each in STAGES]
    assert len({str(each) for each in STAGES}) == len(STAGES) > 3


def test_facts_that_need_each_other_are_told_with_the_way_around(told):
    found = told(
        HEAD + TABLES + fact("one", "two + 1") + fact("two", "three + 1") + fact("three", "one + 1")
    )
    assert len(found) == 1
    assert all(
        f"`{name}`" in found[0][2] or name in found[0][2] for name in ("one", "two", "three")
    )


def test_a_fact_may_stand_before_those_it_reads(program):
    order = program(HEAD + TABLES + fact("two", "one * 2") + fact("one", "revenue")).order
    assert order.index("fact.one") < order.index("fact.two")


def test_all_that_is_wrong_comes_at_once_in_the_order_of_places(told):
    found = told(
        HEAD + TABLES + fact("a", "revenu") + fact("b", "activ") + fact("c", "orders.amount")
    )
    assert [code for code, _, _ in found] == ["KR200", "KR200", "KR214"]
    assert [line for _, line, _ in found] == sorted(line for _, line, _ in found)


@pytest.mark.parametrize("weight", ["-1", "0"])
def test_weights_that_are_negative_or_sum_to_nothing_are_refused(told, weight):
    found = told(WHOLE.replace("weight = 2", f"weight = {weight}"))
    assert len(found) == 1
    assert "weight" in found[0][2]


def test_an_aggregate_that_several_rules_read_is_worked_out_once(program):
    text = (
        HEAD
        + TABLES
        + fact("a", "sum(orders[amount > 5].amount)")
        + fact("b", "sum(orders[amount > 5].amount) * 2")
    )
    assert len(program(text).aggregates) == 1


def test_levels_of_classes_follow_from_paths_when_none_are_said(program):
    paths = '[path.up]\nfrom = "other"\nto = "key"\n[path.up.gate.g]\nwhen = "active"\n'
    levels = {each.id: each.level for each in program(WHOLE + paths).classes}
    assert levels["key"] > levels["other"]


def test_a_path_to_a_class_that_there_is_not_is_refused_with_the_nearest(told):
    found = told(
        WHOLE + '[path.up]\nfrom = "other"\nto = "kye"\n[path.up.gate.g]\nwhen = "active"\n'
    )
    assert len(found) == 1
    assert "kye" in found[0][2]


def test_a_rule_outside_its_validity_is_as_if_it_were_not_written(program):
    text = WHOLE.replace(
        "[class.key]", "[class.key]\nvalid_from = 2026-01-01\nvalid_to = 2026-12-31"
    )
    made = program(text)
    for day, known in (
        ("2025-12-31", False),
        ("2026-01-01", True),
        ("2026-12-31", True),
        ("2027-01-01", False),
    ):
        classes = in_force(made, datetime.date.fromisoformat(day)).classes
        assert ("key" in {each.id for each in classes}) == known


# the digest


def test_the_digest_does_not_depend_on_the_order_of_tables_and_keys(program):
    assert (
        program(HEAD + SCORE + TABLES + CLASSES).digest
        == program(HEAD + TABLES + SCORE + CLASSES).digest
    )
    turned = WHOLE.replace('score = "worth"\nweight = 2\n', 'weight = 2\nscore = "worth"\n')
    assert program(turned).digest == program(WHOLE).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [("weight = 2", "weight = 3"), ("revenue >= 5", "revenue >= 6"), ("[100, 100]", "[100, 90]"),
     ('version = "1"', 'version = "2"')],
)  # fmt: skip
def test_the_digest_changes_with_the_meaning(program, old, new):
    assert program(WHOLE.replace(old, new)).digest != program(WHOLE).digest


def test_the_digest_is_the_same_in_every_process(program, tmp_path):
    made = program(WHOLE).digest
    script = (
        "import sys; from kamrules import compile_ruleset, load_ruleset;"
        "print(compile_ruleset(load_ruleset(sys.argv[1])).digest)"
    )
    for seed in ("0", "1", "77"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "rules.toml")],
            env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert done.stdout.strip() == made


def test_a_parameter_set_from_outside_changes_the_program(program):
    text = (
        HEAD
        + TABLES
        + '[parameter.large]\ntype = "money"\nvalue = 5\n'
        + fact("a", "revenue - large")
    )
    assert program(text, set={"large": "1_000"}).parameters[0].value == 1000
    assert program(text).parameters[0].value == 5


def test_a_program_is_a_value_equal_hashable_and_pickled(program):
    one, other = program(WHOLE), program(WHOLE)
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one


def test_warnings_do_not_keep_a_ruleset_from_running(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(WHOLE + fact("unread", "revenue * 2"), encoding="utf-8")
    program, found = compile_with_warnings(load_ruleset(path))
    assert program is not None
    assert [each.severity.value for each in found] == ["warning"] * len(found)
    assert any("unread" in each.message for each in found)
