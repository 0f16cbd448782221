"""No name of a schema, a table or a column ever becomes SQL, whoever chose it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kamrules.book import BookTable, ColumnMap
from kamrules.diagnostics import DataError
from tests.adapters.database.delivering import RUN, target
from tests.adapters.opening import PLUGINS, data

DANGEROUS = (
    'a"b', "a`b", "a'b", "a]b", "a;DROP TABLE precious", '"; DROP TABLE precious; --',
    "`; DROP TABLE precious; #",
    "%s", "%(x)s", "%%", ":x", "?", "--", "/* */", "a\\", "$1", "{x}", "\N{SNOWMAN}", "名前", "select", "a.b",
    "x) VALUES (%s", "x'); DROP TABLE precious; --", "tab\tand\nline", "rowid", "ORDER BY 1", "@@version",
)  # fmt: skip
SIGNS = st.sampled_from("ab\"'`;%s:()-?*/\\.,[]{}$@#é名 \n")
NAME = st.sampled_from(DANGEROUS) | st.text(SIGNS, min_size=1, max_size=20)
PROPERTY = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def usable(kind, name):
    """Return whether a server can have something of that name at all."""
    if kind == "mysql":
        return name == name.rstrip() and len(name) <= 40
    return len(name.encode()) <= 40


def precious(place):
    """Make a table that has to be there afterwards, and nothing else."""
    tables = place.tables()
    if "precious" not in tables:
        place.run("CREATE TABLE precious (a integer)", "INSERT INTO precious VALUES (1)")
    for each in tables - {"precious"}:
        place.run(f"DROP TABLE {place.quoted(each)}")


@PROPERTY
@given(table=NAME, column=NAME)
@example(table='"; DROP TABLE precious; --', column="%s")
@example(table="%(x)s", column=":x")
def test_a_table_and_a_column_of_any_name_are_read(place, table, column):
    if not usable(place.kind, table) or not usable(place.kind, column) or "\n" in table:
        return
    if column.casefold() == "account_id":
        return
    precious(place)
    place.run(
        f"CREATE TABLE {place.quoted(table)} (account_id varchar(9), {place.quoted(column)} integer)",
        f"INSERT INTO {place.quoted(table)} VALUES ('A', 7)",
    )
    for automatic in (True, False):
        book = BookTable(
            "orders", place.uri, place.folder or Path(), options={"table": table}, automatic=automatic,
            columns={"n": ColumnMap(column)},
        )  # fmt: skip
        rows = data(PLUGINS.open_source(book, duckdb.connect()))
        assert rows.columns == ["account_id", column]
        assert rows.fetchall() == [("A", 7)]
    listed = PLUGINS.tables_of(BookTable("x", place.uri, place.folder or Path()))
    assert listed is not None
    for each in listed:
        assert PLUGINS.open_source(BookTable("o", each, place.folder or Path()), duckdb.connect())
    assert place.rows("SELECT a FROM precious") == [(1,)]


@PROPERTY
@given(table=NAME)
def test_a_table_that_is_not_there_does_nothing(place, table):
    precious(place)
    book = BookTable("orders", place.uri, place.folder or Path(), options={"table": table})
    with pytest.raises(DataError) as caught:
        PLUGINS.open_source(book, duckdb.connect())
    assert caught.value.diagnostics[0].code in {"KR622", "KR623", "KR664"}
    assert place.tables() == {"precious"}


@PROPERTY
@given(prefix=NAME, column=NAME)
@example(prefix='"; DROP TABLE precious; --', column="x) VALUES (%s")
@example(prefix="%(x)s", column="%s")
@example(prefix=":x`", column="a`b")
def test_output_is_written_under_any_name_in_every_mode(place, prefix, column):
    precious(place)
    if column.casefold() in {"account_id", "as_of"}:
        return
    connection = duckdb.connect()
    quoted = '"' + column.replace('"', '""') + '"'
    for mode, worth in (("create", 1), ("upsert", 2), ("replace", 3)):
        where = target(place, mode, RUN, prefix=prefix)
        rows = connection.sql(
            f"SELECT 'A' AS account_id, DATE '2026-06-30' AS as_of, {worth}::BIGINT AS {quoted}"
        )
        delivery = PLUGINS.sinks[where.scheme](where)
        try:
            delivery.stage({"decisions": rows, "gaps": rows}, connection)
            delivery.commit()
        except DataError as error:
            # no server takes such a name, and that is what is said
            possible = usable(place.kind, prefix) and usable(place.kind, column)
            if possible or {each.code for each in error.diagnostics} != {"KR670"}:
                raise
            break
        finally:
            delivery.abandon()
        for table in ("decisions", "gaps"):
            found = place.rows(f"SELECT {place.quoted(column)} FROM {place.quoted(prefix + table)}")
            assert found == [(worth,)]
    assert place.rows("SELECT a FROM precious") == [(1,)]


@pytest.mark.parametrize("name", ["n" * 64, "名" * 22])
def test_a_name_that_postgresql_would_cut_is_refused(postgres_place, name):
    connection = duckdb.connect()
    rows = connection.sql(f"SELECT 'A' AS account_id, 1 AS \"{name}\"")
    delivery = PLUGINS.sinks["postgresql"](target(postgres_place))
    try:
        with pytest.raises(DataError, match=r"KR670(.|\n)*takes 63"):
            delivery.stage({"decisions": rows}, connection)
    finally:
        delivery.abandon()
    assert postgres_place.tables() == set()
