"""`kamrules sensitivity RULESET`: what each number of a ruleset does to a book, and who is near a border."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import console, line, put

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from kamrules.workbench.sensitivity import Effect, Sensitivity


@click.command(
    short_help="Tell what each parameter and weight does to a book.",
    epilog="Example: kamrules sensitivity kam --book crm/book.toml --parameter key_revenue --steps 4",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@click.option("--book", "-b", type=options.BOOK, required=True, metavar="BOOK",
              help="The book: a book file, a folder of tables, or one file of accounts.")  # fmt: skip
@options.setting
@options.as_of
@click.option("--parameter", "-p", "only", multiple=True, metavar="P",
              help="Vary this parameter alone, or criterion.C for a weight; may be repeated.")  # fmt: skip
@click.option("--steps", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N",
              help="Try N values on each side, the last at the end of the range.")  # fmt: skip
@click.option("--nearest", type=click.IntRange(0, 1000), default=10, show_default=True, metavar="N",
              help="Tell the N accounts that are nearest a border.")  # fmt: skip
@options.state
@options.leave_out
@options.as_json
def command(  # noqa: PLR0913  one parameter an option
    *,
    ruleset: str,
    book: Path,
    settings: Mapping[str, str],
    as_of: datetime.date | None,
    only: tuple[str, ...],
    steps: int,
    nearest: int,
    state: Path | None,
    leave_out: bool | None,
    as_json: bool,
) -> None:
    """Vary each parameter of RULESET over its range, and each criterion's weight from nothing to double.

    Tells the share of the book that changes class and tier against the ruleset as written, the greatest
    first, and the accounts that the smallest moves take over a border. Without --state every account is
    placed as if for the first time, so that paths and what is enough to stay don't count.
    """
    from kamrules.book import Book  # noqa: PLC0415  `--help` does without it
    from kamrules.cli.progress import shown  # noqa: PLC0415
    from kamrules.cli.remembered import remembered  # noqa: PLC0415
    from kamrules.run import date_of  # noqa: PLC0415
    from kamrules.workbench.sensitivity import sensitivity, telling  # noqa: PLC0415

    known = loading.plugins()
    written = loading.ruleset(ruleset, settings, known)
    customers = Book.read(book)
    day = date_of(as_of, customers)
    leaves_out = customers.leaves_out if leave_out is None else leave_out
    with remembered(state, day) as earlier, shown(quiet=as_json) as progress:
        found = sensitivity(
            written, customers, as_of=day, open_source=known.open_source, only=only, steps=steps,
            nearest=nearest, strict=not leaves_out, earlier=earlier, progress=progress,
        )  # fmt: skip
    loading.tell(found.warnings)
    if as_json:
        put(json.dumps(telling.as_data(found), ensure_ascii=False, indent=2))
    else:
        _print(console(), found)


def _print(screen: Console, found: Sensitivity) -> None:
    title = (
        f"{found.accounts:,} accounts as of {found.as_of.isoformat()}, by {found.program.name} "
        f"{found.program.version}: the share that changes class or tier"
    )
    line(screen, title, "bold")
    screen.print()
    moving = [each for each in found.effects if any(each.most)]
    if moving:
        _tornado(screen, moving, found.accounts)
    for each in _notes(found):
        line(screen, each)
    if found.fragile:
        screen.print()
        _borders(screen, found)


def _tornado(screen: Console, effects: list[Effect], accounts: int) -> None:
    from kamrules.cli.tables import print_table  # noqa: PLC0415
    from kamrules.workbench.sensitivity import telling  # noqa: PLC0415

    figures = ("As written", "Low", "class", "tier", "High", "class", "tier")
    rows = (row for each in effects for row in telling.tornado(each, accounts))
    print_table(screen, ["Parameter or weight"], figures, rows)


def _notes(found: Sensitivity) -> list[str]:
    from kamrules.workbench.sensitivity import telling  # noqa: PLC0415
    from kamrules.workbench.sensitivity.tuned import shown  # noqa: PLC0415

    notes = ["Weights go from nothing to double."] if _weights(found) else []
    for each in found.effects:
        of = each.tuned.type
        notes += [
            f"{each.tuned.id} goes only to {shown(one.last, of)}: with {shown(one.value, of)} the ruleset "
            f"does not compile ({one.why.code}: {one.why.message})"
            for one in each.refused
        ]
    still = [
        telling.name_of(each.tuned) for each in found.effects if each.read and not any(each.most)
    ]
    if still:
        notes.append(f"Nobody moves, however these are set: {', '.join(still)}")
    unread = [each.tuned for each in found.effects if not each.read]
    if unread:
        weights = sum(each.is_weight for each in unread)
        notes.append(
            f"Class and tier do not depend on {len(unread) - weights} of the parameters and {weights} of "
            "the weights" + ("" if found.memory else " where no account has been decided before")
        )
    if found.without_range:
        notes.append(f"Not varied, without a range: {', '.join(found.without_range)}")
    return notes


def _weights(found: Sensitivity) -> bool:
    return any(each.tuned.is_weight for each in found.effects)


def _borders(screen: Console, found: Sensitivity) -> None:
    from kamrules.cli.tables import print_table  # noqa: PLC0415
    from kamrules.workbench.sensitivity import telling  # noqa: PLC0415
    from kamrules.workbench.sensitivity.tuned import shown  # noqa: PLC0415

    line(screen, "The accounts nearest a border", "bold")
    screen.print()
    rows = (
        (
            each.account_id, telling.change(each), telling.name_of(each.tuned),
            shown(each.value, each.tuned.type), shown(each.tuned.value, each.tuned.type),
            telling.moved_by(each),
        )
        for each in found.fragile
    )  # fmt: skip
    print_table(screen, ("Account", "goes", "when this"), ("is", "not", "a move of"), rows)
