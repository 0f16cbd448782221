"""CloudEvents, in each of their ways over HTTP, become events of the book or are refused with reasons."""

from __future__ import annotations

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamrules import KamrulesError
from kamrules.serve.cloud_events import event_of, key_of, read_events
from kamrules.serve.problem import Problem

ONE = (b"content-type", b"application/cloudevents+json; charset=utf-8")
BATCH = (b"content-type", b"application/cloudevents-batch+json")
EVENT = {
    "specversion": "1.0",
    "id": "17",
    "source": "/crm",
    "type": "kamrules.row.inserted",
    "subject": "ACME",
    "time": "2026-06-30T23:30:00+02:00",
    "data": {"table": "orders", "row_id": "o-17", "row": {"amount": 1200, "date": None}},
}


EXAMPLE = '`{"table": "orders", "row_id": "17", "row": {"amount": 1200}}`'
JSON_IS_NONE = "media type `application/json` is none of a CloudEvent"
LATIN = ONE[1].replace(b"utf-8", b"latin-1")


def read(headers, body):
    events, batch = read_events(headers, body)
    return [event_of(each) for each in events], batch


def refused(event, **given):
    """Return the messages of the problem that an event is."""
    with pytest.raises(Problem) as told:
        event_of(event, **given)
    assert told.value.status == 422
    assert {each.code for each in told.value.diagnostics} == {"KR834"}
    return [each.message for each in told.value.diagnostics]


def test_an_event_has_its_key_account_table_row_and_the_day_written_in_its_time():
    (event,), batch = read([ONE], json.dumps(EVENT).encode())
    assert not batch
    assert event.model_dump() == {
        "key": "/crm\n17",
        "account_id": "ACME",
        "table": "orders",
        "op": "insert",
        "row": {"amount": 1200, "date": None},
        "row_id": "o-17",
        "as_of": datetime.date(2026, 6, 30),
    }


def test_the_three_ways_of_sending_an_event_give_the_same():
    (structured,), _ = read([ONE], json.dumps(EVENT).encode())
    (batched,), batch = read([BATCH], json.dumps([EVENT]).encode())
    attributes = {name: value for name, value in EVENT.items() if name != "data"}
    headers = [(f"ce-{name}".encode(), value.encode()) for name, value in attributes.items()]
    headers.append((b"content-type", b"application/json"))
    (binary,), _ = read(headers, json.dumps(EVENT["data"]).encode())
    assert batch
    assert structured == batched == binary


def test_headers_of_the_binary_way_are_percent_encoded():
    attributes = {**EVENT, "subject": "%E5%AE%A2%E6%88%B7%2F1"}
    del attributes["data"], attributes["time"]
    headers = [(f"ce-{name}".encode(), value.encode()) for name, value in attributes.items()]
    headers.append((b"content-type", b"application/json"))
    (event,), _ = read(headers, b'{"table": "orders"}')
    assert event.account_id == "客户/1"
    with pytest.raises(Problem, match="header `ce-subject` is no percent-encoded UTF-8"):
        read([*headers[:-1], (b"ce-subject", b"%ff"), headers[-1]], b"{}")


@pytest.mark.parametrize(
    ("kind", "op"), [("inserted", "insert"), ("updated", "update"), ("deleted", "delete")]
)
def test_the_type_says_what_happened_to_the_row(kind, op):
    assert event_of({**EVENT, "type": f"kamrules.row.{kind}"}).op == op


def test_extensions_and_what_says_nothing_new_are_taken():
    more = {"traceparent": "00-ab", "sequence": 4, "dataschema": "https://x/y", "time": None}
    event = event_of({**EVENT, **more, "datacontenttype": "application/json"})
    assert event.as_of is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": None}, "the CloudEvent lacks `id`"),
        ({"source": ""}, "`source` is no text, or an empty one"),
        ({"source": "a\nb"}, "`source` is no URI: it holds a line break"),
        ({"subject": 7}, "`subject` is no text, or an empty one"),
        ({"specversion": "0.3"}, "`specversion` is `0.3`; `1.0` is taken"),
        ({"type": "kamrules.row.insert"}, "`type` is `kamrules.row.insert`, which is no kind of event here"),
        ({"time": "yesterday"}, "`time` is no time such as `2026-06-30T09:00:00+02:00`"),
        ({"time": "2026-02-30T00:00:00Z"}, "`time` is no time such as `2026-06-30T09:00:00+02:00`"),
        ({"time": 5}, "`time` is no time such as `2026-06-30T09:00:00+02:00`"),
        ({"Subject": "x"}, "`Subject` is no name of an attribute: those are lower-case letters and digits"),
        ({"data_base64": "e30="}, "`data_base64` is not taken; send `data` as JSON"),
        ({"datacontenttype": "text/csv"}, "`datacontenttype` is `text/csv`; data is `application/json`"),
        ({"data": [1]}, "`data` is no object such as " + EXAMPLE),
        ({"data": {"table": "orders", "rows": {}}}, "`data.rows` is not known"),
        ({"data": {"row": {}}}, "`data.table` is no text, or lacking"),
        ({"data": {"table": "orders", "row": [1]}}, "`data.row` is no object of columns and values"),
        ({"data": {"table": "orders", "row_id": 7}}, "`data.row_id` is no text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(change, told):
    assert refused({**EVENT, **change}) == [told]


def test_a_misspelt_type_is_told_with_the_right_one():
    with pytest.raises(Problem) as told:
        event_of({**EVENT, "type": "kamrules.row.insert"})
    assert told.value.diagnostics[0].help == "did you mean `kamrules.row.inserted`?"


def test_everything_that_is_wrong_is_told_at_once():
    assert len(refused({"specversion": "2", "data": 1})) == 6
    assert refused([EVENT]) == ["a CloudEvent is a JSON object"]


def test_an_event_from_the_future_is_refused_where_the_clock_is_followed():
    latest = datetime.date(2026, 6, 29)
    assert refused(EVENT, latest=latest) == [
        "`time` is dated 2026-06-30, which is after today; the book's date never moves back"
    ]
    assert event_of(EVENT, datetime.date(2026, 6, 30)).as_of == datetime.date(2026, 6, 30)


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        ([], 415, "no media type is given"),
        ([(b"content-type", b"application/json")], 415, JSON_IS_NONE),
        ([(b"content-type", b"text/xml" + b"x" * 10**6)], 415, "media type `text/xmlxxx"),
        ([(b"content-type", LATIN)], 415, "charset `latin-1` is not taken; send"),
        ([BATCH], 400, "a batch of CloudEvents is a JSON list"),
    ],
)  # fmt: skip
def test_other_media_types_are_refused(headers, status, told):
    with pytest.raises(Problem) as problem:
        read_events(headers, b"{}")
    assert problem.value.status == status
    assert problem.value.diagnostics[0].message.startswith(told)
    assert len(problem.value.diagnostics[0].message) < 200


def test_a_batch_has_a_thousand_events_at_most():
    with pytest.raises(Problem, match="the batch has 1,001 events; 1,000 are the most") as told:
        read_events([BATCH], json.dumps([{}] * 1_001).encode())
    assert told.value.status == 413


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_keys_are_alike_only_where_source_and_id_are(source, identity, other_source, other_id):
    same = (source, identity) == (other_source, other_id)
    if "\n" not in source + other_source:  # those are refused
        assert (key_of(source, identity) == key_of(other_source, other_id)) == same


@given(TEXTS, st.integers(1, 10**6))
def test_a_key_is_never_too_long(source, times):
    key = key_of(source, "x" * times)
    assert len(key) <= 200
    assert key != key_of(source, "x" * (times + 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([*EVENT, "data_base64", "datacontenttype", "X"]), JSON), JSON
)
def test_whatever_is_sent_is_an_event_or_refused_with_short_reasons(change, data):
    whole = {**EVENT, **change, "data": {"table": "orders", "row": data}} if change else data
    assert all(0 < len(each.message) < 400 for each in wrong(whole))


def wrong(event):
    try:
        event_of(event)
    except (Problem, KamrulesError) as told:
        return told.diagnostics
    return ()
