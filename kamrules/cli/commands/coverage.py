"""`kamrules coverage RULESET`: clauses with their rules, and what tests or a book's accounts reach."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import console, line, put

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from kamrules.compiler import Program
    from kamrules.plugins import Plugins
    from kamrules.progress import Progress
    from kamrules.workbench.coverage import ClauseCoverage, Coverage, Part

FORMS = ("text", "json", "markdown")
FEW = 20
"""So many of what was not seen are told of each part, unless that part is asked for."""


@click.command(
    short_help="Tell which rules and conditions tests or a book reach.",
    epilog="Example: kamrules coverage kam --book crm/book.toml --as-of 2026-06-30",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@click.option("--sources", is_flag=True, help="Clauses with the rules that name them.")
@click.option("--tests", is_flag=True, help="What the ruleset's tests reach.")
@click.option("--book", "-b", type=options.BOOK, metavar="BOOK",
              help="What the accounts of a book reach: a book file, a folder of tables, or one file of"
              " accounts.")  # fmt: skip
@click.option("--rules", is_flag=True, help="Tell of each rule how often it is at work.")
@click.option("--atoms", is_flag=True,
              help="Tell of each smallest condition how often it is true, false and unknown.")  # fmt: skip
@click.option("--steps", is_flag=True,
              help="Tell of each step of a scale, curve or band how many fall into it.")  # fmt: skip
@options.setting
@options.as_of
@options.state
@options.leave_out
@click.option("--min", "least", type=click.FloatRange(0, 100), metavar="PER CENT",
              help="Exit with status 1 when less than this is covered of any part told.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@options.as_json
@click.pass_context
def command(  # noqa: PLR0913  one parameter an option
    context: click.Context,
    *,
    ruleset: str,
    sources: bool,
    tests: bool,
    book: Path | None,
    rules: bool,
    atoms: bool,
    steps: bool,
    settings: Mapping[str, str],
    as_of: datetime.date | None,
    state: Path | None,
    leave_out: bool | None,
    least: float | None,
    form: str,
    as_json: bool,
) -> None:
    """Tell which clauses of RULESET have rules, and what of it its tests or a book's accounts reach.

    Three parts are counted: rules at work; the smallest conditions, each true for one and false for another;
    steps of scales, curves and bands with someone in them. What was not seen is listed; --rules, --atoms
    and --steps tell those parts alone, and whole. Without --sources, --tests and --book, sources and tests
    are told. Exit status: 0 done; 1 less than --min is covered; 2 wrong usage; 3 it does not compile;
    4 the book cannot be read.
    """
    from kamrules.cli.progress import shown  # noqa: PLC0415  `--help` does without it
    from kamrules.compiler import compile_ruleset  # noqa: PLC0415
    from kamrules.workbench.coverage import Part, clause_coverage, coverage_by_tests  # noqa: PLC0415

    if book is None and not (as_of is None and state is None and leave_out is None):
        raise click.UsageError("--as-of, --state, --leave-out and --stop go with --book")
    form = "json" if as_json else form
    if not (sources or tests or book is not None):
        sources = tests = True
    chosen = {Part.RULES: rules, Part.ATOMS: atoms, Part.STEPS: steps}
    wanted = [part for part, on in chosen.items() if on] or list(Part)
    known = loading.plugins()
    written = loading.ruleset(ruleset, settings, known)
    program = compile_ruleset(written)
    found: list[Coverage] = []
    with shown(quiet=form == "json") as progress:
        clauses = clause_coverage(program) if sources else None
        if tests:
            found.append(coverage_by_tests(written, program, progress=progress))
        if book is not None:
            found.append(_by_book(program, book, as_of, state, leave_out, known, progress))
    for each in found:
        loading.tell(each.warnings)
    _tell(program, clauses, found, wanted, form=form, whole=rules or atoms or steps)
    shares = [each.share(part) for each in found for part in wanted]
    shares += [clauses.share] if clauses is not None else []
    context.exit(1 if least is not None and min(shares) * 100 < least else 0)


def _by_book(  # noqa: PLR0913, PLR0917  what the options say of the book
    program: Program,
    path: Path,
    as_of: datetime.date | None,
    state: Path | None,
    leave_out: bool | None,  # noqa: FBT001  an option's value
    known: Plugins,
    progress: Progress,
) -> Coverage:
    from kamrules.book import Book  # noqa: PLC0415
    from kamrules.cli.remembered import remembered  # noqa: PLC0415
    from kamrules.run import date_of  # noqa: PLC0415
    from kamrules.workbench.coverage import coverage_by_book  # noqa: PLC0415

    book = Book.read(path)
    day = date_of(as_of, book)
    leaves_out = book.leaves_out if leave_out is None else leave_out
    with remembered(state, day) as earlier:
        return coverage_by_book(
            program, book, as_of=day, open_source=known.open_source, strict=not leaves_out,
            earlier=earlier, progress=progress,
        )  # fmt: skip


def _tell(  # noqa: PLR0913  what is told, and how
    program: Program,
    clauses: ClauseCoverage | None,
    found: Sequence[Coverage],
    parts: Sequence[Part],
    *,
    form: str,
    whole: bool,
) -> None:
    from kamrules.workbench.coverage import telling  # noqa: PLC0415

    if form == "json":
        data: dict[str, Any] = {} if clauses is None else telling.clauses_as_data(clauses)
        data |= {each.over: telling.as_data(each, parts) for each in found}
        put(json.dumps(data, ensure_ascii=False, indent=2))
        return
    if clauses is not None:
        markdown = form == "markdown"
        put("\n".join((telling.clause_table if markdown else telling.clause_lines)(clauses)))
    for number, each in enumerate(found):
        if clauses is not None or number:
            put("")
        if form == "markdown":
            put("\n".join(telling.tables(each, parts)).rstrip())
        else:
            _print(console(), program, each, parts, whole=whole)


def _print(
    screen: Console, program: Program, found: Coverage, parts: Sequence[Part], *, whole: bool
) -> None:
    from kamrules.cli.tables import print_table  # noqa: PLC0415
    from kamrules.workbench.coverage import Part, telling  # noqa: PLC0415

    line(screen, telling.headline(found, program), "bold")
    screen.print()
    print_table(screen, ["What"], ("Seen", "Of", "Share"), telling.summary(found, parts))
    if not found.memory and Part.RULES in parts and program.paths:
        line(screen, "Without --state no account has been decided before, so no path is taken.")
        screen.print()
    for part in parts:
        _print_part(screen, found, part, whole=whole)


def _print_part(screen: Console, found: Coverage, part: Part, *, whole: bool) -> None:
    """Tell a part, whole or what was not seen of it; that only in part when it is much."""
    from kamrules.workbench.coverage import telling  # noqa: PLC0415

    those = found.of(part) if whole else found.missed(part)
    if not those:
        return
    line(screen, telling.title(part, found.over, every=whole), "bold")
    screen.print()
    told = those if whole or len(those) <= FEW + 1 else those[:FEW]
    for each in told:
        for text in telling.lines(each, found):
            line(screen, text)
    if len(told) < len(those):
        line(screen, f"and {len(those) - len(told)} more: --{part.value} tells all")
    screen.print()
