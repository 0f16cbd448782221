"""`kamrules explain`: the whole proof in three forms, and clear words for outcomes that cannot be."""

from __future__ import annotations

import json

import pytest

from kamrules import UsageError
from kamrules.workbench.nearest import outcome
from tests.commands import run
from tests.rulesets.kam import kam

RULES = """\
[ruleset]
name = "small"
version = "1"
hit = "first"
languages = ["en", "zh"]
[table.accounts.column]
name = { type = "text" }
country = { type = "choice", choices = ["here", "abroad"], changeable = false }
listed = { type = "bool", changeable = false }
public = { type = "bool", changeable = false }
visits = { type = "integer", cost = 1 }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
[table.contacts.column]
name = { type = "text" }
[fact.revenue]
type = "money"
value = "sum(orders[date <= as_of].amount)"
[fact.known_people]
type = "integer"
value = "count(contacts)"
[score.worth]
title = "Worth"
band = { low = "[0..50)", high = "[50..100]" }
[criterion.volume]
score = "worth"
weight = 1
value = "revenue"
curve = [[0, 0], [1000, 100]]
[class.key]
level = 2
when = ["country == 'here'", "visits >= 3"]
[class.ordinary]
level = 1
[path.up]
from = "ordinary"
to = "key"
[path.up.gate.home]
when = "country == 'here'"
[role.seller]
[action.call]
title = "Call it"
when = ["visits < 3", "not coalesce(listed or public, false)", "not coalesce(known_people > 9, false)"]
priority = 10
owner = "seller"
due_days = 14
effort_hours = 1
because = "Few visits."
"""


@pytest.fixture
def explain(tmp_path, monkeypatch):
    """Give a function that runs `explain` on a small book."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    book = tmp_path / "book"
    book.mkdir()
    accounts = "account_id,name,country,listed,visits\nA1,Acme,abroad,no,1\nB2,Best,here,no,1\n"
    orders = "account_id,date,amount\nB2,2026-01-01,10\nA1,2026-02-01,100\nB2,2026-03-01,20\n"
    (book / "accounts.csv").write_text(accounts, encoding="utf-8")
    (book / "orders.csv").write_text(orders, encoding="utf-8")
    common = ("--ruleset", "rules.toml", "--as-of", "2026-06-30")
    return lambda *words: run("explain", "book", *words, *common)


def test_the_tree_shows_places_and_rows_only_when_asked(explain):
    plain = explain("B2")
    assert plain.status == 0
    assert "rules.toml:" not in plain.out
    assert "csv:" not in plain.out
    told = explain("B2", "--places").out
    assert "criterion.volume  rules.toml:26" in told
    assert "visits 1: csv:accounts.csv row 2" in told
    assert "2 of 2 rows: csv:orders.csv rows 1, 3" in told


def test_json_has_the_rows_and_what_did_not_fire(explain):
    told = json.loads(explain("B2", "--json").out)
    assert told == json.loads(explain("B2", "--format", "json").out)
    (read,) = told["facts"]["revenue"]["reads"]
    assert (read["source"], read["at"], read["rows"], read["of"]) == (
        "csv:orders.csv",
        [1, 3],
        2,
        2,
    )
    action = next(each for each in told["root"]["children"] if each["kind"] == "action")
    assert (action["address"], action["state"]) == ("action.call", "true")
    assert told["decision"]["next_class"]["ways"][0]["changes"][0]["fact"] == "visits"


def test_markdown_has_everything(explain):
    told = explain("B2", "--format", "markdown")
    assert told.status == 0
    assert told.out.startswith("# B2 Best, as of 2026-06-30 by small 1\n")
    assert "csv:orders.csv rows 1, 3" in told.out
    assert "`path.up.gate.home`" in told.out


def test_two_forms_at_once_are_refused(explain):
    told = explain("B2", "--json", "--format", "markdown")
    assert told.status == 2
    assert "not both" in told.err


# outcomes


def test_an_outcome_that_a_fixed_fact_blocks_names_it(explain):
    told = explain("A1", "--to", "class=key")
    assert told.status == 1
    assert "nothing that can be changed brings it about" in told.out
    assert told.out.rstrip().endswith("and they cannot be changed: country")
    data = json.loads(explain("A1", "--to", "class=key", "--json").out)
    assert (data["blocked_by"], data["together"], data["ways"]) == (["country"], False, [])


def test_fixed_facts_that_block_only_together_are_all_named(explain):
    told = explain("A1", "--to", "country == 'here' and listed and (public or visits >= 0)")
    assert told.status == 1
    assert "only other values of all of these would" in told.out
    assert told.out.rstrip().endswith("country, listed")


def test_what_nothing_brings_about_is_told_so(explain):
    told = explain("A1", "--to", "visits > 3 and visits < 4")
    assert told.status == 1
    assert "no values of any facts would" in told.out or "nothing that can be changed" in told.out


def test_a_table_that_the_book_lacks_is_told_as_the_reason(explain):
    told = explain("A1", "--to", "known_people >= 1")
    assert told.status == 1
    assert "the book has no contacts" in told.out


def test_what_is_so_already_needs_nothing(explain):
    told = explain("A1", "--to", "class=ordinary")
    assert (told.status, "nothing: it is so already" in told.out) == (0, True)


@pytest.mark.parametrize(
    ("wanted", "message", "mend"),
    [
        ("class=kye", "error[KR845]: there is no class `kye`", "did you mean `key`?"),
        ("clas=key", "error[KR845]: there is no outcome `clas`", "did you mean `class`?"),
        ("tier=partner", "error[KR845]: there is no tier `partner`", "there is none"),
        ("action=cal", "error[KR845]: there is no action `cal`", "did you mean `call`?"),
        ("worth=huge", "error[KR845]: there is no band `huge`", "one of `low`, `high`"),
        ("visit > 3", "error[KR200]: there is no fact, column or", "did you mean `visits`?"),
        ("name == 'x'", "error[KR883]: no rule reads `name`", ""),
        ("count(orders) > 1", "error[KR884]: an outcome is about facts", "facts made of them: `revenue`"),
        ("count(contacts) > 1", "error[KR884]", "`contacts` is a table of rows"),
        ("visits > 'x'", "error[KR206]", "         ^^^"),
        ("visits", "error[KR210]", "compare it"),
        ("visits >", "error[KR110]", "^"),
        ("", "error[KR110]: an expression is missing", "^"),
        ("class = 'key'", "error[KR113]", "did you mean `==`?"),
    ],
)  # fmt: skip
def test_an_outcome_that_is_none_is_told_with_a_mend(explain, wanted, message, mend):
    told = explain("A1", "--to", wanted)
    assert (told.status, told.out) == (2, "")
    assert message in told.err
    assert mend in told.err


def test_of_many_names_only_the_first_are_listed():
    with pytest.raises(UsageError) as raised:
        outcome(kam(), "action=zzzzzz")
    mend = raised.value.diagnostics[0].help
    assert mend.count("`") == 24
    assert mend.endswith(f"and {len(kam().actions) - 12:,} more")


def test_no_heading_is_english_in_chinese(explain):
    told = explain("A1", "--lang", "zh", "--places").out
    for english in (
        "Where these",
        "Class",
        "Tier",
        "Actions",
        "Facts read",
        "row ",
        "rows ",
        "points",
    ):
        assert english not in told
    blocked = explain("A1", "--lang", "zh", "--to", "class=key").out
    assert "而它们无法改变：country" in blocked
    assert "the least" not in blocked
