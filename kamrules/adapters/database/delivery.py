"""Databases as sink: output is staged where only its session sees it, and switched in by one transaction."""

from __future__ import annotations

import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database.address import MYSQL, POSTGRESQL, SQLITE, dialect_of, of_target
from kamrules.adapters.database.connecting import PATIENCE, connected_to_write
from kamrules.adapters.database.faults import not_written, of_database
from kamrules.adapters.database.loading import Loader
from kamrules.adapters.database.shape import ACCOUNT_ID, AS_OF, RUNS, Given, Shape, given_columns
from kamrules.adapters.database.toolkit import needed
from kamrules.adapters.failures import full, of_duckdb
from kamrules.adapters.formulas import quoted
from kamrules.diagnostics import DataError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection, Engine

    from kamrules.contracts import Tables, Target

OPTIONS: dict[str, type] = {"schema": str, "prefix": str, "batch": int}
PREFIX, BATCH = "kam_", 10_000
_DECISIONS, _ACTIONS = "decisions", "actions"
_AT_ONCE = 500
"""So many accounts are named in one statement, where there is nothing to stage in."""
_PATIENCE = {
    POSTGRESQL: (f"SET LOCAL lock_timeout = '{PATIENCE}s'",),
    MYSQL: (
        f"SET SESSION lock_wait_timeout = {PATIENCE}, innodb_lock_wait_timeout = {PATIENCE}",
        # else a text that is too long would be cut, with a warning that nobody sees
        "SET SESSION sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES')",
    ),
}


class DatabaseDelivery:
    """Output on its way into a database; see kamrules.contracts.Delivery."""

    def __init__(self, target: Target) -> None:
        """Look whether the database can be reached. Raises DataError when it cannot."""
        self._target = target
        self._address = of_target(target, OPTIONS)
        self._mode = target.mode
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._undo: list[str] = []
        self._made_file: Path | None = None
        self._committed = False
        self._look()

    def _look(self) -> None:
        """Reach the database once, so that a run does not decide a book in vain."""
        self._connect()
        self._close()
        self._forget_file()

    def _connect(self) -> Connection:
        url = self._address.url()
        path = Path(str(url.database)) if dialect_of(url) == SQLITE else None
        if path is not None and not path.exists():
            self._made_file = path
        self._engine, self._connection = connected_to_write(self._address)
        return self._connection

    # the three steps

    def stage(self, tables: Tables, connection: Any) -> Mapping[str, int]:  # noqa: ANN401  DuckDB's
        """Load all rows and put them in their places, in a transaction that is not yet at its end."""
        with self._writing("the output"):
            database = self._connect()
            schema = self._address.options.get("schema")
            prefix = self._address.options.get("prefix", PREFIX)
            relations = {name: self._dated(each) for name, each in tables.items()}
            columns = {name: given_columns(each) for name, each in relations.items()}
            self._refuse_schema(database, schema)
            shape = Shape(self._address, database, schema, prefix)
            found = shape.tables(columns)
            self._begin(database, schema, prefix)
            if (
                self._widen(database, shape, found)
                and dialect_of(database.engine.url) == POSTGRESQL
            ):
                # at once, since a table that is being changed keeps readers out
                database.commit()
                self._begin(database, schema, prefix)
            self._make(database, found)
            self._refuse_rows(database, found)
            batch = self._address.options.get("batch", BATCH)
            staged = _Staged(Loader(database, connection, batch), shape)
            counts = {
                name: staged.load(name, rows, columns[name], found[name])
                for name, rows in relations.items()
            }
        for name in columns:
            with self._writing(f"table `{found[name].name}`"):
                self._take_out(database, staged, found, name)
                staged.put(found[name], name)
        with self._writing(f"table `{found[RUNS].name}`"):
            self._note(database, found[RUNS], counts)
        return counts

    def commit(self) -> None:
        """Let all of it be seen. Raises DataError when the server does not say that it is."""
        assert self._connection is not None
        with self._writing("the output, at the commit,"):
            self._connection.commit()
        self._committed = True
        self._close()

    def abandon(self) -> None:
        """Undo what is not committed; a server that is gone has undone it itself."""
        if self._connection is None or self._committed:
            self._close()
            return
        with suppress(Exception):
            self._connection.rollback()
        for statement in reversed(self._undo):
            with suppress(Exception):
                self._connection.exec_driver_sql(statement)
                self._connection.commit()
        self._undo = []
        self._close()
        self._forget_file()

    def _close(self) -> None:
        with suppress(Exception):
            if self._connection is not None:
                self._connection.close()
        if self._engine is not None:
            self._engine.dispose()
        self._engine = self._connection = None

    def _forget_file(self) -> None:
        """Take away the file of SQLite that came with the first connection."""
        if self._made_file is not None:
            for end in ("", "-journal", "-wal", "-shm"):
                with suppress(OSError):
                    Path(f"{self._made_file}{end}").unlink(missing_ok=True)
            self._made_file = None

    # before the rows

    def _begin(self, database: Connection, schema: str | None, prefix: str) -> None:
        """Begin, wait for nobody too long, and let no other run write to the same tables."""
        dialect = dialect_of(database.engine.url)
        number = zlib.crc32(f"{schema or ''}.{prefix}".encode())
        for statement in _PATIENCE.get(dialect, ()):
            database.exec_driver_sql(statement)
        taken: Any = True
        text = needed("sqlalchemy", self._address.fault).text
        if dialect == POSTGRESQL:
            lock = text("SELECT pg_try_advisory_xact_lock(:space, :name)")
            numbers = {"space": zlib.crc32(b"kamrules") - 2**31, "name": number - 2**31}
            taken = database.execute(lock, numbers).scalar()
        elif dialect == MYSQL:
            lock = text("SELECT get_lock(concat(:name, ' ', database()), 0)")
            taken = database.execute(lock, {"name": f"kamrules {number}"}).scalar()
        if not taken:
            message = (
                f"another run is writing to the tables `{prefix}...` of `{self._address.shown}`"
            )
            raise DataError(self._address.fault("KR669", message, "run again when it has ended"))

    def _refuse_schema(self, database: Connection, schema: str | None) -> None:
        if schema is None:
            return
        there = needed("sqlalchemy", self._address.fault).inspect(database).get_schema_names()
        if schema not in there:
            near = nearest(schema, there)
            message = f"`{self._address.shown}` has no schema `{schema}`"
            mend = f"did you mean `{near}`?" if near else "have it made first, by CREATE SCHEMA"
            raise DataError(self._address.fault("KR671", message, mend))

    def _widen(self, database: Connection, shape: Shape, tables: Mapping[str, Table]) -> bool:
        """Add the columns that tables which are there lack; return whether that was needed."""
        inspector = needed("sqlalchemy", self._address.fault).inspect(database)
        preparer = database.dialect.identifier_preparer
        lacking = [
            (preparer.format_table(table), column)
            for table in tables.values()
            if inspector.has_table(table.name, table.schema)
            for column in shape.lacking(table, inspector)
        ]
        for shown, column in lacking:
            name = preparer.format_column(column)
            kind = column.type.compile(dialect=database.dialect)
            database.exec_driver_sql(f"ALTER TABLE {shown} ADD COLUMN {name} {kind}")
            self._undo.append(f"ALTER TABLE {shown} DROP COLUMN {name}")
        return bool(lacking)

    def _make(self, database: Connection, tables: Mapping[str, Table]) -> None:
        """Make the tables that are not there; MySQL commits them at once, but they are empty."""
        sql = needed("sqlalchemy", self._address.fault)
        inspector = sql.inspect(database)
        for table in tables.values():
            if inspector.has_table(table.name, table.schema):
                continue
            database.execute(sql.schema.CreateTable(table))
            for index in table.indexes:
                database.execute(sql.schema.CreateIndex(index))
            if dialect_of(database.engine.url) == MYSQL:
                shown = database.dialect.identifier_preparer.format_table(table)
                self._undo.append(f"DROP TABLE {shown}")

    def _refuse_rows(self, database: Connection, tables: Mapping[str, Table]) -> None:
        """Refuse to write where something stands already, if that is wanted."""
        if self._mode != "create":
            return
        sql = needed("sqlalchemy", self._address.fault)
        held = [
            table.name
            for table in tables.values()
            if database.execute(sql.select(sql.literal(1)).select_from(table).limit(1)).first()
        ]
        if held:
            listed = ", ".join(f"`{each}`" for each in held)
            message = f"`{self._address.shown}` holds rows already, in {listed}"
            mend = "use mode replace, append or upsert, or write to other tables by the option `prefix`"
            raise DataError(self._address.fault("KR667", message, mend))

    # the rows

    def _dated(self, rows: Any) -> Any:  # noqa: ANN401  DuckDB's
        """Return rows with the date of the run, which an account's rows of several runs are told apart by."""
        if AS_OF in rows.columns or ACCOUNT_ID not in rows.columns:
            return rows
        others = [quoted(each) for each in rows.columns if each != ACCOUNT_ID]
        date = f"DATE '{self._target.run.as_of.isoformat()}' AS {quoted(AS_OF)}"
        return rows.project(", ".join([quoted(ACCOUNT_ID), date, *others]))

    def _take_out(
        self, database: Connection, staged: _Staged, tables: Mapping[str, Table], name: str
    ) -> None:
        """Take out what the rows replace: all, or those of the accounts that are written."""
        table = tables[name]
        if self._mode == "replace" or (self._mode == "upsert" and ACCOUNT_ID not in table.c):
            database.execute(table.delete())
        elif self._mode == "upsert":
            staged.take_out(table, name)

    def _note(self, database: Connection, runs: Table, counts: Mapping[str, int]) -> None:
        """Write which run the tables come from."""
        run = self._target.run
        what = {"ruleset": run.ruleset, "version": run.version, "digest": run.digest}
        if self._mode == "replace":
            database.execute(runs.delete())
        elif self._mode == "upsert":
            same = [runs.c[key] == value for key, value in what.items()]
            database.execute(runs.delete().where(runs.c[AS_OF] == run.as_of, *same))
        row = {AS_OF: run.as_of, **what, "book": run.book, "mode": self._mode,
               "accounts": counts.get(_DECISIONS), "actions": counts.get(_ACTIONS)}  # fmt: skip
        database.execute(runs.insert().values(row))

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        """Turn what a database says while it is written into a DataError."""
        try:
            yield
        except DataError:
            raise
        except Exception as error:
            if isinstance(error, OSError) or of_duckdb(error):
                if not full(error):
                    raise
                message = "the disk is full: the output cannot be prepared for the database"
                raise DataError(self._address.fault("KR648", message, "free some space")) from error
            if not of_database(error):
                raise
            raise not_written(error, self._address, what) from None


class _Staged:
    """The output in tables that only this session sees, where the dialect has such; else still in DuckDB."""

    def __init__(self, loader: Loader, shape: Shape) -> None:
        self._loader = loader
        self._database = loader.database
        self._shape = shape
        self._rows: dict[str, Any] = {}
        self._columns: dict[str, Sequence[Given]] = {}

    def load(self, name: str, rows: Any, columns: Sequence[Given], table: Table) -> int:  # noqa: ANN401
        """Load an output table; return its rows."""
        self._rows[name], self._columns[name] = rows, columns
        if not self._loader.stages:
            ((count,),) = rows.aggregate("count(*)").fetchall()
            return int(count)
        dialect = self._database.dialect
        typed = [
            (self._quoted(table, each), table.c[each.name].type.compile(dialect))
            for each in columns
        ]
        own = f"kamrules_staged_{len(self._rows)}"
        keys = [self._quoted(table, each) for each in columns if each.name == ACCOUNT_ID]
        self._loader.make(own, typed, keys)
        self._rows[name] = own
        return self._loader.fill(own, rows, columns)

    def put(self, table: Table, name: str) -> None:
        """Put a table's rows in their place."""
        columns = self._columns[name]
        if self._loader.stages:
            shown = self._database.dialect.identifier_preparer.format_table(table)
            names = ", ".join(self._quoted(table, each) for each in columns)
            self._database.exec_driver_sql(
                f"INSERT INTO {shown} ({names}) SELECT {names} FROM {self._rows[name]}"  # noqa: S608
            )
            return
        bound = needed("sqlalchemy", self._shape.fault).bindparam
        keys = [f"c{place}" for place in range(len(columns))]
        given = {table.c[each.name]: bound(key) for each, key in zip(columns, keys, strict=True)}
        insert = table.insert().values(given)
        for some in self._loader.batches(self._rows[name], columns):
            self._database.execute(insert, [dict(zip(keys, row, strict=True)) for row in some])

    def take_out(self, table: Table, name: str) -> None:
        """Take out the rows of the accounts that are written, those without a row in this table too."""
        name = _DECISIONS if _DECISIONS in self._rows else name
        columns = self._columns[name]
        place = next(at for at, each in enumerate(columns) if each.name == ACCOUNT_ID)
        if self._loader.stages:
            shown = self._database.dialect.identifier_preparer.format_table(table)
            own, staged = self._quoted(table, columns[place]), self._rows[name]
            statement = f"DELETE FROM {shown} WHERE {own} IN (SELECT {own} FROM {staged})"  # noqa: S608
            if self._loader.dialect == MYSQL:
                # MariaDB would look through all that is staged for every row of the table
                joined = f"{shown} JOIN {staged} ON {shown}.{own} = {staged}.{own}"
                statement = f"DELETE {shown} FROM {joined}"
            self._database.exec_driver_sql(statement)
            return
        for some in self._loader.batches(self._rows[name], columns):
            ids = [row[place] for row in some]
            for start in range(0, len(ids), _AT_ONCE):
                among = table.c[ACCOUNT_ID].in_(ids[start : start + _AT_ONCE])
                self._database.execute(table.delete().where(among))

    def _quoted(self, table: Table, column: Given) -> str:
        return str(self._database.dialect.identifier_preparer.format_column(table.c[column.name]))
