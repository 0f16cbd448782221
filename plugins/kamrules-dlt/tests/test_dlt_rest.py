"""A book file reads a service through dlt's REST source: pages, tokens, refusals, a server that goes."""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path

import dlt_scene
import duckdb
import pytest
from kamrules import DataError
from kamrules.book import BookTable
from kamrules.plugins import Plugins

import kamrules_dlt

# dlt leaves it to chance when the connections of its HTTP client are closed
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def opened(monkeypatch):
    monkeypatch.setenv("CRM_TOKEN", "hunter2-hunter2")
    # dlt waits a second before it asks again, and longer each time
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.01")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")
    plugins = Plugins()
    assert plugins.add(kamrules_dlt).failure is None
    with duckdb.connect() as connection:

        def open_table(url):
            client = {
                "base_url": url,
                "auth": {"type": "bearer", "token": "${env:CRM_TOKEN}"},
                "paginator": {"type": "json_link", "next_url_path": "next"},
            }
            endpoint = {"path": "companies", "data_selector": "results"}
            arguments = {
                "client": client,
                "resources": [{"name": "companies", "endpoint": endpoint}],
            }
            table = BookTable(
                "accounts",
                "dlt:dlt.sources.rest_api:rest_api",
                Path(),
                options={"arguments": arguments},
            )
            return plugins.open_source(table, connection).rows

        yield open_table
    gc.collect()


def page(number, *, last=False):
    body = {"results": [{"account_id": f"A{number}", "Name": {"Short": "x"}}]}
    if not last:
        body["next"] = f"/companies?page={number + 1}"
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def number_of(path):
    return int(path.partition("page=")[2] or 1)


def test_all_pages_are_read_with_the_token(opened):
    asked = []

    def answer(path, headers):
        asked.append(headers["Authorization"])
        return page(number_of(path), last=number_of(path) == 3)

    with dlt_scene.server(answer) as url:
        rows = opened(url)
    assert rows.project("account_id, name__short").fetchall() == [(f"A{n}", "x") for n in (1, 2, 3)]
    assert asked == ["Bearer hunter2-hunter2"] * 3


def test_a_server_that_says_429_is_asked_again_after_the_time_it_names(opened):
    asked = []

    def answer(path, headers):
        asked.append(time.monotonic())
        return (429, {"Retry-After": "1"}, b"") if len(asked) == 1 else page(1, last=True)

    with dlt_scene.server(answer) as url:
        assert opened(url).project("account_id").fetchall() == [("A1",)]
    assert len(asked) == 2
    assert asked[1] - asked[0] >= 1


@pytest.mark.parametrize(
    ("status", "told"), [(401, "failed: HTTPError: 401"), (403, "403"), (404, "404"), (500, "500")]
)
def test_a_refusal_is_told_with_its_status_and_without_the_token(opened, status, told):
    with (
        dlt_scene.server(
            lambda path, headers: (status, {}, headers["Authorization"].encode())
        ) as url,
        pytest.raises(DataError, match=told) as refused,
    ):
        opened(url)
    assert "hunter2" not in str(refused.value)


def test_a_server_that_goes_away_between_two_pages_ends_the_run_with_what_it_had_read(opened):
    def answer(path, headers):
        return page(1) if number_of(path) == 1 else (200, {"Content-Length": "999"}, b"{")

    with dlt_scene.server(answer) as url, pytest.raises(DataError, match="failed after 1 row: "):
        opened(url)


def test_a_server_that_is_not_there_is_told(opened):
    with dlt_scene.server(lambda path, headers: page(1)) as url:
        pass
    with pytest.raises(DataError, match="failed: ConnectionError"):
        opened(url)
