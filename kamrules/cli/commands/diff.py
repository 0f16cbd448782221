"""`kamrules diff OLD NEW`: in what two rulesets differ, in terms of rules, and what that does to a book."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import console, line, put
from kamrules.diagnostics import Diagnostic, UsageError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from kamrules.workbench.difference import Difference
    from kamrules.workbench.difference.effects import Effect

FORMS = ("text", "json", "md")
OF_BOOK = ("as_of", "state", "top", "show", "leave_out")
"""Options that say something about a book."""


@click.command(
    short_help="Tell in what two rulesets differ, and what that does to a book.",
    epilog="Example: kamrules diff HEAD:rulesets/kam rulesets/kam --book crm --out review.json",
)
@click.argument("old")
@click.argument("new")
@click.option("--book", "-b", type=options.BOOK, metavar="BOOK",
              help="Decide this book by both, and tell what changes and why.")  # fmt: skip
@options.setting
@options.as_of
@options.state
@click.option("--top", type=click.IntRange(0, 100), default=3, show_default=True, metavar="N",
              help="The N best actions of an account are those that a run writes.")  # fmt: skip
@click.option("--show", type=click.IntRange(min=0), default=20, show_default=True, metavar="N",
              help="List N of the accounts that change, those with the most revenue.")  # fmt: skip
@options.leave_out
@click.option("--out", type=options.FILE, metavar="FILE",
              help="Write a review for `kamrules run --require-diff`.")  # fmt: skip
@click.option(
    "--exit-code", is_flag=True, help="Exit with status 1 when the two differ in meaning."
)
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@options.as_json
@click.pass_context
def command(  # noqa: PLR0913  one parameter an option
    context: click.Context,
    *,
    old: str,
    new: str,
    book: Path | None,
    settings: Mapping[str, str],
    as_of: datetime.date | None,
    state: Path | None,
    top: int,
    show: int,
    leave_out: bool | None,
    out: Path | None,
    exit_code: bool,
    form: str,
    as_json: bool,
) -> None:
    """Tell what NEW decides by that OLD does not: parameters, conditions, weights, actions, and so on.

    OLD and NEW are names, paths, or REV:PATH for a ruleset as it was at a git revision, such as
    HEAD:rulesets/kam. What they extend is compared, too. --set applies to NEW.

    With --book every change of an account is told with its cause: the edit that brings it when done alone
    in OLD, or takes it away when undone alone in NEW; else all edits that have to do with it, together.

    Exit status: 0 done; 1 the two differ, with --exit-code; 2 wrong usage; 3 one does not compile; 4 the
    book cannot be read.
    """
    from kamrules.output import write_file  # noqa: PLC0415  `--help` does without it
    from kamrules.workbench.difference import telling  # noqa: PLC0415

    if book is None:
        _refuse_options_of_a_book(context)
    form = "json" if as_json else form
    found = _found(
        old, new, book, settings, as_of, state, top, show, leave_out, quiet=form == "json"
    )
    data = json.dumps(telling.as_data(found), ensure_ascii=False, indent=2)
    if out is not None:
        write_file(out, f"{data}\n")
    if found.effect is not None:
        loading.tell(found.effect.warnings)
    if form == "json":
        put(data)
    elif form == "md":
        from kamrules.workbench.difference.markdown import markdown  # noqa: PLC0415

        put(markdown(found).rstrip("\n"))
    else:
        _print(console(), found)
    context.exit(1 if exit_code and not found.same else 0)


def _refuse_options_of_a_book(context: click.Context) -> None:
    from click.core import ParameterSource  # noqa: PLC0415

    for each in OF_BOOK:
        if context.get_parameter_source(each) is not ParameterSource.DEFAULT:
            names = next(one.opts[0] for one in context.command.params if one.name == each)
            message = f"`{names}` says something about a book, and there is none"
            raise UsageError(Diagnostic("KR864", message, help="give one with --book"))


def _found(  # noqa: PLR0913, PLR0917  the command's own
    old: str,
    new: str,
    book: Path | None,
    settings: Mapping[str, str],
    as_of: datetime.date | None,
    state: Path | None,
    top: int,
    show: int,
    leave_out: bool | None,  # noqa: FBT001  an option
    *,
    quiet: bool,
) -> Difference:
    from kamrules.book import Book  # noqa: PLC0415
    from kamrules.cli.progress import shown  # noqa: PLC0415
    from kamrules.cli.remembered import remembered  # noqa: PLC0415
    from kamrules.document import shipped_folder  # noqa: PLC0415
    from kamrules.run import date_of  # noqa: PLC0415
    from kamrules.workbench.difference import compare  # noqa: PLC0415
    from kamrules.workbench.difference.revisions import ruleset_at  # noqa: PLC0415

    known = loading.plugins()
    folders = (shipped_folder(), *known.ruleset_folders)
    with shown(quiet=quiet) as progress:
        progress("reading the rulesets")
        before = ruleset_at(old, folders=folders, functions=known.functions)
        after = ruleset_at(new, folders=folders, set=settings, functions=known.functions)
        if book is None:
            return compare(before, after, progress=progress)
        customers = Book.read(book)
        day = date_of(as_of, customers)
        leaves_out = customers.leaves_out if leave_out is None else leave_out
        with remembered(state, day) as earlier:
            return compare(
                before, after, customers, as_of=day, open_source=known.open_source, earlier=earlier,
                top=top, show=show, strict=not leaves_out, progress=progress,
            )  # fmt: skip


def _print(screen: Console, found: Difference) -> None:
    from kamrules.cli.tables import print_table  # noqa: PLC0415
    from kamrules.workbench.difference import telling  # noqa: PLC0415

    line(screen, telling.title(found), "bold")
    screen.print()
    if found.rules:
        head = ("Edit", "was", "becomes", "written in")
        print_table(screen, head, (), telling.edit_rows(found.rules))
    for each in telling.edit_notes(found):
        line(screen, each)
    if found.effect is not None:
        screen.print()
        _print_effect(screen, found.effect)


def _print_effect(screen: Console, effect: Effect) -> None:
    from kamrules.cli.tables import print_table  # noqa: PLC0415
    from kamrules.workbench.difference import telling  # noqa: PLC0415

    line(screen, telling.effect_title(effect), "bold")
    screen.print()
    for what, moves in (("Class", effect.class_moves), ("Tier", effect.tier_moves)):
        if moves:
            rows = telling.move_rows(moves, what.lower())
            print_table(screen, (f"{what} from", "to", "because of"), ("Accounts", "Revenue"), rows)
    actions = list(telling.action_rows(effect.actions))
    if actions:
        figures = ("Accounts", "new", "gone", "Hours")
        print_table(screen, ("Action", "because of"), figures, actions)
    accounts = list(telling.account_rows(effect))
    if accounts:
        print_table(screen, ("Account", "changes", "because of"), ("Revenue",), accounts)
    hidden = telling.hidden(effect)
    for each in (*([hidden] if hidden else ()), *telling.effect_notes(effect)):
        line(screen, each)
