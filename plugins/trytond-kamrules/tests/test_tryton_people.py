"""Who may see and do what, and in which language."""

from __future__ import annotations

import pytest
from tryton_server import Refused

ACME = [("name", "=", "Acme")]


def test_who_has_no_part_in_key_accounts_sees_and_decides_nothing(tryton, admin):
    stranger = tryton.as_user("stranger")
    for model in ("kamrules.action", "kamrules.account", "kamrules.parameter", "kamrules.run"):
        with pytest.raises(Refused, match="not allowed"):
            stranger.rows(model, [])
    acme = admin.one("party.party", ACME)["id"]
    with pytest.raises(Refused, match="not allowed"):
        stranger.call("party.party", "kam_recompute", [acme])


def test_a_stranger_still_opens_parties(tryton, admin):
    """With the form that has the page on it."""
    stranger = tryton.as_user("stranger")
    view = stranger.call("party.party", "fields_view_get", None, "form")
    assert stranger.one("party.party", ACME, *view["fields"])["id"]


def test_a_user_of_key_accounts_does_not_set_parameters_or_the_ruleset(sally):
    one = sally.one("kamrules.parameter", [("name", "=", "key_revenue")])["id"]
    with pytest.raises(Refused, match="not allowed"):
        sally.write("kamrules.parameter", one, value="2_000_000")
    with pytest.raises(Refused, match="not allowed"):
        sally.call("kamrules.configuration", "write", [1], {"ruleset": "pyramid"})
    with pytest.raises(Refused, match="not allowed"):
        sally.call("kamrules.configuration", "recompute", [1])


def test_a_user_of_key_accounts_decides_one_party_and_reads_why(sally):
    acme = sally.one("party.party", ACME)["id"]
    sally.call("party.party", "kam_recompute", [acme])
    at = {"active_id": acme, "active_ids": [acme], "active_model": "party.party"}
    assert "Attractiveness" in sally.wizard("kamrules.explain", "shown", **at)["text"]


def test_decisions_are_told_in_the_language_of_who_reads_them(tryton, admin):
    xiaoli = tryton.as_user("xiaoli")
    found = xiaoli.one("party.party", ACME, "kam_class", "kam_tier", "kam_actions", "kam_gaps")
    assert (found["kam_class"], found["kam_tier"]) == ("重点客户", "卖主")
    (one, *_) = xiaoli.call(
        "kamrules.action", "read", found["kam_actions"], ["told_title", "told_reason"]
    )
    assert "Acme" in one["told_title"]
    assert not one["told_title"].isascii()
    assert not one["told_reason"].isascii()
    at = {"active_id": found["id"], "active_ids": [found["id"]], "active_model": "party.party"}
    text = xiaoli.wizard("kamrules.explain", "shown", **at)["text"]
    assert "吸引力" in text
    assert admin.one("party.party", ACME, "kam_class")["kam_class"] == "Key account"


def test_forms_and_menus_are_in_chinese_too(tryton, admin):
    xiaoli = tryton.as_user("xiaoli")
    fields = xiaoli.call("kamrules.action", "fields_get", ["state", "told_title"])
    assert fields["told_title"]["string"] == "要做什么"
    assert ["dismissed", "已驳回"] in fields["state"]["selection"]
    menus = {
        each["name"] for each in xiaoli.rows("ir.ui.menu", [("name", "=", "重点客户")], "name")
    }
    assert menus == {"重点客户"}


def test_every_text_of_the_module_has_a_chinese_one():
    import re
    from pathlib import Path

    folder = Path(__file__).parent.parent / "trytond_kamrules"
    text = (folder / "locale" / "zh_CN.po").read_text(encoding="utf-8")
    assert 'msgstr ""\n\n' not in text
    known = set(re.findall(r"model:ir\.message,text:(\w+)", text))
    assert known == set(re.findall(r'id="(msg_\w+)"', (folder / "message.xml").read_text()))
