"""`kamrules inspect BOOK`: what a book holds and lacks; `--suggest`: a book file for a source without one."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import console, line, put
from kamrules.diagnostics import Diagnostic, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kamrules.book import Book
    from kamrules.compiler import Program
    from kamrules.engines.sql import Inspection


@click.command(
    short_help="Show what a book holds and lacks, and its data quality; propose a book file.",
    epilog="Example: kamrules inspect crm/book.toml, or for files as a CRM exports them:"
    " kamrules inspect export/ --suggest --out book.toml",
)
@click.argument("book", metavar="BOOK|SOURCE")
@click.option(
    "--suggest",
    is_flag=True,
    help="Propose a book file for SOURCE: what its tables and columns are.",
)
@click.option(
    "--out",
    type=options.FILE,
    metavar="FILE",
    help="Where the proposal goes; by default to stdout.",
)
@click.option("--sure", type=click.IntRange(0, 100), metavar="PERCENT",
              help="How sure a proposal has to be to be live in the book file; by default 80.")  # fmt: skip
@options.ruleset
@options.as_json
@click.pass_context
def command(  # noqa: PLR0913  the command line's options
    context: click.Context,
    *,
    book: str,
    suggest: bool,
    out: Path | None,
    sure: int | None,
    ruleset: str,
    settings: Mapping[str, str],
    as_json: bool,
) -> None:
    """Show what BOOK holds: the data quality of its tables, columns found, unused and lacking, and
    which facts the ruleset wants and the book lacks, with the information level at which each is found.

    With --suggest, SOURCE may be a folder of files, a file, a workbook, a pattern such as 'crm/*.csv',
    a database by its URI, or a book file that leaves columns open. Some rows of each table are looked
    at, and a book file is proposed that maps them to the ruleset's words; what is unsure stands behind
    a # with the reason.

    Exit status: 0 nothing wrong with the data, 1 problems found; with --suggest 0 proposed, 1 no table
    of accounts found.
    """
    if suggest:
        from kamrules.cli.suggesting import propose  # noqa: PLC0415  `--help` does without it

        context.exit(propose(book, out, sure, ruleset, settings, as_json=as_json))
    if out is not None or sure is not None:
        option = "--out" if out is not None else "--sure"
        message = f"`{option}` is about a proposal, and without `--suggest` there is none"
        raise UsageError(
            Diagnostic("KR689", message, help=f"kamrules inspect {shlex.quote(book)} --suggest")
        )
    context.exit(_inspect(book, ruleset, settings, as_json=as_json))


def _inspect(book: str, ruleset: str, settings: Mapping[str, str], *, as_json: bool) -> int:
    """Print what a book holds, and return the exit status."""
    from kamrules.book import Book  # noqa: PLC0415  `--help` does without it
    from kamrules.cli.progress import shown  # noqa: PLC0415
    from kamrules.engines.sql import inspect_book  # noqa: PLC0415

    known = loading.plugins()
    program = loading.program(ruleset, settings, known)
    opened = Book.read(book)
    with shown(quiet=as_json) as progress:
        progress("reading the book")
        found = inspect_book(program, opened, open_source=known.open_source)
    wanted = list(_wanted(program, found))
    if as_json:
        put(json.dumps(_plain(found, wanted), ensure_ascii=False, indent=2))
    else:
        screen = console()
        for text, style in _lines(opened, program, found, wanted):
            line(screen, text, style)
    return 0 if found.quality.clean else 1


def _wanted(program: Program, found: Inspection) -> Iterator[dict[str, Any]]:
    """Yield the columns of the vocabulary that the book lacks, and the tables that are not there."""
    from kamrules.expression.types import ACCOUNT_ID  # noqa: PLC0415

    there = {each.table: each for each in found.tables}
    for name, table in program.tables.items():
        lacking = there[name].lacking if name in there else tuple(table.columns)
        for column in lacking:
            if column == ACCOUNT_ID:
                continue
            known = table.columns[column]
            yield {
                "table": name,
                "column": column,
                "info_level": known.info_level,
                "about": known.about,
                "table_lacking": name not in there,
            }


def _plain(found: Inspection, wanted: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "quality": found.quality.as_json(),
        "tables": [
            {
                "table": each.table,
                "source": each.source,
                "columns": dict(each.columns),
                "unused": list(each.unused),
                "lacking": list(each.lacking),
            }
            for each in found.tables
        ],
        "wanted": wanted,
    }


def _lines(
    book: Book, program: Program, found: Inspection, wanted: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Yield the lines of the report, each with its style."""
    from kamrules.cli.summary import quality_lines  # noqa: PLC0415

    yield book.name, "bold"
    for text in quality_lines(found.quality.as_json(), most=None):
        yield text, ""
    quality = {each.table: each for each in found.quality.tables}
    for table in found.tables:
        rows = quality.get(table.table)
        kept = "" if rows is None else f": {rows.rows_kept:,} of {rows.rows_read:,} rows in use"
        yield "", ""
        yield f"{table.table} from {table.source}{kept}", "bold"
        for title, names in (
            ("columns", table.columns),
            ("unused", table.unused),
            ("unknown to the ruleset", _strange(book, program, table.table)),
        ):
            if names:
                yield f"  {title}: {', '.join(names)}", ""
    strange = [each for each in book.tables if each not in program.tables]
    if strange:
        yield "", ""
        yield f"Tables unknown to the ruleset: {', '.join(strange)}", ""
    yield from _wanted_lines(wanted)


def _strange(book: Book, program: Program, table: str) -> list[str]:
    """Return the columns that a book file fills and the ruleset's vocabulary does not have."""
    from kamrules.expression.types import ACCOUNT_ID  # noqa: PLC0415

    known = {ACCOUNT_ID, *program.tables[table].columns}
    return [each for each in book.tables[table].columns if each not in known]


def _wanted_lines(wanted: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    if not wanted:
        return
    yield "", ""
    yield "What the ruleset wants and the book lacks", "bold"
    tables = dict.fromkeys(each["table"] for each in wanted if each["table_lacking"])
    if tables:
        yield f"  whole tables: {', '.join(tables)}", ""
    for level in sorted({each["info_level"] for each in wanted}):
        names = [
            f"{each['table']}.{each['column']}"
            for each in wanted
            if each["info_level"] == level and not each["table_lacking"]
        ]
        if names:
            yield f"  information level {level}: {', '.join(names)}", ""
