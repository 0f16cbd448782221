"""Bringing rows of DuckDB's into a database: COPY for PostgreSQL, rows in batches for the others."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database.address import MYSQL, POSTGRESQL, SQLITE, dialect_of
from kamrules.adapters.formulas import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection

    from kamrules.adapters.database.shape import Given

_VIEW = "kamrules_delivery"
_CHUNK = 1 << 20
_COPIED = "(FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR '', DELIMITER ',')"
_TEMPORARY = {POSTGRESQL: "TEMP", MYSQL: "TEMPORARY", SQLITE: "TEMP"}
"""How dialects call tables that only one session sees, and which end with it."""


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads rows of the DuckDB connection into a database, `batch` at a time."""

    database: Connection
    connection: Any
    batch: int

    @property
    def dialect(self) -> str:
        """Return which database it is."""
        return dialect_of(self.database.engine.url)

    @property
    def stages(self) -> bool:
        """Return whether the dialect is known to have tables that only one session sees."""
        return self.dialect in _TEMPORARY

    def make(self, name: str, columns: Sequence[tuple[str, str]], keys: Sequence[str]) -> None:
        """Make a table that only this session sees, of quoted columns and their types.

        `keys` are those by which MySQL is to find its rows; the others find them without.
        """
        if self.dialect == MYSQL:
            self.database.exec_driver_sql(f"DROP TEMPORARY TABLE IF EXISTS {name}")
        items = ", ".join(f"{column} {kind}" for column, kind in columns)
        items += "".join(f", INDEX ({each})" for each in keys if self.dialect == MYSQL)
        ends = {POSTGRESQL: " ON COMMIT DROP", MYSQL: " ENGINE=InnoDB CHARACTER SET utf8mb4"}
        end = ends.get(self.dialect, "")
        self.database.exec_driver_sql(
            f"CREATE {_TEMPORARY[self.dialect]} TABLE {name} ({items}){end}"
        )

    def fill(self, name: str, rows: Any, columns: Sequence[Given]) -> int:  # noqa: ANN401  DuckDB's
        """Load rows into a table that `make` made; return how many."""
        if self.dialect == POSTGRESQL and self.database.dialect.driver == "psycopg":
            return self._copy(name, rows)
        mark = "?" if self.database.dialect.paramstyle == "qmark" else "%s"
        marks = ", ".join(mark for _ in columns)
        count = 0
        for some in self.batches(rows, columns):
            self.database.exec_driver_sql(f"INSERT INTO {name} VALUES ({marks})", some)  # noqa: S608
            count += len(some)
        return count

    def batches(self, rows: Any, columns: Sequence[Given]) -> Iterator[list[tuple[Any, ...]]]:  # noqa: ANN401
        """Yield rows as Python's values, bit by bit."""
        # Python's module for SQLite takes no dates any more
        plain = self.dialect == SQLITE and self.stages
        items = [
            f"{quoted(each.name)}::VARCHAR" if plain and each.sort == "date" else quoted(each.name)
            for each in columns
        ]
        with self._named(rows):
            found = self.connection.execute(f"SELECT {', '.join(items)} FROM {_VIEW}")  # noqa: S608
            while some := found.fetchmany(self.batch):
                yield some

    def _copy(self, name: str, rows: Any) -> int:  # noqa: ANN401  DuckDB's
        """Load rows by COPY, by way of a file in which '' is an empty text, and nothing is unknown."""
        with tempfile.TemporaryDirectory(prefix="kamrules-") as folder:
            path = Path(folder) / "rows.csv"
            text = str(path).replace("'", "''")
            with self._named(rows):
                copied = self.connection.execute(f"COPY (FROM {_VIEW}) TO '{text}' {_COPIED}")
                ((count,),) = copied.fetchall()
            # the driver's own cursor, since SQLAlchemy has no COPY; the transaction is the same
            driver: Any = self.database.connection
            statement = f"COPY {name} FROM STDIN (FORMAT csv)"
            with path.open("rb") as file, driver.cursor() as cursor, cursor.copy(statement) as copy:
                while chunk := file.read(_CHUNK):
                    copy.write(chunk)
        return int(count)

    @contextmanager
    def _named(self, rows: Any) -> Iterator[None]:  # noqa: ANN401  DuckDB's
        rows.create_view(_VIEW, replace=True)
        try:
            yield
        finally:
            self.connection.execute(f"DROP VIEW IF EXISTS {_VIEW}")
