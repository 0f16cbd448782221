"""Every case of the language: its tree, type, canonical text and value, or what is said about it."""

from __future__ import annotations

import pytest

from kamrules.diagnostics import SourceText
from kamrules.expression import canonical, compile_expression, compile_message, without_spans
from tests.language.reading import AS_OF, brackets, cases, value_as_data
from tests.oracle.expression import evaluate

CASES = cases()


def compiled(case, text=None):
    return compile_expression(SourceText.plain(case.text if text is None else text), case.scope)


@pytest.mark.parametrize(
    "case", [each for each in CASES if "tree" in each.says], ids=lambda each: each.id
)
def test_a_text_has_a_tree_a_type_and_a_canonical_form(case):
    node, problems = compiled(case)
    assert problems == ()
    assert brackets(node) == case.says["tree"]
    assert str(node.type) == case.says["type"]
    assert canonical(node) == case.says["canonical"]
    again, _ = compiled(case, canonical(node))
    assert without_spans(again) == without_spans(node)


@pytest.mark.parametrize(
    "case", [each for each in CASES if "value" in each.says], ids=lambda each: each.id
)
def test_a_text_comes_to_a_value(case):
    node, problems = compiled(case)
    assert problems == ()
    found = evaluate(node, case.says.get("facts", {}), AS_OF, tables=case.scope.tables)
    wanted = case.says["value"]
    assert value_as_data(found, node.type) == (float(wanted) if type(wanted) is int else wanted)


@pytest.mark.parametrize(
    "case", [each for each in CASES if "code" in each.says], ids=lambda each: each.id
)
def test_a_mistake_is_told_with_its_place_and_a_mend(case):
    read = compile_message if case.says.get("message_text") else compile_expression
    _, problems = read(SourceText.plain(case.text), case.scope)
    assert problems, "no mistake was found"
    first = problems[0]
    marked = case.text[first.place.column - 1 : first.place.end_column - 1]
    told = (first.code, marked, first.message, first.help or "")
    assert told == tuple(case.says[each] for each in ("code", "marked", "message", "help"))


@pytest.mark.parametrize(
    "case", [each for each in CASES if "mended" in each.says], ids=lambda each: each.id
)
def test_the_mended_text_is_taken(case):
    read = compile_message if case.says.get("message_text") else compile_expression
    assert read(SourceText.plain(case.says["mended"]), case.scope)[1] == ()
