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
from kamrules.engines.sql.placement import lay_before
from kamrules.engines.sql.tree import all_of, is_true, named, negation, sql

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence

    from kamrules.book import Book, OpenSource, Quality
    from kamrules.compiler.program import Program
    from kamrules.diagnostics import Diagnostic
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node
    from kamrules.memory import EarlierFiles

    Asked = tuple[Condition | Node, Node | None]
    """A condition, and where it is asked at all: for accounts for which this is true, or (None) for all."""


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
    stoppable: Callable[[Callable[[], None]], object] | None = None,
) -> BookCounts:
    """Return for how many accounts each condition holds; they may read any step of the program.

    Rows and values that cannot be used are left out. Other arguments, and what is raised, are as in
    decide_book.
    """
    connection, folder = connect(None, None, None)
    try:
        if stoppable is not None:
            stoppable(connection.interrupt)
        with told_as_data():
            counting = Counting(in_force(program, as_of), book, Settings(as_of), connection, folder)
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
            self.joins += before_tables(self.connection, self.program, earlier, self.day)
        lay_before(self.values, self.program, known=earlier is not None)
        self._lay_steps()
        items: list[Sql] = [exp.Count(this=exp.Star())]
        for what, where in asked:
            items += self._both(what, where)
        select = self.stack.select(
            [named(each, f"n{number}") for number, each in enumerate(items)], self._ground()
        )
        found = self.connection.execute(sql(select)).fetchall()[0]
        return BookCounts(found[0], tuple(_counts(found)), self._quality(), self._unused())

    def _both(self, what: Condition | Node, where: Node | None) -> list[Sql]:
        """Return how many accounts are asked, for how many the condition is true, and for how many false."""
        values = self.values
        test = values.holds(what) if isinstance(what, Condition) else values.value(what)
        test = self.stack.keep(test)
        if where is None:
            return [exp.Count(this=exp.Star()), _times(test), _times(negation(test.copy()))]
        here = self.stack.keep(is_true(self.values.value(where)))
        return [
            _times(here),
            _times(all_of([here.copy(), test.copy()])),
            _times(all_of([here.copy(), negation(test.copy())])),
        ]

    def _unused(self) -> tuple[Diagnostic, ...]:
        from kamrules.engines.sql.staging import unused  # noqa: PLC0415

        return tuple(unused(self.book, dict(self.program.tables)))


def _times(test: Sql) -> Sql:
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=test))


def _counts(found: Sequence[int]) -> list[tuple[int, int, int]]:
    return [
        (true, false, asked - true - false)
        for asked, true, false in zip(found[1::3], found[2::3], found[3::3], strict=True)
    ]
