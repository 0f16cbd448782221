"""Who may ask, and how often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamrules import UsageError
from kamrules.serve import rate
from kamrules.serve.rate import Rate
from kamrules.serve.tokens import Tokens, new_token

TOKEN = "a-token-that-is-long"


def test_a_token_opens_and_nothing_else_does():
    tokens = Tokens.of([TOKEN, "another-token-as-long"])
    assert tokens.open_for(b"Bearer " + TOKEN.encode())
    assert tokens.open_for(b"bearer another-token-as-long")
    for each in (None, b"", b"Bearer", b"Bearer ", TOKEN.encode(), b"Basic " + TOKEN.encode()):
        assert not tokens.open_for(each)
    assert not tokens.open_for(b"Bearer " + TOKEN.encode()[:-1])
    assert not tokens.open_for(b"Bearer " + TOKEN.encode() + b"x")


@given(st.binary(max_size=60))
def test_no_other_header_opens(header):
    assert not Tokens.of([TOKEN]).open_for(header)


def test_tokens_are_made_anew_each_time_and_kept_as_digests_only():
    first, second = new_token(), new_token()
    assert first != second
    tokens = Tokens.of([first, second])
    assert tokens.open_for(f"Bearer {second}".encode())
    assert first not in repr(tokens)


def test_a_token_file_has_a_token_a_line(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(f"# of the CRM\n{TOKEN}\n\nanother-token-as-long\r\n")
    assert len(Tokens.read(path).digests) == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"short\n", "a token is 16 or more printable ASCII characters without a blank"),
        (b"# none\n", "holds no token"),
        (b"\xff\xff\n", "is no text"),
        (None, "cannot be read: no such file or directory"),
    ],
)
def test_a_token_file_that_is_wrong_is_told_without_what_it_holds(tmp_path, content, told):
    path = tmp_path / "tokens"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="KR842") as error:
        Tokens.read(path)
    assert told in str(error.value)
    assert "short" not in str(error.value)


def test_a_client_gets_its_rate_and_is_told_when_to_come_again():
    each = Rate(2, burst=3)
    assert [each.wait("a", 0.0) for _ in range(4)] == [0, 0, 0, 1]
    assert each.wait("b", 0.0) == 0
    assert [each.wait("a", 0.5), each.wait("a", 0.5)] == [0, 1]
    slow = Rate(0.1, burst=1)
    assert [slow.wait("a", 0), slow.wait("a", 0)] == [0, 10]


@given(st.lists(st.floats(0, 3), max_size=60))
def test_nobody_gets_more_than_the_burst_and_what_flows_in(gaps):
    each, now, allowed = Rate(5, burst=4), 0.0, 0
    for gap in gaps:
        now += gap
        allowed += each.wait("a", now) == 0
    assert allowed <= 4 + 5 * now + 1e-6


def test_clients_are_remembered_in_bounded_room(monkeypatch):
    monkeypatch.setattr(rate, "CLIENTS", 100)
    each = Rate(1)
    for number in range(1_000):
        each.wait(str(number), 0.0)
    assert len(each._buckets) == 100
