"""`kamrules test RULESET`: run the ruleset's own tests, at every edit too, or record one from an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import NoReturn

    from kamrules.workbench.testing import Report


@click.command(
    short_help="Run the tests of a ruleset.",
    epilog="Example: kamrules test ours --record crm/book.toml C-00415 >> ours/tests.toml",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@click.option(
    "-k", "match", default="", metavar="WORDS", help="Only tests whose name contains this."
)
@options.setting
@click.option("--verbose", "-v", is_flag=True, help="Name the tests that pass as well.")
@click.option("--watch", "-w", is_flag=True,
              help="Run them again whenever a file of the ruleset changes, until Ctrl-C.")  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@options.as_json
@click.option(
    "--junit", type=options.FILE, metavar="FILE", help="Also write a report that CI servers read."
)
@click.option("--record", type=(options.BOOK, str), metavar="BOOK ACCOUNT_ID",
              help="Run nothing: write a test from an account of a book as it is decided now.")  # fmt: skip
@options.as_of
@options.state
@click.option(
    "--name", metavar="NAME", help="What the recorded test is called; by default as the account."
)
@click.option("--out", type=options.FILE, metavar="FILE",
              help="The file to which the recorded test is added; by default it is printed.")  # fmt: skip
@click.pass_context
def command(  # noqa: PLR0913  one parameter an option
    context: click.Context,
    *,
    ruleset: str,
    match: str,
    settings: Mapping[str, str],
    verbose: bool,
    watch: bool,
    form: str,
    as_json: bool,
    junit: Path | None,
    record: tuple[Path, str] | None,
    as_of: datetime.date | None,
    state: Path | None,
    name: str | None,
    out: Path | None,
) -> None:
    """Decide the example accounts of RULESET and hold the decisions against what its tests expect.

    With --record, a persona and a test are written instead: of the account's facts those that some rule or
    text reads, and its class, tier, phase, strategy, bands and actions. Append them to a file of RULESET.

    Exit status: 0 all tests pass; 1 a test fails, or there is none; 2 wrong usage; 3 it does not compile;
    4 the book cannot be read; 130 watching was ended.
    """
    as_json = as_json or form == "json"
    if record is not None:
        if match or verbose or watch or as_json or junit is not None:
            raise click.UsageError("--record runs no tests, so it goes with none of their options")
        _record(ruleset, settings, record, as_of, state, name, out)
        return
    if not (as_of is None and state is None and name is None and out is None):
        raise click.UsageError("--as-of, --state, --name and --out go with --record")
    if watch and as_json:
        raise click.UsageError("--watch tells people, so it goes without JSON")

    def run() -> bool:
        return _run(ruleset, settings, match, junit, verbose=verbose, as_json=as_json)

    if watch:
        _watch(context, ruleset, run)
    context.exit(0 if run() else 1)


def _run(  # noqa: PLR0913  what the options say
    ruleset: str,
    settings: Mapping[str, str],
    match: str,
    junit: Path | None,
    *,
    verbose: bool,
    as_json: bool,
) -> bool:
    """Run the tests and tell of them; return whether all passed, and there were any."""
    from kamrules.cli.progress import shown  # noqa: PLC0415  `--help` does without it
    from kamrules.workbench.testing import run_tests  # noqa: PLC0415

    with shown(quiet=as_json) as progress:
        progress("running the tests")
        report = run_tests(loading.ruleset(ruleset, settings), match, progress=progress)
    if as_json:
        put(_json(report))
    else:
        _show(report, verbose=verbose, match=match)
    if junit is not None:
        from kamrules.output import write_file  # noqa: PLC0415
        from kamrules.workbench.testing.telling import junit as as_junit  # noqa: PLC0415

        write_file(junit, as_junit(report))
    return report.passed and bool(report.results)


def _json(report: Report) -> str:
    import json  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    return json.dumps(asdict(report), ensure_ascii=False, indent=2)


def _show(report: Report, *, verbose: bool, match: str) -> None:
    from kamrules.workbench.testing.telling import told  # noqa: PLC0415

    put(told(report, verbose=verbose))
    if not report.results:
        say(f"no test has `{match}` in its name" if match else "the ruleset has no tests")


def _watch(context: click.Context, ruleset: str, run: Callable[[], bool]) -> NoReturn:
    """Run the tests at once and at every change, whatever is wrong with the ruleset meanwhile."""
    import sys  # noqa: PLC0415  `--help` does without it

    from kamrules.cli.failing import INTERRUPTED  # noqa: PLC0415
    from kamrules.diagnostics import KamrulesError, render  # noqa: PLC0415
    from kamrules.document import shipped_folder  # noqa: PLC0415
    from kamrules.workbench.testing import watching  # noqa: PLC0415

    folders = (shipped_folder(), *loading.plugins().ruleset_folders)
    watch = watching.Watch.of(ruleset, folders)
    try:
        for files in watch.rounds(watching.pause):
            click.clear()  # on a terminal only
            try:
                run()
            except KamrulesError as error:
                say(render(error.diagnostics))
            say(f"watching {files} file{'s' * (files != 1)}; Ctrl-C ends it")
            sys.stdout.flush()
    except KeyboardInterrupt:
        context.exit(INTERRUPTED)
    raise AssertionError("watching ends with Ctrl-C alone")


def _record(  # noqa: PLR0913, PLR0917  what the options say
    ruleset: str,
    settings: Mapping[str, str],
    account: tuple[Path, str],
    as_of: datetime.date | None,
    state: Path | None,
    name: str | None,
    out: Path | None,
) -> None:
    from kamrules.book import Book  # noqa: PLC0415  `--help` does without it
    from kamrules.cli.progress import shown  # noqa: PLC0415
    from kamrules.cli.remembered import remembered_of  # noqa: PLC0415
    from kamrules.compiler import compile_ruleset  # noqa: PLC0415
    from kamrules.engines.sql import book_cutoffs, read_account  # noqa: PLC0415
    from kamrules.run import date_of  # noqa: PLC0415
    from kamrules.workbench.testing.recording import recorded  # noqa: PLC0415

    known = loading.plugins()
    written = loading.ruleset(ruleset, settings, known)
    program = compile_ruleset(written)
    path, account_id = account
    book = Book.read(path)
    day = date_of(as_of, book)
    opened = known.open_source
    earlier = remembered_of(state, account_id, day)
    with shown() as progress:
        progress(f"reading {account_id}")
        facts = read_account(program, book, account_id, open_source=opened)
        cutoffs = None
        if program.book_steps:
            cutoffs = book_cutoffs(program, book, as_of=day, open_source=opened)
    found = recorded(
        written, program, facts, as_of=day, settings=tuple(settings), earlier=earlier, cutoffs=cutoffs,
        name=name,
    )  # fmt: skip
    if out is None:
        put(f"{_gap()}{found.text}".removesuffix("\n"))
        return
    _append(out, found.text)
    say(f"test `{found.name}` is in `{out}`")


def _gap() -> str:
    """Return a blank line where stdout goes behind what a file holds already (`>> tests.toml`)."""
    import os  # noqa: PLC0415  `--help` does without it
    import sys  # noqa: PLC0415

    try:
        return "\n" if os.fstat(sys.stdout.fileno()).st_size else ""
    except (OSError, ValueError):
        # no file at all, as in tests
        return ""


def _append(out: Path, text: str) -> None:
    """Write a recorded test behind what a file holds. Raises as reading and writing rulesets does."""
    from kamrules.diagnostics import UsageError  # noqa: PLC0415  `--help` does without it
    from kamrules.document.reading import UnreadableError, read_document  # noqa: PLC0415
    from kamrules.output import write_file  # noqa: PLC0415
    from kamrules.workbench.testing.recording import appended  # noqa: PLC0415

    before = ""
    if out.exists():
        try:
            read_document(out, out.as_posix())
        except UnreadableError as error:
            raise UsageError(*error.diagnostics) from None
        before = out.read_text(encoding="utf-8-sig")
    write_file(out, appended(before, text))
