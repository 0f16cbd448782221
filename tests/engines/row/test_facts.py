"""What goes in: facts of one account, and what is said of those that do not fit."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kamrules import decide
from kamrules.diagnostics import DataError
from kamrules.engines.row import engine_of
from tests.engines.row.rulesets import AS_OF, FACTS, SMALL, compiled

PROGRAM = compiled()


def decided(**changes):
    return decide(PROGRAM, FACTS | changes, as_of=AS_OF)


def told(facts):
    with pytest.raises(DataError) as raised:
        decide(PROGRAM, facts, as_of=AS_OF)
    return [(each.code, each.address, each.help or "") for each in raised.value.diagnostics]


def test_what_is_missing_is_unknown_and_not_zero():
    decision = decide(PROGRAM, {"account_id": "A1"}, as_of=AS_OF)
    assert (decision.class_, decision.tier) == (None, None)
    assert decision.facts["ordered"] is None
    assert decision.scores[0].value is None
    assert {each.fact for each in decision.gaps} == {"revenue", "margin", "ordered"}


def test_a_table_without_rows_is_nothing_ordered_and_one_that_is_lacking_is_unknown():
    assert decided(orders=[]).facts["ordered"] == 0
    assert decided(orders=None).facts["ordered"] is None


@pytest.mark.parametrize(
    ("value", "worth"),
    [(500, 62.5), (500.0, 62.5), (Decimal("500.00004"), 62.5), (Decimal("500.00005"), 62.5000075),
     (0.1, 25.0075)],
)  # fmt: skip
def test_numbers_of_every_sort_are_read_to_four_places_of_money(value, worth):
    assert decided(revenue=value).scores[0].value == pytest.approx(worth, abs=1e-12)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 1e30, 10**15, Decimal("NaN"), Decimal("1e40")]
)
def test_numbers_that_are_none_or_too_long_are_unknown(value):
    decision = decided(revenue=value)
    assert decision.scores[0].criteria[0].value is None
    assert decision.class_ is None


@pytest.mark.parametrize(
    "value",
    ["2025-05-01", datetime.date(2025, 5, 1), datetime.datetime(2025, 5, 1, 12, 30)],  # noqa: DTZ001
)
def test_dates_come_as_texts_dates_and_times(value):
    assert decided(since=value).phase == "young"


def test_everything_that_is_wrong_is_told_at_once():
    found = told({
        "account_id": "A1", "revenu": 5, "margin": "much", "industry": "foods", "since": "31.01.2026",
        "active": 1,
        "orders": [{"amont": 5}, 7, {"date": True}], "order": [],
    })  # fmt: skip
    assert sorted(found) == sorted([
        ("KR601", "revenu", "did you mean `revenue`?"),
        ("KR602", "margin", ""),
        ("KR604", "industry", "did you mean `food`?"),
        ("KR602", "since", ""),
        ("KR602", "active", ""),
        ("KR601", "order", "did you mean `orders`?"),
        ("KR601", "orders[0].amont", "did you mean `amount`?"),
        ("KR603", "orders[1]", ""),
        ("KR602", "orders[2].date", ""),
    ])  # fmt: skip


@pytest.mark.parametrize("value", [None, "", 1.5, True, ["A1"]])
def test_an_account_needs_an_id(value):
    assert told(FACTS | {"account_id": value})[0][0] == "KR600"


def test_a_whole_number_serves_as_an_id():
    assert decided(account_id=17).account_id == "17"


def test_lenient_facts_take_what_does_not_fit_for_unknown_and_keep_notes():
    facts = FACTS | {"margin": "much", "colour": "red"}
    prepared = engine_of(PROGRAM).prepare(facts, strict=False)
    assert [each.code for each in prepared.notes] == ["KR602", "KR601"]
    decision = decide(PROGRAM, facts, as_of=AS_OF, strict=False)
    assert decision.gates["tier.partner.gate.margin"] == "unknown"


HALVES = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.00005, 0.00015, 0.00025, -0.00005, 1.00005, 0.0000005]
NUMBERS = st.one_of(
    st.none(),
    st.floats(),
    st.floats(-1e6, 1e6),
    st.sampled_from(HALVES),
    st.integers(-(10**19), 10**19),
    st.integers(-1000, 1000),
    st.integers(2**53 - 3, 2**53 + 3).map(lambda each: each // 10**4),
    st.decimals(allow_nan=True, places=7),
)
DATES = st.one_of(st.none(), st.dates(), st.dates().map(datetime.date.isoformat), st.datetimes())
ROWS = st.lists(st.fixed_dictionaries({}, optional={"date": DATES, "amount": NUMBERS}), max_size=4)
READ_IN_EVERY_WAY = compiled(
    SMALL.replace('"sum(orders[date > as_of - 365d].amount)"', '"sum(orders.amount)"')
    + """
[fact.seats_read]
type = "integer"
value = "seats"
[fact.largest]
type = "money"
value = "max(orders.amount)"
[fact.latest]
type = "date"
value = "max(orders.date)"
"""
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "revenue": NUMBERS, "margin": NUMBERS, "seats": NUMBERS, "since": DATES,
            "industry": st.sampled_from([None, "food", "steel"]),
            "active": st.sampled_from([None, True, False]),
            "name": st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))),
            "orders": st.one_of(st.none(), ROWS),
        },
    )
)  # fmt: skip
@example({"seats": 2.5, "orders": [{"amount": each} for each in HALVES]})
@example({"seats": -0.5})
@example({"seats": 0.5, "revenue": -0.00005, "margin": -0.0000005})
@example({"seats": -2.5, "revenue": 90_071_992_547_409_9})
@example({"seats": 2.0**51 + 0.5, "revenue": 2.0**38 + 0.00005})
@example({"seats": 2.0**52 + 1, "revenue": 2 * 10**14})
@example({"orders": [{"amount": 0.00005}, {"amount": None}, {}]})
def test_what_is_plainly_right_is_read_as_what_is_looked_at_twice(facts):
    # an id that is a number and rows in a tuple are right too, and make the careful way read all of it
    careful = facts | {"account_id": 17}
    if facts.get("orders") is not None:
        careful["orders"] = tuple(facts["orders"])
    engine = engine_of(READ_IN_EVERY_WAY)
    quickly = engine.prepare(facts | {"account_id": "17"})
    assert repr(quickly) == repr(engine.prepare(careful))


@pytest.mark.parametrize("number", [math.nan, 10**15, 4.5, Decimal("0.5")])
def test_the_quick_way_takes_whatever_is_a_number(number, monkeypatch):
    engine = engine_of(PROGRAM)
    monkeypatch.setattr(engine.preparer, "_carefully", None)
    rows = [{"date": datetime.datetime(2026, 1, 1, 12), "amount": number}]  # noqa: DTZ001
    assert engine.prepare(FACTS | {"revenue": number, "orders": rows}).account_id == "A1"


def test_a_name_that_is_not_known_is_told_beside_one_that_says_nothing():
    facts = {"account_id": "A1", "revenue": None, "orders": [{"date": None, "amonut": 5}]}
    assert told(facts) == [("KR601", "orders[0].amonut", "did you mean `amount`?")]
    for revenue in (None, 5):
        found = told({"account_id": "A1", "revenue": revenue, "revenu": 5, "orders": []})
        assert found[0][:2] == ("KR601", "revenu")


@pytest.mark.parametrize(
    "change", [{"active": 1}, {"active": 0.0}, {"revenue": True}, {"seats": "3"}]
)
def test_a_number_is_no_truth_value_and_no_other_type_a_number(change):
    assert told(FACTS | change) == [("KR602", next(iter(change)), "")]


def test_an_account_is_an_object():
    assert told(["A1"]) == [("KR603", None, "")]


def test_the_order_of_keys_and_rows_makes_no_difference():
    turned = {key: FACTS[key] for key in reversed(FACTS)} | {"orders": FACTS["orders"][::-1]}
    assert decide(PROGRAM, turned, as_of=AS_OF) == decided()


@pytest.mark.parametrize("text", ["Łódź 北京 😀", "a\nb", "{revenue}", "'; --", "\u202e"])
def test_texts_come_out_as_they_went_in(text):
    decision = decided(name=text, revenue=50)
    assert decision.name == text
    assert decision.actions[0].title == f"Call {text}"


def test_a_text_that_is_not_unicode_is_refused():
    assert told(FACTS | {"name": "\ud800"}) == [("KR602", "name", "")]
