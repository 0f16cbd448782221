"""What kamrules itself says has a Chinese form, whichever part of it says it."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import kamrules
from kamrules.decision import Move
from kamrules.words import CHINESE, word
from kamrules.workbench.proofs.outline import MOVES

PACKAGE = Path(kamrules.__file__).parent
SAYING = {"word", "_word", "spoken"}
PUT_TOGETHER = {
    *(f"{{count}} {move}" for move in Move),
    *MOVES.values(),
    *(f"  {{where}}: {{count}} of {{all}} {what}: {{problem}}" for what in ("rows", "values")),
    *(
        f"Data: {{rows}} rows of {tables}{rest}"
        for tables in ("1 table", "{tables} tables")
        for rest in (
            ", nothing wrong",
            "; {left_out} rows left out, {unknown} values taken as unknown",
        )
    ),
}


def modules():
    """Return the modules that say something, as trees."""
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    return [ast.parse(each) for each in texts if "from kamrules.words import word" in each]


def phrases(module):
    """Yield the phrases that a module says: plain texts in calls of `word`, by themselves or as a choice."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in SAYING:
                first = node.args[0]
                found = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                yield from (each.value for each in found if isinstance(each, ast.Constant))


def said():
    return {each for module in modules() for each in phrases(module)} | PUT_TOGETHER


def slots(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_whatever_is_said_has_a_chinese_form():
    assert said() - set(CHINESE) == set()


def test_nothing_in_the_table_is_never_said():
    nodes = [each for module in modules() for each in ast.walk(module)]
    texts = {each.value for each in nodes if isinstance(each, ast.Constant)}
    assert set(CHINESE) - texts - PUT_TOGETHER == set()


@pytest.mark.parametrize("english", CHINESE)
def test_a_chinese_form_says_the_same_values(english):
    assert slots(CHINESE[english]) == slots(english)


def test_a_phrase_is_said_in_english_where_a_language_lacks_it():
    assert word("left out", "fr") == "left out"
    assert word("{points} points", "en", points=3) == "3 points"


def test_a_kind_of_chinese_is_chinese():
    assert word("left out", "zh-Hans") == "未计入"
