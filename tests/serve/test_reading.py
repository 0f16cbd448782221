"""What of a request's body is read, and what is refused, with the reason shown."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamrules.serve.problem import SHOWN, Problem
from kamrules.serve.reading import DEEPEST, read_body, read_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=2), inner),
    max_leaves=20,
)


def refused(body: bytes) -> str:
    with pytest.raises(Problem) as told:
        read_json(body)
    assert told.value.status == 400
    assert told.value.diagnostics[0].code == "KR832"
    return told.value.diagnostics[0].message


@given(VALUES, st.booleans())
def test_json_is_read_as_it_was_written(value, ascii_only):
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert read_json(body) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_refused_with_a_reason(body):
    told = outcome(body)
    assert told is None or (told.status == 400 and len(told.diagnostics[0].message) < 300)


def outcome(body):
    try:
        read_json(body)
    except Problem as problem:
        return problem
    return None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "the body is no JSON: expecting value, line 1, column 1"),
        (b'{"a": 1', "the body is no JSON: expecting `,` delimiter, line 1, column 8"),
        (b"\xff\xfe", "the body is no UTF-8 text: byte 1 is not"),
        (b'{"a": NaN}', "the body has `NaN`, which is no JSON number; write null for unknown"),
        (
            b"[-Infinity]",
            "the body has `-Infinity`, which is no JSON number; write null for unknown",
        ),
        (b"[1e999]", "the number `1e999` is too large"),
        (b'{"a": 1, "b": 2, "a": 3}', "the body has the key `a` twice in one object"),
        (b'{"a": "\\u0000"}', "the body holds the character NUL, which no text has"),
        (b'"\\ud800"', "the body has half of a surrogate pair, which is no character"),
        (b'{"\\udC00x": 1}', "the body has half of a surrogate pair, which is no character"),
        (b"1" * 5_000, "the body has a number of more than 4,000 digits"),
    ],
)
def test_what_cannot_mean_one_thing_is_refused(body, told):
    assert refused(body) == told


def test_a_whole_pair_of_surrogates_is_a_character():
    assert read_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
@pytest.mark.parametrize("levels", [DEEPEST + 1, 500, 100_000])
def test_json_that_is_too_deep_is_refused(bracket, levels):
    closing = b"]" if bracket == b"[" else b"}"
    body = bracket * levels + b"0" + closing * levels
    assert refused(body) == f"the body is nested deeper than {DEEPEST} levels"


def test_json_as_deep_as_allowed_is_read():
    body = b"[" * DEEPEST + b"0" + b"]" * DEEPEST
    assert read_json(body) is not None
    assert read_json(b"[" + b"[0]," * 1_000 + b"0]") is not None


def test_no_more_than_a_hundred_characters_of_a_client_are_shown():
    key = json.dumps("k" * 10**6).encode()
    assert len(refused(b"{" + key + b":1," + key + b":2}")) < SHOWN + 50


def body_of(messages, most=10, headers=()):
    async def receive():
        return next(waiting)

    waiting = iter(messages)
    return asyncio.run(read_body({"headers": list(headers)}, receive, most))


def piece(body, *, more):
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_comes_in_pieces():
    assert (
        body_of([piece(b"abc", more=True), piece(b"", more=True), piece(b"def", more=False)])
        == b"abcdef"
    )


@pytest.mark.parametrize(
    ("messages", "headers"),
    [
        ([piece(b"x" * 11, more=False)], ()),
        ([piece(b"x" * 6, more=True), piece(b"x" * 5, more=True), piece(b"", more=False)], ()),
        ([piece(b"x" * 5, more=False)], [(b"content-length", b"11")]),
        ([piece(b"x", more=False)], [(b"content-length", b"9" * 50)]),
    ],
)
def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not(messages, headers):
    with pytest.raises(Problem) as told:
        body_of(messages, headers=headers)
    assert told.value.status == 413
    assert told.value.diagnostics[0].message == "the body is longer than 10 bytes"
