"""What becomes of a table of BottleCRM when something goes wrong on the way, each thing named."""

from __future__ import annotations

import datetime
import json
import time
from email.utils import format_datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kamrules import DataError
from kamrules.book import BookTable
from meddling import CUT, Told

from kamrules_bottlecrm import client as client_module
from kamrules_bottlecrm.client import Client, retry_after
from kamrules_bottlecrm.records import pages
from kamrules_bottlecrm.site import Site
from kamrules_bottlecrm.source import open_table
from kamrules_bottlecrm.tables import TABLES

DEALS = TABLES["deals"]


@pytest.fixture
def waits():
    """Give the seconds that a client waited; nobody waits them."""
    return []


@pytest.fixture
def client(crm, meddler, waits):
    site = Site(meddler.url, crm.token, tries=4, page=4)
    found = Client(site, BookTable("any", "bottlecrm:deals").fault, wait=waits.append)
    yield found
    found.close()


def deals(client):
    return [each["id"] for page in pages(client, DEALS) for each in page]


def first(*answers):
    """Answer so in place of BottleCRM, one after another, and then let it answer."""
    left = list(answers)
    return lambda _: left.pop(0) if left else None


def test_a_rate_limit_is_waited_for_as_long_as_it_says(client, crm, meddler, waits):
    meddler.instead = first(
        Told(429, headers={"Retry-After": "7"}), Told(503, headers={"retry-after": "3"})
    )
    found = deals(client)
    assert waits == [7.0, 3.0]
    assert len(found) == crm.get("/api/opportunities/?limit=1")["opportunities_count"]


def test_a_rate_limit_may_name_the_moment(client, meddler, waits):
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=60)
    meddler.instead = first(Told(429, headers={"Retry-After": format_datetime(then, usegmt=True)}))
    deals(client)
    assert len(waits) == 1
    assert 50 < waits[0] <= 60


def test_a_rate_limit_that_is_too_long_is_told_and_not_waited_for(client, meddler, waits):
    meddler.instead = first(Told(429, headers={"Retry-After": "3600"}))
    with pytest.raises(DataError, match=r"KR722.*no more requests for 3,600 seconds"):
        deals(client)
    assert waits == []
    assert len(meddler.seen) == 1


def test_a_rate_limit_without_end_is_told(client, meddler, waits):
    meddler.instead = lambda _: Told(429, '{"detail": "Request was throttled."}')
    with pytest.raises(
        DataError, match=r"KR722.*too many requests \(429\), after 4 tries: Request was"
    ):
        deals(client)
    assert waits == [0.5, 1.0, 2.0]


@given(st.integers(0, 10**9), st.text(max_size=30))
def test_a_retry_after_is_a_number_a_moment_or_nothing(seconds, text):
    assert retry_after(str(seconds)) == float(str(seconds)[:9])
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    assert retry_after(format_datetime(moment, usegmt=True), now=0.0) == seconds
    found = retry_after(text)
    assert found is None or found >= 0


def test_a_server_that_fails_for_a_while_is_asked_again(client, crm, meddler, waits):
    meddler.instead = first(Told(500), Told(502, "<html>"), CUT)
    assert len(deals(client)) == crm.get("/api/opportunities/?limit=1")["opportunities_count"]
    assert waits == [0.5, 1.0, 2.0]


def test_a_server_that_goes_in_the_middle_of_reading_is_told(client, meddler, waits):
    meddler.instead = lambda asked: CUT if asked.number > 1 else None
    with pytest.raises(
        DataError, match=r"KR721.*broke off in the middle of an answer, after 4 tries"
    ):
        deals(client)
    assert len(waits) == 3


def test_a_server_that_fails_without_end_is_told(client, meddler):
    meddler.instead = lambda _: Told(500, "<h1>Server Error</h1>")
    with pytest.raises(
        DataError, match=r"KR721.*fails at `/api/opportunities/` with 500, after 4 tries$"
    ):
        deals(client)


def test_nothing_is_left_of_a_table_that_broke_off(crm, meddler, tmp_path, monkeypatch):
    monkeypatch.setattr(client_module.time, "sleep", lambda _: None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("T", crm.token)
    meddler.instead = lambda asked: CUT if asked.number > 2 else None
    connection = duckdb.connect()
    table = BookTable(
        "any",
        f"bottlecrm:{meddler.url}/deals",
        options={"token": "${env:T}", "page": 2, "tries": 1},
    )
    with pytest.raises(DataError, match="KR721"):
        open_table(table, connection)
    assert list(tmp_path.iterdir()) == []
    assert connection.execute("SHOW TABLES").fetchall() == []


def test_a_page_that_comes_again_is_told(client, meddler):
    kept = []

    def changed(_, data):
        kept.append(data)
        return kept[0]

    meddler.changed = changed
    with pytest.raises(DataError, match=r"KR723.*again that it gave before, where those from 4 on"):
        deals(client)
    assert len(meddler.seen) == 2


def test_pages_that_go_back_to_the_beginning_are_told(client, meddler):
    kept = {}

    def changed(asked, data):
        kept[asked.number] = data
        return kept[1] if asked.number == 3 else data

    meddler.changed = changed
    with pytest.raises(DataError, match=r"KR723.*those from 8 on"):
        deals(client)


def test_a_table_that_changes_while_it_is_read_is_read_again(crm, meddler, monkeypatch):
    monkeypatch.setenv("T", crm.token)
    cases = crm.get("/api/cases/?limit=10")["cases"]

    def changed(asked, data):
        # somebody deletes a case that has been read already, so that the second page begins one too late
        if asked.number == 1:
            crm.delete(f"/api/cases/{data['cases'][0]['id']}/")
        return data

    meddler.changed = changed
    table = BookTable(
        "any", f"bottlecrm:{meddler.url}/cases", options={"token": "${env:T}", "page": 2}
    )
    found = open_table(table, duckdb.connect()).fetchall()
    assert len(found) == len(cases) - 1
    assert len({each[0] for each in found}) == len(found)


def test_a_table_that_never_holds_still_is_told(crm, meddler, monkeypatch):
    monkeypatch.setenv("T", crm.token)

    def changed(_, data):
        data["cases_count"] += 1
        return data

    meddler.changed = changed
    table = BookTable("any", f"bottlecrm:{meddler.url}/cases", options={"token": "${env:T}"})
    with pytest.raises(DataError, match=r"KR723.*changed each of the 3 times it was read"):
        open_table(table, duckdb.connect())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda data: {"results": data["opportunities"]}, "it has no list `opportunities`"),
        (
            lambda data: data | {"opportunities_count": "ten"},
            "it has no number `opportunities_count`",
        ),
        (lambda data: data | {"opportunities": [{"name": "x"}]}, "it has a record without an `id`"),
        (lambda data: data | {"opportunities": ["x"]}, "it has a record without an `id`"),
        (lambda data: [data], "it has no list `opportunities`"),
    ],
)
def test_an_answer_of_another_form_is_told(client, meddler, changed, told):
    meddler.changed = lambda _, data: changed(data)
    with pytest.raises(DataError, match=f"KR724.*{told}(.|\n)*1.35.0"):
        deals(client)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Told(200, "<html>welcome</html>"), "it is no JSON(.|\n)*the URL of BottleCRM itself"),
        (Told(302, "", {"location": "https://elsewhere.example.com/"}), r"leads elsewhere \(302\)"),
        (Told(404, '{"detail": "Not found."}'), "status 404: Not found"),
        (Told(418, json.dumps({"errors": {"x": "`a`\n" * 99}})), "status 418: .{0,200}…"),
    ],
)
def test_what_is_no_bottlecrm_is_told(client, meddler, answer, told):
    meddler.instead = lambda _: answer
    with pytest.raises(DataError, match=f"KR724.*{told}"):
        deals(client)
    assert len(meddler.seen) == 1


def test_a_server_that_is_silent_is_given_up(crm, meddler, monkeypatch):
    import urllib3

    monkeypatch.setattr(client_module, "_TIMEOUT", urllib3.Timeout(0.2))
    site = Site(meddler.url, crm.token, tries=2)
    silent = Client(site, BookTable("any").fault, wait=lambda _: None)
    meddler.instead = lambda _: time.sleep(0.6)
    with pytest.raises(DataError, match=r"KR721.*gave no answer in time, after 2 tries"):
        deals(silent)
    silent.close()


def test_the_token_is_in_no_repr_and_no_message(crm, client, meddler):
    assert crm.token not in repr(client.site)
    meddler.instead = lambda asked: Told(
        400, json.dumps({"detail": asked.headers["authorization"]})
    )
    from kamrules.masking import remember
    from kamrules.secrets import masked

    remember(crm.token)
    with pytest.raises(DataError, match="KR724") as told:
        deals(client)
    assert crm.token not in str(told.value)
    assert masked(crm.token) == "***"
