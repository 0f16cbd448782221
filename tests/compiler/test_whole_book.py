"""Whole-book functions behind facts: what they may compare, told where they are written."""

from __future__ import annotations

import pytest

from kamrules.compiler.stages import compile_with_cases, compile_with_warnings
from kamrules.document import load_ruleset

HEAD = """
[ruleset]
name = "r"
version = "1"
[table.accounts.column]
revenue = { type = "money" }
[fact.sales]
type = "money"
value = "coalesce(revenue, 0)"
"""
SCORE = """
[score.worth]
[criterion.size]
score = "worth"
weight = 1
value = "sales"
curve = [[0, 0], [100, 100]]
"""
RANK = """
[fact.place]
type = "integer"
value = "rank(sales)"
"""
ACTION = """
[role.r]
[action.a]
title = "a"
when = "sales > 1"
priority = "rank(twice)"
owner = "r"
due_days = 1
because = "b"
"""
TEST = """
[test.t]
as_of = 2026-01-01
facts = { revenue = 5 }
[test.t.expect]
holds = ["rank(place) < 3"]
"""
CLASS = """
[class.one]
level = 2
when = ["sales > 5", "{}"]
[class.two]
level = 1
when = "not (sales > 5)"
"""


@pytest.fixture
def compiled(tmp_path):
    def result(text, how=compile_with_warnings):
        path = tmp_path / "rules.toml"
        path.write_text(text, encoding="utf-8")
        return how(load_ruleset(path))

    return result


def told(diagnostics):
    return [(each.code, each.address, marked(each), each.message) for each in diagnostics]


def marked(one):
    return one.excerpt[one.place.column - 1 : one.place.end_column - 1]


def test_facts_of_facts_are_compared_and_the_functions_of_one_number_share_a_step(compiled):
    text = HEAD + RANK + CLASS.format("rank_share(sales) < 10% and share_of_total(sales) > 1%")
    program, diagnostics = compiled(text)
    assert [each.message for each in diagnostics] == ["no rule reads fact `place`"]
    assert [(each.address, each.text) for each in program.book_steps] == [("book.0", "sales")]
    assert program.order.index("fact.sales") < program.order.index("book.0")


def test_a_fact_that_only_a_whole_book_function_reads_is_read(compiled):
    text = HEAD + '[fact.double]\ntype = "money"\nvalue = "2 * sales"\n'
    assert compiled(text + CLASS.format("rank(double) < 3"))[1] == ()


def test_a_comparison_behind_a_fact_cannot_be_compared_again(compiled):
    text = HEAD + RANK + '[fact.double]\ntype = "integer"\nvalue = "place * 2"\n'
    program, diagnostics = compiled(text + CLASS.format("sales > 1 and rank(double) < 3"))
    assert program is None
    assert told(diagnostics) == [
        (
            "KR260",
            "class.one.when[1]",
            "rank(double)",
            "`rank` takes what is known of one account, and fact `place` compares all with `rank`",
        )
    ]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("worth * 2", "worth"),
        ("criterion.size", "criterion.size"),
        ("if(class == 'one', 1, 0)", "class"),
    ],
)
def test_scores_and_decisions_behind_a_fact_cannot_be_compared(compiled, value, name):
    text = HEAD + SCORE + CLASS.format("sales > 1")
    text += f'[fact.rated]\ntype = "number"\nvalue = "{value}"\n'
    text += '[fact.place]\ntype = "integer"\nvalue = "1 + rank(rated)"\n'
    program, diagnostics = compiled(text)
    assert program is None
    assert told(diagnostics) == [
        (
            "KR261",
            "fact.place.value",
            "rank(rated)",
            f"`rank` comes before scores and decisions, and fact `rated` reads `{name}`",
        )
    ]


def test_facts_that_compare_each_other_in_a_circle_are_told_once_each(compiled):
    text = HEAD + '[fact.a]\ntype = "integer"\nvalue = "rank(b)"\n'
    text += '[fact.b]\ntype = "integer"\nvalue = "a + 1"\n'
    assert [each.code for each in compiled(text)[1]] == ["KR260"]


@pytest.mark.parametrize(
    ("rule", "address"),
    [
        (SCORE.replace('"sales"', '"rank(twice)"'), "criterion.size.value"),
        ("[tier.t]\nlevel = 1\n[tier.t.gate.g]\nwhen = { any = ['sales > 1', 'rank(twice) < 3'] }\n",
         "tier.t.gate.g.when.any[1]"),
        ("[phase.p]\nwhen = { not = 'rank(twice) < 3' }\n", "phase.p.when.not"),
        (ACTION, "action.a.priority"),
    ],
)  # fmt: skip
def test_the_mistake_is_told_where_the_function_is_written(compiled, rule, address):
    text = HEAD + RANK + '[fact.twice]\ntype = "integer"\nvalue = "place * 2"\n' + rule
    assert [(each.code, each.address) for each in compiled(text)[1]] == [("KR260", address)]


def test_what_a_test_compares_is_looked_at_as_well(compiled):
    text = HEAD + RANK + CLASS.format("place > 1")
    text += TEST
    program, cases, diagnostics = compiled(text, compile_with_cases)
    assert [(each.code, each.place.line) for each in diagnostics] == [("KR260", text.count("\n"))]
    program, cases, _ = compiled(text.replace("rank(place)", "rank(revenue)"), compile_with_cases)
    assert len(cases) == 1
    assert [each.text for each in program.book_steps] == ["sales", "revenue"]
