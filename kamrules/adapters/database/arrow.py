"""Reading by ADBC: statements whose rows come as Arrow streams, which DuckDB takes as they are.

ADBC's own classes are used, and not its DB-API: that would load pyarrow wherever it is installed, for
nothing but 130 MB and half a second.
"""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database.toolkit import needed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.adapters.database.address import Fault

_STREAM = "kamrules_stream"


class Arrow:
    """A connection of ADBC's, in a transaction that nobody commits."""

    def __init__(self, connection: Any, manager: Any) -> None:  # noqa: ANN401  ADBC's
        self._connection = connection
        self._manager = manager

    def execute(self, statement: str) -> None:
        """Execute a statement that gives no rows."""
        with closing(self._manager.AdbcStatement(self._connection)) as work:
            work.set_sql_query(statement)
            work.execute_update()

    @contextmanager
    def rows(self, statement: str, connection: Any) -> Iterator[str]:  # noqa: ANN401  DuckDB's
        """Give the name under which a DuckDB connection finds the rows of a statement, once."""
        # a statement of its own each time: the rows of one that ran before would begin anywhere
        with closing(self._manager.AdbcStatement(self._connection)) as work:
            work.set_sql_query(statement)
            stream, _ = work.execute_query()
            connection.register(_STREAM, stream)
            try:
                yield _STREAM
            finally:
                connection.unregister(_STREAM)
                stream.release()


@contextmanager
def arrow(driver: str, uri: str, fault: Fault) -> Iterator[Arrow]:
    """Give a connection by one of ADBC's drivers, `adbc_driver_postgresql` or `adbc_driver_sqlite`."""
    manager = needed("adbc_driver_manager", fault)
    with ExitStack() as stack:
        database = stack.enter_context(closing(needed(driver, fault).connect(uri)))
        connection = stack.enter_context(closing(manager.AdbcConnection(database)))
        connection.set_autocommit(False)
        yield Arrow(connection, manager)
