"""A held book: its tables read once onto a connection, on which programs are then tried as often as asked."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from kamrules.book import Quality
from kamrules.engines.layout import layout_of
from kamrules.engines.sql.connecting import connect, told_as_data
from kamrules.engines.sql.deciding import PEOPLE
from kamrules.engines.sql.quality import (
    account_quality,
    counted_quality,
    refuse_bad_data,
    refuse_no_accounts,
)
from kamrules.engines.sql.staging import stage, unused
from kamrules.expression.types import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kamrules.book import Book, OpenSource
    from kamrules.book.quality import TableQuality
    from kamrules.compiler.program import Program
    from kamrules.diagnostics import Diagnostic
    from kamrules.engines.sql.staging import Staged


class HeldBook:
    """A book's tables on a connection, with the columns that a program reads.

    A context manager: closing it frees memory and spilled files.
    """

    def __init__(  # noqa: PLR0913  as decide_book
        self,
        program: Program,
        book: Book,
        *,
        open_source: OpenSource,
        more: Mapping[str, set[str]] | None = None,
        strict: bool = False,
        memory_limit: str | None = None,
        spill_folder: Path | None = None,
        threads: int | None = None,
    ) -> None:
        """Read the tables.

        `more` names columns by table that are needed besides those that the program reads. With `strict`
        data that cannot be used stops everything. Raises DataError as decide_book does.
        """
        self.program = program
        self.book = book
        self.connection, self.folder = connect(memory_limit, spill_folder, threads)
        self.qualities: dict[str, TableQuality] = {}
        self.related: dict[str, Staged] = {}
        try:
            with told_as_data():
                self._stage(open_source, more or {})
                if strict:
                    refuse_bad_data(book, self.quality)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection and of what it spilled."""
        self.connection.close()
        self.folder.cleanup()

    @property
    def quality(self) -> Quality:
        """What the tables held, in the book's order."""
        found = (self.qualities.get(name) for name in self.book.tables)
        return Quality(tuple(each for each in found if each is not None))

    @property
    def number(self) -> int:
        """How many accounts the book has."""
        return self.qualities[ACCOUNTS].rows_kept

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What of the book the ruleset's vocabulary does not have."""
        return tuple(unused(self.book, dict(self.program.tables)))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with told_as_data():
            found: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return found

    @contextmanager
    def scratch(self) -> Iterator[None]:
        """Drop the tables and views that are made inside, when all is done."""
        before = self._relations()
        try:
            yield
        finally:
            for name, sort in self._relations().items():
                if name not in before:
                    self.connection.execute(f'DROP {sort} "{name}"')

    def _relations(self) -> dict[str, str]:
        rows = self.connection.execute(
            "SELECT view_name, 'VIEW' FROM duckdb_views() WHERE temporary AND NOT internal "
            "UNION ALL SELECT table_name, 'TABLE' FROM duckdb_tables() WHERE temporary"
        ).fetchall()
        return dict(rows)

    def _stage(self, open_source: OpenSource, more: Mapping[str, set[str]]) -> None:
        words = self.program.tables
        layout = layout_of(self.program)
        used = {name: {key for key, _ in columns} for name, columns in layout.tables}
        used[ACCOUNTS] = set(layout.account)
        for name, columns in more.items():
            used[name] = used.get(name, set()) | columns
        for number, (name, table) in enumerate(self.book.tables.items()):
            if name in used and name in words:
                self.related[name] = stage(
                    self.connection, table, words[name], used[name], open_source, number
                )
        self.accounts = self.related.pop(ACCOUNTS)
        self.qualities[ACCOUNTS] = account_quality(
            self.connection, self.accounts, words[ACCOUNTS], PEOPLE
        )
        refuse_no_accounts(self.book, self.qualities[ACCOUNTS])
        for name, staged in self.related.items():
            self.qualities[name] = counted_quality(self.connection, staged, words[name], PEOPLE)
