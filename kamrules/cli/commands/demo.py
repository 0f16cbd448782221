"""`kamrules demo`: a sample book, decided by the shipped ruleset."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import console, put
from kamrules.diagnostics import DataError, Diagnostic, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.run import Result

AS_OF = datetime.date(2026, 6, 30)
ACCOUNTS, SEED, URGENT = 500, 7, 20
OUT = "kamrules-demo"
OURS = {"book", "results"}


@click.command(
    short_help="Write a sample book and decide it: start here.",
    epilog="Example: kamrules demo --out kamrules-demo",
)
@click.option(
    "--out",
    type=options.FILE,
    default=OUT,
    show_default=True,
    metavar="DIR",
    help="The folder for the book and the results.",
)
@options.language
@options.as_json
def command(*, out: Path, language: str | None, as_json: bool) -> None:
    """Write a sample book of 500 accounts (the same every time), decide it by the ruleset kam, and show
    the pyramid, the tiers, the twenty most urgent actions with their reasons, and where the files are.
    """
    from kamrules.cli.progress import shown  # noqa: PLC0415  `--help` does without it
    from kamrules.cli.summary import print_files, print_summary, print_urgent  # noqa: PLC0415
    from kamrules.run import Order, interruptible_end, run_book  # noqa: PLC0415
    from kamrules.workbench.sample import sample_book  # noqa: PLC0415

    known = loading.plugins()
    _check(out)
    with shown(quiet=as_json) as progress:
        progress("writing the sample book")
        try:
            sample_book(out / "book", accounts=ACCOUNTS, seed=SEED, as_of=AS_OF)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"the sample book cannot be written into `{out}`: {reason}"
            raise DataError(Diagnostic("KR802", message)) from error
        order = Order(
            book=out / "book",
            out=out / "results",
            as_of=AS_OF,
            format="csv",
            language=language,
            leave_out=True,
            urgent=URGENT,
        )
        result = run_book(order, known, progress)
    with interruptible_end():
        loading.tell(result.warnings)
        if as_json:
            put(_json(result))
            return
        screen = console()
        print_summary(screen, result.report, result.program)
        put("")
        print_urgent(screen, result.urgent, result.program, result.report["language"])
        print_files(screen, result.out, result.report)
        _suggest(out, result.urgent, language)


def _json(result: Result) -> str:
    """Return the report of the run with the most urgent actions."""
    import json  # noqa: PLC0415

    data = {**result.report, "urgent": list(result.urgent)}
    return json.dumps(data, ensure_ascii=False, indent=2, default=str)


def _suggest(out: Path, urgent: tuple[dict[str, object], ...], language: str | None) -> None:
    from kamrules.words import word  # noqa: PLC0415

    account = urgent[0]["account_id"] if urgent else "ACCOUNT_ID"
    command = f"kamrules explain {out / 'book'} {account}"
    if language is not None:
        command += f" --lang {language}"
    told = "The book is in {folder}. Ask why: {command}"
    put(word(told, language or "en", folder=out / "book", command=command))


def _check(out: Path) -> None:
    """Raise UsageError when the folder holds anything but an earlier demonstration."""
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError(Diagnostic("KR801", f"`{out}` is a file", help="name another `--out`"))
    strangers = sorted({each.name for each in out.iterdir()} - OURS)
    if strangers:
        message = f"folder `{out}` holds what no demonstration wrote: `{strangers[0]}`"
        raise UsageError(Diagnostic("KR801", message, help="name another `--out`"))
