"""BottleCRM for kamrules: its tables as a book, decisions back into it, its webhooks.

from = "bottlecrm:deals"                                   in a book file; kamrules_bottlecrm/book.toml is one
kamrules run book.toml --to bottlecrm:https://crm.example.com
kamrules serve kam --store book.db --hook bottlecrm='${env:BOTTLECRM_SECRET}'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.contracts import Proposal, SeenTable, Sink, Webhook
    from kamrules.hookspecs import RegisterSource

kamrules_api = 2
SCHEME = "bottlecrm"


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """Name the source."""
    from kamrules_bottlecrm.source import list_tables, open_table  # noqa: PLC0415  the network, only now

    register(SCHEME, open_table, tables=list_tables)


@hookimpl
def register_sinks(register: Callable[[str, Sink], None]) -> None:
    """Name the sink."""
    from kamrules_bottlecrm.sink import open_sink  # noqa: PLC0415

    register(SCHEME, open_sink)


@hookimpl
def register_webhooks(register: Callable[[str, Webhook], None]) -> None:
    """Name the sender of webhooks."""
    from kamrules_bottlecrm.webhook import verify  # noqa: PLC0415

    register(SCHEME, verify)


@hookimpl
def propose_mapping(tables: Sequence[SeenTable]) -> Sequence[Proposal] | None:
    """Tell what the tables of BottleCRM fill."""
    from kamrules_bottlecrm.proposing import proposals  # noqa: PLC0415

    return proposals(tables)
