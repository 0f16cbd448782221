"""Sensitivity: what each number does to a book over its range, and which accounts are nearest a border."""

from __future__ import annotations

import datetime
import json

import pytest

from kamrules import load_ruleset
from kamrules.book import Book
from kamrules.compiler import compile_ruleset
from kamrules.diagnostics import DataError, UsageError
from kamrules.engines.sql import decide_book
from kamrules.engines.sql.placing import Meanings
from kamrules.memory import EarlierFiles
from kamrules.plugins import Plugins
from kamrules.workbench.sensitivity import sensitivity
from kamrules.workbench.sensitivity.tuned import tuned, written
from kamrules.workbench.sensitivity.variants import Variants
from tests.commands import run

DAY = datetime.date(2026, 6, 30)
OPEN = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""}).open_source
RULES = """
[ruleset]
name = "example"
version = "1"
hit = "first"
[parameter]
key_revenue = { type = "money", value = 1000, low = 100, high = 5000 }
window = { type = "days", value = 365, low = 30, high = 730 }
good_margin = { type = "share", value = 0.3, low = 0.05, high = 0.9 }
best = { type = "share", value = 0.2, low = 0.1, high = 1 }
loud = { type = "integer", value = 3, low = 1, high = 9 }
strict = { type = "bool", value = false }
free = { type = "money", value = 10 }
keep = { type = "money", value = 500, low = 100, high = 900 }
[table.accounts.column]
margin = { type = "share" }
size = { type = "money" }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
[fact.revenue]
type = "money"
value = "sum(orders[date > as_of - window].amount)"
[fact.among_best]
type = "bool"
value = "rank_share(revenue) <= best"
[score.worth]
[criterion.margin]
score = "worth"
weight = 30
value = "margin"
curve = [[0, 0], [0.05, 10], ["good_margin", 100]]
[criterion.size]
score = "worth"
weight = 20
value = "size"
scale = [{ in = "[100..]", points = 100 }, { in = "[..100)", points = 0 }]
[class.key]
level = 3
when = ["revenue >= key_revenue", "worth >= 50 or among_best or strict"]
stay = "revenue >= keep"
[class.ordinary]
level = 2
when = "revenue > free"
[class.prospect]
level = 1
[path.up]
from = "ordinary"
to = "key"
gate = { volume = { when = "revenue >= key_revenue" } }
[path.first]
from = "prospect"
to = "ordinary"
[tier.vendor]
level = 1
gate = { loyal = { when = "count(orders[date > as_of - window]) >= 2" } }
[tier.partner]
level = 2
gate = { foremost = { when = "rank(revenue) <= 6" } }
[role.seller]
[action.call]
title = "Call"
when = "count(orders) > loud"
priority = 10
owner = "seller"
due_days = 5
effort_hours = 1
because = "Now."
"""


def accounts():
    """Return so many accounts that every number matters to some, with their orders."""
    found = []
    for number in range(40):
        orders = [
            {
                "date": DAY - datetime.timedelta(days=17 + 37 * turn + number),
                "amount": 60 * number - 40 * turn + 5,
            }
            for turn in range(number % 5)
        ]
        margin = None if number % 7 == 0 else 0.02 * number
        facts = {"account_id": f"A{number:02}", "margin": margin, "size": 5 * number}
        found.append({**facts, "orders": orders})
    return found


def book():
    plain = [{key: each[key] for key in ("account_id", "margin", "size")} for each in accounts()]
    orders = [
        {"account_id": each["account_id"], **order}
        for each in accounts()
        for order in each["orders"]
    ]
    return Book.of({"accounts": plain, "orders": orders}, as_of=DAY)


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def found(rules):
    return sensitivity(load_ruleset(rules), book(), as_of=DAY, open_source=OPEN, steps=2)


def placed(rules, **settings):
    """Return class and tier of every account by a whole run over the book."""
    program = compile_ruleset(load_ruleset(rules, set=settings))
    with decide_book(program, book(), as_of=DAY, open_source=OPEN) as decisions:
        rows = decisions.tables["decisions"].project("account_id, class, tier").fetchall()
    return {name: (of, tier) for name, of, tier in rows}


def test_every_step_changes_as_many_accounts_as_a_run_with_that_setting(rules, found):
    now = placed(rules)
    seen = set()
    for effect in found.effects:
        if effect.tuned.is_weight or not effect.read:
            continue
        for step in effect.steps:
            then = placed(rules, **{effect.tuned.id: written(step.value, effect.tuned.type)})
            classes = sum(now[each][0] != then[each][0] for each in now)
            tiers = sum(now[each][1] != then[each][1] for each in now)
            assert (step.classes, step.tiers) == (classes, tiers), (effect.tuned.id, step.value)
            seen.add((effect.tuned.id, bool(classes), bool(tiers)))
    # the book is no good test where a number moves nobody
    assert {"key_revenue", "window", "good_margin", "best"} <= {
        name for name, moved, _ in seen if moved
    }
    assert ("window", True, True) in seen


def test_the_greatest_effect_comes_first_and_actions_place_nobody(found):
    assert [each.most for each in found.effects] == sorted(
        (e.most for e in found.effects), reverse=True
    )
    by_id = {each.tuned.id: each for each in found.effects}
    assert not by_id["loud"].read
    assert not by_id["keep"].read  # what is enough to stay counts only for who was there before
    assert found.without_range == ("strict", "free")
    weights = {each.tuned.id: each.tuned for each in found.effects if each.tuned.is_weight}
    assert {name: (each.low, each.high) for name, each in weights.items()} == {
        "criterion.margin": (0, 60),
        "criterion.size": (0, 40),
    }


def test_a_value_with_which_the_ruleset_does_not_compile_is_told_with_how_far_it_goes(found):
    margin = next(each for each in found.effects if each.tuned.id == "good_margin")
    (refused,) = margin.refused  # the curve rises no more where it has to
    assert refused.value == 0.05
    assert 0.05 < refused.last < 0.051
    assert margin.low.value == refused.last


def test_fragile_accounts_change_at_the_value_told_and_not_a_little_before(rules, found):
    assert [each.move for each in found.fragile] == sorted(each.move for each in found.fragile)
    told = [each for each in found.fragile if not each.tuned.is_weight][:6]
    assert len({each.tuned.id for each in told}) >= 2
    now = placed(rules)
    for each in told:
        was, goes = (each.class_was, each.tier_was), (each.class_is, each.tier_is)
        assert now[each.account_id] == was != goes
        # a twentieth of the way back, it still stands where it does now
        before = each.tuned.on_grid(each.tuned.value + 0.95 * (each.value - each.tuned.value))
        for value, wanted in ((each.value, goes), (before, was)):
            if value != each.tuned.value:
                then = placed(rules, **{each.tuned.id: written(value, each.tuned.type)})
                assert then[each.account_id] == wanted, (each.account_id, each.tuned.id, value)


def test_no_account_that_is_not_told_has_a_nearer_border(rules):
    one = sensitivity(
        load_ruleset(rules), book(), as_of=DAY, open_source=OPEN, only=["key_revenue"], nearest=3
    )
    now = placed(rules)
    border = one.fragile[-1].move
    moved = set()
    for share in (0.2, 0.5, 0.9, 0.99):
        for sign in (1, -1):
            value = f"{1000 * (1 + sign * share * border):.4f}"
            then = placed(rules, key_revenue=value)
            moved |= {each for each in now if now[each] != then[each]}
    assert moved <= {each.account_id for each in one.fragile}


def test_what_is_substituted_means_what_is_compiled_for_parameters_of_kam():
    variants = Variants(load_ruleset("kam"), DAY, memory=True)
    meanings = Meanings()
    plain = [
        each
        for each in tuned(variants.program)
        if not each.is_weight and each.id not in variants._folded
    ]
    for each in plain[::4][:8]:
        mine = meanings.of(variants.at(each, each.high)).placement()
        assert mine == meanings.of(variants._compiled(each, each.high)).placement(), each.id


def test_with_earlier_decisions_what_is_enough_to_stay_counts(rules, tmp_path):
    states, proposals = tmp_path / "states.csv", tmp_path / "proposals.csv"
    states.write_text(
        "account_id,class,tier\n" + "".join(f"A{n:02},key,vendor\n" for n in range(40)), "utf-8"
    )
    proposals.write_text("account_id,action,proposed_on\n", "utf-8")
    found = sensitivity(
        load_ruleset(rules), book(), as_of=DAY, open_source=OPEN, only=["keep", "key_revenue"],
        nearest=0, earlier=EarlierFiles(states, proposals),
    )  # fmt: skip
    effects = {each.tuned.id: each for each in found.effects}
    assert effects["keep"].read
    assert effects["keep"].high.classes > 0
    # who is key already does not have to become it
    assert effects["key_revenue"].high.classes == 0


@pytest.mark.parametrize(
    ("name", "code", "mend"),
    [
        ("key_revenu", "KR825", "did you mean `key_revenue`?"),
        ("size", "KR825", "did you mean `criterion.size`?"),
        ("free", "KR826", "give it `low` and `high` under [parameter.free]"),
        ("strict", "KR826", "give it `low` and `high` under [parameter.strict]"),
    ],
)
def test_what_cannot_be_varied_is_told(rules, name, code, mend):
    with pytest.raises(UsageError) as raised:
        sensitivity(load_ruleset(rules), book(), as_of=DAY, open_source=OPEN, only=[name])
    (problem,) = raised.value.diagnostics
    assert (problem.code, problem.help) == (code, mend)


def test_data_that_cannot_be_used_stops_it_when_told_to(rules):
    bad = Book.of({"accounts": [{"account_id": "A1", "margin": "much", "size": 5}]})
    with pytest.raises(DataError):
        sensitivity(load_ruleset(rules), bad, as_of=DAY, open_source=OPEN, strict=True)


def test_the_command_tells_a_tornado_and_the_same_as_json(rules, tmp_path):
    (tmp_path / "accounts.csv").write_text("account_id,margin,size\nA1,0.4,120\nA2,,50\n", "utf-8")
    (tmp_path / "orders.csv").write_text(
        "account_id,date,amount\nA1,2026-05-01,990\nA2,2026-04-01,1020\nA2,2026-03-01,9\n", "utf-8"
    )
    words = ("sensitivity", rules, "--book", tmp_path, "--as-of", "2026-06-30")
    told = run(*words)
    assert (told.status, told.err) == (0, "")
    lines = told.out.splitlines()
    assert any(line.split()[:4] == ["key_revenue", "1,000", "100", "50.0%"] for line in lines)
    assert "Not varied, without a range: strict, free" in told.out
    assert any(
        line.split()[:6] == ["A1", "ordinary", "->", "key", "key_revenue", "990"] for line in lines
    )
    data = json.loads(run(*words, "--json").out)
    effect = next(each for each in data["effects"] if each["id"] == "key_revenue")
    assert [each["value"] for each in effect["steps"]] == [100, 5000]
    assert effect["steps"][0]["class_share"] == 0.5
    assert data["fragile"][0]["changes_at"] == 990


def test_a_setting_out_of_its_range_is_told(rules, tmp_path):
    told = run("sensitivity", rules, "--book", tmp_path, "--set", "key_revenue=50")
    assert told.status == 2
    assert "KR175" in told.err
