"""What values tell: forms of dates and numbers, choices in other words, yes or no, and what is unknown."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules.expression.types import DATE, INTEGER, MONEY, SCORE, SHARE, TEXT, Kind, Type
from kamrules.workbench.mapping.choices import meanings
from kamrules.workbench.mapping.dates import form_of_dates, latest
from kamrules.workbench.mapping.fitting import fit
from kamrules.workbench.mapping.naming import account_named, column_named, table_named
from kamrules.workbench.mapping.seen import Column
from kamrules.workbench.mapping.words import alike, words_of

STAGE = Type(Kind.CHOICE, ("open", "won", "lost"))
RESISTANCE = Type(Kind.CHOICE, ("none", "some", "strong"))
BOOL = Type(Kind.BOOL)


def column(*cells, of="VARCHAR"):
    return Column("c", of, cells)


def fitted(of, *cells, place=("accounts", "x")):
    return fit(column(*cells), of, meanings(*place, None))


def day_of(text, form):
    return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.UTC).date()


FORMS = [
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d %b %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
    "%d.%m.%Y %H:%M",
    "%Y年%m月%d日",
]


@pytest.mark.parametrize("form", FORMS)
@given(
    days=st.sets(
        st.dates(datetime.date(1990, 1, 1), datetime.date(2040, 1, 1)), min_size=3, max_size=20
    )
)
@settings(max_examples=20, deadline=None)
def test_the_form_of_dates_is_found_from_dates_in_it(form, days):
    times = [
        datetime.datetime(each.year, each.month, each.day, 13, 45, tzinfo=datetime.UTC)
        for each in days
    ]
    found = form_of_dates(column(*(each.strftime(form) for each in times)))
    assert found is not None
    read = {day_of(each.strftime(form), found.format) for each in times}
    assert read == set(days)
    assert (found.format == form) or found.other is not None


def test_days_and_months_that_can_be_turned_round_are_doubted():
    ambiguous = fitted(DATE, "01/02/2026", "03/04/2026")
    assert ambiguous.factor < 0.8
    assert "the other way round" in ambiguous.doubts[0]
    days = [f"{day}/03/2026" for day in range(10, 30)]
    broken = fitted(DATE, *days, "31/02/2026")
    assert broken.mapping == {"format": "%d/%m/%Y"}
    assert broken.doubts == ("5% of its values are no dates",)
    assert fitted(DATE, "01/02/2026", "12/25/2025").mapping == {"format": "%m/%d/%Y"}


def test_iso_dates_and_times_need_no_format():
    found = fitted(DATE, "2026-01-31", "2026-02-28T10:00:00Z")
    assert (found.factor, found.mapping) == (1.0, {})
    assert latest(column("2026-01-31", "2026-02-28T10:00:00Z")) == datetime.date(2026, 2, 28)


@pytest.mark.parametrize(
    "cells", [("1", "2"), ("abc", "def"), ("2026-13-01", "2026-99-01"), ("1735689600000",)]
)
def test_what_are_no_dates_are_none(cells):
    assert fitted(DATE, *cells).factor == 0


@given(st.lists(st.text(max_size=12), max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_looking_at_values(cells):
    for of in (DATE, BOOL, STAGE, TEXT, MONEY, INTEGER, SHARE, SCORE):
        found = fitted(of, *(each or None for each in cells), place=("opportunities", "stage"))
        assert 0 <= found.factor <= 1


def test_choices_are_read_in_other_words_and_in_other_languages():
    found = fitted(
        STAGE, "Closed Won", "VERLOREN", "en cours", "open", place=("opportunities", "stage")
    )
    assert found.mapping == {
        "values": {"Closed Won": "won", "VERLOREN": "lost", "en cours": "open"}
    }
    assert found.speaks


def test_a_misspelt_choice_is_mended_and_told():
    found = fit(
        column("technolgy", "quality"),
        Type(Kind.CHOICE, ("technology", "quality")),
        meanings("a", "b", None),
    )
    assert found.mapping == {"values": {"technolgy": "technology"}}
    assert found.notes == ('"technolgy" is taken for a slip of "technology"',)


def test_a_text_that_is_no_choice_is_told_and_makes_it_less_sure():
    found = fitted(STAGE, "won", "won", "lost", "banana", place=("opportunities", "stage"))
    assert found.factor < 0.8
    assert '"banana" is none of its choices' in found.doubts[0]


def test_none_is_a_choice_where_it_is_one_and_unknown_elsewhere():
    assert fitted(RESISTANCE, "none", "some").mapping == {}
    assert fitted(STAGE, "won", "n/a", place=("opportunities", "stage")).mapping == {
        "unknown": ["n/a"]
    }
    assert fitted(MONEY, "1", "2", "-").mapping == {"unknown": ["-"]}


def test_a_yes_or_no_is_read_in_other_languages():
    assert fitted(BOOL, "ja", "nein").mapping == {"values": {"ja": True, "nein": False}}
    assert fitted(BOOL, "TRUE", "false", "0").mapping == {}
    assert fitted(BOOL, "maybe", "no").factor == 0


def test_percent_are_a_share_times_a_hundredth_and_never_sure():
    found = fitted(SHARE, "12", "45.5")
    assert found.mapping == {"times": 0.01}
    assert found.factor < 0.8
    assert fitted(SHARE, "0.12", "0.455").mapping == {}


def test_priorities_in_words_become_numbers():
    found = fitted(INTEGER, "High", "low", "P2", place=("complaints", "severity"))
    assert found.mapping == {"values": {"High": 3, "low": 1, "P2": 2}}


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (("1", "2.5", "-3e2"), "plain"),
        (("1.234,50", "2,5"), "comma"),
        (("1,234.50", "250.00"), "point"),
        (("x", "1"), None),
    ],
)
def test_the_form_of_numbers_is_found(cells, form):
    assert column(*cells).form == form


@pytest.mark.parametrize(
    ("name", "table", "wanted"),
    [
        ("NumberOfEmployees", "accounts", "employees"), ("numberofemployees", "accounts", "employees"),
        ("x_studio_switching_cost", "accounts", "switching_cost"),
        ("Switching_Cost__c", "accounts", "switching_cost"),
        ("new_switchingcost", "accounts", "switching_cost"), ("Mitarbeiter", "accounts", "employees"),
        ("chiffre d'affaires", "accounts", "annual_revenue"), ("País", "accounts", "country"),
        ("行业", "accounts", "industry"),
        ("deal_amount", "opportunities", "amount"), ("Amount of the deal", "opportunities", "amount"),
        ("Rechnungsdatum", "orders", "date"), ("Revenue (mio EUR)", "accounts", "annual_revenue"),
    ],
)  # fmt: skip
def test_names_are_understood_in_many_spellings(name, table, wanted):
    assert column_named(name, table, wanted).score >= 0.85


@pytest.mark.parametrize(
    ("name", "table", "wanted"),
    [
        ("company_phone", "accounts", "name"), ("country_manager", "accounts", "country"),
        ("employee_id", "accounts", "employees"), ("order_id", "orders", "date"),
        ("last_contact_email", "contacts", "last_contact"), ("industry_rank", "accounts", "industry"),
    ],
)  # fmt: skip
def test_names_that_only_share_a_word_are_not_sure(name, table, wanted):
    assert column_named(name, table, wanted).score < 0.8


def test_tables_and_ids_are_known_by_their_names():
    assert table_named("tbl_Customers_2026", "accounts").score >= 0.9
    assert table_named("public.sales_pipeline", "opportunities").score >= 0.9
    assert table_named("sensors", "accounts").score == 0
    assert account_named("Kunden-Nr.", "orders").score >= 0.85
    assert account_named("id", "orders").score == 0
    assert account_named("id", "accounts", own=True).score >= 0.85


@given(st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_likeness_is_from_0_to_1_the_same_both_ways_and_1_for_the_same(one, other):
    left, right = words_of(one), words_of(other)
    assert 0 <= alike(left, right) <= 1
    if left:
        assert alike(left, left) == 1
