"""Every extension point. A plug-in implements some of these and names itself in the entry points `kamrules`.

    # kamrules_fastcsv.py                               # pyproject.toml
    from kamrules import hookimpl                       # [project.entry-points.kamrules]
                                                        # fastcsv = "kamrules_fastcsv"
    kamrules_api = 2

    @hookimpl
    def register_sources(register):
        register("fastcsv", lambda table, connection: connection.read_csv(str(table.path())))

A hook takes those of its arguments that it wants, by name. What is passed is plain data
(kamrules.contracts). docs/plugins.md has an example of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from kamrules.contracts import (
        Engine,
        Format,
        LanguageFunction,
        Proposal,
        Run,
        Section,
        SeenTable,
        Sink,
        Source,
        Tables,
        TablesOf,
        Webhook,
    )

hookspec = HookspecMarker("kamrules")
hookimpl = HookimplMarker("kamrules")


class RegisterSource(Protocol):
    """Takes a source's scheme, what opens a table of it, and if it can, what lists its tables."""

    def __call__(self, name: str, one: Source, *, tables: TablesOf | None = None) -> None:
        """Register it."""


@hookspec
def register_sources(register: RegisterSource) -> None:
    """Name sources: `register("crm", open_table)` makes `from = "crm:accounts"` work in book files."""


@hookspec
def register_sinks(register: Callable[[str, Sink], None]) -> None:
    """Name sinks: `register("crm", open_sink)` makes `kamrules run BOOK --to crm:production` work."""


@hookspec
def register_formats(register: Callable[[str, Format], None]) -> None:
    """Name forms of files: `register("xml", write_tables)` makes `--format xml` work."""


@hookspec
def register_rulesets(register: Callable[[str, str | Path], None]) -> None:
    """Name rulesets: `register("pharma", Path(__file__).parent / "pharma")` makes `--ruleset pharma` work."""


@hookspec
def register_functions(register: Callable[[LanguageFunction], None]) -> None:
    """Add functions to expressions: `register(LanguageFunction("vat_country", ("text",), "text", ...))`."""


@hookspec
def register_engines(register: Callable[[str, Engine], None]) -> None:
    """Name engines that decide whole books: `register("spark", decide)` makes `--engine spark` work."""


@hookspec
def register_webhooks(register: Callable[[str, Webhook], None]) -> None:
    """Name senders of webhooks: `register("crm", verify)` makes `POST /hooks/crm` of the service work."""


@hookspec
def propose_mapping(tables: Sequence[SeenTable]) -> Sequence[Proposal] | None:
    """Tell which columns of a known CRM fill the vocabulary's; for `kamrules inspect SOURCE --suggest`."""


@hookspec
def run_started(run: Run) -> None:
    """Know that a run begins: `log.info("kamrules %s on %s", run.ruleset, run.book)`."""


@hookspec
def decided(tables: Tables, run: Run) -> None:
    """See everything that was decided: `tables["actions"].filter("status = 'proposed'").fetchall()`."""


@hookspec
def report_section(tables: Tables, run: Run) -> Section | None:
    """Add to the report of a run: `return Section("Territories", columns=("who", "accounts"), rows=rows)`."""


@hookspec
def run_finished(run: Run, summary: Mapping[str, Any]) -> None:
    """Know that the files are in place: `notify(f"{summary['accounts']} accounts in {run.out}")`."""


@hookspec
def run_failed(run: Run, error: BaseException) -> None:
    """Know that a run ended without result, its earlier files untouched: `notify(str(error))`."""


@hookspec(firstresult=True)
def resolve_owner(role: str, account: Mapping[str, Any]) -> str | None:
    """Answer who owns a role's actions for an account: `return TEAM.get((role, account["account_id"]))`."""
