"""What arrives in a database: all of a run or nothing, beside or in place of what was there."""

from __future__ import annotations

import datetime
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from kamrules.diagnostics import DataError
from tests.adapters.database import servers
from tests.adapters.database.delivering import (
    DAY,
    RUN,
    counts,
    deliver,
    output,
    staged,
    target,
)
from tests.adapters.database.places import REFERENCE, Place
from tests.adapters.opening import PLUGINS, data, opened
from tests.engines.sql.postgres import free_port

ROOT = Path(__file__).parents[3]


def refused(code, target, accounts=10, **more):
    """Return what is told instead of a delivery, without the password."""
    with pytest.raises(DataError) as caught:
        deliver(target, accounts, **more)
    text = str(caught.value)
    assert {each.code for each in caught.value.diagnostics} == {code}, text
    assert servers.PASSWORD not in text
    return text


def test_every_value_arrives_as_it_was(place):
    deliver(target(place))
    connection = duckdb.connect()
    for name, relation in output(connection).items():
        columns = ", ".join(place.quoted(each) for each in relation.columns)
        order = "account_id, " + ("rank" if place.kind != "mysql" else "`rank`")
        order = order if name == "actions" else "account_id"
        arrived = place.rows(f"SELECT {columns} FROM kam_{name} ORDER BY {order}")
        wanted = relation.order("account_id" + (", rank" if name == "actions" else "")).fetchall()
        if place.kind == "sqlite":
            wanted = [
                tuple(str(v) if isinstance(v, datetime.date) else v for v in row) for row in wanted
            ]
        assert arrived == wanted
    ((day, ruleset, accounts),) = place.rows("SELECT as_of, ruleset, accounts FROM kam_runs")
    assert (str(day), ruleset, accounts) == (DAY.isoformat(), "kam", 10)
    assert {str(day) for (day,) in place.rows("SELECT as_of FROM kam_actions")} == {DAY.isoformat()}


def test_what_was_written_can_be_read_as_a_book(place, tmp_path):
    deliver(target(place))
    rows = data(opened(tmp_path, f"{place.uri}?table=kam_decisions"))
    assert rows.aggregate("count(*), sum(worth)").fetchall()[0][0] == 10


def test_replace_takes_out_what_was_there_and_append_leaves_it(place):
    deliver(target(place), 10)
    deliver(target(place), 4)
    assert counts(place) == {"kam_decisions": 4, "kam_actions": 4, "kam_runs": 1}
    later = replace(RUN, as_of=datetime.date(2026, 7, 31))
    decided = "SELECT 'C-1' AS account_id, DATE '2026-07-31' AS as_of, 1.0::DOUBLE AS worth"
    deliver(target(place, "append", later), 2, decisions=decided)
    assert counts(place) == {"kam_decisions": 5, "kam_actions": 6, "kam_runs": 2}


def test_append_does_not_write_the_same_run_twice(place):
    deliver(target(place, "append"))
    told = refused("KR668", target(place, "append"))
    assert "use mode upsert" in told
    assert counts(place) == {"kam_decisions": 10, "kam_actions": 10, "kam_runs": 1}


def test_upsert_replaces_the_rows_of_the_accounts_that_are_written_in_every_table(place):
    deliver(target(place), 10)
    decided = "SELECT 'C-0' AS account_id, DATE '2026-06-30' AS as_of, 'key' AS class"
    deliver(
        target(place, "upsert"), decisions=decided, actions="SELECT 'C-0' AS account_id WHERE false"
    )
    assert counts(place) == {"kam_decisions": 10, "kam_actions": 8, "kam_runs": 1}
    assert place.rows("SELECT class, worth FROM kam_decisions WHERE account_id = 'C-0'") == [
        ("key", None)
    ]


def test_ids_that_differ_in_case_or_accents_are_different_accounts(place):
    ids = "SELECT unnest(['a', 'A', 'ä', 'b']) AS account_id, DATE '2026-06-30' AS as_of"
    deliver(target(place), decisions=ids, actions=ids)
    one = "SELECT 'a' AS account_id, DATE '2026-06-30' AS as_of"
    deliver(target(place, "upsert"), decisions=one, actions=f"{one} WHERE false")
    left = {each for (each,) in place.rows("SELECT account_id FROM kam_actions")}
    assert left == {"A", "ä", "b"}


def test_create_refuses_to_find_rows_and_tells_where(place):
    deliver(target(place, "create"))
    told = refused("KR667", target(place, "create"))
    assert "`kam_decisions`, `kam_actions`, `kam_runs`" in told
    deliver(target(place, "create", prefix="again_"))
    assert counts(place, "again_decisions") == {"again_decisions": 10}


def test_a_score_that_is_new_gets_its_column_and_one_that_is_gone_keeps_it(place):
    deliver(target(place))
    newer = "SELECT 'C-1' AS account_id, DATE '2026-06-30' AS as_of, 5::DOUBLE AS fit, true AS sure"
    deliver(target(place, "upsert"), decisions=newer)
    assert place.rows("SELECT worth, fit FROM kam_decisions WHERE account_id = 'C-1'") == [
        (None, 5.0)
    ]
    assert place.rows("SELECT fit FROM kam_decisions WHERE account_id = 'C-2'") == [(None,)]


def test_a_column_of_another_type_is_told_by_name(place):
    kind = "integer" if place.kind != "mysql" else "int"
    place.run(
        f"CREATE TABLE kam_decisions (account_id varchar(20) PRIMARY KEY, as_of date, class {kind})"
    )
    told = refused("KR666", target(place, "upsert"))
    assert "column `class` of table `kam_decisions`" in told
    assert place.tables() == {"kam_decisions"}


def test_a_table_that_is_none_of_ours_is_left_alone(place):
    place.run(
        "CREATE TABLE kam_decisions (customer varchar(20))",
        "INSERT INTO kam_decisions VALUES ('x')",
    )
    told = refused("KR666", target(place))
    assert "none of kamrules'" in told
    assert place.rows("SELECT * FROM kam_decisions") == [("x",)]


def test_columns_grants_and_views_that_users_added_stay(server_place):
    deliver(target(server_place))
    server_place.run(
        "ALTER TABLE kam_decisions ADD COLUMN note varchar(20)",
        "CREATE VIEW best AS SELECT account_id FROM kam_decisions WHERE worth > 1",
    )
    deliver(target(server_place))
    assert len(server_place.rows("SELECT * FROM best")) == 2
    assert server_place.rows("SELECT DISTINCT note FROM kam_decisions") == [(None,)]


def test_a_table_without_transactions_is_refused(mysql_place):
    mysql_place.run("CREATE TABLE kam_runs (as_of date) ENGINE = MyISAM")
    assert "MyISAM" in refused("KR666", target(mysql_place, "append"))


def test_text_that_a_server_would_cut_is_refused(mysql_place):
    mysql_place.run("SET GLOBAL sql_mode = ''")
    try:
        long = f"SELECT '{'x' * 300}' AS account_id, DATE '2026-06-30' AS as_of"
        told = refused("KR648", target(mysql_place), decisions=long)
        assert "account_id" in told
        assert mysql_place.tables() == set()
    finally:
        mysql_place.run("SET GLOBAL sql_mode = DEFAULT")


def test_readers_see_the_run_before_or_the_run_after_and_never_a_part(place):
    if place.kind == "sqlite":
        place.run("PRAGMA journal_mode = WAL")
    deliver(target(place), 200)
    seen: set[tuple[int, int]] = set()
    stop = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        query = "SELECT (SELECT count(*) FROM kam_decisions), (SELECT count(*) FROM kam_actions)"
        try:
            while not stop.is_set():
                seen.update(place.rows(query))
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for accounts in (4000, 200, 4000, 200):
            for mode in ("replace", "upsert"):
                deliver(target(place, mode), accounts)
    finally:
        stop.set()
        reader.join(60)
    assert failures == []
    assert seen <= {(200, 200), (4000, 4000)}
    assert (200, 200) in seen


def test_what_is_staged_is_not_seen_and_what_is_abandoned_was_never_there(place):
    with staged(target(place), 50) as delivery:
        if place.kind == "postgresql":
            assert place.tables() == set()
        if place.kind == "mysql":
            assert counts(place) == {"kam_decisions": 0, "kam_actions": 0, "kam_runs": 0}
        delivery.abandon()
        delivery.abandon()
    assert place.tables() == set()
    deliver(target(place), 10)
    before = place.rows("SELECT * FROM kam_decisions ORDER BY account_id")
    newer = "SELECT 'C-1' AS account_id, DATE '2026-06-30' AS as_of, 5::DOUBLE AS fit"
    with staged(target(place, "upsert"), decisions=newer):
        assert counts(place)["kam_decisions"] == 10
    assert place.rows("SELECT * FROM kam_decisions ORDER BY account_id") == before


def test_a_file_that_was_not_there_is_not_there_after_a_run_that_failed(tmp_path):
    where = Place("sqlite", "new.db", folder=tmp_path)
    with staged(target(where)):
        pass
    assert list(tmp_path.iterdir()) == []
    deliver(target(where))
    assert counts(where)["kam_decisions"] == 10


def test_after_a_commit_there_is_nothing_to_abandon(place):
    with staged(target(place)) as delivery:
        delivery.commit()
        delivery.abandon()
    assert counts(place) == {"kam_decisions": 10, "kam_actions": 10, "kam_runs": 1}


def test_two_runs_at_once_do_not_mix(server_place):
    with staged(target(server_place)) as first:
        told = refused("KR669", target(server_place))
        assert "another run is writing" in told
        first.commit()
    assert counts(server_place)["kam_decisions"] == 10


def test_a_file_that_another_program_writes_to_is_told(sqlite_place, tmp_path, monkeypatch):
    monkeypatch.setattr("kamrules.adapters.database.connecting.PATIENCE", 0)
    with closing(sqlite3.connect(tmp_path / "crm.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "busy" in refused("KR669", target(sqlite_place))


def test_what_may_not_be_written_is_told(server_place, monkeypatch):
    monkeypatch.setenv("KAM_GUEST", "gu3st-pass")
    at = "@'127.0.0.1'" if server_place.kind == "mysql" else ""
    sort = "IDENTIFIED BY" if server_place.kind == "mysql" else "LOGIN PASSWORD"
    user = f"guest_{server_place.name}"
    deliver(target(server_place), 10)
    server_place.run(f"CREATE USER {user}{at} {sort} 'gu3st-pass'")
    for table in ("kam_decisions", "kam_actions", "kam_runs"):
        on = f"{server_place.name}.{table}" if at else table
        server_place.run(f"GRANT SELECT ON {on} TO {user}{at}")
    if at:
        server_place.run(f"GRANT CREATE TEMPORARY TABLES ON {server_place.name}.* TO {user}{at}")
    guest = replace(target(server_place), uri=server_place.uri_as(user, "${env:KAM_GUEST}"))
    told = refused("KR664", guest, 4)
    assert "denied" in told
    assert "gu3st" not in told
    assert counts(server_place) == {"kam_decisions": 10, "kam_actions": 10, "kam_runs": 1}


def test_a_sink_that_cannot_be_reached_is_told_before_anything_is_staged(server_place, monkeypatch):
    nobody = replace(target(server_place), uri=server_place.uri_as("tester", port=free_port()))
    with pytest.raises(DataError, match="KR662"):
        PLUGINS.sinks[nobody.scheme](nobody)


def test_a_schema_is_written_to_and_one_that_is_not_there_is_told(postgres_place):
    postgres_place.run('CREATE SCHEMA "KAM ""1"""')
    deliver(target(postgres_place, schema='KAM "1"'))
    assert postgres_place.rows('SELECT count(*) FROM "KAM ""1""".kam_decisions') == [(10,)]
    told = refused("KR671", target(postgres_place, schema="kamm"))
    assert "has no schema `kamm`" in told


def test_a_file_without_room_is_told_and_stays_as_it_was(sqlite_place):
    deliver(target(sqlite_place), 10)
    ((pages,),) = sqlite_place.rows("PRAGMA page_count")
    connect = sqlite3.connect

    def limited(*args, **kwargs):
        made = connect(*args, **kwargs)
        made.execute(f"PRAGMA max_page_count = {pages + 2}")
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", limited)
        patch.setattr(sqlite3.dbapi2, "connect", limited)
        told = refused("KR648", target(sqlite_place), 5000)
    assert "the disk is full" in told
    assert counts(sqlite_place)["kam_decisions"] == 10


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_that_is_killed_with_a_run_under_way_has_nothing_of_it(kind):
    if kind == "mysql" and not servers.mariadb_here():
        pytest.skip("no MariaDB server is installed: make services")
    start = servers.postgres_on_loopback if kind == "postgresql" else servers.mariadb
    with start(servers.PASSWORD) as server:
        where = Place(kind, "postgres" if kind == "postgresql" else "crm", server.port)
        deliver(target(where), 10)
        with staged(target(where), 500) as delivery:
            server.stop()
            with pytest.raises(DataError) as caught:
                delivery.commit()
            assert caught.value.diagnostics[0].code == "KR663", str(caught.value)
            assert servers.PASSWORD not in str(caught.value)
            delivery.abandon()
        server.begin()
        assert counts(where) == {"kam_decisions": 10, "kam_actions": 10, "kam_runs": 1}
        deliver(target(where), 20)
        assert counts(where) == {"kam_decisions": 20, "kam_actions": 20, "kam_runs": 1}


def test_a_run_that_is_killed_leaves_nothing_that_the_next_one_stumbles_over(
    server_place, tmp_path
):
    deliver(target(server_place), 10)
    script = textwrap.dedent(
        f"""
        import os, sys
        sys.path.insert(0, {str(ROOT)!r})
        from tests.adapters.database.delivering import staged, target
        from tests.adapters.database.places import Place
        place = Place({server_place.kind!r}, {server_place.name!r}, {server_place.port})
        with staged(target(place, "upsert", prefix=sys.argv[1]), 300):
            os.kill(os.getpid(), 9)
        """
    )
    for prefix in ("kam_", "fresh_"):
        done = subprocess.run([sys.executable, "-c", script, prefix], cwd=ROOT, check=False)
        assert done.returncode == -9
    assert counts(server_place) == {"kam_decisions": 10, "kam_actions": 10, "kam_runs": 1}
    until = time.monotonic() + 30
    while True:  # until the server has noticed that they are gone
        try:
            deliver(target(server_place, "create", prefix="fresh_"), 5)
            break
        except DataError:
            assert time.monotonic() < until
    assert counts(server_place, "fresh_decisions") == {"fresh_decisions": 5}


def test_where_a_dialect_has_no_staging_the_transaction_alone_keeps_readers_out(place, monkeypatch):
    from kamrules.adapters.database.loading import Loader

    monkeypatch.setattr(Loader, "stages", False)
    deliver(target(place), 10)
    decided = "SELECT 'C-0' AS account_id, DATE '2026-06-30' AS as_of, 'key' AS class"
    deliver(
        target(place, "upsert"), decisions=decided, actions="SELECT 'C-0' AS account_id WHERE false"
    )
    assert counts(place) == {"kam_decisions": 10, "kam_actions": 8, "kam_runs": 1}
    with staged(target(place), 50):
        assert counts(place)["kam_decisions"] == 10
    assert counts(place)["kam_decisions"] == 10


def test_the_password_of_a_target_is_in_no_repr(place):
    assert REFERENCE in target(place).uri or place.kind == "sqlite"
    with staged(target(place)) as delivery:
        for each in (delivery, vars(delivery), delivery._engine, delivery._address):
            assert servers.PASSWORD not in repr(each)
