"""`kamrules explain BOOK ACCOUNT_ID`: why an account is decided as it is, as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import console, put

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from pathlib import Path

    from kamrules.book import Book
    from kamrules.compiler import Program
    from kamrules.decision import Decision, Earlier
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.plugins import Plugins
    from kamrules.workbench.nearest import Nearest


@click.command(
    short_help="Tell why an account is decided as it is.",
    epilog="Example: kamrules explain crm/book.toml ACME-17 --as-of 2026-06-30",
)
@click.argument("book", type=options.FILE)
@click.argument("account_id")
@options.ruleset
@options.as_of
@options.state
@options.language
@options.cutoffs
@click.option("--to", "wanted", metavar="OUTCOME",
              help="Tell what would have to change for it: class=key, tier=partner, action=visit, "
              "attractiveness=high, or a condition.")  # fmt: skip
@options.as_json
def command(  # noqa: PLR0913  one parameter an option
    *,
    book: Path,
    account_id: str,
    ruleset: str,
    settings: Mapping[str, str],
    as_of: datetime.date | None,
    state: Path | None,
    language: str | None,
    cutoffs: Path | None,
    wanted: str | None,
    as_json: bool,
) -> None:
    """Tell why the account ACCOUNT_ID of BOOK is decided as it is, down to the values read.

    Each score by criterion, each gate, why each action, and why it is not the next class or tier yet, with
    the least that would have to change. With --to, the least that would have to change for any outcome; exit
    status 1 when nothing that can be changed brings it about. With --state, as a run with the same state
    would decide. Where rules compare accounts, the rest of BOOK is looked at too, or --cutoffs instead.
    """
    from kamrules.book import Book  # noqa: PLC0415  `--help` does without it
    from kamrules.engines.row import explain  # noqa: PLC0415
    from kamrules.engines.sql import read_account  # noqa: PLC0415
    from kamrules.run import date_of, language_of  # noqa: PLC0415

    known = loading.plugins()
    program = loading.program(ruleset, settings, known)
    opened = Book.read(book)
    date = date_of(as_of, opened)
    facts = read_account(program, opened, account_id, open_source=known.open_source)
    earlier = _earlier(state, account_id, date)
    placing = _cutoffs(cutoffs, program, opened, date, known)
    spoken = language_of(program, language)
    if wanted is not None:
        from kamrules.workbench.nearest import nearest  # noqa: PLC0415

        found = nearest(program, facts, wanted, as_of=date, earlier=earlier, cutoffs=placing,
                        language=spoken, strict=False)  # fmt: skip
        _tell(found, wanted, facts, spoken, as_json=as_json)
        return
    explanation = explain(
        program,
        facts,
        as_of=date,
        earlier=earlier,
        language=spoken,
        strict=False,
        cutoffs=placing,
    )
    from kamrules.workbench.nearest import with_values, with_ways  # noqa: PLC0415

    advised = with_ways(
        program, explanation.decision, facts, cutoffs=placing, language=spoken, strict=False
    )
    advised = with_values(program, advised, facts, earlier=earlier, cutoffs=placing, strict=False)
    explanation = explanation.model_copy(update={"decision": advised})
    if as_json:
        put(explanation.model_dump_json(by_alias=True, indent=2))
        return
    from kamrules.cli.tree import decision_tree  # noqa: PLC0415
    from kamrules.compiler.in_language import in_language  # noqa: PLC0415

    owners = {each.id: each.title for each in in_language(program, spoken).roles}
    owners |= _owners(known, explanation.decision, facts)
    console().print(decision_tree(explanation, owners, spoken))


def _tell(
    found: Nearest, wanted: str, facts: Mapping[str, Any], language: str, *, as_json: bool
) -> None:
    """Print the ways to an outcome; exit with 1 when there are none."""
    from kamrules.cli.ways import as_data, as_tree  # noqa: PLC0415

    if as_json:
        put(as_data(found, wanted))
    else:
        name = f"{facts['account_id']} {facts.get('name') or ''}".strip()
        console().print(as_tree(found, name, wanted, language))
    if not found.reached and not found.ways:
        raise click.exceptions.Exit(1)


def _cutoffs(
    path: Path | None, program: Program, book: Book, as_of: datetime.date, plugins: Plugins
) -> Cutoffs | None:
    """Return what places the account in its book, where the ruleset compares accounts."""
    from kamrules.engines.cutoffs import Cutoffs  # noqa: PLC0415
    from kamrules.engines.sql import book_cutoffs  # noqa: PLC0415

    if path is not None:
        return Cutoffs.read(path)
    if not program.book_steps:
        return None
    return book_cutoffs(program, book, as_of=as_of, open_source=plugins.open_source)


def _earlier(state: Path | None, account_id: str, as_of: datetime.date) -> Earlier | None:
    """Return what was decided before. Raises UsageError when there is no such state file."""
    if state is None:
        return None
    from kamrules.diagnostics import Diagnostic, UsageError  # noqa: PLC0415
    from kamrules.memory import Memory  # noqa: PLC0415

    if not state.exists():
        raise UsageError(Diagnostic("KR808", f"there is no state file `{state}`"))
    with Memory.open(state) as memory:
        return memory.earlier_of(account_id, as_of)


def _owners(plugins: Plugins, decision: Decision, facts: Mapping[str, object]) -> dict[str, str]:
    """Return who owns each role's actions for the account, where a plug-in knows."""
    roles = {each.owner for each in (*decision.actions, *decision.held_back)}
    account = {name: value for name, value in facts.items() if not isinstance(value, list)}
    found = {role: plugins.resolve_owner(role, account) for role in sorted(roles)}
    return {role: person for role, person in found.items() if person}
