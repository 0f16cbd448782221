"""dlt and kamrules: any dlt source fills a book, decisions go to any dlt destination; docs in README.md.

    from = "dlt:my_sources.crm:deals"           in a book file
    kamrules run book.toml --to dlt:duckdb      or  --to dlt:my_pipelines:make_pipeline
    kamrules_dlt.decisions("book.toml")         a dlt source, for those who have pipelines

dlt is imported when one of them is used, not before, and its telemetry is switched off first.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kamrules import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.book import BookTable
    from kamrules.contracts import Delivery, Sink, Target
    from kamrules.hookspecs import RegisterSource

    from kamrules_dlt.decided import decisions as decisions

__all__ = ["decisions"]

kamrules_api = 2


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """Name the source."""
    register("dlt", _open_table, tables=_tables)


@hookimpl
def register_sinks(register: Callable[[str, Sink], None]) -> None:
    """Name the sink."""
    register("dlt", _open_sink)


def _open_table(table: BookTable, connection: Any) -> Any:  # noqa: ANN401  DuckDB's
    return _part("source").open_table(table, connection)


def _tables(table: BookTable) -> Sequence[str]:
    found: Sequence[str] = _part("source").tables(table)
    return found


def _open_sink(target: Target) -> Delivery:
    found: Delivery = _part("sink").Loading(target)
    return found


def _part(name: str) -> Any:  # noqa: ANN401  a module
    """Return one of our modules, imported after dlt's telemetry is off; dlt takes half a second."""
    import_module("kamrules_dlt.quiet")
    return import_module(f"kamrules_dlt.{name}")


def __getattr__(name: str) -> Any:  # noqa: ANN401  the one name it has
    if name == "decisions":
        return _part("decided").decisions
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
