"""`kamrules decide FACTS.json`: one decision as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.facts import read_facts
from kamrules.cli.terminal import put

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from pathlib import Path


@click.command(
    short_help="Decide one account given as JSON.",
    epilog="Example: kamrules decide acme.json --as-of 2026-06-30",
)
@click.argument("facts", metavar="FACTS.json|-")
@options.ruleset
@options.as_of
@click.option(
    "--top",
    type=click.IntRange(min=0),
    metavar="N",
    help="Keep the N best actions; all by default.",
)
@options.language
@options.cutoffs
def command(  # noqa: PLR0913  one parameter an option
    *,
    facts: str,
    ruleset: str,
    settings: Mapping[str, str],
    as_of: datetime.date | None,
    top: int | None,
    language: str | None,
    cutoffs: Path | None,
) -> None:
    """Decide the account whose facts are in FACTS.json (- for stdin), and print the decision as JSON.

    The facts are one JSON object: account_id, the columns of the accounts table, and each related table
    as a list of objects. `kamrules schema decision` describes what comes out. The next class and tier come
    with the least that would have to change for them. Without --cutoffs, what compares the account with the
    rest of its book is unknown.
    """
    from kamrules.engines.cutoffs import Cutoffs  # noqa: PLC0415  `--help` does without it
    from kamrules.engines.row import decide  # noqa: PLC0415
    from kamrules.run import date_of, language_of  # noqa: PLC0415
    from kamrules.workbench.nearest import advised  # noqa: PLC0415

    account = read_facts(facts)
    program = loading.program(ruleset, settings)
    spoken = language_of(program, language)
    placing = None if cutoffs is None else Cutoffs.read(cutoffs)
    decision = decide(
        program, account, as_of=date_of(as_of), top=top, language=spoken, cutoffs=placing
    )
    decision = advised(program, decision, account, cutoffs=placing, language=spoken)
    put(decision.model_dump_json(by_alias=True, indent=2))
