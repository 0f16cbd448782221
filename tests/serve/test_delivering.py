"""Changes reach every receiver, in order and at least once, whatever the receivers do."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import threading
from base64 import b64decode, b64encode

import pytest

from kamrules.live.book import LiveBook
from kamrules.serve.delivering import Backoff, Delivery
from kamrules.serve.measures import Measures
from kamrules.serve.receivers import Receiver
from kamrules.serve.signing import Secrets
from tests.serve.receiving import PATIENCE, receiving
from tests.serve.scene import DAY, written

KEY = b"0123456789abcdef0123456789abcdef"
SECRETS = Secrets.of("whsec_" + b64encode(KEY).decode())
SOON = Backoff(first=0.01, most=0.02)


@pytest.fixture
def book(tmp_path):
    with LiveBook(written(tmp_path), tmp_path / "book.db", as_of=DAY) as found:
        yield found


@contextlib.contextmanager
def delivering(book, *urls):
    """Deliver to receivers while the block runs; give the deliveries."""
    told: list[str] = []
    found = [
        Delivery(
            Receiver.of(each), book, SECRETS, measures=Measures(), tell=told.append, backoff=SOON
        )
        for each in urls
    ]
    for each in found:
        each.told = told
        each.start()
    yield found
    for each in found:
        each.end()
    for each in found:
        each.join(PATIENCE)
        assert not each.is_alive()


def post(book, deliveries, account_id, number, **row):
    """Post an event that changes something, and tell the deliveries."""
    found = book.post(
        {"key": f"{account_id}{number}", "account_id": account_id, "table": "accounts", "row": row}
    )
    for each in deliveries:
        each.wake()
    return found


def events(came):
    return [json.loads(body) for _, body in came]


def test_a_change_is_told_as_a_signed_cloud_event(book):
    with receiving() as there, delivering(book, there.url) as deliveries:
        posted = post(book, deliveries, "ACME", 1, name="Acme")
        ((headers, body),) = there.wait_for(1)
    event = json.loads(body)
    assert event["type"] == "kamrules.decision.changed"
    assert event["subject"] == "ACME"
    assert event["data"]["entry"] == posted.entry
    assert event["data"]["changes"] == posted.changes.as_json()
    assert headers["webhook-id"] == event["id"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    version, _, signature = headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert b64decode(signature) == hmac.new(KEY, signed, hashlib.sha256).digest()


def test_what_changes_nothing_is_not_told(book):
    with receiving() as there, delivering(book, there.url) as deliveries:
        post(book, deliveries, "ACME", 1, name="Acme")
        there.wait_for(1)
        assert not book.post(
            {"key": "2", "account_id": "ACME", "table": "orders", "row": {"amount": 1}}
        ).changes
        post(book, deliveries, "OTHER", 3, name="Other")
        assert [each["subject"] for each in events(there.wait_for(2))] == ["ACME", "OTHER"]


@pytest.mark.parametrize("status", [500, 400, 404, 302])
def test_what_is_refused_is_told_again_unchanged_until_it_is_taken_and_then_the_next(book, status):
    with receiving([status, status]) as there, delivering(book, there.url) as deliveries:
        post(book, deliveries, "A", 1, name="A")
        post(book, deliveries, "B", 2, name="B")
        came = there.wait_for(4)
        told = list(deliveries[0].told)
    assert [each["subject"] for each in events(came)] == ["A", "A", "A", "B"]
    assert len({body for _, body in came[:3]}) == 1
    assert len({headers["webhook-id"] for headers, _ in came[:3]}) == 1
    assert f"failed ({status})" in told[0]
    assert "secret=in-the-query" not in told[0]


def test_nothing_is_lost_while_a_receiver_or_the_service_is_down(book):
    with receiving() as there, delivering(book, there.url) as deliveries:
        post(book, deliveries, "A", 1, name="A")
        there.wait_for(1)
        url = there.url
    port = int(url.split(":")[2].split("/")[0])
    with delivering(book, url) as deliveries:
        # the receiver is down
        post(book, deliveries, "B", 2, name="B")
        post(book, deliveries, "C", 3, name="C")
    # and now the service too; events come before anybody delivers again
    post(book, (), "D", 4, name="D")
    with receiving(port=port) as again, delivering(book, url):
        assert [each["subject"] for each in events(again.wait_for(3))] == ["B", "C", "D"]


def test_a_receiver_that_hangs_keeps_neither_events_nor_others_waiting(book):
    hold = threading.Event()
    with (
        receiving(hold=hold) as slow,
        receiving() as quick,
        delivering(book, slow.url, quick.url) as deliveries,
    ):
        for number in range(3):
            post(book, deliveries, f"A{number}", number, name="A")
        quick.wait_for(3)
        assert not slow.came
        assert deliveries[0].backlog >= 3
        hold.set()
        slow.wait_for(3)


def test_a_receiver_that_is_gone_is_left_alone_until_a_restart(book):
    with receiving([410]) as there:
        with delivering(book, there.url) as deliveries:
            post(book, deliveries, "A", 1, name="A")
            there.wait_for(1)
            post(book, deliveries, "B", 2, name="B")
        assert len(there.came) == 1
        with delivering(book, there.url):
            assert [each["subject"] for each in events(there.wait_for(3))] == ["A", "A", "B"]


def test_a_new_receiver_is_told_from_now_on(book):
    post(book, (), "A", 1, name="A")
    with receiving() as there, delivering(book, there.url) as deliveries:
        post(book, deliveries, "B", 2, name="B")
        assert events(there.wait_for(1))[0]["subject"] == "B"


def test_a_new_day_tells_each_account_that_it_changes(book):
    import datetime

    for name in ("A", "B"):
        post(book, (), name, 1, name=name)
        book.post(
            {"key": f"o{name}", "account_id": name, "table": "orders", "row": {"amount": 5000}}
        )
    with receiving() as there, delivering(book, there.url) as deliveries:
        book.tick(DAY + datetime.timedelta(7))
        deliveries[0].wake()
        came = events(there.wait_for(2))
    assert sorted(each["subject"] for each in came) == ["A", "B"]
    assert came[0]["data"]["kind"] == "tick"
    assert came[0]["data"]["changes"]["actions"][0]["change"] == "due"


def test_the_wait_grows_up_to_its_limit():
    backoff = Backoff(first=1, most=300)
    longest = [max(backoff.seconds(tries) for _ in range(200)) for tries in (1, 2, 5, 9, 50, 5000)]
    least = [min(backoff.seconds(tries) for _ in range(200)) for tries in (1, 2, 5, 9, 50, 5000)]
    for found, wanted in zip(longest, (1, 2, 16, 256, 300, 300), strict=True):
        assert 0.9 * wanted <= found <= wanted
    for found, wanted in zip(least, (1, 2, 16, 256, 300, 300), strict=True):
        assert 0.5 * wanted <= found <= 0.6 * wanted
