"""The data about CRMs and words: they name what the vocabulary has, and no word twice for one column."""

from __future__ import annotations

from importlib import resources

import pytest
import tomli

from kamrules.expression.types import Kind
from kamrules.workbench.mapping.crms import crms

WORDS = tomli.loads(
    (resources.files("kamrules.workbench.mapping") / "words.toml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("crm", crms(), ids=lambda crm: crm.name)
def test_a_crm_names_tables_columns_and_choices_of_the_vocabulary(crm, vocabulary):
    for name, table in crm.tables.items():
        assert name in vocabulary
        assert table.tables
        assert table.account, name
        columns = vocabulary[name].columns
        assert set(table.column) <= set(columns), name
        for column, values in table.values.items():
            assert column in table.column, f"{name}.{column}"
            check_choices(columns[column].type, values)


def test_the_words_are_about_the_vocabulary(vocabulary):
    assert set(WORDS["table"]) <= set(vocabulary)
    for place in WORDS["column"]:
        table, _, column = place.partition(".")
        assert column in vocabulary[table].columns, place
    for place, values in WORDS["choice"].items():
        table, _, column = place.partition(".")
        check_choices(vocabulary[table].columns[column].type, values)


def check_choices(of, values):
    if of.kind is Kind.CHOICE:
        assert set(values) <= set(of.choices)
    else:
        assert of.kind is Kind.INTEGER
        assert all(each.isdigit() for each in values)


@pytest.mark.parametrize("place", WORDS["choice"])
def test_a_word_means_one_choice_of_a_column(place):
    seen = {}
    for choice, words in WORDS["choice"][place].items():
        for word in words:
            assert seen.setdefault(word, choice) == choice, f"{place}: {word}"
