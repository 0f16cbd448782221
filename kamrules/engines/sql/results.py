"""What a decided book gives: the output tables, data quality, a summary, and the state for memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from kamrules.engines.sql.connecting import literally
from kamrules.engines.sql.cooling import has_cooldown
from kamrules.engines.sql.summary import CoreSummary
from kamrules.engines.sql.tree import column, is_one_of, sql, text
from kamrules.engines.sql.whole_book import cutoffs_of
from kamrules.expression.types import ACCOUNT_ID
from kamrules.memory import EarlierFiles
from kamrules.tables import DATE, NUMBER, TEXT, WHOLE

if TYPE_CHECKING:
    import datetime
    import tempfile
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from kamrules.book import Quality
    from kamrules.compiler.program import Program
    from kamrules.diagnostics import Diagnostic
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.engines.sql.changed import Changed
    from kamrules.engines.sql.output import Output
    from kamrules.engines.sql.taken_over import TakenOver
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.whole_book import Compared
    from kamrules.memory.kept import KeptDecisions

SORTS = {TEXT: "VARCHAR", NUMBER: "DOUBLE", WHOLE: "BIGINT", DATE: "DATE"}


REMEMBERED = {
    "decisions": (ACCOUNT_ID, "class", "tier"),
    "actions": (ACCOUNT_ID, "rank", "action"),
}
"""What memory keeps of the output tables."""


def remembered_of(outputs: dict[str, Output]) -> dict[str, Output]:
    """Return what memory keeps of the output tables."""
    return {name: outputs[name].only(*columns) for name, columns in REMEMBERED.items()}


class BookDecisions:
    """The decisions about a book. A context manager: closing it frees memory and spilled files."""

    files: tuple[str, ...] | None = None
    """Its tables are still to be written (kamrules.contracts.Decided)."""
    write_late: Callable[[str], Path] | None = None
    """Writes what memory keeps of a table, where that is not a select over the core."""

    def __init__(  # noqa: PLR0913  what a run leaves behind
        self,
        *,
        program: Program,
        connection: Any,  # noqa: ANN401  DuckDB's
        folder: tempfile.TemporaryDirectory[str],
        outputs: dict[str, Output],
        places: dict[tuple[str, str], Sql],
        quality: Quality,
        warnings: tuple[Diagnostic, ...],
        as_of: datetime.date,
        remembered: Mapping[str, Output] | None = None,
        compared: Sequence[Compared] = (),
        changed: Changed | None = None,
        written: Mapping[str, Path] | None = None,
    ) -> None:
        """Take the tables as selects over the core, or those that are `written` as Parquet files."""
        self.program = program
        self.connection = connection
        self.quality = quality
        self.warnings = warnings
        self.as_of = as_of
        self._folder = folder
        self._outputs = outputs
        self._remembered = remembered or {}
        self._tables: dict[str, Any] = {}
        self._places = places
        self._compared = compared
        self._changed = changed
        self._written = dict(written or {})

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
        if not self._tables:
            self._tables = {
                name: self._file(name) if name in self._written else self._relation(one)
                for name, one in self._outputs.items()
            }
        return dict(self._tables)

    def _relation(self, output: Output) -> Any:  # noqa: ANN401  DuckDB's
        return self.connection.sql(sql(output.select()))

    @property
    def accounts(self) -> int:
        """Return the number of accounts decided."""
        return CoreSummary(self.connection, self.program, self._places, None).accounts

    def summary(self, revenue: str | None = "revenue_12m") -> dict[str, Any]:
        """Return what the book comes to: accounts by class, tier, phase and strategy, moves, actions.

        `revenue` names the fact that is summed by class; where the ruleset has no such fact, None stands
        instead. Plain data, as it stands in run.json.
        """
        return CoreSummary(self.connection, self.program, self._places, revenue).plain()

    def urgent(self, limit: int = 20) -> list[dict[str, Any]]:
        """Return the proposed actions of the highest priority in the whole book, with name and class.

        None without the tables `decisions` and `actions`.
        """
        if not {"decisions", "actions"} <= self._outputs.keys():
            return []
        chosen = self.tables["actions"].filter("status = 'proposed'")
        chosen.create_view("proposed_actions", replace=True)
        accounts = self.tables["decisions"]
        accounts.create_view("decided_accounts", replace=True)
        name = "d.name" if "name" in accounts.columns else "NULL"
        rows = self.connection.sql(
            f"SELECT a.*, {name} AS name, d.class AS class FROM ("  # noqa: S608  our own names
            "SELECT *, row_number() OVER () AS place FROM proposed_actions "
            "ORDER BY priority DESC, rank, place LIMIT ?) a "
            f'JOIN decided_accounts d USING ("{ACCOUNT_ID}") ORDER BY a.priority DESC, a.rank, a.place',
            params=[limit],
        )
        found = [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]
        return [{key: value for key, value in each.items() if key != "place"} for each in found]

    def further(
        self, name: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]
    ) -> Any:  # noqa: ANN401  DuckDB's
        """Return a further table as a relation like the others; columns come with their sorts."""
        given = {f"c{number}": [row[number] for row in rows] for number in range(len(columns))}
        items = ", ".join(
            f'CAST(unnest($c{number}) AS {SORTS[sort]}) AS "{each}"'
            for number, (each, sort) in enumerate(columns)
        )
        self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT {items}', given)
        return self.connection.table(name)

    def cutoffs(self) -> Cutoffs | None:
        """Return what places a single account in this book; None without whole-book functions."""
        if not self._compared:
            return None
        return cutoffs_of(self.connection, self.program, self.as_of, self._compared)

    @property
    def taken_over(self) -> TakenOver | None:
        """Return how many decisions were taken over from earlier runs; None when that was not asked for."""
        return None if self._changed is None else self._changed.taken

    def export_kept(self, folder: Path) -> KeptDecisions | None:
        """Write the decisions that a later run may take over; None when that was not asked for."""
        return None if self._changed is None else self._changed.keep(folder)

    def _kept_of(self, name: str) -> Any:  # noqa: ANN401  DuckDB's
        """Return what memory keeps of a table, which need not be one of those that are wanted."""
        if name in self._remembered and name not in self._written:
            if self.write_late is None:
                return self._relation(self._remembered[name])
            self._written[name] = self.write_late(name)
        found = self._file(name) if name in self._written else self.tables[name]
        return found.project(", ".join(f'"{each}"' for each in REMEMBERED[name]))

    def _file(self, name: str) -> Any:  # noqa: ANN401  DuckDB's
        return self.connection.read_parquet(literally(self._written[name]))

    def export_state(self, folder: Path) -> EarlierFiles:
        """Write what memory keeps of this run: every account's class and tier, and the actions proposed
        that have a cooldown.
        """
        files = EarlierFiles(folder / "states.csv", folder / "proposals.csv")
        states = self._kept_of("decisions")
        states.write_csv(str(files.states), header=True, quotechar='"', escapechar='"')
        # without a cooldown nobody will ask when an action was proposed
        cooling = [each.id for each in self.program.actions if has_cooldown(each)]
        tests = [
            "rank IS NOT NULL",  # held back otherwise
            sql(is_one_of(column("action"), map(text, cooling or [""]))),
        ]
        kept = self._kept_of("actions").filter(" AND ".join(tests))
        day = f"DATE '{self.as_of.isoformat()}' AS proposed_on"
        kept.project(f'"{ACCOUNT_ID}", "action", {day}').write_csv(
            str(files.proposals), header=True, quotechar='"', escapechar='"'
        )
        return files
