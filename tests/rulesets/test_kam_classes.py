"""Exactly one class of `kam` holds for any account, however much or little is known of it."""

from __future__ import annotations

import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rulesets.kam import AS_OF, decided, kam

MONEY = st.one_of(
    st.sampled_from(
        [0, 9_999.99, 10_000, 149_999, 150_000, 499_999, 500_000, 1_000_000, 12_000_000]
    ),
    st.integers(-50_000, 3_000_000),
)
DATES = st.integers(-800, 30).map(lambda days: AS_OF + datetime.timedelta(days=days))


def maybe(strategy):
    return st.none() | strategy


def rows(**columns):
    return st.lists(st.fixed_dictionaries({}, optional=columns), max_size=4)


ACCOUNTS = st.fixed_dictionaries(
    {"account_id": st.just("A")},
    optional={
        "customer_since": maybe(DATES),
        "annual_revenue": maybe(MONEY.map(lambda value: value * 100)),
        "needs_our_product": maybe(st.booleans()),
        "estimated_spend": maybe(MONEY),
        "potential": maybe(MONEY),
        "demand_growth": maybe(st.sampled_from([-0.4, 0, 0.2])),
        "credit_hold": maybe(st.booleans()),
        "special_service": maybe(st.booleans()),
        "orders": rows(date=DATES, amount=MONEY, margin=MONEY),
        "opportunities": rows(
            opened=DATES, closed=DATES, amount=MONEY, stage=st.sampled_from(["open", "won", "lost"])
        ),
        "contacts": rows(
            level=st.sampled_from(["executive", "staff"]),
            stance=st.sampled_from(["supporter", "opponent"]),
            last_contact=DATES,
        ),
        "surveys": rows(date=DATES, kind=st.just("satisfaction"), score=st.integers(0, 100)),
    },
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACCOUNTS)
def test_exactly_one_class_holds_for_any_account(facts):
    decision = decided(facts)
    assert decision.faults == ()
    assert decision.class_ in {each.id for each in kam().classes}
    assert decision.strategy is not None
    assert decision.phase is not None


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACCOUNTS, ACCOUNTS)
def test_from_one_run_to_the_next_nobody_climbs_more_than_one_class(facts, later):
    level = {each.id: each.level for each in kam().classes}
    first = decided(facts)
    second = decided(later, before=first)
    assert second.class_ is not None
    assert level[second.class_] <= level[first.class_] + 1


def test_with_nothing_known_and_every_table_empty_a_class_holds():
    tables = {name: [] for name in kam().tables if name != "accounts"}
    assert decided({"account_id": "A"}).class_ == "prospect"
    assert decided({"account_id": "A", **tables}).class_ == "prospect"
