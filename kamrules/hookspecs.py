"""Every extension point. A plug-in implements some of these and names itself in the entry points `kamrules`.

    # kamrules_fastcsv.py                               # pyproject.toml
    from kamrules import hookimpl                       # [project.entry-points.kamrules]
                                                        # fastcsv = "kamrules_fastcsv"
    @hookimpl
    def register_sources(register):
        register("fastcsv", lambda table, connection: connection.read_csv(str(table.path())))

A hook takes those of its arguments that it wants, by name. What is passed is plain data; no hook can
add a function to expressions, which every engine has to understand alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    import datetime
    from pathlib import Path

    from kamrules.book import BookTable

hookspec = HookspecMarker("kamrules")
hookimpl = HookimplMarker("kamrules")

Tables = Mapping[str, Any]
"""The output tables of a run by name, each a DuckDB relation (which exports `__arrow_c_stream__`)."""

Source = Callable[["BookTable", Any], Any]
"""Opens a table of a book on a DuckDB connection and returns its rows: a relation of that connection,
anything that exports `__arrow_c_stream__`, or kamrules.book.Rows if some rows had to be left out."""

Register = Callable[[str, Any], None]


class Sink(Protocol):
    """Writes the output tables of a run, on the DuckDB connection they belong to, into a folder."""

    def __call__(self, tables: Tables, folder: Path, connection: Any) -> tuple[str, ...]:  # noqa: ANN401
        """Return the names of the files written. Raises DataError when that fails."""


@dataclass(frozen=True, slots=True)
class Run:
    """What hooks know of a run; `out` is where its files will be, None when it writes none."""

    ruleset: str
    version: str
    digest: str
    as_of: datetime.date
    book: str
    out: Path | None


@hookspec
def register_sources(register: Register) -> None:
    """Name sources: `register("sqlite", open_table)` makes `from = "sqlite:crm.db"` work in book files."""


@hookspec
def register_sinks(register: Register) -> None:
    """Name sinks: `register("xml", write_tables)` makes `--format xml` work."""


@hookspec
def register_rulesets(register: Register) -> None:
    """Name rulesets: `register("pharma", Path(__file__).parent / "pharma")` makes `--ruleset pharma` work."""


@hookspec
def run_started(run: Run) -> None:
    """Know that a run begins: `log.info("kamrules %s on %s", run.ruleset, run.book)`."""


@hookspec
def decided(tables: Tables, run: Run) -> None:
    """See everything that was decided: `tables["actions"].filter("status = 'proposed'").fetchall()`."""


@hookspec
def run_finished(run: Run, summary: Mapping[str, Any]) -> None:
    """Know that the files are in place: `notify(f"{summary['accounts']} accounts in {run.out}")`."""


@hookspec
def run_failed(run: Run, error: BaseException) -> None:
    """Know that a run ended without result, its earlier files untouched: `notify(str(error))`."""


@hookspec(firstresult=True)
def resolve_owner(role: str, account: Mapping[str, Any]) -> str | None:
    """Answer who owns a role's actions for an account: `return TEAM.get((role, account["account_id"]))`."""
