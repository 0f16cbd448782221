"""`decisions(book)`: what kamrules decides as a dlt source, for those who have pipelines already."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.run import Order, run_book
from kamrules.tables import NAMES

from kamrules_dlt.loaded import table_resource
from kamrules_dlt.quiet import dlt

if TYPE_CHECKING:
    import datetime

    from kamrules import Book


def decisions(
    book: str | Path | Book,
    ruleset: str = "kam",
    *,
    as_of: datetime.date | None = None,
    state: str | Path | None = None,
    **further: Any,  # noqa: ANN401  what an Order takes
) -> Any:  # noqa: ANN401  a DltSource
    """Return a dlt source with a resource for each output table: decisions, actions, scores, gates, gaps.

        pipeline.run(kamrules_dlt.decisions("book.toml"))

    The book is decided once, when the first row is asked for, and its tables are read in batches from
    then on. `book` is a path or a kamrules.Book, `as_of` the book's own date when None, `state` the file
    that remembers what was decided before, and `further` are other fields of kamrules.run.Order, such
    as `top`. What a resource does with rows that are there is for the pipeline to say; by default they
    are replaced. Iterating raises what kamrules.run.run_book raises.
    """
    order = Order(
        Path(book) if isinstance(book, str) else book,
        out=Path(),
        ruleset=ruleset,
        as_of=as_of,
        state=None if state is None else Path(state),
        format="parquet",
        **further,
    )
    decided = _Decided(order)
    resources = [table_resource(name, decided.file, write_disposition="replace") for name in NAMES]
    return dlt.sources.DltSource(dlt.Schema("kamrules"), "kamrules", resources)


class _Decided:
    """A book decided at most once, into a folder that goes when nobody needs it any more."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._lock = threading.Lock()
        self._out: Path | None = None

    def file(self, name: str) -> Path:
        """Return the file of a table, deciding the book first if nobody has."""
        with self._lock:
            if self._out is None:
                folder = tempfile.mkdtemp(prefix="kamrules-dlt-")
                weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
                out = Path(folder) / "run"
                run_book(replace(self._order, out=out))
                self._out = out
        return self._out / f"{name}.parquet"
