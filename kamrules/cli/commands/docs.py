"""`kamrules docs RULESET --out DIR`: write the handbook of a ruleset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@click.command(
    short_help="Write the handbook of a ruleset.",
    epilog="Example: kamrules docs rulesets/kam --out handbook",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@click.option(
    "--out", type=options.FILE, required=True, metavar="DIR", help="The folder to write into."
)
@click.option("--lang", "languages", multiple=True, metavar="CODE",
              help="Only this language; may be repeated. By default all of the ruleset's.")  # fmt: skip
@click.option("--format", "forms", type=click.Choice(["markdown", "html"]), multiple=True,
              help="Only this form; by default both.")  # fmt: skip
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with status 1 when DIR is out of date."
)
@options.setting
@click.pass_context
def command(  # noqa: PLR0913, PLR0917  one argument an option
    context: click.Context,
    ruleset: str,
    out: Path,
    languages: tuple[str, ...],
    forms: tuple[str, ...],
    check: bool,  # noqa: FBT001  click's way
    settings: Mapping[str, str],
) -> None:
    """Write what RULESET says as a handbook for people: Markdown and HTML, in each of its languages.

    Exit status: 0 done; 1 out of date (with --check); 2 wrong usage; 3 it does not compile; 4 a file
    cannot be written.
    """
    from kamrules.cli.progress import shown  # noqa: PLC0415  `--help` does without it
    from kamrules.run import language_of  # noqa: PLC0415
    from kamrules.workbench import handbook as book  # noqa: PLC0415

    program = loading.program(ruleset, settings)
    wanted = [language_of(program, each) for each in languages] or list(program.languages)
    with shown() as progress:
        progress("writing the handbook")
        files = book.handbook(program, list(dict.fromkeys(wanted)), forms or tuple(book.FORMS))
    if check:
        stale = book.out_of_date(files, out)
        for each in stale:
            say(f"out of date: {out / each}")
        context.exit(1 if stale else 0)
    written = book.write_handbook(files, out)
    say(f"{len(written)} pages in {out}")
