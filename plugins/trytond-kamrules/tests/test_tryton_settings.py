"""Ruleset and parameters are set in Tryton; what kamrules refuses is refused, and breaks nothing."""

from __future__ import annotations

import pytest
from tryton_server import Refused


def parameter(client, name):
    return client.one(
        "kamrules.parameter", [("name", "=", name)],
        "value", "default", "low", "high", "type", "told_about", "problem",
    )  # fmt: skip


def klass(client, name):
    return client.one("party.party", [("name", "=", name)], "kam_class")["kam_class"]


@pytest.fixture
def settled(own_tryton):
    client = own_tryton.as_admin()
    client.call("kamrules.configuration", "read_ruleset", [1])
    return client


def last_run(client):
    order = [("id", "DESC")]
    names = ["state", "problem", "accounts", "company"]
    return client.call("kamrules.run", "search_read", [], 0, 1, order, names)[0]


def test_parameters_are_those_of_the_ruleset_with_range_and_meaning(admin):
    found = parameter(admin, "key_revenue")
    assert (found["default"], found["low"], found["high"]) == ("1_000_000", "200_000", "10_000_000")
    assert found["type"] == "money"
    assert found["told_about"].startswith("Yearly revenue that makes an account key")


def test_an_own_value_changes_decisions(settled):
    settled.call("kamrules.configuration", "recompute", [1])
    assert klass(settled, "Acme") == "Key account"
    settled.write("kamrules.parameter", parameter(settled, "key_revenue")["id"], value="8_000_000")
    settled.call("kamrules.configuration", "recompute", [1])
    # what was key stays key while `stay` holds; its revenue is too far below now
    assert klass(settled, "Acme") == "Ordinary customer"


def test_one_company_can_have_another_value(settled, own_tryton):
    one = parameter(settled, "key_revenue")["id"]
    settled.create(
        "kamrules.parameter.company", parameter=one, company=settled.context["company"], value="8_000_000"
    )  # fmt: skip
    settled.call("kamrules.configuration", "recompute", [1])
    assert klass(settled, "Acme") == "Ordinary customer"
    settled.write("kamrules.parameter", one, value="9_000_000")
    settled.call("kamrules.configuration", "recompute", [1])
    assert last_run(settled)["state"] == "done"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("much", "KR174: parameter `key_revenue` is an amount such as 2_000_000, not `much`"),
        (
            "1",
            "KR175: parameter `key_revenue`: 1 lies outside the range from 200_000 to 10_000_000",
        ),
        ("'; DROP TABLE party_party; --", "KR174"),
        ("\u200b", "KR174"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_the_words_of_kamrules(admin, value, said):
    one = parameter(admin, "key_revenue")["id"]
    with pytest.raises(Refused) as refused:
        admin.write("kamrules.parameter", one, value=value)
    assert said in str(refused.value)
    assert parameter(admin, "key_revenue")["value"] is None


def test_a_value_that_fits_no_longer_is_left_out_and_told(own_tryton, tmp_path):
    """As after an update of the ruleset: the rest is decided with the ruleset's own value."""
    import sqlite3

    client = own_tryton.as_admin()
    client.call("kamrules.configuration", "read_ruleset", [1])
    with sqlite3.connect(own_tryton.place.database) as database:
        database.execute("UPDATE kamrules_parameter SET value = '5' WHERE name = 'key_revenue'")
        database.execute("UPDATE kamrules_parameter SET value = '0.6' WHERE name = 'near_key'")
        database.execute("UPDATE ir_cron SET next_call = NULL WHERE method LIKE 'kamrules%'")
    database.close()
    said = own_tryton.place.cron()
    run = last_run(client)
    assert run["state"] == "done", said
    assert run["accounts"] > 0
    assert "key_revenue" in run["problem"]
    assert "key_revenue" in parameter(client, "key_revenue")["problem"]
    assert parameter(client, "near_key")["problem"] is None
    assert klass(client, "Acme") == "Key account"


@pytest.mark.parametrize("name", ["kma", "/etc/passwd", "../rulesets/kam", ".", "no such thing"])
def test_a_ruleset_that_is_none_is_refused(admin, name):
    with pytest.raises(Refused, match="cannot be used"):
        admin.call("kamrules.configuration", "write", [1], {"ruleset": name})


def test_rulesets_of_a_folder_that_the_operator_names_can_be_chosen(tmp_path):
    import tryton_server

    reason = tryton_server.lacking()
    if reason:
        pytest.skip(reason)
    ours = tmp_path / "rulesets" / "ours"
    ours.mkdir(parents=True)
    written = (
        '[ruleset]\nname = "ours"\nversion = "1"\nextends = ["kam"]\n'
        "[parameter.key_revenue]\nvalue = 9_000_000\n"
    )
    (ours / "ruleset.toml").write_text(written)
    more = f"[kamrules]\nrulesets = {tmp_path / 'rulesets'}\n"
    with tryton_server.serving(tmp_path / "tryton", more) as server:
        client = server.as_admin()
        client.call("kamrules.configuration", "write", [1], {"ruleset": "ours"})
        assert parameter(client, "key_revenue")["default"] == "9_000_000"
        client.call("kamrules.configuration", "recompute", [1])
        assert klass(client, "Acme") == "Ordinary customer"
        # the file is broken later on: the night goes by, what was decided stays
        (ours / "ruleset.toml").write_text(written + "[class.key]\nwhen = 'margin > 20'\n")
        with pytest.raises(Refused, match="KR"):
            client.call("kamrules.configuration", "recompute", [1])
        import sqlite3

        with sqlite3.connect(server.place.database) as database:
            database.execute("UPDATE ir_cron SET next_call = NULL WHERE method LIKE 'kamrules%'")
        database.close()
        server.place.cron()
        assert last_run(client)["state"] == "failed"
        assert klass(client, "Acme") == "Ordinary customer"


def test_rulesets_that_compare_accounts_are_decided_too(settled):
    for name in ("portfolio", "pyramid", "stages"):
        settled.call("kamrules.configuration", "write", [1], {"ruleset": name})
        settled.call("kamrules.configuration", "recompute", [1])
        assert last_run(settled)["state"] == "done"
        party = settled.one("party.party", [("name", "=", "Acme")])["id"]
        settled.call("party.party", "kam_recompute", [party])


def test_the_scheduled_recompute_decides_every_company(own_tryton):
    import datetime
    import sqlite3

    client = own_tryton.as_admin()
    cron = client.one(
        "ir.cron", [("method", "=", "kamrules.account|recompute_all")], "next_call", "hour"
    )
    assert cron["hour"] == 3
    assert client.rows("kamrules.run", []) == []
    with sqlite3.connect(own_tryton.place.database) as database:
        database.execute("UPDATE ir_cron SET next_call = NULL WHERE id = ?", (cron["id"],))
    database.close()
    own_tryton.place.cron()
    assert klass(client, "Acme") == "Key account"
    assert last_run(client)["state"] == "done"
    with sqlite3.connect(own_tryton.place.database) as database:
        rows = database.execute("SELECT company, state, accounts > 3 FROM kamrules_run").fetchall()
        (next_call,) = database.execute(
            "SELECT next_call FROM ir_cron WHERE id = ?", (cron["id"],)
        ).fetchone()
    database.close()
    assert sorted(rows) == [(1, "done", 1), (2, "done", 1)]
    assert next_call > datetime.datetime.now().isoformat(" ")


def test_only_parties_of_a_category_are_decided_when_one_is_set(settled):
    category = settled.create("party.category", name="Accounts")
    below = settled.create("party.category", name="Large", parent=category)
    acme = settled.one("party.party", [("name", "=", "Acme")])["id"]
    hooli = settled.one("party.party", [("name", "=", "Hooli")])["id"]
    settled.call("kamrules.configuration", "recompute", [1])
    settled.write("party.party", acme, categories=[("add", [below])])
    settled.call("kamrules.configuration", "write", [1], {"category": category})
    settled.call("kamrules.configuration", "recompute", [1])
    assert last_run(settled)["accounts"] == 1
    states = {
        each["state"] for each in settled.rows("kamrules.action", [("party", "=", hooli)], "state")
    }
    assert states == {"lapsed"}
