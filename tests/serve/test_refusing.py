"""Bad input of every kind gets a status of its own and a reason, and harms nobody."""

from __future__ import annotations

import json
import re

import pytest

from kamrules.serve.problem import MEDIA_TYPE, SHOWN
from kamrules.serve.rate import Rate
from tests.serve.scene import TOKEN, cloud_event, served

ONE = "application/cloudevents+json"


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    with served(tmp_path_factory.mktemp("serve")) as found:
        assert found.event(row={"name": "Acme"}, id="first").status_code == 200
        yield found


def told(answer, status):
    """Return the problem that an answer is."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = answer.json()
    assert problem["status"] == status
    assert re.fullmatch(r"KR\d{3}", problem["code"])
    assert problem["detail"] == problem["diagnostics"][0]["message"]
    for each in problem["diagnostics"]:
        assert len(each["message"]) < SHOWN + 150
        assert (
            each["message"][0].islower()
            or each["message"][0] in "`'"
            or each["message"][0].isdigit()
        )
        assert not each["message"].endswith(".")
    return problem


@pytest.mark.parametrize(
    ("content", "status", "detail"),
    [
        (
            b"{",
            400,
            "the body is no JSON: expecting property name enclosed in double quotes, line 1, column 2",
        ),
        (b"", 400, "the body is no JSON: expecting value, line 1, column 1"),
        (b"[" * 100_000 + b"]" * 100_000, 413, "the body is longer than 100,000 bytes"),
        (b"[" * 40_000 + b"]" * 40_000, 400, "the body is nested deeper than 50 levels"),
        (b'{"a":' * 15_000 + b"0" + b"}" * 15_000, 400, "the body is nested deeper than 50 levels"),
        (b"\xff", 400, "the body is no UTF-8 text: byte 1 is not"),
        (b"[]", 422, "a CloudEvent is a JSON object"),
        (b"null", 422, "a CloudEvent is a JSON object"),
        (b"{}", 422, "the CloudEvent lacks `specversion`"),
        (
            b'{"data": NaN}',
            400,
            "the body has `NaN`, which is no JSON number; write null for unknown",
        ),
    ],
)
def test_a_body_that_is_no_event_is_refused(asked, content, status, detail):
    assert told(asked.post("/events", content=content, media=ONE), status)["detail"] == detail


@pytest.mark.parametrize(
    ("change", "code", "detail"),
    [
        ({"table": "order"}, "KR601", "the ruleset's vocabulary has no table `order`"),
        ({"row": {"nam": "x"}}, "KR601", None),
        ({"row": {"sector": "wood"}}, None, None),
        ({"row": {"sector": 5}}, None, None),
        ({"row": {"name": ["x"]}}, "KR813", None),
        ({"row": {"name": {"a": 1}}}, "KR813", None),
        (
            {"row": {f"c{number}": 1 for number in range(300)}},
            "KR813",
            "a row has at most 252 columns",
        ),
        ({"row": {"name": "x" * 10_001}}, "KR813", None),
        (
            {"row_id": "7"},
            "KR813",
            "a row of `accounts` is known by `account_id` and has no `row_id`",
        ),
        ({"row_id": ""}, "KR813", None),
    ],
)
def test_data_that_the_ruleset_does_not_know_is_refused_by_name(asked, change, code, detail):
    event = cloud_event(id="bad")
    event["data"] |= change
    problem = told(asked.post("/events", event, media=ONE), 422)
    assert code is None or problem["code"] == code
    assert detail is None or problem["detail"] == detail


def test_all_that_is_wrong_with_a_row_is_told_at_once(asked):
    problem = told(asked.event(row={"sector": "wood", "name": 5, "employees": 1}), 422)
    addresses = {each["address"] for each in problem["diagnostics"]}
    assert addresses == {"row.employees", "row.name", "row.sector"}


@pytest.mark.parametrize("kind", ["updated", "deleted"])
def test_a_row_that_is_not_there_is_told_by_name(asked, kind):
    problem = told(asked.event(table="orders", row_id="o-9", kind=kind), 422)
    assert problem["code"] == "KR817"
    assert "`o-9`" in problem["detail"]


def test_an_account_id_of_a_million_characters_harms_nobody(tmp_path):
    with served(tmp_path, most_body=5_000_000) as asked:
        long = "a" * 10**6
        assert (
            told(asked.event(long, row={}), 422)["detail"]
            == "`account_id` has more than 200 characters"
        )
        assert told(asked.get(f"/accounts/{'a' * 50_000}/decision"), 422)["code"] == "KR840"
        assert told(asked.get(f"/actions?account={'a' * 50_000}"), 422)["code"] == "KR840"
        facts = {"account_id": long}
        decided = asked.post("/decide", {"facts": facts, "as_of": "2026-06-30"})
        assert decided.status_code in (200, 422)
        for each in (long, "\ud800", "nul\x00"):
            content = json.dumps(cloud_event(each, row={"name": "x"}, id="x")).encode()
            assert asked.post("/events", content=content, media=ONE).status_code in (400, 422)
        assert asked.event(row={"name": "Acme"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/accounts/NOBODY/decision", 404, "account `NOBODY` is not in the book"),
        ("/accounts/%ff/decision", 400, "the path is no percent-encoded UTF-8"),
        ("/accounts/a%00/decision", 400, "the path holds the character NUL, which no name has"),
        ("/accounts//decision", 422, "`` is no id: those have 1 to 200 characters"),
        ("/accounts/ACME/decision?explian=true", 422, "`explian` is not known here"),
        ("/accounts/ACME/decision?explain=maybe", 422, "`explain` is neither true nor false"),
        (
            "/accounts/ACME/decision?language=tlh",
            422,
            "ruleset `small` has no texts in `tlh`, only in `en`, `zh`",
        ),
        ("/actions?limit=ten", 422, "`limit` is no whole number"),
        ("/actions?limit=0", 422, "`limit`: input should be greater than or equal to 1"),
        ("/actions?limit=1001", 422, "`limit`: input should be less than or equal to 1000"),
        ("/actions?limit=1&limit=2", 422, "a parameter of the query is given twice"),
        (
            "/actions?status=won",
            422,
            "`status`: input should be `proposed`, `accepted`, `done`, `dismissed` or `withdrawn`",
        ),
        ("/actions?after=nothing", 422, "there is no action `nothing`"),
        ("/log?after=-1", 422, "`after` is no whole number"),
        ("/event", 404, "there is nothing at `/event`"),
        ("/events/", 404, "there is nothing at `/events/`"),
        ("/events", 405, "`GET` cannot be done at `/events`"),
    ],
)
def test_a_wrong_question_is_told(asked, path, status, detail):
    problem = told(asked.get(path), status)
    assert detail is None or problem["detail"] == detail


def test_a_misspelt_path_or_parameter_is_told_with_the_right_one(asked):
    assert told(asked.get("/event"), 404)["diagnostics"][0]["help"] == "did you mean `/events`?"
    problem = told(asked.get("/actions?ownr=x"), 422)
    assert problem["diagnostics"][0]["help"] == "did you mean `owner`?"
    assert asked.get("/events").headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("/tick", {}, "`date` is lacking"),
        ("/tick", {"date": "2026-02-30"}, "`date` is no date such as 2026-06-30"),
        ("/tick", {"date": 20260630}, "`date` is no date such as 2026-06-30"),
        ("/tick", [], "the body is no JSON object"),
        ("/decide", {"facts": {}, "as_of": "2026-06-30", "tpo": 3}, "`tpo` is not known here"),
        (
            "/decide",
            {"facts": [], "as_of": "2026-06-30"},
            "`facts`: input should be a valid dictionary",
        ),
        (
            "/decide",
            {"facts": {}, "as_of": "2026-06-30", "top": -1},
            "`top`: input should be greater than or equal to 0",
        ),
        (
            "/decide",
            {"facts": {}, "as_of": "2026-06-30", "explain": "true"},
            "`explain`: input should be a valid boolean",
        ),
        (
            "/decide",
            {"facts": {}, "as_of": "2026-06-30", "earlier": {"clas": "key"}},
            "`earlier.clas` is not known here",
        ),
        (
            "/actions/x/outcome",
            {"status": "won"},
            "`status`: input should be `accepted`, `done` or `dismissed`",
        ),
        ("/reload", {"redecide": 1}, "`redecide`: input should be a valid boolean"),
    ],
)
def test_a_wrong_form_is_told(asked, path, body, detail):
    assert told(asked.post(path, body), 422)["detail"] == detail


def test_facts_to_decide_are_checked_like_rows(asked):
    facts = {"account_id": "X", "sector": "wood", "order": []}
    problem = told(asked.post("/decide", {"facts": facts, "as_of": "2026-06-30"}), 422)
    assert len(problem["diagnostics"]) == 2


@pytest.mark.parametrize("path", ["/decide", "/tick", "/reload", "/actions/x/outcome", "/events"])
@pytest.mark.parametrize(
    "media", ["text/plain", "application/xml", "", "application/json; charset=latin-1"]
)
def test_other_media_types_are_refused(asked, path, media):
    assert told(asked.post(path, content=b"{}", media=media), 415)["code"] == "KR833"


def test_a_body_may_not_be_longer_than_allowed_whether_it_says_how_long_it_is_or_not(asked):
    long = json.dumps(cloud_event(row={"name": "x" * 200_000}, id="long")).encode()
    assert told(asked.post("/events", content=long, media=ONE), 413)["code"] == "KR833"
    pieces = (long[start : start + 1000] for start in range(0, len(long), 1000))
    answer = asked.post("/events", content=pieces, media=ONE)
    assert told(answer, 413)["detail"] == "the body is longer than 100,000 bytes"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong-token-wrong-token"},
        {"authorization": TOKEN},
        {"authorization": "Basic eA=="},
    ],
)
@pytest.mark.parametrize(
    "path", ["/accounts/ACME/decision", "/actions", "/log", "/metrics", "/nothing"]
)
def test_without_the_token_nothing_is_told(asked, path, headers):
    answer = asked.client.get(path, headers=headers)
    assert told(answer, 401)["code"] == "KR838"
    assert answer.headers["www-authenticate"] == 'Bearer realm="kamrules"'
    assert TOKEN not in answer.text


def test_no_event_is_taken_without_the_token(asked):
    before = asked.get("/health").json()["log"]
    answer = asked.client.post("/events", json=cloud_event(id="x"), headers={"content-type": ONE})
    assert told(answer, 401)
    assert asked.get("/health").json()["log"] == before


def test_a_client_that_asks_too_often_is_told_when_to_come_again(tmp_path):
    with served(tmp_path, rate=Rate(0.5, burst=3)) as asked:
        answers = [asked.get("/health") for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert told(answers[3], 429)["code"] == "KR839"
        assert 1 <= int(answers[3].headers["retry-after"]) <= 2


def test_a_request_refused_with_its_body_unread_ends_the_connection(asked):
    answer = asked.client.post("/tick", content=b"x" * 100)
    assert answer.status_code == 401
    assert answer.headers["connection"] == "close"
    assert "connection" not in asked.get("/health").headers


def test_what_was_refused_left_nothing_behind(asked):
    log = asked.get("/log?limit=1000").json()["entries"]
    assert not [each for each in log if each["account_id"] not in (None, "ACME")]
