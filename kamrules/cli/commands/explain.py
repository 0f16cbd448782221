"""`kamrules explain BOOK ACCOUNT_ID`: why an account is decided as it is, as a tree."""

from __future__ import annotations

import json
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
    from kamrules.decision import Decision, Explanation, Origin
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.plugins import Plugins
    from kamrules.workbench.nearest import Nearest


@click.command(
    short_help="Tell why an account is decided as it is.",
    epilog="Example: kamrules explain crm/book.toml ACME-17 --as-of 2026-06-30",
)
@click.argument("book", type=options.BOOK)
@click.argument("account_id")
@options.ruleset
@options.as_of
@options.state
@options.language
@options.cutoffs
@click.option("--to", "wanted", metavar="OUTCOME",
              help="Tell what would have to change for it: class=key, tier=partner, action=visit, "
              "attractiveness=high, or a condition.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text",
              show_default=True, help="How to tell it; json and markdown hold the whole proof.")  # fmt: skip
@options.as_json
@click.option("--places", is_flag=True,
              help="Show each rule's id, file and line too, and the rows of each value.")  # fmt: skip
def command(  # noqa: PLR0913  one parameter an option
    *,
    book: Path | str,
    account_id: str,
    ruleset: str,
    settings: Mapping[str, str],
    as_of: datetime.date | None,
    state: Path | None,
    language: str | None,
    cutoffs: Path | None,
    wanted: str | None,
    form: str,
    as_json: bool,
    places: bool,
) -> None:
    """Tell why the account ACCOUNT_ID of BOOK is decided as it is, down to the values read.

    Each score by criterion, each gate, why each action, and why it is not the next class or tier yet, with
    the least that would have to change. With --to, the least that would have to change for any outcome; exit
    status 1 when nothing that can be changed brings it about. With --state, as a run with the same state
    would decide. Where rules compare accounts, the rest of BOOK is looked at too, or --cutoffs instead.
    """
    from kamrules.book import Book  # noqa: PLC0415  `--help` does without it
    from kamrules.cli.progress import shown  # noqa: PLC0415
    from kamrules.cli.remembered import remembered_of  # noqa: PLC0415
    from kamrules.engines.sql import read_with_origins  # noqa: PLC0415
    from kamrules.run import date_of, language_of  # noqa: PLC0415

    known = loading.plugins()
    program = loading.program(ruleset, settings, known)
    opened = Book.read(book)
    date = date_of(as_of, opened)
    facts, origins = read_with_origins(program, opened, account_id, open_source=known.open_source)
    given: dict[str, Any] = {
        "earlier": remembered_of(state, account_id, date),
        "cutoffs": _cutoffs(cutoffs, program, opened, date, known),
        "language": language_of(program, language),
        "strict": False,
    }
    if as_json and form == "markdown":
        raise click.UsageError("give --json or --format markdown, not both")
    form = "json" if as_json else form
    if wanted is not None:
        from kamrules.workbench.nearest import nearest  # noqa: PLC0415

        with shown(quiet=form == "json") as progress:
            progress(f"looking for the least that brings {wanted} about")
            found = nearest(program, facts, wanted, as_of=date, **given)
        _tell(found, wanted, facts, given["language"], form)
        return
    with shown(quiet=form == "json") as progress:
        progress("looking for the least that would have to change")
        explanation = _explained(program, facts, origins, date, given)
    if form == "json":
        put(explanation.model_dump_json(by_alias=True, indent=2))
        return
    owners = _owners(known, program, explanation.decision, facts, given["language"])
    if form == "markdown":
        from kamrules.workbench.proofs import markdown  # noqa: PLC0415

        put(markdown(explanation, owners, given["language"]).rstrip("\n"))
        return
    from kamrules.cli.tree import decision_tree  # noqa: PLC0415

    console().print(decision_tree(explanation, owners, given["language"], full=places))


def _explained(
    program: Program,
    facts: Mapping[str, Any],
    origins: Mapping[str, Origin],
    date: datetime.date,
    given: dict[str, Any],
) -> Explanation:
    """Return the decision with its proof, the ways to the next class and tier, and what gaps are worth."""
    from kamrules.engines.row import explain  # noqa: PLC0415  `--help` does without it
    from kamrules.workbench.nearest import advised  # noqa: PLC0415

    explanation = explain(program, facts, as_of=date, origins=origins, **given)
    decision = advised(program, explanation.decision, facts, **given)
    return explanation.model_copy(update={"decision": decision})


def _tell(found: Nearest, wanted: str, facts: Mapping[str, Any], language: str, form: str) -> None:
    """Print the ways to an outcome; exit with 1 when there are none."""
    from kamrules.workbench.proofs import as_markdown, nearest_outline  # noqa: PLC0415

    name = f"{facts['account_id']} {facts.get('name') or ''}".strip()
    if form == "json":
        put(_as_data(found, wanted))
    elif form == "markdown":
        put(as_markdown(nearest_outline(found, name, wanted, language), language).rstrip("\n"))
    else:
        from kamrules.cli.tree import drawn  # noqa: PLC0415

        console().print(drawn(nearest_outline(found, name, wanted, language)))
    if not found.reached and not found.ways:
        raise click.exceptions.Exit(1)


def _as_data(found: Nearest, wanted: str) -> str:
    """Return what was found as JSON."""
    data = {
        "outcome": wanted,
        "reached": found.reached,
        "searched": found.searched,
        "blocked_by": list(found.blocked_by),
        "together": found.together,
        "lacking": list(found.lacking),
        "ways": [each.model_dump(mode="json") for each in found.ways],
    }
    return json.dumps(data, ensure_ascii=False, indent=2)


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


def _owners(
    plugins: Plugins,
    program: Program,
    decision: Decision,
    facts: Mapping[str, object],
    language: str,
) -> dict[str, str]:
    """Return who owns each role's actions for the account: a person where a plug-in knows, else the role."""
    from kamrules.compiler.in_language import in_language  # noqa: PLC0415  `--help` does without it

    named = {each.id: each.title for each in in_language(program, language).roles}
    roles = {each.owner for each in (*decision.actions, *decision.held_back)}
    account = {name: value for name, value in facts.items() if not isinstance(value, list)}
    found = {role: plugins.resolve_owner(role, account) for role in sorted(roles)}
    return named | {role: person for role, person in found.items() if person}
