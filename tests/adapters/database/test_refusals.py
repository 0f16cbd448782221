"""What is told when a database does not give what a book file asks for; the password is never in it."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing

import duckdb
import pytest

from kamrules.book import BookTable
from kamrules.diagnostics import DataError
from tests.adapters.database import servers
from tests.adapters.database.places import REFERENCE
from tests.adapters.opening import PLUGINS, fetched, opened
from tests.engines.sql.postgres import free_port

WRONG = "KAM_WRONG_PASSWORD"


def refused(tmp_path, uri, code, **table):
    """Return what is told instead of rows, which has this code and never the password."""
    with pytest.raises(DataError) as caught:
        opened(tmp_path, uri, **table)
    (diagnostic,) = caught.value.diagnostics
    text = str(caught.value)
    assert diagnostic.code == code, text
    for secret in (servers.PASSWORD, "wr0ng:p@ss"):
        assert secret not in text
        assert secret not in repr(caught.value)
        assert caught.value.__cause__ is None or secret not in repr(caught.value.__cause__)
    return text


def test_a_wrong_password_is_told_and_not_shown(server_place, tmp_path, monkeypatch):
    monkeypatch.setenv(WRONG, "wr0ng:p@ss")
    uri = server_place.uri_as("tester", f"${{env:{WRONG}}}")
    told = refused(tmp_path, uri, "KR662")
    assert "cannot be connected to" in told
    assert "look at the user's name" in told


def test_a_port_where_nobody_listens_is_told(server_place, tmp_path):
    told = refused(tmp_path, server_place.uri_as("tester", port=free_port()), "KR662")
    assert "refused" in told.lower()


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_host_that_does_not_exist_is_told(kind, tmp_path):
    refused(tmp_path, f"{kind}://tester:{REFERENCE}@no-such-host.invalid/crm", "KR662")


def test_a_database_that_does_not_exist_is_told(server_place, tmp_path):
    uri = server_place.uri.replace(f"/{server_place.name}", "/nowhere")
    told = refused(tmp_path, uri, "KR662")
    assert "nowhere" in told


def test_a_misspelt_table_is_told_with_the_nearest_one(place, tmp_path):
    place.run("CREATE TABLE orders (account_id varchar(9))")
    told = refused(tmp_path, f"{place.uri}?table=ordres", "KR622")
    assert "has no table `ordres`" in told
    assert "did you mean `orders`?" in told


def test_a_schema_that_is_not_there_is_told(server_place, tmp_path):
    told = refused(tmp_path, f"{server_place.uri}?table=nowhere.orders", "KR622")
    assert "nowhere.orders" in told


def test_rows_that_may_not_be_read_are_told(server_place, tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_GUEST", "gu3st-pass")
    at = "@'127.0.0.1'" if server_place.kind == "mysql" else ""
    sort = "IDENTIFIED BY" if server_place.kind == "mysql" else "LOGIN PASSWORD"
    user = f"guest_{server_place.name}"
    server_place.run(
        "CREATE TABLE orders (account_id varchar(9))",
        "CREATE TABLE others (account_id varchar(9))",
        f"CREATE USER {user}{at} {sort} 'gu3st-pass'",
        f"GRANT SELECT ON {'TABLE ' if not at else server_place.name + '.'}others TO {user}{at}",
    )
    uri = server_place.uri_as(user, "${env:KAM_GUEST}")
    told = refused(tmp_path, uri, "KR664")
    assert "denied" in told
    assert "gu3st" not in told
    assert fetched(tmp_path, f"{uri}?table=others") == []


@pytest.mark.parametrize("query", [
    "SELECT 1 AS account_id; SELECT 2",
    "DELETE FROM orders",
    "DELETE FROM orders RETURNING account_id",
    "INSERT INTO orders VALUES ('B')",
    "DROP TABLE orders",
    "CREATE TABLE more (a integer)",
    "SELECT nothing FROM orders",
    "SELECT * FROM nowhere",
    "SELEC 1",
])  # fmt: skip
def test_a_query_that_is_not_one_that_only_reads_is_refused(query, place, tmp_path):
    place.run("CREATE TABLE orders (account_id varchar(9))", "INSERT INTO orders VALUES ('A')")
    refused(tmp_path, place.uri, "KR665", options={"query": query})
    assert place.rows("SELECT * FROM orders") == [("A",)]
    assert place.tables() == {"orders"}


def test_a_function_that_writes_is_refused_in_a_query(postgres_place, tmp_path):
    postgres_place.run(
        "CREATE TABLE orders (account_id text)",
        "CREATE FUNCTION sneak() RETURNS text LANGUAGE sql AS "
        "$$ INSERT INTO orders VALUES ('B') RETURNING account_id $$",
    )
    told = refused(
        tmp_path, postgres_place.uri, "KR665", options={"query": "SELECT sneak() AS account_id"}
    )
    assert "read-only" in told
    assert postgres_place.rows("SELECT * FROM orders") == []


def test_a_file_that_is_not_there_and_one_that_is_no_database_are_told(tmp_path):
    (tmp_path / "crm.db").write_text("no database at all, but long enough to be looked at" * 99)
    assert "did you mean `crm.db`?" in refused(tmp_path, "sqlite:///cmr.db", "KR622")
    assert "not a database" in refused(tmp_path, "sqlite:///crm.db", "KR623")
    assert "is a folder" in refused(tmp_path, "sqlite:///.", "KR622")
    assert "names no file" in refused(tmp_path, "sqlite://", "KR661")
    assert not (tmp_path / "cmr.db").exists()


def test_a_file_that_another_program_has_locked_is_told(sqlite_place, tmp_path, monkeypatch):
    monkeypatch.setattr("kamrules.adapters.database.connecting.PATIENCE", 0)
    sqlite_place.run("CREATE TABLE orders (account_id text)")
    with closing(sqlite3.connect(tmp_path / "crm.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "locked" in refused(tmp_path, sqlite_place.uri, "KR669")
    assert fetched(tmp_path, sqlite_place.uri) == []


@pytest.mark.parametrize(("uri", "code"), [
    ("postgresql:crm", "KR661"),
    ("postgresql://tester@[::1/crm", "KR661"),
    ("postgresql://tester@127.0.0.1:port/crm", "KR661"),
    ("mysql://tester@127.0.0.1", "KR661"),
    ("sqlite:crm.db?table=deals", "KR661"),
    ("sql:nonsense://127.0.0.1/crm", "KR661"),
    ("sql:oracle://tester@127.0.0.1/crm", "KR660"),
    ("postgresql+pg8000://tester@127.0.0.1/crm", "KR660"),
])  # fmt: skip
def test_what_is_no_address_or_needs_a_driver_that_is_not_there_is_told(uri, code, tmp_path):
    told = refused(tmp_path, uri, code)
    assert "help" in told


@pytest.mark.parametrize(("options", "code", "told"), [
    ({"tabel": "orders"}, "KR632", "did you mean `table`?"),
    ({"batch": 0}, "KR633", "is a number of rows"),
    ({"batch": "many"}, "KR633", "is a number of rows"),
    ({"table": 7}, "KR633", "is a text"),
    ({"table": "a\0b"}, "KR633", "code 0"),
])  # fmt: skip
def test_options_that_a_database_does_not_have_are_told(options, code, told, tmp_path):
    assert told in refused(tmp_path, "postgresql://tester@127.0.0.1:1/crm", code, options=options)


def test_an_option_that_only_the_driver_could_know_and_does_not_is_told(mysql_place, tmp_path):
    told = refused(tmp_path, f"{mysql_place.uri}?tabel=orders", "KR632")
    assert "did you mean `table`?" in told


@pytest.mark.parametrize("module", ["sqlalchemy", "psycopg", "adbc_driver_postgresql"])
def test_a_library_that_is_not_installed_is_told_with_the_command(
    module, postgres_place, tmp_path, monkeypatch
):
    import importlib
    import sys

    from kamrules.adapters.database import toolkit

    postgres_place.run("CREATE TABLE orders (account_id text)")
    for each in [each for each in sys.modules if each.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, each)
    monkeypatch.setitem(sys.modules, module, None)

    def lacking(name):
        if name.partition(".")[0] == module:
            raise ModuleNotFoundError(name=module)
        return importlib.import_module(name)

    monkeypatch.setattr(toolkit, "import_module", lacking)
    told = refused(tmp_path, postgres_place.uri, "KR660")
    assert 'pip install "kamrules[database]"' in told


@pytest.mark.parametrize(
    ("kind", "many"), [("postgresql", False), ("postgresql", True), ("mysql", False)]
)
def test_a_server_that_is_killed_while_it_is_read_is_told_and_read_again_later(
    kind, many, tmp_path, monkeypatch
):
    if many:
        monkeypatch.setattr("kamrules.adapters.keeping.MANY", -1)
    if kind == "mysql" and not servers.mariadb_here():
        pytest.skip("no MariaDB server is installed: make services")
    start = servers.postgres_on_loopback if kind == "postgresql" else servers.mariadb
    with start(servers.PASSWORD) as server:
        name = "postgres" if kind == "postgresql" else "crm"
        uri = f"{kind}://tester:{REFERENCE}@127.0.0.1:{server.port}/{name}"
        slow = "pg_sleep(0.001)" if kind == "postgresql" else "sleep(0.001)"
        rows = (
            "generate_series(1, 1000000) AS i"
            if kind == "postgresql"
            else "(SELECT seq AS i FROM seq_1_to_1000000) AS s"
        )
        query = f"SELECT i AS account_id, repeat('x', 1000) AS t, {slow} IS NULL AS s FROM {rows}"
        (spill := tmp_path / "spill").mkdir()
        connection = duckdb.connect(config={"temp_directory": str(spill)})
        caught: list[BaseException] = []

        def read() -> None:
            try:
                table = BookTable("orders", uri, tmp_path, options={"query": query, "batch": 100})
                PLUGINS.open_source(table, connection)
            except BaseException as error:  # noqa: BLE001
                caught.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        until = time.monotonic() + 30
        while not busy(kind, server) and time.monotonic() < until and reader.is_alive():
            reader.join(0.05)
        server.stop()
        reader.join(60)
        assert not reader.is_alive()
        (error,) = caught
        assert isinstance(error, DataError)
        assert error.diagnostics[0].code == "KR663", str(error)
        assert servers.PASSWORD not in str(error)
        assert connection.sql("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
        assert not list(spill.iterdir())
        server.begin()
        again = {"query": "SELECT 'A' AS account_id"}
        assert fetched(tmp_path, uri, connection, options=again) == [("A",)]


def busy(kind, server):
    """Return whether the server is sending the rows of the query."""
    import psycopg
    import pymysql

    if kind == "postgresql":
        with psycopg.connect(
            host="127.0.0.1", port=server.port, user="tester", password=servers.PASSWORD, dbname="postgres"
        ) as connection:  # fmt: skip
            query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY (%'"
            return connection.execute(query).fetchall()[0][0] > 0
    with closing(
        pymysql.connect(host="127.0.0.1", port=server.port, user="tester", password=servers.PASSWORD)
    ) as connection, closing(connection.cursor()) as cursor:  # fmt: skip
        cursor.execute(
            "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT i AS%'"
        )
        return cursor.fetchall()[0][0] > 0
