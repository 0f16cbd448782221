"""`kamrules sql RULESET --dialect D`: a ruleset as views of a warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from pathlib import Path

DIALECTS = ("duckdb", "postgres", "spark", "snowflake", "bigquery")


def _sources(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Return the texts of `--source table=name` by table."""
    found = {}
    for each in given:
        table, equals, name = each.partition("=")
        if not equals or not table.strip() or not name.strip():
            raise click.BadParameter(f"`{each}` lacks a name; write it as orders=erp.invoices")
        found[table.strip()] = name.strip()
    return found


@click.command(
    short_help="Write a ruleset as SQL views for a warehouse.",
    epilog="Example: kamrules sql kam --dialect postgres --schema crm --out kam.sql",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@click.option("--dialect", required=True, type=click.Choice(DIALECTS), help="Whose SQL to write.")
@click.option("--out", type=options.FILE, metavar="FILE", help="Write to a file instead of stdout.")
@click.option("--as-of", metavar="DATE", callback=options.date,
              help="Decide by this date; by default by the warehouse's CURRENT_DATE, whenever the views "
              "are asked.")  # fmt: skip
@click.option("--prefix", default="", metavar="NAME",
              help="How the views' names begin, such as analytics.kam for analytics.kam_decisions; by "
              "default the ruleset's name.")  # fmt: skip
@click.option("--schema", default="", metavar="NAME", help="Where the tables are, such as crm.")
@click.option("--source", "sources", multiple=True, metavar="TABLE=NAME", callback=_sources,
              help="What a table is called there, such as orders=erp.invoices; may be repeated.")  # fmt: skip
@click.option("--without", multiple=True, metavar="TABLE[.COLUMN]",
              help="A table or column that is not there, and so unknown; may be repeated.")  # fmt: skip
@click.option("--book", type=options.FILE, metavar="FILE",
              help="A book file whose names and meanings of columns hold there too; what it lacks is "
              "unknown.")  # fmt: skip
@options.language
@options.setting
def command(  # noqa: PLR0913  one parameter an option
    *,
    ruleset: str,
    dialect: str,
    out: Path | None,
    as_of: datetime.date | None,
    prefix: str,
    schema: str,
    sources: Mapping[str, str],
    without: tuple[str, ...],
    book: Path | None,
    language: str | None,
    settings: Mapping[str, str],
) -> None:
    """Write RULESET as views that a warehouse runs by itself: facts, decisions and actions.

    Columns are expected to be named and typed as in the ruleset's vocabulary: numbers as numbers, days as
    dates, true and false as booleans, and each account once. Accounts are placed as if nobody had decided
    them before: what is enough to stay, one step a run, and cooldowns need a memory, which `kamrules run`
    has. Exit status: 0 done; 2 wrong usage; 3 the ruleset does not compile; 4 a file cannot be read or
    written, or asks for what the SQL cannot tell.
    """
    from kamrules.book import Book  # noqa: PLC0415  `--help` does without it
    from kamrules.cli.progress import shown  # noqa: PLC0415
    from kamrules.engines.sql.deploying import Deployment, deploy  # noqa: PLC0415
    from kamrules.output import write_file  # noqa: PLC0415
    from kamrules.run import language_of  # noqa: PLC0415

    program = loading.program(ruleset, settings)
    asked = Deployment(
        dialect=dialect,
        as_of=as_of,
        prefix=prefix,
        schema=schema,
        sources=sources,
        without=without,
        book=None if book is None else Book.read(book),
        language=language_of(program, language),
    )
    with shown() as progress:
        progress("writing the views")
        written = deploy(program, asked)
    if out is None:
        put(written.rstrip("\n"))
        return
    write_file(out, written)
    say(f"the views are in {out}")
