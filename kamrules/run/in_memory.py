"""decide_book: every account of a book decided in memory, for notebooks and programs that want tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.run.choosing import date_of, language_of
from kamrules.run.order import TOP

if TYPE_CHECKING:
    import datetime

    from kamrules.book import Book
    from kamrules.compiler import Program
    from kamrules.engines.sql import BookDecisions


def decide_book(  # noqa: PLR0913  what a book is decided by
    program: Program,
    book: Book,
    *,
    as_of: datetime.date | None = None,
    top: int = TOP,
    language: str | None = None,
    leave_out: bool | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> BookDecisions:
    """Return what the program decides about every account of a book, as tables in memory.

        with decide_book(program, Book.of({"accounts": frame}), as_of=date) as decided:
            actions = decided.tables["actions"].df()    # or .pl(), .arrow(), .fetchall()

    No file is written and no state is kept: each account is placed anew; a run with `--state` knows what
    was decided before. The result is a context manager that frees its memory when closed. Its `tables`
    are DuckDB relations, which export `__arrow_c_stream__`: decisions, actions, scores, gates and gaps, as
    a run writes them. Its `quality` tells what could not be used.

    `as_of` is the book's own date when None; `top` is how many proposed actions an account keeps;
    `language` one of the ruleset's, its first when None; `leave_out` goes on without rows and values that
    cannot be used (True), stops at them (False), or does as the book says (None: a book in memory stops);
    `memory_limit` is such as "2GB", and the rest is spilled to disk; `threads` all processors when None.

    Raises UsageError when there is no date or no such language, DataError when a table cannot be read.
    """
    from kamrules.engines.sql import decide_book as decided_by_sql  # noqa: PLC0415  duckdb, only now
    from kamrules.plugins import open_source  # noqa: PLC0415

    return decided_by_sql(
        program,
        book,
        as_of=date_of(as_of, book),
        open_source=open_source,
        top=top,
        language=language_of(program, language),
        strict=not (book.leaves_out if leave_out is None else leave_out),
        memory_limit=memory_limit,
        threads=threads,
    )
