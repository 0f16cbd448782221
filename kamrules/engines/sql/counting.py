"""Counting: for how many accounts of a book each of many conditions is true, false or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.in_force import in_force
from kamrules.compiler.program import Condition
from kamrules.engines.sql.before import before_tables
from kamrules.engines.sql.connecting import connect, told_as_data
from kamrules.engines.sql.deciding import Deciding, Settings
from kamrules.engines.sql.output import CORE
from kamrules.engines.sql.placement import lay_before
from kamrules.engines.sql.quality import refuse_bad_data
from kamrules.engines.sql.staging import unused
from kamrules.engines.sql.tree import call, named, rows_of, sql
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence

    from kamrules.book import Book, OpenSource, Quality
    from kamrules.compiler.program import Program
    from kamrules.diagnostics import Diagnostic
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node
    from kamrules.memory import EarlierFiles

    Asked = Condition | Node


AT_ONCE = 200
"""So many conditions are counted in one query; DuckDB takes longer to plan longer ones than to run them."""


@dataclass(frozen=True, slots=True)
class BookCounts:
    """How often each condition asked is true, false and unknown, in the order asked."""

    accounts: int
    counts: tuple[tuple[int, int, int], ...]
    quality: Quality
    warnings: tuple[Diagnostic, ...]


def count_book(  # noqa: PLR0913  as decide_book
    program: Program,
    book: Book,
    asked: Sequence[Asked],
    *,
    as_of: datetime.date,
    open_source: OpenSource,
    earlier: EarlierFiles | None = None,
    strict: bool = False,
    stoppable: Callable[[Callable[[], None]], object] | None = None,
) -> BookCounts:
    """Return for how many accounts each condition holds; they may read any step of the program.

    Arguments, and what is raised, are as in decide_book.
    """
    connection, folder = connect(None, None, None)
    try:
        if stoppable is not None:
            stoppable(connection.interrupt)
        with told_as_data():
            settings = Settings(as_of, strict=strict)
            counting = Counting(in_force(program, as_of), book, settings, connection, folder)
            return counting.count(open_source, earlier, asked)
    finally:
        connection.close()
        folder.cleanup()


class Counting(Deciding):
    """One book whose accounts are counted, and nothing else is kept of them."""

    def count(
        self, open_source: OpenSource, earlier: EarlierFiles | None, asked: Sequence[Asked]
    ) -> BookCounts:
        """Stage the book, lay the program's steps, and count."""
        self._stage(open_source)
        if earlier is not None:
            self.joins += before_tables(self.connection, self.program, earlier, self.settings.as_of)
        lay_before(self.values, self.program, known=earlier is not None)
        self._lay_steps()
        if self.settings.strict:
            refuse_bad_data(self.book, self._quality())
        tests = [self._test(each) for each in asked]
        # worked out first: DuckDB would write a column out as often as anything reads it
        self._core(
            {ACCOUNT_ID, *(read.name for each in tests for read in each.find_all(exp.Column))}
        )
        accounts = self.qualities[ACCOUNTS].rows_kept
        found: list[int] = []
        for start in range(0, len(tests), AT_ONCE):
            found += self._counted(tests[start : start + AT_ONCE])
        counts = tuple(
            (true or 0, known - (true or 0), accounts - known)
            for true, known in zip(found[0::2], found[1::2], strict=True)
        )
        warnings = tuple(unused(self.book, dict(self.program.tables)))
        return BookCounts(accounts, counts, self._quality(), warnings)

    def _test(self, asked: Asked) -> Sql:
        if isinstance(asked, Condition):
            return self.values.holds(asked)
        return self.values.value(asked)

    def _counted(self, tests: Sequence[Sql]) -> tuple[int, ...]:
        """Return for each test how many accounts make it true, and for how many it is known."""
        items = [
            one
            for each in tests
            for one in (call("count_if", each.copy()), exp.Count(this=each.copy()))
        ]
        select = rows_of(CORE).select(
            *(named(one, f"n{n}") for n, one in enumerate(items)), copy=False
        )
        row: tuple[int, ...] = self.connection.execute(sql(select)).fetchall()[0]
        return row
