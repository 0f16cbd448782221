"""Connections: slow clients, heads without end, and what is no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time

import pytest
from starlette.responses import PlainTextResponse

from kamrules import UsageError
from kamrules.serve import connection, gate
from kamrules.serve import reading as reading_module
from kamrules.serve.listening import Server, bound
from kamrules.serve.measures import Measures
from kamrules.serve.problem import Problem
from kamrules.serve.reading import read_body
from kamrules.serve.tokens import Tokens

PATIENCE = 20


@contextlib.contextmanager
def running(app):
    """Give the port of a server that answers with an application."""
    at = bound("127.0.0.1", 0)
    server = Server(app, at)
    listening = threading.Event()
    thread = threading.Thread(target=server.listen, args=[listening.set])
    thread.start()
    listening.wait(PATIENCE)
    yield at.getsockname()[1]
    server.should_exit = True
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture
def port():
    """Give the port of a server that answers everything with "here"."""
    with running(PlainTextResponse("here")) as found:
        yield found


def answered(client):
    """Return the status and the body of all that the server says until it closes."""
    client.settimeout(PATIENCE)
    parts = []
    while part := client.recv(65_536):
        parts.append(part)
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    assert b"connection: close" in head
    return int(head.split()[1]), json.loads(body)


def test_a_request_is_answered_and_the_connection_stays_open(port):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(PATIENCE)
        for _ in range(3):
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert b"here" in client.recv(65_536)


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\nx: "])
def test_a_head_that_does_not_come_is_not_waited_for(port, start, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(start)
        status, told = answered(client)
    assert status == 408
    assert "did not arrive within" in told["detail"]


def test_a_head_that_comes_byte_by_byte_is_not_waited_for(port, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", port)) as client:
        start = time.monotonic()
        while time.monotonic() - start < PATIENCE:
            try:
                client.sendall(b"G")
            except OSError:
                break  # the service has hung up
            threading.Event().wait(0.02)
    assert time.monotonic() - start < PATIENCE


@pytest.mark.parametrize("path", [b"/" + b"a" * 10**6, b"/ HTTP/1.1\r\nx: " + b"y" * 10**6])
def test_a_head_of_a_million_characters_is_refused(port, path):
    with socket.create_connection(("127.0.0.1", port)) as client:
        sender = threading.Thread(target=send_all, args=[client, b"GET " + path])
        sender.start()
        status, told = answered(client)
        sender.join(PATIENCE)
    assert status == 431
    assert told["detail"] == "the request's line and headers are longer than 65,536 bytes"


def send_all(client, data):
    # it is refused before its end
    with contextlib.suppress(OSError):
        client.sendall(data)


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"hello\r\n\r\n", b"\x00" * 50])
def test_what_is_no_http_is_told_so(port, sent):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(sent)
        status, told = answered(client)
    assert status == 400
    assert told["detail"] == "this is no HTTP request that can be read"


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(UsageError, match="KR841") as told:
            bound("127.0.0.1", number)
    assert f"the service cannot listen at `127.0.0.1` port {number}: address already in use" in str(
        told.value
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example", "256.1.1.1"])
def test_a_host_that_is_none_is_told(host):
    with pytest.raises(UsageError, match="KR841"):
        bound(host, 0)


@pytest.fixture
def reading():
    """Give the port of a server that reads a body and answers with its length, or why it is refused."""

    async def app(scope, receive, send):
        try:
            told, status = str(len(await read_body(scope, receive, 100))), 200
        except Problem as problem:
            told, status = problem.body(), problem.status
        await PlainTextResponse(told, status, {"connection": "close"})(scope, receive, send)

    with running(app) as found:
        yield found


def test_a_body_that_does_not_come_is_not_waited_for(reading, monkeypatch):
    monkeypatch.setattr(reading_module, "SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", reading)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{")
        status, told = answered(client)
    assert status == 408
    assert told["detail"].startswith("the body did not arrive within")


def test_a_body_that_is_cut_off_is_not_taken_for_a_whole_one():
    async def hung_up():
        return next(messages)

    messages = iter(
        [{"type": "http.request", "body": b"1", "more_body": True}, {"type": "http.disconnect"}]
    )
    with pytest.raises(Problem, match="the client hung up before the end of the body"):
        asyncio.run(read_body({"headers": []}, hung_up, 100))


def test_a_client_that_is_refused_its_long_body_hears_so(reading):
    with socket.create_connection(("127.0.0.1", reading)) as client:
        head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
        sender = threading.Thread(target=send_all, args=[client, head + b"x" * 10**6])
        sender.start()
        status, told = answered(client)
        sender.join(PATIENCE)
    assert status == 413
    assert told["detail"] == "the body is longer than 100 bytes"


def test_an_answer_that_nobody_accepts_is_given_up_without_a_word(monkeypatch):
    monkeypatch.setattr(connection, "SEND_SECONDS", 0.2)
    ended = threading.Event()
    told = []

    async def large(scope, receive, send):
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(200):
                piece = {"type": "http.response.body", "body": b"x" * 10**6, "more_body": True}
                await send(piece)
        finally:
            ended.set()

    app = gate.Gate(
        large, paths=(), tokens=Tokens(), rate=None, measures=Measures(), tell=told.append
    )
    with running(app) as number, socket.create_connection(("127.0.0.1", number)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert ended.wait(PATIENCE)
    assert not told


def test_without_tokens_a_page_with_a_name_of_its_own_is_not_answered():
    app = gate.Gate(
        PlainTextResponse("here"),
        paths=(),
        tokens=Tokens(),
        rate=None,
        measures=Measures(),
        tell=print,
    )
    with running(app) as number:
        for host, wanted in (
            (b"localhost", 200), (b"127.0.0.1:8371", 200), (b"[::1]:80", 200), (b"LOCALHOST:1", 200),
            (b"evil.example", 421), (b"127.0.0.1.evil.example", 421), (b"", 421), (b"[::2]", 421),
        ):  # fmt: skip
            with socket.create_connection(("127.0.0.1", number)) as client:
                client.settimeout(PATIENCE)
                client.sendall(b"GET / HTTP/1.1\r\nhost: " + host + b"\r\n\r\n")
                assert int(client.recv(65_536).split()[1]) == wanted, host
