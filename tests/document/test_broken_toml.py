"""Broken TOML is told in an author's words: what is wrong, where, and the mend when it is sure."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamrules.document.reading import UnreadableError, parse_document
from tests.document.rulesets import broken, marked
from tests.document.toml_texts import documents

SLIPS = [
    # what the author wrote, the code, the text under the caret, words of the message, words of the help
    ("when = revenue > 5", "KR105", "revenue > 5", "stand in quotes", '"revenue > 5"'),
    (
        'when = stance == "new"',
        "KR105",
        'stance == "new"',
        "stand in quotes",
        "\"stance == 'new'\"",
    ),
    ("in = [60..80)", "KR105", "[60..80)", "stand in quotes", '"[60..80)"'),
    ("x = { in = [60..80), points = 5 }", "KR105", "[60..80)", "stand in quotes", '"[60..80)"'),
    ("when = [revenue > 5, 'x']", "KR105", "revenue > 5", "stand in quotes", '"revenue > 5"'),
    ('when "customer"', "KR105", '"', "`=` is missing after `when`", 'when = "customer"'),
    ('when: "customer"', "KR105", ":", "`=` is missing after `when`", 'when = "customer"'),
    ("when", "KR105", "", "`=` is missing after `when`", None),
    ("due days = 14", "KR105", "d", "one word", "due_days"),
    ("x == 5", "KR105", "=", "one `=`", "x = 5"),
    ("when = \u201ccustomer\u201d", "KR105", "\u201c", "not a quote that TOML knows", '"customer"'),
    ('when = "customer\u201d', "KR105", '"customer\u201d', "not closed", '"customer"'),
    ('when = "customer', "KR105", '"customer', "not closed", None),
    ("when = 'customer", "KR105", "'customer", "not closed", None),
    ('about = """\nmany\nlines\n', "KR105", '"""', "not closed", None),
    ("value = 1,000", "KR105", "1,000", "grouped with `,`", "1_000"),
    ("value = 1,234,567.5 # much", "KR105", "1,234,567.5", "grouped with `,`", "1_234_567.5"),
    ("value = 1.000.000", "KR105", "1.000.000", "grouped with `.`", "1_000_000"),
    ("value = 1,5", "KR105", "1,5", "after a point", "1.5"),
    ("value = 20%", "KR105", "20%", "share", "0.2"),
    ("value = 2.5 %", "KR105", "2.5 %", "share", "0.025"),
    ("value = 30d", "KR105", "30d", "without its unit", "30"),
    ("value = 007", "KR105", "007", "begin with 0", "7"),
    ("value = .5", "KR105", ".5", "before the point", "0.5"),
    ("value = True", "KR105", "True", "not a value", "`true`"),
    ("value = null", "KR105", "null", "no `null`", "leave the key out"),
    ("value =", "KR105", "", "`value` has no value", None),
    ("value = # none", "KR105", "#", "`value` has no value", None),
    ("value = 2026-02-30", "KR109", "2026-02-30", "calendar", None),
    ("value = 31/01/2026", "KR105", "31/01/2026", "2026-01-31", None),
    ("value = 5 // five", "KR105", "5 // five", "comment", None),
    ("// five", "KR105", "// five", "comment begins with `#`", None),
    ('value = "a", # more', "KR105", '"a",', "nothing follows", None),
    ("a = 1 b = 2", "KR105", "1 b = 2", "line of its own", None),
    ('when = "level == "top""', "KR105", '"level == "top""', "second", "\"level == 'top'\""),
    ("about = 'it's'", "KR105", "'it's'", "second", '"it\'s"'),
    ('about = "a\\d"', "KR105", "\\d", "means nothing", "`\\\\`"),
    ('about = "\\u12"', "KR105", "\\u", "followed by the 4 hexadecimal digits", None),
    ("x = \uff5ba = 1}", "KR105", "\uff5b", "full-width form of `{`", "`{`"),
    ("x \uff1d 1", "KR105", "\uff1d", "full-width form of `=`", "`=`"),
    ("\u5173\u952e = 5", "KR105", "\u5173", "cannot begin a line", None),
    ("[class.\u5173\u952e]", "KR105", "\u5173\u952e", "a name is made of", None),
    ("[class.]", "KR105", "]", "name is missing", None),
    ("[class.key", "KR105", "", "`]` is missing", "[class.key]"),
    ("]", "KR105", "]", "closes nothing", None),
    ("= 5", "KR105", "=", "before `=`", None),
    ("<<<<<<< HEAD", "KR105", "<<<<<<<", "conflict", None),
    ("x = { 'a', 'b' }", "KR105", ",", "a list stands in [ ]", None),
    ("x = ['a' 'b']", "KR105", "'", "`,` is missing", None),
    ("x = { any = ['a' }", "KR105", "}", "`]` is missing", None),
    ("x = [1, 2", "KR105", "[", "list that begins in line 1 is not closed", None),
    ("x = {a = 1,\n", "KR105", "{", "table that begins in line 1 is not closed", None),
    ("[a]\nx = ['a',\n 'b'\n[c]\ny = 1", "KR105", "[", "begins in line 2", None),
    ("[a]\nx = ['a',\n 'b',\n[c.d]\ny = 1", "KR105", "[", "begins in line 2", None),
    ("[a]\nx = ['a',\n 'b',\ny = 1", "KR105", "[", "begins in line 2", None),
    ("x = 1\nx = 2", "KR106", "x", "`x` is defined twice, first in line 1", None),
    ("[a.b]\nx = 1\n[c]\n[a.b]", "KR106", "b", "`a.b` is defined twice, first in line 1", None),
    ("[a]\nb = 1\n[a.b]", "KR106", "b", "`a.b` is defined twice, first in line 2", None),
    ("x = {a = 1, a = 2}", "KR106", "a", "`x.a` is defined twice, first in line 1", None),
    ("x = {a = 1}\n[x.b]", "KR106", "x", "`x` is defined twice, first in line 1", None),
    ("x = \x07", "KR105", "\x07", "control character (U+0007)", None),
]


@pytest.mark.parametrize(("text", "code", "under", "message", "mend"), SLIPS, ids=range(len(SLIPS)))
def test_a_slip_is_named_and_marked_and_mended(text, code, under, message, mend):
    found = broken(text)
    assert found.code == code
    assert marked(found) == under
    assert message in found.message
    assert (mend is None) == (found.help is None), found.help
    assert mend is None or mend in found.help


@pytest.mark.parametrize("text", [each[0] for each in SLIPS], ids=range(len(SLIPS)))
def test_messages_are_ours_and_not_the_parsers(text):
    message = broken(text).message
    assert "not TOML:" not in message
    assert message[0].islower() or message[0] == "`"
    assert not message.endswith(".")


def test_a_break_is_found_on_its_line_below_others():
    found = broken("# \u4e2d\n[ruleset]\r\nname = 'x'\r\n\r\n\twhen = a > 1\r\n")
    assert (found.place.line, found.place.column) == (5, 9)
    assert found.excerpt == "\twhen = a > 1"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(), st.data())
def test_any_damage_is_told_and_nothing_crashes(text, data):
    """Cut a stretch out of a good document or put characters in: it reads, or it is told of."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 4)))
    put = data.draw(st.text(st.sampled_from("\"'[]{}=,.#\\\n \u201c\uff1ax5-"), max_size=3))
    with contextlib.suppress(UnreadableError):
        parse_document(text[:start] + put + text[end:], "rules.toml")


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab1\"'[]{}=,.#\\\n\t -_\u201c\uff1a\x00\ufeff\u4e2d"), max_size=30))
def test_any_text_at_all_is_read_or_told_of(text):
    with contextlib.suppress(UnreadableError):
        parse_document(text, "rules.toml")
