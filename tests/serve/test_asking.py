"""What a CRM gets for its events and questions."""

from __future__ import annotations

import datetime
from itertools import pairwise

import pytest

from kamrules import Decision, compile_ruleset, decide, load_ruleset
from kamrules.decision import Explanation
from tests.serve.scene import DAY, RULES, cloud_event, served, written


@pytest.fixture
def asked(tmp_path):
    with served(tmp_path) as found:
        yield found


def test_an_event_is_answered_with_what_it_changed_and_its_entry_in_the_log(asked):
    first = asked.event(row={"name": "Acme", "sector": "steel"})
    second = asked.event(table="orders", row={"date": "2026-06-01", "amount": 1500})
    assert first.status_code == second.status_code == 200
    assert first.json()["changes"]["class"] == {"from": None, "to": "ordinary"}
    told = second.json()
    assert told["entry"] == first.json()["entry"] + 1
    assert told["as_of"] == "2026-06-30"
    assert told["changes"]["class"] == {"from": "ordinary", "to": "key"}
    assert told["changes"]["gates_met"] == ["path.ordinary_to_key.gate.volume"]
    (action,) = told["changes"]["actions"]
    assert (action["change"], action["title"], action["owner"]) == ("new", "Visit Acme", "manager")
    assert action["reason"] == "They bought for 1,500."


def test_an_event_that_comes_again_is_not_applied_again(asked):
    first = asked.event(row={"name": "Acme"}, id="same").json()
    again = asked.event(row={"name": "Acme"}, id="same").json()
    assert not first["repeated"]
    assert again == {**first, "repeated": True}
    other = asked.event(row={"name": "Other"}, id="same")
    assert other.status_code == 409
    assert other.json()["code"] == "KR814"


def test_rows_are_changed_and_taken_out_again(asked):
    asked.event(row={"name": "Acme"})
    asked.event(table="orders", row={"amount": 1500}, row_id="o1")
    smaller = asked.event(table="orders", row={"amount": 10}, row_id="o1", kind="updated")
    assert smaller.json()["changes"]["gates_lost"] == ["path.ordinary_to_key.gate.volume"]
    assert asked.event(table="orders", row_id="o1", kind="deleted").status_code == 200
    assert asked.event(kind="deleted").json()["changes"]["left"]
    gone = asked.get("/accounts/ACME/decision")
    assert gone.status_code == 404
    assert gone.json()["detail"] == "account `ACME` is not in the book"


def test_each_event_of_a_batch_has_its_own_result(asked):
    told = asked.batch(
        cloud_event("A", row={"name": "Alpha"}, id="1"),
        cloud_event("B", row={"nam": "Beta"}, id="2"),
        {"id": "3"},
        cloud_event("A", row={"name": "Alpha"}, id="1"),
        cloud_event("A", row={"name": "Other"}, id="1"),
        cloud_event("C", "orders", {"amount": 1}, id="4"),
        "no event",
    )  # fmt: skip
    assert told.status_code == 200
    results = told.json()["results"]
    assert [each["status"] for each in results] == [200, 422, 422, 200, 409, 422, 422]
    assert [each["id"] for each in results] == ["1", "2", "3", "1", "1", "4", None]
    assert results[3]["posted"]["repeated"]
    assert results[1]["problem"]["diagnostics"][0]["help"] == "did you mean `name`?"
    assert results[5]["problem"]["detail"] == "account `C` is not in the book"
    counted = asked.get("/metrics").text
    assert 'kamrules_events_total{result="applied"} 1.0' in counted
    assert 'kamrules_events_total{result="repeated"} 1.0' in counted
    assert 'kamrules_events_total{result="refused"} 4.0' in counted
    assert 'kamrules_events_total{result="conflict"} 1.0' in counted


def test_an_empty_batch_is_answered(asked):
    assert asked.batch().json() == {"results": []}


def test_the_decision_is_that_of_the_row_engine_with_its_texts_and_proof(asked, tmp_path):
    asked.event(row={"name": "Acme"})
    asked.event(table="orders", row={"date": "2026-06-01", "amount": 1500}, row_id="o1")
    told = asked.get("/accounts/ACME/decision")
    facts = {
        "account_id": "ACME",
        "name": "Acme",
        "orders": [{"date": "2026-06-01", "amount": 1500}],
    }
    program = compile_ruleset(load_ruleset(written(tmp_path)))
    decision = Decision.model_validate_json(told.content)
    assert decision == decide(program, facts, as_of=DAY)
    proof = Explanation.model_validate_json(
        asked.get("/accounts/ACME/decision?explain=true").content
    )
    assert proof.decision == decision
    assert proof.facts["bought"].shown == "1,500"
    chinese = asked.get("/accounts/ACME/decision?language=zh")
    assert chinese.status_code == 200


def test_a_decision_is_sent_again_only_when_it_may_be_another(asked):
    asked.event(row={"name": "Acme"})
    first = asked.get("/accounts/ACME/decision")
    tag = first.headers["etag"]
    same = asked.get("/accounts/ACME/decision", **{"if-none-match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert (
        asked.get("/accounts/ACME/decision", **{"if-none-match": f'"x", W/{tag}'}).status_code
        == 304
    )
    explained = asked.get("/accounts/ACME/decision?explain=true", **{"if-none-match": tag})
    assert explained.status_code == 200
    asked.event(
        row={"sector": "paper"}, kind="updated"
    )  # which no rule reads, but the account is another
    other = asked.get("/accounts/ACME/decision", **{"if-none-match": tag})
    assert other.status_code == 200
    assert other.headers["etag"] != tag


@pytest.mark.parametrize("account_id", ["a/b", "客户", "x/decision", " a ", "50%", "a?b#c", ".."])
def test_an_account_may_have_any_name(asked, account_id):
    from urllib.parse import quote

    assert asked.event(account_id, row={"name": "Acme"}).status_code == 200
    told = asked.client.get(
        f"/accounts/{quote(account_id, safe='')}/decision", headers=asked.headers
    )
    if account_id == "..":
        # clients resolve it away, as the rules of URLs have it
        assert told.status_code == 404
    else:
        assert told.json()["account_id"] == account_id


def test_one_account_is_decided_without_being_stored(asked):
    facts = {"account_id": "X", "name": "Ex", "orders": [{"amount": 2000}]}
    told = asked.post("/decide", {"facts": facts, "as_of": "2026-06-30"})
    assert told.json()["class"] == "key"
    before = {"class": "ordinary", "proposed": {"visit": "2026-06-20"}}
    held = asked.post("/decide", {"facts": facts, "as_of": "2026-06-30", "earlier": before}).json()
    assert held["held_back"][0]["free_on"] == "2026-07-20"
    proof = asked.post("/decide", {"facts": facts, "as_of": "2026-06-30", "explain": True}).json()
    assert proof["root"]["kind"] == "account"
    assert asked.get("/accounts/X/decision").status_code == 404


def test_actions_are_listed_page_by_page_and_settled_once(asked):
    for number in range(5):
        asked.event(f"A{number}", row={"name": f"A{number}"})
        asked.event(f"A{number}", "orders", {"amount": 1500 + number})
    first = asked.get("/actions?owner=manager&limit=3").json()
    second = asked.get(f"/actions?owner=manager&limit=3&after={first['next']}").json()
    found = [each["account_id"] for each in (*first["actions"], *second["actions"])]
    assert sorted(found) == [f"A{number}" for number in range(5)]
    assert second["next"] is None
    (one,) = asked.get("/actions?account=A3").json()["actions"]
    path = f"/actions/{one['id']}/outcome"
    done = asked.post(
        path, {"status": "done", "outcome": "visited", "note": "all well", "key": "k"}
    )
    assert done.json()["changes"]["actions"][0]["change"] == "done"
    again = asked.post(
        path, {"status": "done", "outcome": "visited", "note": "all well", "key": "k"}
    )
    assert again.json()["repeated"]
    assert asked.get("/actions?account=A3").json()["actions"] == []
    (kept,) = asked.get("/actions?account=A3&status=done").json()["actions"]
    assert (kept["outcome"], kept["note"]) == ("visited", "all well")
    refused = asked.post(path, {"status": "dismissed"})
    assert (refused.status_code, refused.json()["code"]) == (422, "KR865")
    assert asked.post("/actions/none/outcome", {"status": "done"}).status_code == 404


def test_a_new_day_tells_what_it_changes(asked):
    asked.event(row={"name": "Acme"})
    asked.event(table="orders", row={"amount": 1500})
    told = asked.post("/tick", {"date": "2026-07-08"}).json()
    assert told["as_of"] == "2026-07-08"
    assert told["changed"] == 1
    assert told["changes"][0]["actions"][0]["change"] == "due"
    back = asked.post("/tick", {"date": "2026-07-01"})
    assert (back.status_code, back.json()["code"]) == (422, "KR818")


def test_where_the_clock_is_followed_nobody_moves_the_book_past_tomorrow(tmp_path):
    with served(tmp_path, clock=lambda: DAY) as asked:
        time = "2026-07-01T00:00:00+12:00"
        assert asked.event(row={"name": "Acme"}, time=time).status_code == 200
        late = asked.event(row={"name": "Other"}, time="2026-07-02T00:00:00Z", kind="updated")
        assert (late.status_code, late.json()["code"]) == (422, "KR834")
        tick = asked.post("/tick", {"date": "2099-01-01"})
        assert (tick.status_code, tick.json()["code"]) == (422, "KR840")
        assert asked.get("/health").json()["as_of"] == "2026-07-01"


def test_a_ruleset_is_read_anew_and_a_broken_one_is_refused(asked, tmp_path):
    asked.event(row={"name": "Acme"})
    asked.event(table="orders", row={"amount": 1500})
    written(tmp_path, RULES.replace("bought >= large", "bought >= larg"))
    broken = asked.post("/reload", {})
    assert broken.status_code == 422
    first = broken.json()["diagnostics"][0]
    assert (first["line"], first["help"]) == (28, "did you mean `large`?")
    assert asked.get("/health").json()["version"] == "1"
    edited = RULES.replace('version = "1"', 'version = "2"').replace(
        "value = 1_000", "value = 9_000"
    )
    written(tmp_path, edited)
    assert asked.client.post("/reload", headers=asked.headers).json()["other"]
    told = asked.post("/reload", {"redecide": True}).json()
    assert (told["version"], told["other"], told["changed"]) == ("2", False, 1)
    assert asked.get("/health").json()["digest"] == told["digest"]
    last = asked.get("/log?limit=1000").json()["entries"][-1]
    assert (last["version"], last["changes"]["gates_lost"]) == (
        "2",
        ["path.ordinary_to_key.gate.volume"],
    )


def test_the_log_is_read_page_by_page(asked):
    for number in range(4):
        asked.event(f"A{number}", row={"name": "x"})
    pages, after = [], 0
    while after is not None:
        page = asked.get(f"/log?limit=2&after={after}").json()
        pages.append(page["entries"])
        after = page["next"]
    entries = [each for page in pages for each in page]
    assert [each["number"] for each in entries] == list(range(1, len(entries) + 1))
    assert all(later["previous"] == each["hash"] for each, later in pairwise(entries))
    assert [each["account_id"] for each in entries[-4:]] == ["A0", "A1", "A2", "A3"]


def test_health_and_help_need_no_token_and_tell_no_customer(asked):
    asked.event("SECRET-CUSTOMER", row={"name": "Secret"})
    for path in ("/", "/health", "/openapi.json"):
        told = asked.client.get(path)
        assert told.status_code == 200
        assert "ecret" not in told.text.replace("SecretStr", "")
    assert asked.client.get("/health").json()["status"] == "ok"


def test_what_is_counted_is_read_by_prometheus(asked):
    asked.event(row={"name": "Acme"})
    asked.get("/nothing/here")
    told = asked.get("/metrics")
    assert told.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'kamrules_requests_total{route="/events",status="200"} 1.0' in told.text
    assert 'kamrules_requests_total{route="other",status="404"} 1.0' in told.text
    assert "kamrules_log_head 2.0" in told.text
    assert "kamrules_commits_total" in told.text
    from prometheus_client.parser import text_string_to_metric_families

    assert len({each.name for each in text_string_to_metric_families(told.text)}) > 10


def test_requests_are_logged_without_what_is_in_them(asked):
    asked.event("ACME", row={"name": "Hidden"})
    asked.get("/actions?owner=someone")
    assert len(asked.lines) == 2
    assert asked.lines[0].startswith("testclient POST /events 200 ")
    assert not any(word in "".join(asked.lines) for word in ("Hidden", "someone", "token"))


def test_dates_are_dates(asked):
    assert (
        asked.event(row={"name": "x"}, time="2026-07-03T10:00:00Z").json()["as_of"] == "2026-07-03"
    )
    assert asked.service.book.as_of == datetime.date(2026, 7, 3)
