"""Runs that decide only what has changed: what they need, and what they leave for the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic, UsageError
from kamrules.engines import DUCKDB
from kamrules.run.engine import AUTO

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.contracts import Decided
    from kamrules.engines.sql import BookDecisions
    from kamrules.memory import Memory
    from kamrules.memory.kept import KeptDecisions
    from kamrules.run.order import Order


def state_of(state: Path | None, since: Path | None) -> Path | None:
    """Return the state file of a run by its two options. Raises UsageError when they name different ones."""
    if state is None or since is None or state.resolve() == since.resolve():
        return state or since
    message = f"`--since {since}` and `--state {state}` name different files"
    mend = f"a run reads and writes one state; leave `--state` out to keep it in `{since}`"
    raise UsageError(Diagnostic("KR730", message, help=mend))


def check_since(order: Order) -> None:
    """Raise UsageError for a run that is to decide what has changed and cannot."""
    if not order.since:
        return
    if order.state is None:
        raise UsageError(Diagnostic("KR730", "`since` needs a state file", help="give `state` too"))
    if order.engine not in {AUTO, DUCKDB}:
        message = (
            f"`--since` is for engine `{DUCKDB}`, and the run asks for engine `{order.engine}`"
        )
        raise UsageError(Diagnostic("KR732", message, help="leave it out: `--state` alone works"))


def to_take_over(order: Order, memory: Memory | None, folder: Path) -> KeptDecisions | None:
    """Return the decisions that a run may take over, as files in a folder; None when it is not to."""
    return memory.kept(folder) if memory is not None and order.since else None


def keep(memory: Memory, decisions: BookDecisions | Decided, folder: Path) -> None:
    """Keep the decisions that the next run may take over, if the run is to."""
    export = getattr(decisions, "export_kept", None)
    kept = export(folder) if export is not None else None
    if kept is not None:
        memory.keep(kept)


def told(decisions: BookDecisions | Decided) -> dict[str, Any]:
    """Return what stands in run.json about it: nothing for other runs."""
    found = getattr(decisions, "taken_over", None)
    return {} if found is None else {"since": found.as_json()}
