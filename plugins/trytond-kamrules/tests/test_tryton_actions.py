"""Next actions: proposed, answered by people, and not proposed again the day after."""

from __future__ import annotations

import datetime

import pytest
from tryton_server import Refused

SEEN = (
    "action", "told_title", "told_reason", "told_role", "employee", "state", "priority", "due_date",
    "proposed_on", "answered_on", "answered_by", "stands", "effort",
)  # fmt: skip


@pytest.fixture
def prospect(admin, request):
    """A party of the test's own, decided."""
    one = admin.create("party.party", name=request.node.name)
    admin.call("party.party", "kam_recompute", [one])
    return one


def actions(client, party, *domain):
    return client.rows("kamrules.action", [("party", "=", party), *domain], *SEEN)


def recompute(client, party):
    client.call("party.party", "kam_recompute", [party])


def test_an_action_says_what_to_do_why_by_whom_and_by_when(admin, prospect):
    (one,) = actions(admin, prospect)
    assert one["told_title"].startswith("Find out whether test_an_action_says")
    assert "Nobody has estimated" in one["told_reason"]
    assert one["told_role"] == "Inside sales"
    assert one["state"] == "proposed"
    assert one["proposed_on"] == datetime.date.today()
    assert one["due_date"] == datetime.date.today() + datetime.timedelta(21)
    assert 0 < one["priority"] <= 100
    assert one["effort"] == 2


def test_an_action_done_is_not_proposed_again_while_it_cools_down(admin, sally, prospect):
    (one,) = actions(admin, prospect)
    sally.call("kamrules.action", "accept", [one["id"]])
    recompute(admin, prospect)
    assert [each["state"] for each in actions(admin, prospect)] == ["accepted"]
    sally.call("kamrules.action", "done", [one["id"]])
    recompute(admin, prospect)
    same = actions(admin, prospect, ("action", "=", one["action"]))
    assert [(each["id"], each["state"]) for each in same] == [(one["id"], "done")]
    assert same[0]["answered_on"] == datetime.date.today()
    assert same[0]["answered_by"] is not None


def test_an_action_dismissed_stays_dismissed_the_next_day_and_comes_back_after_its_cooldown(
    own_tryton,
):
    admin = own_tryton.as_admin()
    party = admin.one("party.party", [("name", "=", "Hooli")])["id"]
    recompute(admin, party)
    one = next(each for each in actions(admin, party) if each["action"] == "qualify_prospect")
    admin.call("kamrules.action", "dismiss", [one["id"]])
    for days, states in ((1, ["dismissed"]), (89, ["dismissed"]), (91, ["dismissed", "proposed"])):
        date = datetime.date.today() + datetime.timedelta(days)
        admin.write("kamrules.configuration", 1, as_of=date)
        recompute(admin, party)
        found = actions(admin, party, ("action", "=", one["action"]))
        assert sorted(each["state"] for each in found) == states, days


def test_an_answer_can_be_taken_back(admin, sally, prospect):
    (one,) = actions(admin, prospect)
    sally.call("kamrules.action", "dismiss", [one["id"]])
    sally.call("kamrules.action", "reopen", [one["id"]])
    recompute(admin, prospect)
    (same,) = actions(admin, prospect, ("action", "=", one["action"]))
    assert (same["id"], same["state"], same["answered_on"]) == (one["id"], "proposed", None)


def test_what_is_no_longer_called_for_lapses_and_what_was_accepted_says_so(own_tryton):
    admin = own_tryton.as_admin()
    party = admin.one("party.party", [("name", "=", "Acme")])["id"]
    recompute(admin, party)
    before = {each["action"]: each for each in actions(admin, party)}
    wanted = ("assign_account_manager", "assign_sponsor")
    found = [each for each in before if each in wanted or "sponsor" in each]
    assert "assign_account_manager" in found
    assert len(found) == 2
    admin.call("kamrules.action", "accept", [before[found[1]]["id"]])
    employee = admin.context["employee"]
    admin.write("party.party", party, kam_manager=employee, kam_sponsor=employee)
    recompute(admin, party)
    after = {each["id"]: each for each in actions(admin, party)}
    assert after[before[found[0]]["id"]]["state"] == "lapsed"
    assert after[before[found[1]]["id"]]["state"] == "accepted"
    assert after[before[found[1]]["id"]]["stands"] == 0


def test_an_action_goes_to_the_employee_whom_the_party_or_its_deal_or_the_role_names(own_tryton):
    admin = own_tryton.as_admin()
    admin.call("kamrules.configuration", "read_ruleset", [1])
    seller = admin.one("company.employee", [("party.name", "=", "Sally Seller")])["id"]
    boss = admin.one("company.employee", [("party.name", "=", "Bea Boss")])["id"]
    role = admin.one("kamrules.role", [("role", "=", "inside_sales")])
    admin.write("kamrules.role", role["id"], employee=boss)
    hooli = admin.one("party.party", [("name", "=", "Hooli")])["id"]
    acme = admin.one("party.party", [("name", "=", "Acme")])["id"]
    admin.write("party.party", acme, kam_manager=boss)
    admin.call("kamrules.configuration", "recompute", [1])
    owners = {(each["told_role"], each["employee"]) for each in actions(admin, hooli)}
    assert owners == {("Inside sales", boss), ("Account manager", seller), ("Finance", None)}
    by_role = {each["told_role"]: each["employee"] for each in actions(admin, acme)}
    assert by_role["Account manager"] == boss
    assert by_role["Sales vice-president"] is None


def test_who_accepts_an_action_of_nobody_takes_it(admin, sally, prospect):
    (one,) = actions(admin, prospect)
    assert one["employee"] is None
    sally.call("kamrules.action", "accept", [one["id"]])
    (same,) = actions(admin, prospect)
    assert same["employee"] == sally.context["employee"]
    mine = [("employee", "=", sally.context["employee"]), ("state", "=", "accepted")]
    assert one["id"] in {each["id"] for each in sally.rows("kamrules.action", mine)}


def test_what_people_have_set_on_an_open_action_stays(admin, sally, prospect):
    (one,) = actions(admin, prospect)
    date = datetime.date.today() + datetime.timedelta(3)
    sally.write("kamrules.action", one["id"], due_date=date, note="asked by phone")
    recompute(admin, prospect)
    (same,) = actions(admin, prospect)
    assert same["due_date"] == date


def test_actions_can_be_neither_made_up_nor_copied(admin, sally, prospect):
    (one,) = actions(admin, prospect)
    with pytest.raises(Refused, match="cannot be copied"):
        admin.call("kamrules.action", "copy", [one["id"]])
    with pytest.raises(Refused, match="not allowed"):
        sally.call("kamrules.action", "delete", [one["id"]])
    with pytest.raises(Refused, match="not allowed"):
        sally.call("kamrules.action", "create", [{"action": "x", "party": prospect}])


def test_an_erased_party_leaves_no_name_behind(own_tryton):
    import sqlite3

    admin = own_tryton.as_admin()
    party = admin.create("party.party", name="Jane Private")
    recompute(admin, party)
    (one,) = actions(admin, party)
    admin.write("kamrules.action", one["id"], note="Jane likes tea")
    admin.write("party.party", party, active=False)
    session, start, _ = admin._post("wizard.party.erase.create", [admin.context])
    admin._post(
        "wizard.party.erase.execute",
        [session, {start: {"party": party}}, "erase", admin.context],
    )
    with sqlite3.connect(own_tryton.place.database) as database:
        left = [line for line in database.iterdump() if "Jane" in line]
    database.close()
    assert left == []
    assert actions(admin, party)[0]["state"] == "proposed"
