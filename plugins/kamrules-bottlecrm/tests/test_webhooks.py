"""Webhooks of BottleCRM, made by its own code from its own records, taken by a running `kamrules serve`."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import urllib3
from bottle_commands import COMMAND, kamrules, variables
from hypothesis import given, settings
from hypothesis import strategies as st
from kamrules import LiveBook
from kamrules.contracts import WebhookRefusedError, WebhookRequest

from kamrules_bottlecrm.webhook import verify

TOKEN = "a-token-of-these-tests"
SECRET = "whsec_of_these_tests_and_nothing_else"
TABLES = ("contacts", "opportunities", "orders", "activities", "complaints")
"""Those of the book file: an account without a row in one of them is known to have none."""
_ADDRESS = re.compile(r" at (http://\S+);")
_POOL = urllib3.PoolManager(retries=False)


class Served:
    """A running service, and how it is asked."""

    def __init__(self, url, environ, folder, process=None):
        self.url, self.environ, self.folder, self.process = url, environ, folder, process
        self.book = None

    def hook(self, delivery, **changed):
        headers = {**delivery["headers"], **changed.pop("headers", {})}
        body = changed.pop("body", delivery["body"])
        answer = _POOL.request(
            "POST", f"{self.url}/hooks/bottlecrm", body=body.encode(), headers=headers
        )
        return answer.status, json.loads(answer.data)

    def get(self, path):
        answer = _POOL.request("GET", self.url + path, headers={"authorization": f"Bearer {TOKEN}"})
        return answer.status, json.loads(answer.data)

    def stopped(self):
        """Stop it, and return its book."""
        self.process.terminate()
        self.process.wait(30)
        self.book = LiveBook("kam", self.folder / "book.db")
        return self.book

    def fill(self):
        return subprocess.run(
            [sys.executable, "-m", "kamrules_bottlecrm", "fill", self.url], env=self.environ, cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip


@contextmanager
def serving(folder, crm, url=None):
    environ = variables(
        folder, url or crm.url, crm.token, BOTTLE_SECRET=crm.bottle.secret, KAMRULES_TOKEN=TOKEN
    )
    said = folder / "said"
    command = [
        COMMAND, "serve", "kam", "--store", "book.db", "--port", "0", "--workers", "0",
        "--as-of", "2026-11-28", "--hook", "bottlecrm=env:BOTTLE_SECRET",
        *(word for table in TABLES for word in ("--table", table)),
    ]  # fmt: skip
    with said.open("w") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stderr=out, stdin=subprocess.DEVNULL
        )
    try:
        late = time.monotonic() + 60
        while not (found := _ADDRESS.search(said.read_text())):
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < late, said.read_text()
            time.sleep(0.05)
        served = Served(found[1], environ, folder, process)
        yield served
        if served.book is not None:
            served.book.close()
    finally:
        process.terminate()
        process.wait(30)
    assert crm.bottle.secret not in said.read_text()
    assert "Traceback" not in said.read_text()


@pytest.fixture
def served(crm, tmp_path):
    with serving(tmp_path, crm) as found:
        yield found


def deliveries(crm):
    return {each["event"]: each for each in crm.bottle.deliveries()}


def test_what_happens_to_an_account_and_its_deals_reaches_the_book(crm, served):
    account = crm.post("/api/accounts/", {"name": "Novel Works", "annual_revenue": "7000000.50"})[
        "id"
    ]
    status, told = served.hook(deliveries(crm)["account.created"])
    assert status == 200
    assert told["results"][0]["account_id"] == account
    assert told["results"][0]["changes"]["arrived"] is True
    pipeline = crm.get("/api/opportunities/?limit=1")["opportunities"][0]
    deal = {
        "name": "First deal",
        "account": account,
        "stage": "PROPOSAL",
        "amount": "90000.00",
        "currency": "USD",
    }
    made = crm.post(
        "/api/opportunities/", deal | {"pipeline": pipeline["pipeline"], "probability": 50}
    )
    assert made
    status, told = served.hook(deliveries(crm)["deal.created"])
    assert status == 200, told
    assert told["results"][0]["account_id"] == account
    (listed,) = [
        each
        for each in crm.get("/api/opportunities/?limit=100")["opportunities"]
        if each["name"] == "First deal"
    ]
    crm.patch(
        f"/api/opportunities/{listed['id']}/", {"stage": "CLOSED_WON", "closed_on": "2026-11-20"}
    )
    sent = deliveries(crm)
    assert set(sent) == {"deal.updated", "deal.won"}
    for each in sent.values():
        status, told = served.hook(each)
        assert status == 200, told
    assert served.stopped().question(account).facts["opportunities"] == [
        {
            "opened": listed["created_at"][:10],
            "stage": "won",
            "amount": 90_000,
            "expected": None,
            "closed": "2026-11-20",
        }
    ]


def test_a_delivery_that_comes_again_is_posted_once(crm, served):
    crm.post("/api/accounts/", {"name": "Novel Works"})
    delivery = deliveries(crm)["account.created"]
    assert served.hook(delivery)[1]["results"][0]["repeated"] is False
    assert served.hook(delivery)[1]["results"][0]["repeated"] is True
    # a redelivery by hand is another delivery of the same event, signed anew
    again = signed(json.loads(delivery["body"]), crm.bottle.secret, int(time.time()) - 60)
    assert (
        served.hook({"headers": again.headers, "body": again.body.decode()})[1]["results"][0][
            "repeated"
        ]
        is True
    )
    _, log = served.get("/log?after=0&limit=100")
    assert len([each for each in log["entries"] if each["kind"] == "event"]) == 1


def test_what_is_not_bottlecrms_is_refused_and_changes_nothing(crm, served):
    crm.post("/api/accounts/", {"name": "Novel Works"})
    delivery = deliveries(crm)["account.created"]
    header = delivery["headers"]["X-BottleCRM-Signature"]
    old = signed(json.loads(delivery["body"]), crm.bottle.secret, int(time.time()) - 301)
    assert old.body.decode() == delivery["body"]
    stale = {"X-BottleCRM-Signature": old.headers["x-bottlecrm-signature"]}
    for changed, told in [
        ({"body": delivery["body"].replace("Novel", "Other")}, "its body was changed"),
        (
            {
                "headers": {
                    "X-BottleCRM-Signature": header[:-1] + ("0" if header[-1] != "0" else "1")
                }
            },
            "our secret",
        ),
        ({"headers": {"X-BottleCRM-Signature": ""}}, "not of the form"),
        ({"headers": {"X-BottleCRM-Signature": "v1=abc"}}, "not of the form"),
        ({"headers": stale}, "not of the last 5 minutes"),
    ]:
        status, problem = served.hook(delivery, **changed)
        assert (status, problem["code"]) == (401, "KR867"), problem
        assert told in problem["detail"]
    del delivery["headers"]["X-BottleCRM-Signature"]
    status, problem = served.hook(delivery)
    assert status == 401
    assert "no header `X-BottleCRM-Signature`" in problem["detail"]
    assert served.get("/actions")[1]["actions"] == []


def test_a_book_that_was_filled_decides_as_a_run_and_follows_what_happens(crm, served):
    done = served.fill()
    assert done.returncode == 0, done.stderr
    assert "accounts: 10 rows" in done.stderr
    again = served.fill()
    assert again.returncode == 0, again.stderr
    book = subprocess.run(
        [sys.executable, "-m", "kamrules_bottlecrm"],
        env=served.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    (served.folder / "book.toml").write_text(book.stdout)
    run = kamrules(
        served.folder,
        served.environ,
        "run",
        "book.toml",
        "--as-of",
        "2026-11-28",
        "--format",
        "jsonl",
        "--out",
        "out",
    )
    assert run.returncode == 0, run.stderr
    lines = (served.folder / "out/decisions.jsonl").read_text().splitlines()
    decided = [json.loads(line) for line in lines]
    assert len(decided) == 10
    for each in decided:
        status, told = served.get(f"/accounts/{each['account_id']}/decision")
        assert status == 200
        assert (told["class"], told["tier"]) == (each["class"], each["tier"])
        scores = {one["id"]: one["value"] for one in told["scores"]}
        assert {name: each[name] for name in scores} == pytest.approx(scores)
    # what a webhook tells of a row that was filled in changes that row, and adds none
    deal = crm.get("/api/opportunities/?limit=1")["opportunities"][0]
    crm.patch(f"/api/opportunities/{deal['id']}/", {"amount": "123456.00"})
    assert served.hook(deliveries(crm)["deal.updated"])[0] == 200
    rows = served.stopped().question(deal["account"]["id"]).facts["opportunities"]
    listed = crm.get(f"/api/opportunities/?account={deal['account']['id']}&limit=100")[
        "opportunities"
    ]
    assert sorted(each["amount"] for each in rows) == sorted(
        float(each["amount"]) for each in listed
    )
    assert 123_456 in [each["amount"] for each in rows]


def test_a_service_that_is_not_there_is_told(crm, tmp_path):
    environ = variables(tmp_path, crm.url, crm.token, KAMRULES_TOKEN=TOKEN)
    done = Served("http://127.0.0.1:9", environ, tmp_path).fill()
    assert done.returncode == 4
    assert "KR729" in done.stderr
    assert TOKEN not in done.stderr


# without a server: what each event is in the book


def signed(body, secret=SECRET, at=None):
    text = json.dumps(body, separators=(",", ":")).encode()
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.".encode() + text, hashlib.sha256).hexdigest()
    headers = {"x-bottlecrm-signature": f"t={at},v1={digest}"}
    return WebhookRequest("POST", "/hooks/bottlecrm", headers, text, time.time())


def events(event, data):
    return list(
        verify(signed({"id": "e-1", "event": event, "data": data}), f"whsec_older {SECRET}")
    )


def test_events_become_rows_as_the_book_file_maps_them():
    deal = {"id": "d", "account_id": "a", "amount": "10.50", "currency": "USD", "closed_on": "2026-12-01",
            "created_at": "2026-11-01T10:00:00Z"}  # fmt: skip
    base = {"key": "bottlecrm:e-1", "account_id": "a", "table": "opportunities", "row_id": "d"}
    row = {"opened": "2026-11-01", "amount": 10.5}
    assert events("deal.created", deal | {"stage": "QUALIFICATION"}) == [
        base
        | {"op": "insert", "row": row | {"stage": "open", "expected": "2026-12-01", "closed": None}}
    ]
    assert events("deal.updated", deal | {"stage": "DEMO_BOOKED"}) == [
        base | {"op": "update", "row": row}
    ]
    assert events("deal.lost", deal | {"stage": "GONE"}) == [
        base
        | {"op": "update", "row": row | {"stage": "lost", "expected": None, "closed": "2026-12-01"}}
    ]
    assert events("deal.deleted", deal | {"stage": "GONE"}) == [base | {"op": "delete"}]


def test_events_about_other_things_are_taken_and_tell_nothing():
    assert events("ping", {}) == []
    assert events("task.created", {"id": "t", "account_id": "a"}) == []
    assert events("ticket.comment_added", {"id": "c", "ticket_id": "t"}) == []
    assert events("deal.created", {"id": "d", "account_id": None, "currency": "USD"}) == []
    assert (
        events("deal.created", {"id": "d", "account_id": "a", "currency": "EUR", "amount": "1"})
        == []
    )


def test_a_ticket_is_settled_on_a_day_only_when_its_status_says_so():
    ticket = {"id": "t", "account_id": "a", "priority": "Urgent", "case_type": "Problem",
              "closed_on": "2026-11-02", "created_at": "2026-11-01T00:00:00Z"}  # fmt: skip
    for status, closed in [("Closed", "2026-11-02"), ("Assigned", None)]:
        (found,) = events("ticket.updated", ticket | {"status": status})
        assert found["table"] == "complaints"
        assert found["row"] == {
            "opened": "2026-11-01",
            "closed": closed,
            "kind": "complaint",
            "severity": 3,
        }


def test_an_account_has_no_row_id_and_its_deletion_takes_it_out():
    account = {"id": "a", "name": "0123", "industry": "", "annual_revenue": "5198175.00"}
    (found,) = events("account.updated", account)
    assert found == {
        "key": "bottlecrm:e-1", "account_id": "a", "table": "accounts", "op": "update",
        "row": {"name": "0123", "industry": None, "annual_revenue": 5_198_175},
    }  # fmt: skip
    assert events("account.deleted", account) == [
        {"key": "bottlecrm:e-1", "account_id": "a", "table": "accounts", "op": "delete"}
    ]


@pytest.mark.parametrize(
    "body", [[], {}, {"id": 5, "event": "account.created"}, {"id": "x" * 101, "event": "e"}, "x"]
)
def test_a_body_of_another_form_is_refused(body):
    with pytest.raises(WebhookRefusedError, match="none of BottleCRM"):
        verify(signed(body), SECRET)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 10**6), flip=st.integers(1, 255), header=st.text(max_size=90))
def test_nothing_signed_can_be_changed(at, flip, header):
    request = signed({"id": "e-1", "event": "account.updated", "data": {"id": "a", "name": "Acme"}})
    assert len(verify(request, SECRET)) == 1
    body = bytearray(request.body)
    body[at % len(body)] ^= flip
    for wrong in (
        WebhookRequest("POST", request.url, request.headers, bytes(body), request.received),
        WebhookRequest(
            "POST", request.url, {"x-bottlecrm-signature": header}, request.body, request.received
        ),
        WebhookRequest("POST", request.url, {}, request.body, request.received),
        WebhookRequest("POST", request.url, request.headers, request.body, request.received + 3600),
    ):
        with pytest.raises(WebhookRefusedError):
            verify(wrong, SECRET)
    with pytest.raises(WebhookRefusedError, match="our secret"):
        verify(request, SECRET[:-1])
