"""Parties of a running Tryton are decided by kamrules: by button, all at once, company by company."""

from __future__ import annotations

import datetime

import pytest

SHOWN = (
    "name", "kam_class", "kam_tier", "kam_phase", "kam_strategy", "kam_objective", "kam_decided_on",
    "kam_ruleset", "kam_scores", "kam_gaps", "kam_actions", "kam_class_lacks", "kam_tier_lacks", "kam_moves",
)  # fmt: skip


def party(client, name, *fields):
    return client.one("party.party", [("name", "=", name)], *(fields or SHOWN))


def test_a_large_customer_is_a_key_account_by_what_was_invoiced(admin):
    found = party(admin, "Acme")
    assert (found["kam_class"], found["kam_tier"]) == ("Key account", "Vendor")
    assert found["kam_phase"] == "Consolidation"
    assert found["kam_objective"].startswith("Know the whole top of Acme")
    assert found["kam_decided_on"] == datetime.date.today()
    assert found["kam_ruleset"].startswith("kam ")


def test_sales_that_are_not_invoiced_yet_count_too(admin):
    assert party(admin, "Globex")["kam_class"] == "Ordinary customer"


def test_a_party_with_only_a_deal_is_a_prospect(admin):
    assert party(admin, "Hooli")["kam_class"] == "Prospect"


@pytest.mark.parametrize("name", ["Umbrella", "Dunder Mifflin", "Sally Seller"])
def test_suppliers_we_ourselves_and_employees_are_no_accounts(admin, name):
    found = party(admin, name)
    assert (found["kam_class"], found["kam_actions"]) == (None, [])


def test_scores_come_with_their_band_and_what_unknown_facts_leave_open(admin):
    ids = party(admin, "Acme")["kam_scores"]
    scores = {
        each["told_title"]: each
        for each in admin.rows(
            "kamrules.score", [("id", "in", ids)], "told_title", "value", "low", "high", "told_band"
        )
    }
    one = scores["Attractiveness"]
    assert (one["value"], one["told_band"]) == (100.0, "high")
    assert one["low"] < one["value"] == one["high"]


def test_the_margin_is_known_where_every_product_has_a_cost(admin):
    text = admin.wizard("kamrules.explain", "shown", **at(party(admin, "Acme", "name")))["text"]
    assert "(40%)" in text


def at(found, model="party.party"):
    return {"active_id": found["id"], "active_ids": [found["id"]], "active_model": model}


def test_amounts_in_another_currency_are_converted(admin):
    """100,000 EUR at 2 USD for 1 EUR, as Tryton's own test rates say."""
    (rate,) = admin.rows("currency.currency", [("code", "=", "EUR")], "rate")
    (dollar,) = admin.rows("currency.currency", [("code", "=", "USD")], "rate")
    assert rate["rate"] != dollar["rate"]
    text = admin.wizard("kamrules.explain", "shown", **at(party(admin, "Initech", "name")))["text"]
    wanted = round(100_000 / float(rate["rate"]) * float(dollar["rate"]))
    assert f"{wanted:,}" in text


def test_what_the_next_class_and_tier_lack_is_told_with_advice(admin):
    found = party(admin, "Globex")
    lacks = admin.rows(
        "kamrules.lack",
        [("id", "in", found["kam_class_lacks"] + found["kam_tier_lacks"])],
        "kind", "told_title", "state", "told_advice",
    )  # fmt: skip
    by_title = {(each["kind"], each["told_title"]): each for each in lacks}
    assert by_title["class", "Sales volume"]["state"] == "unmet"
    assert "70,000" in by_title["class", "Sales volume"]["told_advice"]
    assert by_title["tier", "Key people favour us"]["state"] == "unknown"


def test_gaps_name_facts_for_people_the_most_wanted_first(admin):
    ids = party(admin, "Acme")["kam_gaps"]
    gaps = admin.call("kamrules.gap", "read", ids, ["told_title", "info_level", "matters"])
    assert len(gaps) == 10
    assert [each["matters"] for each in gaps] == sorted(
        (each["matters"] for each in gaps), reverse=True
    )
    assert all(each["told_title"] and each["info_level"] in "1234" for each in gaps)


def test_the_button_decides_a_party_anew_when_something_was_sold(admin):
    customer = admin.create("party.party", name="Wonka", addresses=[("create", [{"street": "1"}])])
    admin.call("party.party", "kam_recompute", [customer])
    assert party(admin, "Wonka")["kam_class"] == "Prospect"
    (currency,) = admin.rows("currency.currency", [("code", "=", "USD")])
    (product,) = admin.rows("product.product", [("name", "=", "Pump")], "default_uom")
    sale = admin.create(
        "sale.sale",
        party=customer,
        invoice_address=admin.one("party.address", [("party", "=", customer)])["id"],
        currency=currency["id"],
        sale_date=datetime.date.today() - datetime.timedelta(3),
        invoice_method="manual",
        lines=[
            ("create", [{
                "product": product["id"],
                "unit": product["default_uom"],
                "quantity": 400.0,
                "unit_price": {"__class__": "Decimal", "decimal": "100"},
            }]),
        ],
    )  # fmt: skip
    for step in ("quote", "confirm"):
        admin.call("sale.sale", step, [sale])
    admin.call("party.party", "kam_recompute", [customer])
    assert party(admin, "Wonka")["kam_class"] == "Ordinary customer"


def test_deciding_again_on_the_same_day_changes_nothing(admin):
    admin.call("kamrules.configuration", "recompute", [1])
    before = admin.rows("kamrules.action", [], "state", "priority", "texts", "proposed_on")
    admin.call("kamrules.configuration", "recompute", [1])
    assert admin.rows("kamrules.action", [], "state", "priority", "texts", "proposed_on") == before
    run = admin.call(
        "kamrules.run", "search_read", [], 0, 1, [("id", "DESC")], ["changed", "proposed", "lapsed", "state"]
    )[0]  # fmt: skip
    assert (run["changed"], run["proposed"], run["lapsed"], run["state"]) == (0, 0, 0, "done")


def test_each_company_has_its_own_decision_about_the_same_party(tryton, admin):
    eve = tryton.as_user("eve")
    eve.call("kamrules.configuration", "recompute", [1])
    assert party(eve, "Globex")["kam_class"] == "Prospect"
    assert party(admin, "Globex")["kam_class"] == "Ordinary customer"
    companies = {each["company"] for each in eve.rows("kamrules.action", [], "company")}
    assert companies == {eve.context["company"]}


def test_parties_are_found_and_sorted_by_class(admin):
    found = admin.rows("party.party", [("kam_class", "=", "Key account")], "name")
    assert [each["name"] for each in found] == ["Acme"]
    names = [
        each["name"]
        for each in admin.call(
            "party.party", "search_read", [("kam_decided_on", "!=", None)], 0, None,
            [("kam_class", "DESC"), ("name", "ASC")], ["name"],
        )
    ]  # fmt: skip
    assert names[0] == "Acme"
    assert names.index("Globex") < names.index("Hooli")


def test_the_explanation_tells_why_in_words(admin):
    found = admin.wizard("kamrules.explain", "shown", **at(party(admin, "Acme", "name")))
    assert "## Attractiveness: 100" in found["text"]
    assert "classes.toml" not in found["text"]
    assert "classes.toml" in found["whole"]


def test_what_is_no_account_cannot_be_decided_and_says_why(admin):
    from tryton_server import Refused

    supplier = party(admin, "Umbrella", "name")
    with pytest.raises(Refused, match="is no account"):
        admin.call("party.party", "kam_recompute", [supplier["id"]])
