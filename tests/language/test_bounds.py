"""What keeps a text from doing harm: bounds of length and depth, and no way from a text to anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamrules.diagnostics import SourceText
from kamrules.expression import canonical, compile_expression, compile_message, without_spans
from tests.language.reading import cases, scope

KNOWN = [each.text for each in cases() if "tree" in each.says]
PIECES = st.sampled_from([
    "revenue", "orders", "amount", "level", "'gold'", "20%", "30d", "2026-01-31", "1_000", "and", "or", "not",
    "in", "is", "unknown", "(", ")", "[", "]", "[..", ",", ".", "==", "<", ">=", "+", "-", "*", "/", "sum",
    "count", "if",
])  # fmt: skip


def problems(text):
    return compile_expression(SourceText.plain(text), scope())[1]


@pytest.mark.parametrize(
    ("piece", "code"),
    [("(", "KR118"), ("[", "KR110"), ("not ", "KR118"), ("-", "KR118"), ("orders[", "KR118"),
     ("if(", "KR118"), ("active and ", "KR110"), ("'", "KR110"), ("\\", "KR111"), ("1", "KR115")],
)  # fmt: skip
def test_a_text_that_nests_or_repeats_ends_at_once_with_one_sentence(piece, code):
    found = problems((piece * 2000)[:2000])
    assert found[0].code == code


def test_a_text_has_at_most_2000_characters():
    assert problems("revenue > 1" + " " * 1989) == ()
    assert problems("revenue > 1" + " " * 1990)[0].code == "KR112"


def test_what_nests_fifty_deep_is_taken_and_one_more_is_not():
    assert problems("(" * 50 + "active" + ")" * 50) == ()
    assert problems("(" * 51 + "active" + ")" * 51)[0].code == "KR118"


@pytest.mark.parametrize("text", [
    "__import__('os').system('true')", "().__class__", "open('/etc/passwd')", "revenue.__class__.__mro__",
    "eval('1')", "lambda: 1", "`ls`", "$(ls)", "{{7*7}}", "'; DROP TABLE accounts; --", "exec", "now()",
    "random()",
])  # fmt: skip
def test_nothing_that_runs_code_elsewhere_means_anything_here(text):
    assert problems(text)
    assert compile_message(SourceText.plain("{" + text + "}"), scope())[1]


@given(
    st.text(max_size=60)
    | st.lists(PIECES, max_size=14).map("".join)
    | st.lists(PIECES, max_size=14).map(" ".join)
)
def test_any_text_is_taken_or_told_about_within_itself(text):
    node, found = compile_expression(SourceText.plain(text), scope())
    assert (node is None) == bool(found)
    for each in found:
        assert 1 <= each.place.column <= each.place.end_column <= len(text) + 2


@given(st.sampled_from(KNOWN), st.data())
def test_a_text_with_a_piece_cut_out_or_put_in_is_taken_or_told_about(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    other = data.draw(PIECES)
    node, found = compile_expression(SourceText.plain(text[:start] + other + text[end:]), scope())
    assert (node is None) == bool(found)
    if node is not None:
        again, _ = compile_expression(SourceText.plain(canonical(node)), scope())
        assert without_spans(again) == without_spans(node)
        assert canonical(again) == canonical(node)
