"""What an author of a book file gets from a database: every value exactly, and no more than asked for."""

from __future__ import annotations

import datetime
import math
from contextlib import closing
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kamrules.book import BookTable, ColumnMap
from kamrules.diagnostics import DataError
from tests.adapters.opening import PLUGINS, data, fetched, opened

DAY = datetime.date(2026, 1, 31)
AMOUNTS = {"postgresql": "numeric(14,2)", "mysql": "decimal(14,2)", "sqlite": "numeric"}


def types(rows):
    return dict(zip(rows.columns, map(str, rows.types), strict=True))


def test_a_table_comes_with_its_columns_and_rows_in_its_types(place, tmp_path):
    place.run(
        "CREATE TABLE orders (account_id varchar(9), "
        f"amount {AMOUNTS[place.kind]}, on_day date, done boolean, n bigint)",
        "INSERT INTO orders VALUES ('Ä1', 1234567.89, '2026-01-31', true, 9007199254740993)",
        "INSERT INTO orders VALUES ('', NULL, NULL, NULL, NULL)",
    )
    rows = data(opened(tmp_path, place.uri))
    first, second = rows.fetchall()
    assert rows.columns == ["account_id", "amount", "on_day", "done", "n"]
    assert first[0] == "Ä1"
    assert Decimal(str(first[1])) == Decimal("1234567.89")
    assert str(first[2]) == "2026-01-31"
    assert first[3] == 1
    assert first[4] == 2**53 + 1
    assert second == ("", None, None, None, None)


def test_amounts_are_decimals_and_never_floats(server_place, tmp_path):
    server_place.run(
        "CREATE TABLE orders (account_id varchar(9), a decimal(18,4), b decimal(38,10))",
        "INSERT INTO orders VALUES ('A', 12345678901234.5678, 1234567890123456789012345678.0123456789)",
    )
    rows = data(opened(tmp_path, server_place.uri))
    assert types(rows)["a"].startswith("DECIMAL(")
    assert types(rows)["a"].endswith(",4)")
    ((_, a, b),) = rows.fetchall()
    assert a == Decimal("12345678901234.5678")
    assert Decimal(b) == Decimal("1234567890123456789012345678.0123456789")


def test_what_postgresql_has_and_duckdb_has_not_comes_as_postgresql_writes_it(
    postgres_place, tmp_path
):
    postgres_place.run(
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        "CREATE DOMAIN amount AS numeric(9, 2)",
        "CREATE TABLE orders (account_id uuid, free numeric, cash money, mood mood, more jsonb, "
        "tags text[], raw bytea, padded char(5), host inet, span int4range, own amount)",
        "INSERT INTO orders VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', "
        "12345678901234567890123456789.123456789, 12.34, 'good', '{\"a\": 1}', '{x,NULL}', '\\xff00', 'ab', "
        "'10.0.0.1', '[1,3)', 7.5)",
    )
    rows = data(opened(tmp_path, postgres_place.uri))
    assert rows.fetchall() == [
        (
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "12345678901234567890123456789.123456789", "12.34",
            "good", '{"a": 1}', "{x,NULL}", "\\xff00", "ab", "10.0.0.1/32", "[1,3)", Decimal("7.50"),
        )
    ]  # fmt: skip


def test_a_time_with_a_zone_is_the_day_that_it_is_in_utc(server_place, tmp_path):
    kind = "timestamptz" if server_place.kind == "postgresql" else "timestamp"
    zone = (
        "SET TIME ZONE 'America/New_York'" if kind == "timestamptz" else "SET time_zone = '-05:00'"
    )
    server_place.run(
        zone,
        f"CREATE TABLE orders (account_id varchar(9), at {kind} NULL)",
        "INSERT INTO orders VALUES ('A', '2026-01-31 23:30:00')",
    )
    rows = data(opened(tmp_path, server_place.uri))
    ((_, at),) = rows.fetchall()
    assert (at.year, at.month, at.day, at.hour) == (2026, 2, 1, 4)


def test_what_is_no_number_stays_what_it_is_for_quality_to_tell(postgres_place, tmp_path):
    postgres_place.run(
        "CREATE TABLE orders (account_id text, a numeric(9,2), b float8)",
        "INSERT INTO orders VALUES ('A', 'NaN', 'Infinity'), ('B', 1.25, 'NaN')",
    )
    first, second = fetched(tmp_path, postgres_place.uri)
    assert first == ("A", "NaN", math.inf)
    assert second[:2] == ("B", "1.25")
    assert math.isnan(second[2])


@pytest.mark.parametrize("many", [False, True])
def test_a_date_that_mysql_takes_and_no_calendar_has_comes_as_text(
    many, mysql_place, tmp_path, monkeypatch
):
    if many:
        monkeypatch.setattr("kamrules.adapters.keeping.MANY", -1)
    mysql_place.run(
        "SET sql_mode = ''",
        "CREATE TABLE orders (account_id varchar(9), on_day date, bits bit(1), raw blob, at time)",
        "INSERT INTO orders VALUES ('A', '0000-00-00', b'1', x'ff00', '10:30:00')",
        "INSERT INTO orders VALUES ('B', '2026-01-31', b'0', 'text', NULL)",
    )
    (spill := tmp_path / "spill").mkdir()
    with duckdb.connect(config={"temp_directory": str(spill)}) as connection:
        assert fetched(tmp_path, mysql_place.uri, connection) == [
            ("A", "0000-00-00", "1", "\\xff00", "10:30:00"),
            ("B", "2026-01-31", "0", "text", None),
        ]
        assert len(list(spill.iterdir())) == many


def test_a_column_of_sqlite_holds_what_it_holds_whatever_it_was_declared_as(sqlite_place, tmp_path):
    sqlite_place.run(
        "CREATE TABLE orders (account_id, whole integer, mixed numeric, late integer, reals, raw)"
    )
    with sqlite_place.connect() as connection:
        rows = [(f"A{i}", None, i, None, 0.1, None) for i in range(3000)]
        rows += [
            ("Ä", 2**60, 0.1, "text at last", 3, b"raw"),
            ("B", -1, "x", 5, 0.30000000000000004, b"\xff"),
        ]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    found = data(opened(tmp_path, f"{sqlite_place.uri}?table=orders"))
    *_, one, two = found.fetchall()
    assert one == ("Ä", str(2**60), "0.1", "text at last", "3", "raw")
    assert two == ("B", "-1", "x", "5", "0.30000000000000004", "\\xff")
    query = {"query": "SELECT account_id, whole, mixed, late, reals FROM orders"}
    found = data(opened(tmp_path, sqlite_place.uri, options=query))
    assert types(found) == {
        "account_id": "VARCHAR", "whole": "BIGINT", "mixed": "VARCHAR", "late": "VARCHAR", "reals": "DOUBLE",
    }  # fmt: skip
    *_, one, two = found.fetchall()
    assert one == ("Ä", 2**60, "0.1", "text at last", 3.0)
    assert two == ("B", -1, "x", "5", 0.30000000000000004)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(
        st.one_of(
            st.none(),
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        max_size=6,
    )
)
@example(values=[2**53 + 1, 0.5])
@example(values=[None, 3, 0.5])
def test_any_values_of_sqlite_arrive(values, tmp_path_factory):
    import sqlite3

    folder = tmp_path_factory.mktemp("sqlite")
    connection = sqlite3.connect(folder / "crm.db")
    connection.execute("CREATE TABLE orders (account_id, v)")
    connection.executemany("INSERT INTO orders VALUES ('A', ?)", [(each,) for each in values])
    connection.commit()
    connection.close()
    found = [value for _, value in fetched(folder, "sqlite:///crm.db")]
    assert len(found) == len(values)
    for came, went in zip(found, values, strict=True):
        if isinstance(went, str) or went is None:
            assert came == went
        elif isinstance(came, str):
            assert type(went)(came) == went
        else:
            assert came == went


def test_all_rows_come_in_their_order_and_once(place, tmp_path):
    place.run("CREATE TABLE orders (account_id varchar(9), n integer)")
    with closing(place.connect()) as connection:
        cursor = connection.cursor()
        mark = "?" if place.kind == "sqlite" else "%s"
        cursor.executemany(
            f"INSERT INTO orders VALUES ({mark}, {mark})", [(f"A{i % 7}", i) for i in range(5000)]
        )
        connection.commit()
    rows = opened(tmp_path, place.uri, options={"batch": 700})
    assert [n for _, n in data(rows).fetchall()] == list(range(5000))
    lines = [row[-1] for row in rows.rows.fetchall()]
    assert lines == sorted(set(lines))


def test_only_the_columns_that_the_book_file_names_are_fetched_when_it_says_so(place, tmp_path):
    place.run(
        "CREATE TABLE orders (account_id varchar(9), amount integer, secret integer, status varchar(9))",
        "INSERT INTO orders VALUES ('A', 1, 2, 'paid')",
    )
    rows = opened(
        tmp_path, place.uri, automatic=False, columns={"amount": ColumnMap("amount")},
        only={"status": ("paid",)},
    )  # fmt: skip
    assert data(rows).fetchall() == [("A", 1, "paid")]


@pytest.mark.parametrize("by", ["table", "query"])
def test_of_a_wide_table_only_the_columns_that_are_read_are_fetched(by, place, tmp_path):
    wide = ", ".join(f"more_{number} varchar(9)" for number in range(200))
    strange = place.quoted('a"; DROP TABLE orders')
    place.run(
        f"CREATE TABLE orders (n integer, account_id varchar(9), {wide}, {strange} integer)",
        f"INSERT INTO orders (n, account_id, more_7, {strange}) VALUES (1, 'A', 'x', 5)",
    )
    table = BookTable(
        "orders", place.uri, tmp_path, columns={"amount": ColumnMap('a"; DROP TABLE orders')},
        only={"more_7": ("x",)}, options={"query": "SELECT * FROM orders"} if by == "query" else {},
    ).wanting(["n", "amount", "margin"])  # fmt: skip
    rows = data(PLUGINS.open_source(table, duckdb.connect()))
    assert rows.columns == ["n", "account_id", "more_7", 'a"; DROP TABLE orders']
    assert rows.fetchall() == [(1, "A", "x", 5)]
    assert place.tables() == {"orders"}


def test_a_column_that_nobody_reads_is_not_worked_out(postgres_place, tmp_path):
    postgres_place.run(
        "CREATE VIEW orders AS SELECT 'A' AS account_id, 1 AS n, 1 / (n - n) AS broken "
        "FROM generate_series(1, 2) AS n"
    )
    table = BookTable("orders", postgres_place.uri, tmp_path).wanting(["n"])
    assert data(PLUGINS.open_source(table, duckdb.connect())).fetchall() == [("A", 1), ("A", 1)]
    with pytest.raises(DataError, match="division by zero"):
        PLUGINS.open_source(table.wanting(["broken"]), duckdb.connect())


def test_rows_are_the_same_when_they_are_many_and_kept_in_a_file(place, tmp_path, monkeypatch):
    place.run(
        f"CREATE TABLE orders (account_id varchar(9), amount {AMOUNTS[place.kind]}, on_day date, n bigint)",
        "INSERT INTO orders VALUES ('Ä1', 1234567.89, '2026-01-31', 9007199254740993)",
        "INSERT INTO orders VALUES ('', NULL, NULL, NULL)",
        "INSERT INTO orders VALUES ('B', -0.5, '1999-12-31', 7)",
    )
    found = []
    for many in (1 << 40, -1):
        monkeypatch.setattr("kamrules.adapters.keeping.MANY", many)
        (spill := tmp_path / f"spill {many}").mkdir()
        with duckdb.connect(config={"temp_directory": str(spill)}) as connection:
            rows = opened(tmp_path, place.uri, connection)
            assert bool(list(spill.iterdir())) == (many < 0)
            lines = rows.rows.project(f'"{rows.line}"').fetchall()
            found.append((types(data(rows)), data(rows).fetchall(), lines))
    assert found[0] == found[1]
    assert [row[-1] for row in found[0][1]] == [2**53 + 1, None, 7]


@pytest.mark.parametrize(("count", "many"), [(10, False), (20_000, True)])
def test_rows_are_kept_in_a_file_when_the_database_has_many(
    count, many, place, tmp_path, monkeypatch
):
    place.run("CREATE TABLE orders (account_id varchar(9), n integer)")
    with closing(place.connect()) as connection, closing(connection.cursor()) as cursor:
        mark = "?" if place.kind == "sqlite" else "%s"
        cursor.executemany(
            f"INSERT INTO orders VALUES ({mark}, {mark})", [(f"A{i % 7}", i) for i in range(count)]
        )
        connection.commit()
    monkeypatch.setattr("kamrules.adapters.keeping.MANY", 100_000)
    (spill := tmp_path / "spill").mkdir()
    with duckdb.connect(config={"temp_directory": str(spill)}) as connection:
        rows = data(opened(tmp_path, place.uri, connection))
        assert bool(list(spill.iterdir())) == many
        assert [n for _, n in rows.fetchall()] == list(range(count))


def test_a_view_and_a_query_are_read_as_tables_are(place, tmp_path):
    place.run(
        "CREATE TABLE orders (account_id varchar(9), amount integer)",
        "INSERT INTO orders VALUES ('A', 1), ('A', 2), ('B', 5)",
        "CREATE VIEW of_b AS SELECT * FROM orders WHERE account_id = 'B'",
    )
    assert fetched(tmp_path, f"{place.uri}?table=of_b") == [("B", 5)]
    query = (
        "SELECT account_id, max(amount) AS top FROM orders GROUP BY account_id ORDER BY 1; -- all\n"
    )
    found = fetched(tmp_path, place.uri, options={"query": query.replace("; -- all", "")})
    assert found == [("A", 2), ("B", 5)]
    commented = {"query": "SELECT account_id, 7 AS n FROM orders -- these"}
    assert len(fetched(tmp_path, place.uri, options=commented)) == 3


def test_percent_signs_and_colons_of_a_query_are_its_own(place, tmp_path):
    query = "SELECT 'A' AS account_id, '%s %(x)s :y %%' AS t"
    assert fetched(tmp_path, place.uri, options={"query": query}) == [("A", "%s %(x)s :y %%")]


def test_a_table_of_another_schema_is_named_with_a_dot_or_by_the_option(postgres_place, tmp_path):
    postgres_place.run(
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.deals (account_id text)",
        "INSERT INTO sales.deals VALUES ('A')",
        'CREATE TABLE "sales.deals" (account_id text)',
    )
    assert fetched(tmp_path, f"{postgres_place.uri}?table=deals&schema=sales") == [("A",)]
    assert fetched(tmp_path, f"{postgres_place.uri}?table=sales.deals") == []
    postgres_place.run('DROP TABLE "sales.deals"')
    assert fetched(tmp_path, f"{postgres_place.uri}?table=sales.deals") == [("A",)]


def test_two_columns_of_one_name_are_told_apart(place, tmp_path):
    query = "SELECT 'A' AS account_id, 1 AS n, 2 AS n"
    rows = data(opened(tmp_path, place.uri, options={"query": query}))
    again = "n:1" if place.kind == "sqlite" else "n_2"  # SQLite names it so itself
    assert rows.columns == ["account_id", "n", again]
    assert rows.fetchall() == [("A", 1, 2)]


def test_a_column_called_rowid_is_data(place, tmp_path):
    place.run(
        "CREATE TABLE orders (account_id varchar(9), rowid integer)",
        "INSERT INTO orders VALUES ('A', 7)",
    )
    rows = opened(tmp_path, place.uri)
    assert rows.line is None
    assert rows.rows.fetchall() == [("A", 7)]


def test_a_column_called_rowid_that_nobody_reads_is_none(place, tmp_path, monkeypatch):
    place.run(
        "CREATE TABLE orders (account_id varchar(9), n integer, rowid integer)",
        "INSERT INTO orders VALUES ('A', 1, 7), ('B', 2, 5)",
    )
    monkeypatch.setattr("kamrules.adapters.keeping.MANY", -1)
    table = BookTable("orders", place.uri, tmp_path).wanting(["n"])
    with duckdb.connect(config={"temp_directory": str(tmp_path)}) as connection:
        rows = PLUGINS.open_source(table, connection)
        assert data(rows).fetchall() == [("A", 1), ("B", 2)]
        assert rows.rows.columns == ["account_id", "n", rows.line]


def test_the_driver_of_a_uri_is_taken_at_its_word(place, tmp_path):
    driver = {"postgresql": "psycopg", "mysql": "pymysql", "sqlite": "pysqlite"}[place.kind]
    place.run("CREATE TABLE orders (account_id varchar(9))", "INSERT INTO orders VALUES ('A')")
    kind, _, rest = place.uri.partition(":")
    assert fetched(tmp_path, f"{kind}+{driver}:{rest}") == [("A",)]
    assert fetched(tmp_path, f"sql:{kind}+{driver}:{rest}") == [("A",)]


def test_tables_and_views_are_listed_as_a_book_file_names_them(place, tmp_path):
    strange = "a b&c=d?"
    place.run(
        f"CREATE TABLE {place.quoted(strange)} (account_id varchar(9))",
        "CREATE TABLE orders (account_id varchar(9))",
        "CREATE VIEW few AS SELECT * FROM orders",
    )
    found = PLUGINS.tables_of(BookTable("x", place.uri, tmp_path))
    assert found == (
        f"{place.uri}?table=a%20b%26c%3Dd%3F", f"{place.uri}?table=few", f"{place.uri}?table=orders",
    )  # fmt: skip
    for each in found:
        assert opened(tmp_path, each).rows.columns[0] == "account_id"


def test_what_is_read_stays_when_the_database_is_gone(sqlite_place, tmp_path):
    sqlite_place.run(
        "CREATE TABLE orders (account_id text)", "INSERT INTO orders VALUES ('A'), ('B')"
    )
    connection = duckdb.connect()
    rows = data(opened(tmp_path, sqlite_place.uri, connection))
    (tmp_path / "crm.db").unlink()
    assert rows.fetchall() == [("A",), ("B",)]


def test_a_column_that_is_not_there_is_told_before_any_row_is_read(place, tmp_path):
    place.run(
        "CREATE TABLE orders (account_id varchar(9), amount integer)",
        "INSERT INTO orders VALUES ('A', 1)",
    )
    rows = data(opened(tmp_path, place.uri, account="customer"))
    assert rows.columns == ["account_id", "amount"]
    assert rows.fetchall() == []


def test_a_query_and_a_table_at_once_are_refused(place, tmp_path):
    with pytest.raises(DataError, match=r"KR633.*a query stands alone"):
        opened(tmp_path, f"{place.uri}?table=orders", options={"query": "SELECT 1"})
