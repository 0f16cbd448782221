"""The page is there in Tryton's own web client, in Chromium, and works; nothing outside is asked for."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
from pathlib import Path

import pytest
import tryton_server
from tryton_server import DATABASE, SAO, USER_SECRET

ENGLISH = {
    "TAB": "Key Account",
    "SCORE": "Attractiveness",
    "ACCEPT": "Accept",
    "ACCEPTED": "Accepted",
    "TABS": json.dumps({"way_up": "Way Up", "gaps": "Gaps", "history": "History"}),
    "WAITS": json.dumps(
        {
            "way_up": "Key people favour us",
            "gaps": "How well known and how respected",
            "history": "Since",
        }
    ),
}
CHINESE = {
    "TAB": "重点客户",
    "SCORE": "吸引力",
    "ACCEPT": "接受",
    "TABS": json.dumps({"way_up": "上升之路", "gaps": "缺口"}, ensure_ascii=False),
    "WAITS": json.dumps({"way_up": "关键人物", "gaps": "向对方人员了解"}, ensure_ascii=False),
}


def drive(server, login, party, folder: Path, words):
    reason = tryton_server.lacking_client()
    if reason:
        pytest.skip(reason)
    done = subprocess.run(
        [
            "node", str(Path(__file__).parent / "web_client.cjs"),
            str(SAO / "node_modules" / "playwright-core"),
            server.base, DATABASE, login, USER_SECRET, str(party), str(folder),
        ],
        env={**os.environ, **words},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["outside"] == []
    assert found["errors"] == []
    return found["seen"]


def test_the_page_shows_the_decision_and_its_buttons_work(own_tryton, tmp_path):
    admin = own_tryton.as_admin()
    admin.call("kamrules.configuration", "recompute", [1])
    acme = admin.one("party.party", [("name", "=", "Acme")])["id"]
    words = ENGLISH | {"ANSWER": "yes"}
    seen = drive(own_tryton, "sally", acme, tmp_path, words)
    for wanted in (
        "Key account", "Vendor", "Consolidation", "Know the whole top of Acme",
        "Put an able person in charge of Acme", "Attractiveness", "100.0", "high",
    ):  # fmt: skip
        assert wanted in seen["page"], wanted
    assert "Key people favour us" in seen["way_up"]
    assert "Win more supporters among the people who matter" in seen["way_up"]
    assert "How well known and how respected we are" in seen["gaps"]
    assert "From people there" in seen["gaps"]
    assert "Key account" in seen["history"]
    assert seen["before"] == 5
    assert "Accepted" in seen["accepted"]
    assert "## Attractiveness: 100" in seen["explanation"]
    states = {
        each["state"] for each in admin.rows("kamrules.action", [("party", "=", acme)], "state")
    }
    assert states == {"proposed", "accepted"}


def test_the_page_is_in_chinese_for_who_reads_chinese(tryton, admin, tmp_path):
    acme = admin.one("party.party", [("name", "=", "Acme")])["id"]
    seen = drive(tryton, "xiaoli", acme, tmp_path, CHINESE)
    for wanted in ("卖主", "下一步行动", "重算", "吸引力"):
        assert wanted in seen["page"], wanted
    assert "关键人物" in seen["way_up"]
    assert "未知" in seen["way_up"]
    assert "向对方人员了解" in seen["gaps"]


def test_the_menu_leads_to_my_actions_and_to_parties_by_class(own_tryton, tmp_path):
    admin = own_tryton.as_admin()
    admin.call("kamrules.configuration", "recompute", [1])
    late = admin.rows("kamrules.action", [("party.name", "=", "Initech")])[0]["id"]
    admin.write("kamrules.action", late, due_date=datetime.date.today() - datetime.timedelta(1))
    seller = admin.one("company.employee", [("party.name", "=", "Sally Seller")])["id"]
    mine = len(admin.rows("kamrules.action", [("employee", "=", seller)]))
    assert mine > 0
    wanted = {"Overdue": 1, "Mine": mine, "Open": len(admin.rows("kamrules.action", []))}
    seen = drive(own_tryton, "sally", 0, tmp_path, {"LISTS": json.dumps(wanted)})
    assert seen == wanted
