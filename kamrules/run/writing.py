"""Writing the tables of a run as files, one a table or in parts, and telling which is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.progress import Taken
from kamrules.run.order import NO_FILES
from kamrules.run.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kamrules.contracts import Tables
    from kamrules.plugins import Plugins
    from kamrules.progress import Progress
    from kamrules.run.order import Order


def write_files(  # noqa: PLR0913  what writing needs
    order: Order,
    plugins: Plugins,
    tables: Tables,
    folder: Path,
    connection: Any,  # noqa: ANN401  DuckDB's
    *,
    progress: Progress,
    accounts: int,
) -> tuple[str, ...]:
    """Write tables as a run's order says, and return the names of the files. Raises DataError."""
    from kamrules.engines.sql.watching import watched  # noqa: PLC0415  duckdb, only now

    form = order.format
    if form == NO_FILES:
        return ()
    table = [""]

    def begin(name: str) -> None:
        table[0] = f"writing {name}"
        progress(table[0], 0, accounts, "accounts")

    # the watcher knows only that something is being written
    def told(step: str, done: float = 0, of: float = 0, unit: str = "") -> None:
        progress(table[0] or step, done, of, unit)

    taken = Taken(tables, begin)

    def write(some: Tables, into: Path) -> Sequence[str]:
        return plugins.write(form, some, into, connection)

    with watched(connection, told, "writing", accounts):
        if not order.in_parts:
            return tuple(write(taken, folder))
        parts = Parts(connection, folder, write, order.rows_per_file, order.partition_by)
        return parts.write(taken)
