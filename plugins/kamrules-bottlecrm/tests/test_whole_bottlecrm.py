"""BottleCRM as it is installed for real: all migrations, and row-level security that keeps tenants apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import bottle_server
import psycopg
import pytest
from bottle_commands import DATE, ask, kamrules, variables


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("KAMRULES_SLOW", "") in ("", "0"),
    reason="all of BottleCRM's migrations take minutes: make slow",
)
def test_a_run_reads_and_delivers_under_row_level_security(tmp_path):
    reason = bottle_server.lacking()
    if reason is not None:
        pytest.skip(reason)
    with bottle_server.bottlecrm(full=True) as bottle:
        place = f"host={bottle.folder} dbname={bottle_server.USED} user=tester"
        with psycopg.connect(place) as connection:
            guarded = connection.execute("SELECT count(*) FROM pg_policies").fetchone()
        assert guarded[0] > 100
        environ = variables(tmp_path, bottle.url, bottle.token)
        book = subprocess.run(
            [sys.executable, "-m", "kamrules_bottlecrm"],
            env=environ,
            capture_output=True,
            check=True,
        )
        (tmp_path / "book.toml").write_bytes(book.stdout)
        rows = []
        for _ in range(2):
            done = kamrules(
                tmp_path, environ, "run", "book.toml", "--as-of", DATE, "--to", "bottlecrm:"
            )
            assert done.returncode == 0, done.stderr
            report = json.loads((tmp_path / "kamrules-out/run.json").read_text())
            rows.append(report["delivered"][0]["rows"])
        assert rows[0]["accounts changed"] == report["accounts"] == 10
        assert rows[0]["tasks made"] > 0
        assert rows[1] == {"accounts changed": 0, "tasks made": 0, "tasks closed": 0}
        listed = ask(bottle.url, bottle.token, "GET", "/api/tasks/?limit=1&cf_kam_task=current")
        assert listed["tasks_count"] == rows[0]["tasks made"]
        ask(
            bottle.url,
            bottle.token,
            "PATCH",
            f"/api/accounts/{_any(bottle)}/",
            {"phone": "+15555550100"},
        )
        assert "account.updated" in [each["event"] for each in bottle.deliveries()]


def _any(bottle):
    found = ask(bottle.url, bottle.token, "GET", "/api/accounts/?limit=1")
    return found["active_accounts"]["open_accounts"][0]["id"]
