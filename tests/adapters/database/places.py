"""A database of a test's own in each server: what is in it, and how a book file names it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pymysql

from tests.adapters.database.servers import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "KAM_DATABASE_PASSWORD"
REFERENCE = f"${{env:{VARIABLE}}}"


@dataclass(frozen=True)
class Place:
    """A database: `kind` is postgresql, mysql or sqlite, `name` what it is called in its server."""

    kind: str
    name: str
    port: int = 0
    folder: Path | None = None

    @property
    def uri(self) -> str:
        """How a book file or --to names it, the password by reference."""
        if self.kind == "sqlite":
            return f"sqlite:///{self.name}"
        return f"{self.kind}://tester:{REFERENCE}@127.0.0.1:{self.port}/{self.name}"

    def uri_as(self, user: str, password: str = REFERENCE, port: int | None = None) -> str:
        """Return the same for somebody else, or another port."""
        return f"{self.kind}://{user}:{password}@127.0.0.1:{port or self.port}/{self.name}"

    def connect(self, user: str = "tester", password: str = PASSWORD) -> Any:
        """Connect without kamrules."""
        if self.kind == "sqlite":
            assert self.folder is not None
            return sqlite3.connect(self.folder / self.name, timeout=1)
        if self.kind == "postgresql":
            return psycopg.connect(
                host="127.0.0.1", port=self.port, user=user, password=password, dbname=self.name
            )
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, database=self.name,
            charset="utf8mb4",
        )  # fmt: skip

    def run(self, *statements: str) -> None:
        """Execute statements and commit."""
        with closing(self.connect()) as connection:
            with closing(connection.cursor()) as cursor:
                for each in statements:
                    cursor.execute(each)
            connection.commit()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with closing(self.connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(query)
            return [tuple(each) for each in cursor.fetchall()]

    def tables(self) -> set[str]:
        """Return the names of the tables."""
        query = {
            "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table'",
            "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_)'",
            "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
        }  # fmt: skip
        return {name for (name,) in self.rows(query[self.kind])}

    def quoted(self, name: str) -> str:
        """Return a name as its dialect quotes it."""
        sign = "`" if self.kind == "mysql" else '"'
        return sign + name.replace(sign, sign * 2) + sign
