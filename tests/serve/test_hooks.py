"""Webhooks that others send: who is believed, what is posted, and what each refusal says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamrules import DataError, UsageError
from kamrules.adapters.webhooks import verify_hubspot, verify_standard
from kamrules.contracts import WebhookRefusedError, WebhookRequest
from kamrules.serve.hooks import Hook, hooks_of
from kamrules.serve.signing import Secrets
from tests.serve.scene import RULES, cloud_event, served
from tests.serve.serving import serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another secret of 32 bytes, or so").decode()
SENDERS = {"standard": verify_standard, "hubspot": verify_hubspot}


@pytest.fixture
def asked(tmp_path):
    with served(tmp_path) as found:
        found.service.hooks = {"standard": Hook("standard", verify_standard, SECRET)}
        yield found


def signed(event, identity="msg_1", *, secret=SECRET, at=None):
    """Return the body of an event and the headers that sign it."""
    body = json.dumps(event).encode()
    seconds = int(time.time()) if at is None else at
    return body, Secrets.of(secret).headers(identity, seconds, body)


def send(asked, body, headers, name="standard"):
    # without the service's token
    return asked.client.post(f"/hooks/{name}", content=body, headers=headers)


def arrival(**more):
    return cloud_event("ACME", "accounts", {"name": "Acme"}, id="x", **more)


def test_a_signed_webhook_is_posted_without_a_token(asked):
    answer = send(asked, *signed(arrival()))
    assert answer.status_code == 200
    (posted,) = answer.json()["results"]
    assert posted["account_id"] == "ACME"
    assert posted["changes"]["arrived"] is True
    assert asked.get("/accounts/ACME/decision").json()["name"] == "Acme"


def test_one_that_comes_again_is_known_again_and_posted_once(asked):
    first = send(asked, *signed(arrival()))
    head = asked.service.book.head
    again = send(asked, *signed(arrival(), at=int(time.time()) - 30))
    assert again.status_code == 200
    assert again.json()["results"][0]["repeated"] is True
    assert again.json()["results"][0]["changes"] == first.json()["results"][0]["changes"]
    assert asked.service.book.head == head


def test_another_content_under_the_same_delivery_is_a_conflict(asked):
    send(asked, *signed(arrival()))
    other = cloud_event("ACME", "accounts", {"name": "Other"}, id="x")
    answer = send(asked, *signed(other))
    assert answer.status_code == 409
    assert answer.json()["code"] == "KR814"


def changed(body=b"", **headers):
    """Return what makes a webhook that is believed into another one: more body, other headers."""

    def make():
        right, signatures = signed(arrival())
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return right + body, signatures | named

    return make


# name: (what makes body and headers when the test runs, since a signature grows old, and what is told)
NOT_BELIEVED = {
    "no headers": (lambda: (signed(arrival())[0], {}), "it has no header `webhook-id`"),
    "no signature": (changed(webhook_signature=""), "it has no header `webhook-signature`"),
    "a short signature": (changed(webhook_signature="v1,AAAA"), "not made with our secret"),
    "no form": (changed(webhook_signature="nonsense"), "not made with our secret"),
    "no base64": (changed(webhook_signature="v1a,\u00e9"), "not made with our secret"),
    "another id": (changed(webhook_id="msg_2"), "not made with our secret"),
    "another body": (changed(body=b" "), "not made with our secret, or its body was changed"),
    "another secret": (lambda: signed(arrival(), secret=OTHER), "not made with our secret"),
    "old": (lambda: signed(arrival(), at=int(time.time()) - 301), "not of the last 5 minutes"),
    "early": (lambda: signed(arrival(), at=int(time.time()) + 4_000), "not of the last 5 minutes"),
    "another type": (lambda: signed({"type": "order.paid"}), "is no CloudEvent"),
    "a list": (lambda: signed([1]), "is no CloudEvent"),
}


@pytest.mark.parametrize("name", NOT_BELIEVED)
def test_one_that_is_not_believed_is_told_why_and_changes_nothing(asked, name):
    make, told = NOT_BELIEVED[name]
    body, headers = make()
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = send(asked, body, encoded)
    assert answer.status_code == 401
    problem = answer.json()
    assert problem["code"] == "KR867"
    assert told in problem["detail"]
    assert SECRET not in answer.text
    assert base64.b64decode(SECRET[6:]).hex() not in answer.text
    assert asked.service.book.count() == 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_byte_of_a_body_and_no_part_of_a_signature_can_be_changed(data):
    body, headers = signed(arrival())
    request = WebhookRequest("POST", "/hooks/standard", headers, body, time.time())
    assert len(verify_standard(request, SECRET)) == 1
    at = data.draw(st.integers(0, len(body) - 1))
    changed = bytearray(body)
    changed[at] ^= data.draw(st.integers(1, 255))
    name = data.draw(st.sampled_from(sorted(headers)))
    value = data.draw(st.text(alphabet=st.characters(codec="latin-1"), max_size=60))
    for wrong in (
        WebhookRequest("POST", "/hooks/standard", headers, bytes(changed), time.time()),
        WebhookRequest("POST", "/hooks/standard", headers | {name: value}, body, time.time()),
    ):
        if wrong.headers[name] != headers[name] or wrong.body != body:
            with pytest.raises(WebhookRefusedError):
                verify_standard(wrong, SECRET)


def test_two_secrets_are_believed_while_one_replaces_the_other(asked):
    asked.service.hooks = {"standard": Hook("standard", verify_standard, f"{OTHER} {SECRET}")}
    assert send(asked, *signed(arrival(), "a")).status_code == 200
    assert send(asked, *signed(arrival(), "b", secret=OTHER)).status_code == 200


def test_a_sender_whose_hook_is_not_open_is_told_how(asked):
    answer = send(asked, *signed(arrival()), name="hubspot")
    assert answer.status_code == 404
    assert "--hook" in answer.json()["diagnostics"][0]["help"]
    assert send(asked, b"", {}, name="%60%1B%5B31m").status_code == 404


def test_a_change_of_a_row_that_is_not_there_puts_it_in_and_is_known_again(asked):
    send(asked, *signed(arrival()))
    row = {"amount": 5_000, "date": "2026-06-01"}
    change = cloud_event("ACME", "orders", row, "updated", row_id="7", id="x")
    answer = send(asked, *signed(change, "msg_2"))
    assert answer.status_code == 200
    assert answer.json()["results"][0]["changes"]["class"]["to"] == "key"
    again = send(asked, *signed(change, "msg_2"))
    assert again.json()["results"][0]["repeated"] is True
    more = cloud_event("ACME", "orders", {"amount": 1}, "updated", row_id="7", id="x")
    assert (
        send(asked, *signed(more, "msg_3")).json()["results"][0]["changes"]["class"]["to"]
        == "ordinary"
    )
    facts = asked.service.book.question("ACME").facts
    assert facts["orders"] == [{"amount": 1, "date": "2026-06-01"}]


def test_what_is_to_go_may_have_gone_already(asked):
    send(asked, *signed(arrival()))
    gone = cloud_event("ACME", "orders", None, "deleted", row_id="7", id="x")
    answer = send(asked, *signed(gone, "msg_2"))
    assert answer.status_code == 200
    assert answer.json() == {"results": []}


def test_a_row_of_an_account_that_is_not_there_is_refused(asked):
    order = cloud_event("NOBODY", "orders", {"amount": 1}, row_id="7", id="x")
    answer = send(asked, *signed(order))
    assert answer.status_code == 422
    assert answer.json()["code"] == "KR815"


def test_a_column_that_the_ruleset_does_not_know_is_refused_as_any_event_is(asked):
    event = cloud_event("ACME", "accounts", {"nme": "Acme"}, id="x")
    answer = send(asked, *signed(event))
    assert answer.status_code == 422
    assert "`name`" in answer.text


def test_a_sender_that_fails_is_told_without_its_own_words(asked):
    def verify(request, secret):
        raise RuntimeError(f"the secret is {secret}")

    asked.service.hooks = {"broken": Hook("broken", verify, SECRET)}
    answer = send(asked, b"{}", {}, name="broken")
    assert answer.status_code == 500
    assert answer.json()["code"] == "KR869"
    assert "RuntimeError" in answer.json()["detail"]
    assert SECRET not in answer.text
    assert SECRET not in repr(asked.service.hooks)
    assert not any(SECRET in each for each in (*asked.told, *asked.lines))


def test_events_that_are_none_are_refused_with_what_is_wrong(asked):
    asked.service.hooks = {"odd": Hook("odd", lambda *_: [{"key": "1", "account": "ACME"}], SECRET)}
    answer = send(asked, b"{}", {}, name="odd")
    assert answer.status_code == 422
    assert {each["code"] for each in answer.json()["diagnostics"]} == {"KR813"}


def test_a_body_that_is_too_long_is_not_read(asked):
    answer = send(asked, b"x" * 100_001, signed(arrival())[1])
    assert answer.status_code == 413


def test_webhooks_are_counted_as_events_are(asked):
    send(asked, *signed(arrival()))
    send(asked, *signed(arrival()))
    told = asked.get("/metrics").text
    assert 'kamrules_events_total{result="applied"} 1.0' in told
    assert 'kamrules_events_total{result="repeated"} 1.0' in told


# what HubSpot's documentation says of its signature, version 3


def hubspot(
    events, *, secret="a-client-secret-of-an-app", moment=None, url="/hooks/hubspot?a=b%3Ac"
):
    body = json.dumps(events).encode()
    moment = int(time.time() * 1000) if moment is None else moment
    text = b"POSThttps://kam.example.com/hooks/hubspot?a=b:c" + body + str(moment).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
    headers = {
        "host": "kam.example.com", "x-hubspot-signature-v3": signature,
        "x-hubspot-request-timestamp": str(moment),
    }  # fmt: skip
    return WebhookRequest("POST", url, headers, body, time.time())


CHANGE = {
    "eventId": 100, "subscriptionId": 7, "objectId": 42, "occurredAt": 1_764_000_000_000,
    "subscriptionType": "company.propertyChange", "propertyName": "annualrevenue", "propertyValue": "1500000",
}  # fmt: skip


def test_hubspot_tells_changes_of_companies():
    told = [
        CHANGE,
        {**CHANGE, "propertyName": "name", "propertyValue": "Acme"},
        {**CHANGE, "propertyName": "color", "propertyValue": "red"},
        {**CHANGE, "subscriptionType": "company.creation", "eventId": 1, "propertyName": None},
        {**CHANGE, "subscriptionType": "company.deletion", "eventId": 2},
        {**CHANGE, "subscriptionType": "deal.propertyChange"},
    ]
    events = verify_hubspot(hubspot(told), "a-client-secret-of-an-app")
    assert [(each["op"], each.get("row")) for each in events] == [
        ("update", {"annual_revenue": 1_500_000}),
        ("update", {"name": "Acme"}),
        ("update", {}),
        ("delete", None),
    ]
    assert {each["account_id"] for each in events} == {"42"}
    assert len({each["key"] for each in events}) == 4
    again = verify_hubspot(hubspot([{**CHANGE, "attemptNumber": 1}]), "a-client-secret-of-an-app")
    assert again[0]["key"] == events[0]["key"]


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (hubspot([CHANGE], secret="another-secret-altogether"), "not made with our secret"),
        (hubspot([CHANGE], url="/hooks/other"), "not made with our secret"),
        (hubspot([CHANGE], moment=int(time.time() * 1000) - 301_000), "not of the last 5 minutes"),
        (hubspot([CHANGE], moment="soon"), "is no number"),
        (hubspot({"a": 1}), "is no list of events"),
        (hubspot([{**CHANGE, "objectId": None}]), "has no `eventId` or no `objectId`"),
    ],
)
def test_hubspot_is_not_believed_otherwise(request_, told):
    with pytest.raises(WebhookRefusedError, match=told):
        verify_hubspot(request_, "a-client-secret-of-an-app")


# the option


def test_secrets_are_named_and_looked_up(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    (tmp_path / "old").write_text(OTHER + "\n")
    written = [f"standard=env:HOOK_SECRET file:{tmp_path / 'old'}", "hubspot=${env:HOOK_SECRET}"]
    found = hooks_of(written, SENDERS)
    assert found["standard"].secret == f"{SECRET} {OTHER}"
    assert found["hubspot"].secret == SECRET
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (["hubspt=env:HOOK_SECRET"], r"KR868.*webhooks of `hubspt`(.|\n)*did you mean `hubspot`\?"),
        ([f"standard={SECRET}"], "KR868.*to be named(.|\n)*standard=env:NAME"),
        (["standard"], "KR868.*to be named"),
        (["standard=env:HOOK_SECRET", "standard=env:HOOK_SECRET"], "KR868.*given twice"),
        (["standard=env:SHORT_SECRET"], "KR868.*fewer than 16 characters"),
    ],
)
def test_hooks_that_cannot_be_opened_are_told_without_a_secret(written, told, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("SHORT_SECRET", "too-short")
    with pytest.raises(UsageError, match=told) as error:
        hooks_of(written, SENDERS)
    assert SECRET not in str(error.value)
    assert "too-short" not in str(error.value)


def test_a_secret_that_is_not_there_is_told():
    with pytest.raises(DataError, match=r"KR708.*`HOOK_SECRET_OF_NOBODY` is not set"):
        hooks_of(["standard=env:HOOK_SECRET_OF_NOBODY"], SENDERS)


def test_the_started_command_takes_webhooks_and_never_shows_the_secret(tmp_path):
    (tmp_path / "small.toml").write_text(RULES, encoding="utf-8")
    with serving(
        tmp_path, "--hook", "standard=env:HOOK_SECRET", "--workers", "0", HOOK_SECRET=SECRET
    ) as found:
        found.ready()
        body, headers = signed(arrival())
        del found.client.headers["authorization"]
        answer = found.client.post("/hooks/standard", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        wrong = found.client.post("/hooks/standard", content=body + b" ", headers=headers)
        assert wrong.status_code == 401
        assert found.client.post("/hooks/hubspot", content=body).status_code == 404
        assert found.client.get("/hooks/standard").status_code == 405
        assert found.client.post("/events", content=body).status_code == 401
        assert found.end() == 0
    assert not any(SECRET in each for each in found.said)
