"""The installed command, end to end: from a token on the screen to a webhook after a kill."""

from __future__ import annotations

import datetime
import json
import signal
import threading
from base64 import b64encode

import pytest

from kamrules.live.book import LiveBook
from tests.serve.receiving import receiving
from tests.serve.scene import RULES, cloud_event, written
from tests.serve.serving import serving

SECRET = "whsec_" + b64encode(b"x" * 32).decode()
LARGE = {"date": "2026-06-01", "amount": 5000}


def test_from_an_event_to_a_settled_action_with_webhooks_to_a_receiver_that_fails_at_first(
    tmp_path,
):
    written(tmp_path)
    with (
        receiving([500, 503]) as there,
        serving(
            tmp_path, "--webhook", there.url, token=None, KAMRULES_WEBHOOK_SECRET=SECRET
        ) as found,
    ):
        served = found.ready()
        assert (
            served.client.get("/accounts/ACME/decision", headers={"authorization": ""}).status_code
            == 401
        )
        assert served.post_event(cloud_event(row={"name": "Acme"}, id="1")).status_code == 200
        told = served.post_event(cloud_event("ACME", "orders", LARGE, id="2")).json()
        item = told["changes"]["actions"][0]["item"]
        decision = served.client.get("/accounts/ACME/decision").json()
        assert (decision["class"], decision["as_of"]) == ("key", "2026-06-30")
        done = served.client.post(f"/actions/{item}/outcome", json={"status": "done"}).json()
        assert done["changes"]["actions"][0]["change"] == "done"
        came = [json.loads(body) for _, body in there.wait_for(5)]
        assert [each["data"]["entry"] for each in came][2:] == [
            told["entry"] - 1, told["entry"], done["entry"],
        ]  # fmt: skip
        assert came[0] == came[1] == came[2]
        assert served.end() == 0
        said = "\n".join(found.said)
    assert said.count(found.token) == 1
    assert "in-the-query" not in said
    assert "Acme" not in said


def test_after_a_kill_events_are_there_once_and_deliveries_go_on(tmp_path):
    written(tmp_path)
    with receiving() as there:
        port = there.url.split(":")[2].split("/")[0]
    words = ("--webhook", there.url, "--workers", "0")
    events = [cloud_event(f"A{number}", row={"name": "x"}, id=str(number)) for number in range(6)]
    with serving(tmp_path, *words, KAMRULES_WEBHOOK_SECRET=SECRET) as found:
        served = found.ready()
        assert [served.post_event(each).json()["repeated"] for each in events[:4]] == [False] * 4
        assert served.end(signal.SIGKILL) == -signal.SIGKILL
    with (
        receiving(port=int(port)) as there,
        serving(tmp_path, *words, KAMRULES_WEBHOOK_SECRET=SECRET) as found,
    ):
        served = found.ready()
        repeated = [served.post_event(each).json()["repeated"] for each in events]
        assert repeated == [True] * 4 + [False] * 2
        came = [json.loads(body)["subject"] for _, body in there.wait_for(6)]
        assert came == [f"A{number}" for number in range(6)]
        assert served.end() == 0
    with LiveBook(tmp_path / "small.toml", tmp_path / "book.db") as book:
        assert book.verify() == []
        assert book.count() == 6


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_postings_under_way_are_finished_before_the_end(tmp_path, how):
    written(tmp_path)
    with serving(tmp_path, "--workers", "0") as found:
        served = found.ready()
        answers = []

        def post():
            events = [
                cloud_event(f"A{each}", row={"name": "x"}, id=str(each)) for each in range(1000)
            ]
            media = {"content-type": "application/cloudevents-batch+json"}
            answers.append(served.client.post("/events", json=events, headers=media))

        served.client.get("/health")
        thread = threading.Thread(target=post)
        thread.start()
        while served.client.get("/metrics").text.find('kamrules_waiting{for="answer"} 1.0') < 0:
            if answers:
                break
        status = served.end(how)
        thread.join(60)
    assert status == 0
    assert {each["status"] for each in answers[0].json()["results"]} == {200}
    assert found.said[-1] == "kamrules: ended"


@pytest.mark.parametrize(
    ("words", "environ", "status", "told"),
    [
        (
            ["--token-file", "tokens"],
            {},
            2,
            "error[KR842]: token file `tokens` cannot be read: no such file",
        ),
        (
            ["--no-auth", "--host", "0.0.0.0"],
            {},
            2,
            "error[KR842]: `--no-auth` would open the service to everyone",
        ),
        (
            ["--webhook", "http://crm.example.com"],
            {},
            2,
            "error[KR843]: webhook `http://crm.example.com` is http",
        ),
        (
            ["--webhook", "https://crm.example.com"],
            {},
            2,
            "error[KR843]: no secret is given to sign webhooks with",
        ),
        (
            ["--webhook", "https://x.example"],
            {"KAMRULES_WEBHOOK_SECRET": "hidden"},
            2,
            "error[KR843]: a webhook secret",
        ),
        (["--max-body", "huge"], {}, 2, "error[KR812]: "),
        (["--as-of", "today"], {}, 2, "error[KR812]: "),
        (["--set", "large=many"], {}, 2, "error[KR"),
        (["--language", "tlh"], {}, 2, "error[KR804]: "),
    ],
)
def test_what_keeps_it_from_starting_is_told(tmp_path, words, environ, status, told):
    written(tmp_path)
    with serving(tmp_path, *words, "--workers", "0", **environ) as found:
        found.wait_for(told)
        assert found.process.wait(60) == status
    assert "Traceback" not in "\n".join(found.said)
    assert "hidden" not in "\n".join(found.said)


def test_a_broken_ruleset_a_taken_port_and_a_taken_store_keep_it_from_starting(tmp_path):
    written(tmp_path)
    with serving(tmp_path, "--workers", "0") as found:
        served = found.ready()
        port = served.url.rpartition(":")[2]
        with serving(tmp_path, "--workers", "0") as second:
            second.wait_for("error[KR823]")
            assert second.process.wait(60) == 4
        with serving(tmp_path, "--workers", "0", "--port", port, store="other.db") as third:
            third.wait_for("error[KR841]: the service cannot listen at `127.0.0.1` port " + port)
            assert third.process.wait(60) == 2
        assert served.client.get("/health").status_code == 200
    written(tmp_path, RULES.replace("bought >= large", "bought >= larg"))
    with serving(tmp_path, "--workers", "0") as broken:
        broken.wait_for("help: did you mean `large`?")
        assert broken.process.wait(60) == 3


def test_an_edited_ruleset_is_taken_over_and_a_broken_one_told(tmp_path):
    written(tmp_path)
    with serving(tmp_path, "--workers", "0", "--watch") as found:
        served = found.ready()
        written(tmp_path, RULES.replace("bought >= large", "bought >= larg"))
        found.wait_for("the ruleset is broken, and the old one stays")
        found.wait_for("did you mean `large`?")
        assert served.client.get("/health").json()["version"] == "1"
        written(tmp_path, RULES.replace('version = "1"', 'version = "2"'))
        found.wait_for("`small` 2 decides from now on")
        assert served.client.get("/health").json()["version"] == "2"
        assert served.end() == 0


def test_without_a_date_the_book_follows_the_clock(tmp_path):
    written(tmp_path)
    before = datetime.date.today()  # noqa: DTZ011
    with serving(tmp_path, "--workers", "0", as_of=None) as found:
        served = found.ready()
        at = served.client.get("/health").json()["as_of"]
        assert before.isoformat() <= at <= datetime.date.today().isoformat()  # noqa: DTZ011


def test_without_a_token_everyone_on_this_machine_may_ask_where_that_is_wanted(tmp_path):
    written(tmp_path)
    with serving(tmp_path, "--workers", "0", "--no-auth", "--quiet") as found:
        served = found.ready()
        assert served.client.get("/actions", headers={"authorization": ""}).status_code == 200
        assert len(found.said) == 1


def test_a_check_ends_before_anything_is_opened(tmp_path):
    written(tmp_path)
    with serving(tmp_path, "--check") as found:
        found.wait_for("ruleset, tokens and webhooks are in order")
        assert found.process.wait(60) == 0
    assert not (tmp_path / "book.db").exists()
