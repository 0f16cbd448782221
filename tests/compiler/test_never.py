"""Rules that can never fire, told with their place; and rules that can, left alone."""

from __future__ import annotations

import pytest

from kamrules.compiler import compile_with_warnings
from kamrules.document import load_ruleset

RULES = """
[ruleset]
name = "r"
version = "1"
hit = "first"
[parameter.much]
type = "money"
value = 100
low = 1
high = 1_000
[table.accounts.column]
sales = {{ type = "money" }}
kind = {{ type = "choice", choices = ["big", "small"] }}
[class.key]
when = {key}
[class.ordinary]
[role.seller]
[action.call]
title = "Call"
when = {when}
priority = 1
owner = "seller"
due_days = 1
because = "due"
"""


def warned(tmp_path, when, key='"sales > 5"'):
    path = tmp_path / "r.toml"
    path.write_text(RULES.format(when=when, key=key), encoding="utf-8")
    program, diagnostics = compile_with_warnings(load_ruleset(path))
    assert program is not None
    return [(each.code, each.place.line) for each in diagnostics if each.code in ("KR510", "KR511")]


@pytest.mark.parametrize(
    "when",
    [
        '["class == \'key\'", "class == \'ordinary\'"]',
        '["kind == \'big\'", "kind in [\'small\']"]',
        '["sales > 5", "sales < 3"]',
        '["sales >= 5", "sales < 5"]',
        '"sales in [10..20] and 30 < sales"',
        '["sales is unknown", "sales > 5"]',
        '["kind is unknown", "kind == \'big\'"]',
        '"false"',
        '{ all = ["sales > 5", { all = ["sales < 3"] }] }',
    ],
)  # fmt: skip
def test_a_condition_that_contradicts_itself_is_told_of_with_its_line(tmp_path, when):
    assert warned(tmp_path, when) == [("KR510", 20)]


@pytest.mark.parametrize(
    "when",
    [
        '["sales >= 5", "sales <= 5"]',
        '{ any = ["sales > 5", "sales < 3"] }',
        '["sales > much", "sales < 50"]',
        "[\"kind in ['big', 'small']\", \"kind == 'big'\"]",
        '["sales is not unknown", "sales > 5"]',
        "[\"class == 'key'\", \"kind == 'big'\"]",
        '{ not = "sales > 5 and sales < 3" }',
    ],
)
def test_a_condition_that_can_hold_is_left_alone(tmp_path, when):
    assert warned(tmp_path, when) == []


def test_a_rule_for_a_class_that_no_account_ever_has_is_told_of(tmp_path):
    found = warned(tmp_path, "\"class == 'key'\"", key='["sales > 5", "sales < 3"]')
    assert found == [("KR510", 15), ("KR511", 20)]
