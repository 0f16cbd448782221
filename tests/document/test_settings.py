"""Parameters are set for one run by text, as on the command line."""

from __future__ import annotations

import datetime

import pytest

from kamrules.diagnostics import UsageError
from tests.document.rulesets import load, marked, problems

PARAMETERS = """
[parameter.revenue]
type = "money"
value = 2_000_000
low = 500_000
high = 10_000_000
[parameter.margin]
type = "share"
value = 0.1
[parameter.points]
type = "score"
value = 70
[parameter.factor]
type = "number"
value = 1
[parameter.people]
type = "integer"
value = 2
low = 1
[parameter.rest]
type = "days"
value = 14
high = 365
[parameter.start]
type = "date"
value = 2026-01-31
[parameter.strict]
type = "bool"
value = false
[parameter.mood]
type = "choice"
value = "calm"
choices = ["calm", "eager"]
[parameter.word]
type = "text"
value = "x"
"""


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("revenue", "3_000_000", 3_000_000),
        ("revenue", "750000.5", 750_000.5),
        ("revenue", "1e6", 1_000_000),
        ("margin", "0.2", 0.2),
        ("margin", "20%", 0.2),
        ("margin", "20.1%", 0.201),
        ("points", "65.5", 65.5),
        ("factor", "-1.5", -1.5),
        ("people", "3", 3),
        ("rest", "30", 30),
        ("rest", "30d", 30),
        ("start", "2026-12-31", datetime.date(2026, 12, 31)),
        ("strict", "true", True),
        ("mood", "eager", "eager"),
        ("word", "any thing = \u4e2d", "any thing = \u4e2d"),
    ],
)
def test_a_parameter_takes_the_text_by_its_type(tmp_path, name, text, value):
    ruleset = load(tmp_path, PARAMETERS, set={name: text})
    found = ruleset.model.parameter[name].value
    assert (found, isinstance(found, bool)) == (value, isinstance(value, bool))
    place, line = ruleset.place("parameter", name, "value")
    assert (place.file, place.line, line) == ("--set", 1, f"{name}={text}")
    assert line[place.column - 1 : place.end_column - 1] == text
    assert ruleset.place("parameter", name, "type")[0].file.endswith("rules.toml")


@pytest.mark.parametrize(
    ("name", "text", "code", "message", "mend"),
    [
        (
            "revenu",
            "5",
            "KR173",
            "the ruleset has no parameter `revenu`",
            "did you mean `revenue`?",
        ),
        ("xyzzy", "5", "KR173", "the ruleset has no parameter `xyzzy`", None),
        ("revenue", "much", "KR174", "parameter `revenue` is an amount", None),
        ("revenue", "1,000,000", "KR174", "not `1,000,000`", None),
        ("revenue", "", "KR174", "not ``", None),
        ("revenue", "nan", "KR174", "not `nan`", None),
        ("people", "2.5", "KR174", "a whole number", None),
        ("rest", "2w", "KR174", "a whole number of days", None),
        ("start", "2026-02-30", "KR174", "a date such as", None),
        ("strict", "yes", "KR174", "true or false", None),
        ("strict", "tru", "KR174", "true or false", "did you mean `true`?"),
        ("revenue", "100", "KR175", "100 lies outside the range from 500_000 to 10_000_000", None),
        ("people", "0", "KR175", "0 lies below the least, 1", None),
        ("rest", "366d", "KR175", "366 lies above the most, 365", None),
        ("margin", "20", "KR175", "20 is 2000%", "did you mean 0.2?"),
        ("points", "101", "KR175", "between 0 and 100", None),
        (
            "mood",
            "eagre",
            "KR175",
            "not among the choices `calm`, `eager`",
            "did you mean `eager`?",
        ),
    ],
)
def test_a_setting_that_does_not_fit_is_wrong_usage(tmp_path, name, text, code, message, mend):
    (found,) = problems(tmp_path, PARAMETERS, set={name: text}, error=UsageError)
    assert (found.code, found.place.file, found.help) == (code, "--set", mend)
    assert message in found.message
    assert marked(found) in (name, text)


def test_all_settings_are_checked_at_once(tmp_path):
    found = problems(tmp_path, PARAMETERS, set={"revenu": "1", "rest": "x"}, error=UsageError)
    assert sorted(each.code for each in found) == ["KR173", "KR174"]


def test_a_setting_changes_the_digest_only_when_it_changes_the_value(tmp_path):
    plain = load(tmp_path, PARAMETERS).digest
    assert load(tmp_path, PARAMETERS, set={"rest": "14d"}).digest == plain
    assert load(tmp_path, PARAMETERS, set={"rest": "15d"}).digest != plain
