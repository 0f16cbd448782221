"""Webhooks: how they are signed, where they may go, and what one try to deliver does."""

from __future__ import annotations

import base64
import socket
import threading
import time

import pytest

from kamrules import UsageError
from kamrules.serve import receivers
from kamrules.serve.receivers import Receiver, deliver
from kamrules.serve.signing import Secrets
from tests.serve.receiving import receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_delivery_is_signed_as_standard_webhooks_sign():
    # what the specification's own library for Python makes of the same
    signed = Secrets.of(SECRET).headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_sign_side_by_side_while_receivers_change():
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    both = Secrets.of(f"{SECRET} {other}").headers("m", 1, b"{}")["webhook-signature"]
    alone = [
        Secrets.of(each).headers("m", 1, b"{}")["webhook-signature"] for each in (SECRET, other)
    ]
    assert both == " ".join(alone)


@pytest.mark.parametrize(
    "text", ["", "hidden", SECRET[6:], "whsec_short", "whsec_" + "A" * 200, "whsec_!!" + SECRET[8:]]
)
def test_a_secret_of_another_form_is_refused_without_being_shown(text):
    with pytest.raises(UsageError, match="KR843") as told:
        Secrets.of(text)
    assert not text or text not in str(told.value)
    assert "openssl rand -base64 32" in str(told.value)


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("https://crm.example.com", "crm.example.com", 443, "/"),
        ("https://crm.example.com:8443/a/b?c=d", "crm.example.com", 8443, "/a/b?c=d"),
        ("http://127.0.0.1:9/x", "127.0.0.1", 9, "/x"),
        ("http://[::1]:9/", "::1", 9, "/"),
        ("http://localhost/", "localhost", 80, "/"),
    ],
)
def test_webhooks_go_to_https_and_to_this_machine(url, host, port, target):
    found = Receiver.of(url)
    assert (found.host, found.port, found.target) == (host, port, target)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://crm.example.com/", "is http to another machine, which anyone between can read"),
        ("http://127.0.0.1.example.com/", "is http to another machine"),
        ("ftp://localhost/", "is neither https nor http"),
        ("crm.example.com", "is no URL such as https://crm.example.com/kamrules"),
        ("https://crm.example.com:99999/", "is no URL"),
        ("https://me:pass@crm.example.com/", "holds a user's name"),
        ("https://crm.example.com/a\nb", "is no URL"),
    ],
)
def test_other_urls_are_refused(url, told):
    with pytest.raises(UsageError, match="KR843") as error:
        Receiver.of(url)
    assert told in str(error.value)
    assert "pass" not in str(error.value)


def test_a_receiver_is_named_without_what_may_be_secret():
    found = Receiver.of("https://crm.example.com/hook?token=s3cret")
    assert "s3cret" not in found.shown + found.name
    assert found.name != Receiver.of("https://crm.example.com/hook?token=other").name


def test_a_delivery_arrives_with_its_headers():
    with receiving([200]) as there:
        status = deliver(Receiver.of(there.url), b'{"a": 1}', {"webhook-id": "m"})
        ((headers, body),) = there.came
    assert status == 200
    assert body == b'{"a": 1}'
    assert headers["webhook-id"] == "m"
    assert headers["content-type"] == "application/cloudevents+json"


def test_a_redirect_is_not_followed():
    with receiving() as elsewhere, receiving([307], {"location": elsewhere.url}) as there:
        assert deliver(Receiver.of(there.url), b"{}", {}) == 307
    assert not elsewhere.came


def test_a_receiver_that_answers_byte_by_byte_is_left_in_time(monkeypatch):
    monkeypatch.setattr(receivers, "SECONDS", 0.5)
    ended = threading.Event()

    def drip(listening):
        connection, _ = listening.accept()
        with connection:
            while not ended.wait(0.1):
                try:
                    connection.send(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=[listening])
        thread.start()
        start = time.monotonic()
        with pytest.raises((OSError, receivers.http.client.HTTPException)):
            deliver(Receiver.of(f"http://127.0.0.1:{listening.getsockname()[1]}/"), b"{}", {})
        took = time.monotonic() - start
        ended.set()
        thread.join()
    assert took < 5
