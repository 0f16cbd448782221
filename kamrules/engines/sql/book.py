"""A book decided, from its sources to the decisions, on a connection of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.in_force import in_force
from kamrules.compiler.in_language import in_language
from kamrules.engines import DUCKDB
from kamrules.engines.sql.connecting import connect, told_as_data
from kamrules.engines.sql.deciding import Deciding, Settings
from kamrules.engines.sql.deciding_changes import DecidingChanges
from kamrules.engines.sql.whole_book import before_decisions
from kamrules.progress import silent
from kamrules.tables import NAMES

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable
    from pathlib import Path

    from kamrules.book import Book, OpenSource
    from kamrules.compiler.program import Program
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.engines.sql.results import BookDecisions
    from kamrules.memory import EarlierFiles
    from kamrules.memory.kept import KeptDecisions
    from kamrules.progress import Progress


def decide_book(  # noqa: PLR0913  one call, and all but three have defaults
    program: Program,
    book: Book,
    *,
    as_of: datetime.date,
    open_source: OpenSource,
    earlier: EarlierFiles | None = None,
    kept: KeptDecisions | None = None,
    top: int = 3,
    tables: tuple[str, ...] = NAMES,
    language: str | None = None,
    strict: bool = False,
    memory_limit: str | None = None,
    spill_folder: Path | None = None,
    threads: int | None = None,
    stoppable: Callable[[Callable[[], None]], object] | None = None,
    progress: Progress = silent,
    engine: str = DUCKDB,
    into: Path | None = None,
) -> BookDecisions:
    """Decide every account of a book at once.

    Args:
        program: what to decide by; rules outside their validity on `as_of` do not count.
        book: the tables.
        as_of: the date of the run.
        open_source: opens a table's rows, such as kamrules.plugins.Plugins.open_source.
        earlier: what an earlier run decided; None places every account directly.
        kept: decisions kept of earlier runs, to be taken over for accounts that have not changed
            (kamrules.engines.sql.changed); None decides all accounts, and keeps nothing.
        top: how many proposed actions to keep for an account.
        tables: the output tables that are wanted (kamrules.tables.NAMES); what only the others need is not
            worked out.
        language: of titles and reasons; the ruleset's first when None, and where a text lacks it.
        strict: stop when rows or values of the book cannot be used; else go on without them.
        memory_limit: how much memory DuckDB may take, such as `2GB`; the rest is spilled to disk.
        spill_folder: where to spill; the system's temporary folder when None.
        threads: how many threads to use; all processors when None.
        stoppable: is told how to stop the work, here and when the tables are read: a function to call
            from another thread; what was at work then raises DuckDB's InterruptException.
        progress: is told each step, and how far it is.
        engine: what decides: DuckDB, or Polars, which decides the same in less time; with `kept`, DuckDB.
        into: a folder in which Polars leaves the tables as Parquet files; None lets them vanish with the
            decisions.

    Returns:
        The decisions as relations of a DuckDB connection; close it (it is a context manager).

    Raises:
        DataError: a source cannot be read, or lacks a column that the book file names; there are no
            accounts; with `strict` everything that data quality has to say.
    """
    program = in_language(program, language) if language else program
    settings = Settings(as_of, top, language or program.languages[0], tables, strict)
    connection, folder = connect(memory_limit, spill_folder, threads)
    try:
        if stoppable is not None:
            stoppable(connection.interrupt)
        with told_as_data():
            known = in_force(program, as_of)
            made = (known, book, settings, connection, folder, progress)
            if kept is None:
                deciding = _deciding(engine, threads)(*made)
            else:
                deciding = DecidingChanges(*made)
                deciding.kept = kept
            deciding.into = into
            deciding.stoppable = stoppable or deciding.stoppable
            return deciding.run(open_source, earlier)
    except BaseException:
        connection.close()
        folder.cleanup()
        raise


def _deciding(engine: str, threads: int | None) -> type[Deciding]:
    if engine == DUCKDB:
        return Deciding
    from kamrules.engines.polars import load  # noqa: PLC0415

    load(threads)
    from kamrules.engines.polars.deciding import PolarsDeciding  # noqa: PLC0415  polars, only now

    return PolarsDeciding


def book_cutoffs(
    program: Program, book: Book, *, as_of: datetime.date, open_source: OpenSource
) -> Cutoffs:
    """Return the cut-offs that a run over the book would write, without deciding anything.

    Raises DataError as decide_book does.
    """
    connection, folder = connect(None, None, None)
    try:
        with told_as_data():
            needed = before_decisions(program)
            return Deciding(needed, book, Settings(as_of), connection, folder).cutoffs(open_source)
    finally:
        connection.close()
        folder.cleanup()
