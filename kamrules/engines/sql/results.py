"""What a decided book gives: the output tables, data quality, a summary, and the state for memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from kamrules.engines.sql.tree import sql
from kamrules.expression.types import ACCOUNT_ID
from kamrules.memory import EarlierFiles

if TYPE_CHECKING:
    import datetime
    import tempfile
    from pathlib import Path

    from kamrules.book import Quality
    from kamrules.compiler.program import Program
    from kamrules.diagnostics import Diagnostic
    from kamrules.engines.sql.outputs import Output


class BookDecisions:
    """The decisions about a book. A context manager: closing it frees memory and spilled files."""

    def __init__(  # noqa: PLR0913  what a run leaves behind
        self,
        *,
        program: Program,
        connection: Any,  # noqa: ANN401  DuckDB's
        folder: tempfile.TemporaryDirectory[str],
        outputs: dict[str, Output],
        quality: Quality,
        warnings: tuple[Diagnostic, ...],
        as_of: datetime.date,
    ) -> None:
        self.program = program
        self.connection = connection
        self.quality = quality
        self.warnings = warnings
        self.as_of = as_of
        self._folder = folder
        self._outputs = outputs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection and of what it spilled."""
        self.connection.close()
        self._folder.cleanup()

    def interrupt(self) -> None:
        """Stop what is being worked out; from another thread or a signal handler."""
        self.connection.interrupt()

    @property
    def tables(self) -> dict[str, Any]:
        """Return the output tables as DuckDB relations, by name and in order (kamrules.tables)."""
        return {name: self.connection.sql(sql(one.select())) for name, one in self._outputs.items()}

    @property
    def accounts(self) -> int:
        """Return the number of accounts decided."""
        found: int = self.connection.execute('SELECT count(*) FROM "core"').fetchall()[0][0]
        return found
