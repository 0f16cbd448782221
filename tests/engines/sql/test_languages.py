"""A decided book in a language: texts, titles and the labels of choices, as the row engine tells them."""

from __future__ import annotations

import pytest

from kamrules.book import Book
from kamrules.engines.row import decide
from tests.agreement.engines import compiled
from tests.compiler.test_languages import FACTS, HEAD, RULES, ZH
from tests.engines.sql.scene import DAY, decided, rows

pytestmark = pytest.mark.usefixtures("each_engine")

KNOWN = FACTS | {"first_order": DAY}
UNKNOWN = {
    "account_id": "B",
    "name": None,
    "switching_cost": None,
    "growth": None,
    "first_order": None,
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_book_is_told_as_its_accounts_are(language):
    program = compiled(HEAD + RULES + ZH)
    with decided(program, Book.of({"accounts": [KNOWN, UNKNOWN]}), language=language) as found:
        told = {each["account_id"]: each for each in rows(found.tables["actions"])}
        placed = rows(found.tables["decisions"])
        bands = rows(found.tables["scores"])
    for facts in (KNOWN, UNKNOWN):
        (wanted,) = decide(program, facts, as_of=DAY, language=language).actions
        row = told[facts["account_id"]]
        assert (row["title"], row["reason"]) == (wanted.title, wanted.reason)
    assert [each["class"] for each in placed] == ["ordinary", None]
    assert bands[0]["worth_band"] == "quite_good"


def test_a_summary_names_classes_and_tiers_in_the_language():
    program = compiled(HEAD + RULES + ZH)
    with decided(program, Book.of({"accounts": [KNOWN]}), language="zh") as found:
        summary = found.summary()
    assert [each["title"] for each in summary["classes"]] == ["关键客户", "普通客户"]
    assert [each["title"] for each in summary["tiers"]] == ["优先供应商"]


def test_without_a_language_it_is_the_first_of_the_ruleset():
    text = (HEAD + RULES).replace('["en", "zh"]', '["zh"]')
    with decided(compiled(text), Book.of({"accounts": [UNKNOWN]})) as found:
        (row,) = rows(found.tables["actions"])
    assert row["title"] == "Call 未知"
