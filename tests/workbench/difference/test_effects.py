"""What edits do to a book: against whole runs, with causes that runs without the edits bear out."""

from __future__ import annotations

import pytest

from kamrules import compare
from kamrules.book import Book
from kamrules.diagnostics import DataError, UsageError
from kamrules.plugins import open_source
from kamrules.workbench.difference import measuring, units
from kamrules.workbench.difference.units import Apart
from tests.workbench.difference import editing, example
from tests.workbench.difference.checking import check_pair, compared

TOGETHER = [(0,), (3, 6), (1, 9, 18), (11, 15, 19)]


@pytest.mark.parametrize("numbers", TOGETHER)
def test_every_change_and_its_cause_are_what_whole_runs_show(numbers):
    found = check_pair(example.case(), example.rules(*numbers))
    assert found.effect.changed or found.effect.reordered


@pytest.mark.parametrize("numbers", [(3, 6, 16)])
def test_what_was_decided_before_counts_as_it_does_in_runs(numbers):
    found = check_pair(example.case(past=True), example.rules(*numbers))
    assert found.effect.memory
    assert found.effect.changed


def test_of_two_edits_that_a_change_takes_both_the_cause_is_both():
    # alone, neither lowers the bar for the others: revenue has to reach 600, and worth no longer counts
    rules = (
        '[ruleset]\nname = "r"\nversion = "1"\nhit = "first"\n[table.accounts.column]\n'
        'size = { type = "money" }\nmargin = { type = "share" }\n'
        '[class.key]\nlevel = 2\nwhen = ["size >= 1000", "margin >= 20%"]\n[class.ordinary]\nlevel = 1\n'
    )
    rows = [
        {"account_id": "stays", "size": 2000, "margin": 0.3},
        {"account_id": "by size", "size": 600, "margin": 0.3},
        {"account_id": "by margin", "size": 2000, "margin": 0.1},
        {"account_id": "by both", "size": 600, "margin": 0.1},
    ]
    edited = rules.replace("1000", "500").replace("20%", "5%")
    found = compare(
        editing.ruleset_of(rules), editing.ruleset_of(edited), Book.of({"accounts": rows}),
        as_of=example.DAY, open_source=open_source,
    )  # fmt: skip
    size, margin = "class.key.when[0]", "class.key.when[1]"
    causes = {each.account_id: each.changes[0].cause for each in found.effect.listed}
    assert {name: (each.enough, each.needed) for name, each in causes.items()} == {
        "by size": ((size,), (size,)),
        "by margin": ((margin,), (margin,)),
        "by both": ((), (size, margin)),
    }
    assert str(causes["by both"]) == f"together: {size}, {margin}"
    assert str(causes["by size"]) == size
    moves = {(each.accounts, str(each.cause)) for each in found.effect.class_moves}
    assert moves == {(1, size), (1, margin), (1, f"together: {size}, {margin}")}


def test_of_two_edits_that_are_each_enough_the_cause_is_either():
    rules = (
        '[ruleset]\nname = "r"\nversion = "1"\nhit = "first"\n[table.accounts.column]\n'
        'size = { type = "money" }\n'
        '[class.key]\nlevel = 2\nwhen = ["size >= 10", "size >= 20"]\n[class.ordinary]\nlevel = 1\n'
    )
    edited = rules.replace(">= 10", ">= 100").replace(">= 20", ">= 200")
    found = compare(
        editing.ruleset_of(rules), editing.ruleset_of(edited),
        Book.of({"accounts": [{"account_id": "A", "size": 50}]}), as_of=example.DAY, open_source=open_source,
    )  # fmt: skip
    (one,) = found.effect.listed
    assert one.changes[0].cause.needed == ()
    assert str(one.changes[0].cause) == "class.key.when[0] or class.key.when[1], each alone"


def test_the_sums_of_moves_are_those_of_a_run():
    case = example.case()
    old, new = (editing.ruleset_of(example.rules(*each)) for each in ((), (0, 3)))
    found = compared(case, old, new)
    was, now = (editing.summary(each, case) for each in (found.old, found.new))
    for side, summary in (("was", was), ("becomes", now)):
        told = {
            each.id: (getattr(each, side), getattr(each, f"revenue_{side}"))
            for each in found.effect.classes
        }
        wanted = {each["id"]: (each["accounts"], each["revenue"]) for each in summary["classes"]}
        assert {key: (count, revenue or 0.0) for key, (count, revenue) in told.items()} == wanted
    moved = sum(each.revenue for each in found.effect.class_moves if each.becomes == "key")
    gained = {each.id: each.revenue_becomes - each.revenue_was for each in found.effect.classes}
    assert moved == gained["key"]


def test_hours_are_those_of_every_action_proposed():
    case = example.case()
    found = compared(case, editing.ruleset_of(example.RULES), editing.ruleset_of(example.rules(14)))
    visits = sum("visit" in each.proposed for each in editing.outcomes(found.old, case).values())
    assert visits
    was, becomes = found.effect.hours
    assert becomes - was == -1.0 * visits
    assert found.effect.changed == 0


def test_only_the_accounts_wanted_are_listed_those_with_most_revenue_first():
    case = example.case()
    old, new = editing.ruleset_of(example.RULES), editing.ruleset_of(example.rules(0, 12))
    every = compared(case, old, new).effect
    revenues = [each.revenue for each in every.listed]
    assert revenues == sorted(revenues, reverse=True)
    some = compared(case, old, new, show=3).effect
    assert some.listed == every.listed[:3]
    assert some.changed == every.changed > 3


@pytest.mark.parametrize(
    ("most", "apart", "names"),
    [
        (4, Apart.EDIT, {"parameter.key_revenue", "class.key.when[2]", "class.key.stay", "action.call"}),
        (3, Apart.RULE, {"parameter.key_revenue", "class.key", "action.call"}),
        (2, Apart.NOT, {"all edits"}),
    ],
)  # fmt: skip
def test_edits_that_are_too_many_to_be_tried_are_tried_by_rule_by_table_or_all_at_once(
    monkeypatch, most, apart, names
):
    monkeypatch.setattr(measuring, "units", lambda edits: units.units(edits, most))
    old, new = (editing.ruleset_of(example.rules(*each)) for each in ((), (0, 7, 8, 18)))
    found = compared(example.case(), old, new)
    assert found.effect.changed
    assert found.effect.apart is apart
    causes = [one.cause for each in found.effect.listed for one in each.changes]
    assert {name for each in causes for name in each.enough + each.needed} <= names


def test_a_column_that_is_not_the_same_to_both_stops_a_book_but_not_the_edits():
    case = example.case()
    other = example.RULES.replace('size = { type = "money" }', 'size = { type = "integer" }')
    old, new = editing.ruleset_of(example.RULES), editing.ruleset_of(other)
    assert [each.address for each in compare(old, new).rules] == ["table.accounts.column.size.type"]
    with pytest.raises(
        UsageError, match=r"KR847.*`accounts.size` is an amount of money to the old"
    ):
        compared(case, old, new)


def test_columns_and_tables_of_one_ruleset_alone_are_read_for_it():
    case = example.case()
    fewer = example.RULES.replace('size = { type = "money" }\n', "")
    fewer = fewer.replace('value = "size"\n', 'value = "margin * 300"\n').replace(
        '"size >= 60"', '"worth > 1"'
    )
    check_pair(case, fewer)


def test_bad_data_stops_it_when_asked_to():
    rows = Book.of(
        {"accounts": [{"account_id": "A", "size": "much", "margin": 0.1}]}, as_of=example.DAY
    )
    old, new = editing.ruleset_of(example.RULES), editing.ruleset_of(example.rules(0))
    assert compare(old, new, rows, open_source=open_source).effect.accounts == 1
    with pytest.raises(DataError, match="much"):
        compare(old, new, rows, open_source=open_source, strict=True)


def test_without_a_date_a_book_cannot_be_decided():
    rows = Book.of({"accounts": [{"account_id": "A"}]})
    old = editing.ruleset_of(example.RULES)
    with pytest.raises(UsageError, match="KR800"):
        compare(old, old, rows, open_source=open_source)
