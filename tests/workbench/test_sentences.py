"""Rules read as sentences: what people are told of an expression, in English and Chinese."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from kamrules import compile_ruleset, load_ruleset
from kamrules.compiler import compile_with_warnings
from kamrules.compiler.parts import trees
from kamrules.workbench.sentences import Sentences
from tests.strategies.case import cases
from tests.strategies.functions import plugged

HEAD = """
[ruleset]
name = "r"
version = "1"
languages = ["en", "zh"]
[parameter.much]
type = "money"
value = 1_000_000
low = 1
high = 9_000_000
[table.accounts.column]
sales = { type = "money" }
margin = { type = "share" }
since = { type = "date" }
kind = { type = "choice", choices = ["big_one", "small"] }
good = { type = "bool" }
[table.orders.column]
amount = { type = "money" }
date = { type = "date" }
[message.zh]
"table.accounts.column.sales.title" = "销售额"
"table.accounts.column.kind.title" = "种类"
"table.accounts.column.kind.choices.big_one" = "大"
"parameter.much.title" = "很多"
"""


def told(tmp_path, expression, language="en"):
    path = tmp_path / "r.toml"
    path.write_text(f'{HEAD}\n[fact.f]\ntype = "bool"\nvalue = "{expression}"\n', encoding="utf-8")
    program, _ = compile_with_warnings(load_ruleset(path))
    return Sentences(program, language).tell(program.facts[0].value)


@pytest.mark.parametrize(
    ("expression", "english"),
    [
        ("sales >= much", "sales is at least much (1,000,000)"),
        ("sales > much", "sales is more than much (1,000,000)"),
        ("margin < 20%", "margin is less than 20%"),
        ("margin in [10%..20%)", "margin lies from 10% to 20% (itself left out)"),
        ("not (margin in [10%..20%))", "margin does not lie from 10% to 20% (itself left out)"),
        ("since <= as_of - 30d", "since is on 30 days before the date of the run or earlier"),
        ("days_since(since) > 90d", "the days since since is more than 90 days"),
        ("kind == 'big_one'", "kind is big one"),
        ("kind in ['big_one', 'small']", "kind is one of big one, small"),
        ("sales is not unknown", "sales is known"),
        ("not good", "not good"),
        ("good and (margin > 1% or sales > 5)", "good and (margin is more than 1% or sales is more than 5)"),
        ("sales * 2 + 1 > much", "((sales times 2) plus 1) is more than much (1,000,000)"),
        ("sales * (2 + 1) > much", "(sales times (2 plus 1)) is more than much (1,000,000)"),
        ("count(orders[amount > 5]) >= 2",
         "the number of rows of orders where amount is more than 5 is at least 2"),
        ("any(orders[date > as_of - 30d])",
         "there is at least one of rows of orders where date is after 30 days before the date of the run"),
        ("sum(orders.amount) > 5", "the sum of amount over all rows of orders is more than 5"),
        ("coalesce(good, true)", "good, or when unknown yes"),
        ("rank(sales) <= 3",
         "the place among all accounts of the book by sales, the greatest first is at most 3"),
    ],
)  # fmt: skip
def test_an_expression_reads_as_a_sentence(tmp_path, expression, english):
    assert told(tmp_path, expression) == english


@pytest.mark.parametrize(
    ("expression", "chinese"),
    [
        ("sales >= much", "销售额不少于很多（1,000,000）"),
        ("kind == 'big_one'", "种类为大"),
        ("not (kind in ['big_one'])", "种类不是大中的任何一个"),
        ("sales is unknown or sales > 5", "销售额未知，或销售额大于5"),
    ],
)
def test_in_chinese_it_reads_with_the_names_of_the_translation(tmp_path, expression, chinese):
    assert told(tmp_path, expression, "zh") == chinese


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sales > 5", "sales >= 5"),
        ("margin in [1%..2%]", "margin in (1%..2%]"),
        ("good and margin > 1% or sales > 5", "good and (margin > 1% or sales > 5)"),
        ("sales - (much - 5) > 1", "sales - much - 5 > 1"),
        ("sum(orders.amount) > 5", "max(orders.amount) > 5"),
        ("not (good and sales > 5)", "not good and sales > 5"),
    ],
)
def test_what_means_something_else_reads_otherwise(tmp_path, one, other):
    for language in ("en", "zh"):
        assert told(tmp_path, one, language) != told(tmp_path, other, language)


@cache
def kam():
    return compile_ruleset(load_ruleset("kam"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_of_kam_reads_without_a_sign_of_the_language(language):
    sentences = Sentences(kam(), language)
    for rules in (kam().facts, kam().actions, kam().classes, kam().tiers, kam().phases):
        for tree in trees(rules):
            text = sentences.tell(tree)
            assert text
            assert not re.search(r"[<>=*/\[\]]|==|\bcoalesce\b|_", text), text


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_every_generated_rule_has_a_sentence(case):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.toml"
        path.write_text(case.ruleset, encoding="utf-8")
        program = compile_ruleset(load_ruleset(path, functions=plugged()))
    for language in ("en", "zh"):
        sentences = Sentences(program, language)
        for tree in trees((program.facts, program.actions, program.classes, program.scores)):
            assert sentences.tell(tree)
