"""`kamrules backtest RULESET`: decide a book on past dates, and see what the decisions were worth."""

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

    from kamrules.workbench.backtest import Backtest


@click.command(
    short_help="Decide a book on past dates, and tell how well that foretold what came.",
    epilog="Example: kamrules backtest kam --book crm --from 2024-06-30 --to 2026-03-31 --every 3m",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@click.option("--book", "-b", type=options.BOOK, required=True, metavar="BOOK",
              help="The book: a book file, a folder of tables, or one file of accounts.")  # fmt: skip
@click.option("--from", "first", required=True, metavar="DATE", callback=options.date,
              help="The first date to decide on.")  # fmt: skip
@click.option("--to", "last", required=True, metavar="DATE", callback=options.date,
              help="The last date; the book's own date at most.")  # fmt: skip
@click.option("--every", default="3m", show_default=True, metavar="STEP",
              help="Time between two dates: 30d, 2w, 3m or 1y.")  # fmt: skip
@click.option("--outcome", metavar="EXPR",
              help="What is to be foretold, a number or a condition, with `as_of` the date of the decision;"
              " by default the revenue of the next 90 days.")  # fmt: skip
@click.option("--against", metavar="EXPR",
              help="What ranks accounts without rules; by default the revenue of the last"
              " 12 months.")  # fmt: skip
@click.option("--planned", multiple=True, metavar="TABLE.COLUMN",
              help="A date that is written in advance, such as needs.due: later ones stay known."
              " May be repeated.")  # fmt: skip
@click.option("--remember", is_flag=True,
              help="On each date, know the classes and tiers of the date before, as runs with a"
              " state do.")  # fmt: skip
@options.setting
@click.option("--leave-out/--stop", "leave_out", default=None,
              help="Go on without rows that have no date, and data that cannot be used, or stop at such data"
              " and use no table with such rows; by default as the book file says.")  # fmt: skip
@options.as_json
def command(  # noqa: PLR0913  one parameter an option
    *,
    ruleset: str,
    book: Path,
    first: datetime.date,
    last: datetime.date,
    every: str,
    outcome: str | None,
    against: str | None,
    planned: tuple[str, ...],
    remember: bool,
    settings: Mapping[str, str],
    leave_out: bool | None,
    as_json: bool,
) -> None:
    """Decide BOOK by RULESET on past dates, each from the rows dated up to then and nothing later.

    Tells how many accounts were in which class, how they moved from date to date, and how well class, tier
    and scores foretold the outcome: the mean outcome of the top tenth against that of all (lift), and
    Spearman's rank correlation, where equals share the mean of their ranks. A table is cut off by the date
    column that orders its rows; one without cannot be used.
    """
    from kamrules.book import Book  # noqa: PLC0415  `--help` does without it
    from kamrules.cli.progress import shown  # noqa: PLC0415
    from kamrules.workbench.backtest import backtest, dates, telling  # noqa: PLC0415

    days = dates(first, last, every)
    known = loading.plugins()
    program = loading.program(ruleset, settings, known)
    customers = Book.read(book)
    leaves_out = customers.leaves_out if leave_out is None else leave_out
    with shown(quiet=as_json) as progress:
        found = backtest(
            program, customers, days, open_source=known.open_source, outcome=outcome, against=against,
            planned=planned, remember=remember, strict=not leaves_out, progress=progress,
        )  # fmt: skip
    loading.tell(found.warnings)
    if as_json:
        put(json.dumps(telling.as_data(found), ensure_ascii=False, indent=2))
    else:
        _print(console(), found)


def _print(screen: Console, found: Backtest) -> None:
    from kamrules.cli.tables import print_table  # noqa: PLC0415
    from kamrules.workbench.backtest import telling  # noqa: PLC0415

    dates = [each.as_of.isoformat() for each in found.dates]
    when = f"on {dates[0]}" if len(dates) == 1 else f"on {len(dates)} dates to {dates[-1]}"
    program = found.program
    line(screen, f"{found.accounts:,} accounts {when}, by {program.name} {program.version}", "bold")
    screen.print()
    for what in ("class", "tier"):
        if what == "tier" and not program.tiers:
            continue
        names = [telling.name_of(what, each) for each in telling.ids(found, what)]
        print_table(
            screen, [f"Accounts by {what}"], [*names, "moved"], telling.by_date(found, what)
        )
        moves = found.class_moves if what == "class" else found.tier_moves
        if moves:
            rows = telling.matrix(moves, telling.ids(found, what), what)
            print_table(screen, [f"Moves of {what}, from"], [f"to {each}" for each in names], rows)
    if any(each.over for each in found.dates):
        line(screen, f"How well it foretold {found.outcome}", "bold")
        screen.print()
        figures = ("Lift in the top tenth", "Rank correlation")
        print_table(screen, ["Ranked by"], figures, telling.foretold_rows(found))
    for each in telling.notes(found):
        line(screen, each)
