"""Warehouses that tests can have, DuckDB, PostgreSQL, Spark, filled with a case's tables or a book's."""

from __future__ import annotations

import csv
import datetime
import shutil
import tempfile
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from psycopg.rows import dict_row
from sqlglot.tokens import TokenType

from tests.engines.sql.postgres import postgres
from tests.engines.sql.spark import spark
from tests.strategies.books import TableData

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kamrules.compiler.program import Program

TYPES = {
    "text": "text", "double": "double precision", "bigint": "bigint", "decimal": "numeric(38, 8)",
    "date": "date", "bool": "boolean", "number": "numeric",
}  # fmt: skip
DUCK = {**TYPES, "number": "decimal(38, 10)"}
SPARK = {**DUCK, "text": "string", "double": "double", "decimal": "decimal(38, 8)"}
ARROW = {
    "text": pa.string(), "double": pa.float64(), "bigint": pa.int64(), "decimal": pa.decimal128(38, 8),
    "date": pa.date32(), "bool": pa.bool_(), "number": pa.decimal128(38, 10),
}  # fmt: skip
WAREHOUSES = ("duckdb", "postgres", "spark", "lenient spark")
"""The last one has ANSI mode off, as Spark had it before version 4, and another time zone."""
ZONES = {"spark": "Asia/Kolkata", "lenient spark": "America/St_Johns"}
OF_KINDS = {"date": "date", "bool": "bool", "text": "text", "choice": "text"}
Rows = list[dict[str, Any]]


class Warehouse:
    """A connection with tables and views; each is made anew in an empty schema."""

    dialect = ""

    def run(self, sql: str) -> None:
        """Run statements."""
        raise NotImplementedError

    def rows(self, query: str) -> Rows:
        """Return a query's rows."""
        raise NotImplementedError

    def view(self, name: str, query: str) -> None:
        """Give a query a name, for this connection alone."""
        self.run(f"CREATE OR REPLACE TEMPORARY TABLE {_quoted(name)} AS {query}")

    def keep(self, name: str, query: str) -> None:
        """Give the rows that a query has now a name, for this connection alone."""
        self.view(name, query)

    def fill(self, table: str, forms: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Make a table with columns of physical forms."""
        raise NotImplementedError

    def empty(self) -> None:
        """Forget all that was made."""
        self.run("DROP SCHEMA IF EXISTS crm CASCADE; CREATE SCHEMA crm;")

    def fill_all(self, tables: Mapping[str, TableData]) -> None:
        """Make all tables of a case."""
        for name, table in tables.items():
            self.fill(name, table.forms, table.rows)


def tables_of(folder: Path, program: Program) -> dict[str, TableData]:
    """Return the tables of a folder of CSV files, typed as the ruleset's vocabulary says."""
    found = {}
    for name, table in program.tables.items():
        path = folder / f"{name}.csv"
        if not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or [])
            forms = {each: _form(table, each) for each in columns}
            rows = [{key: _typed(forms[key], row[key]) for key in columns} for row in reader]
        # a warehouse has every account once, and no rows without an id
        rows = [each for each in rows if each["account_id"] is not None]
        if name == "accounts":
            rows = list({each["account_id"]: each for each in reversed(rows)}.values())
        found[name] = TableData(forms, rows)
    return found


@contextmanager
def warehouse_of(dialect: str) -> Iterator[Warehouse]:
    """Open a warehouse, and close it."""
    if dialect == "duckdb":
        found = DuckWarehouse()
        yield found
        found.connection.close()
        return
    if dialect in ZONES:
        with SparkWarehouse.of(dialect) as one:
            yield one
        return
    with postgres() as address:
        opened = PostgresWarehouse(address)
        yield opened
        opened.connection.close()


def _form(table: Any, name: str) -> str:
    column = table.columns.get(name)
    return "text" if column is None else OF_KINDS.get(column.type.kind.value, "number")


def _typed(form: str, written: str) -> Any:
    """Return what a typed table can hold of a cell: nothing of one that is of no such type."""
    if form == "text":
        return written or None
    try:
        match form:
            case "date":
                return datetime.date.fromisoformat(written)
            case "bool":
                return {"true": True, "yes": True, "false": False, "no": False}.get(written.lower())
            case _:
                return Decimal(written)
    except (ValueError, ArithmeticError):
        return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class DuckWarehouse(Warehouse):
    """DuckDB in memory."""

    dialect = "duckdb"

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 1; SET enable_progress_bar = false")

    def run(self, sql: str) -> None:
        self.connection.execute(sql)

    def rows(self, query: str) -> Rows:
        found = self.connection.execute(query)
        names = [each[0] for each in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def fill(self, table: str, forms: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        columns = ", ".join(f"{_quoted(key)} {DUCK[form]}" for key, form in forms.items())
        self.run(f"CREATE TABLE crm.{_quoted(table)} ({columns})")
        schema = pa.schema([(key, ARROW[form]) for key, form in forms.items()])
        self.connection.register("given", pa.Table.from_pylist(list(rows), schema=schema))
        self.run(f"INSERT INTO crm.{_quoted(table)} FROM given")
        self.connection.unregister("given")


class PostgresWarehouse(Warehouse):
    """PostgreSQL as tests.engines.sql.postgres starts it."""

    dialect = "postgres"

    def __init__(self, address: str) -> None:
        self.connection = psycopg.connect(address, autocommit=True)

    def run(self, sql: str) -> None:
        self.connection.execute(sql, prepare=False)

    def rows(self, query: str) -> Rows:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query).fetchall()

    def fill(self, table: str, forms: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        columns = ", ".join(f"{_quoted(key)} {TYPES[form]}" for key, form in forms.items())
        self.run(f"CREATE TABLE crm.{_quoted(table)} ({columns})")
        into = f"COPY crm.{_quoted(table)} FROM STDIN"
        with self.connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row([row[key] for key in forms])


class SparkWarehouse(Warehouse):
    """Spark: tables of Parquet files, views in the catalog of the process's session."""

    dialect = "spark"

    def __init__(self, folder: Path) -> None:
        self.session = spark()
        self.folder = folder
        self.made = 0

    @staticmethod
    @contextmanager
    def of(name: str) -> Iterator[SparkWarehouse]:
        """Open one of the two, with the session's settings as it wants them."""
        folder = tempfile.mkdtemp(prefix="kamrules-spark-")
        try:
            found = SparkWarehouse(Path(folder))
            found.session.conf.set("spark.sql.ansi.enabled", str(name == "spark").lower())
            found.session.conf.set("spark.sql.session.timeZone", ZONES[name])
            yield found
            found.session.sql("DROP SCHEMA IF EXISTS crm CASCADE")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run(self, sql: str) -> None:
        for each in statements(sql):
            self.session.sql(each)

    def view(self, name: str, query: str) -> None:
        self.session.sql(query).createOrReplaceTempView(name)

    def keep(self, name: str, query: str) -> None:
        self.made += 1
        path = str(self.folder / str(self.made))
        self.session.sql(query).write.parquet(path)
        self.session.read.parquet(path).createOrReplaceTempView(name)

    def rows(self, query: str) -> Rows:
        return [each.asDict() for each in self.session.sql(query).collect()]

    def empty(self) -> None:
        self.run("DROP SCHEMA IF EXISTS crm CASCADE; CREATE SCHEMA crm;")

    def fill(self, table: str, forms: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        schema = pa.schema([(key, ARROW[form]) for key, form in forms.items()])
        self.made += 1
        path = self.folder / str(self.made)
        path.mkdir()
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path / "rows.parquet")
        columns = ", ".join(f"`{key}` {SPARK[form]}" for key, form in forms.items())
        self.run(f"CREATE TABLE crm.`{table}` ({columns}) USING parquet LOCATION '{path}'")


def statements(sql: str) -> list[str]:
    """Return the statements of a text, which Spark takes one by one."""
    found, start = [], 0
    for token in sqlglot.tokenize(sql, dialect="spark"):
        if token.token_type is TokenType.SEMICOLON:
            found.append(sql[start : token.start])
            start = token.end + 1
    found.append(sql[start:])
    return [each for each in found if sqlglot.tokenize(each, dialect="spark")]
