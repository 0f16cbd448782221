"""`kamrules test RULESET`: run the ruleset's own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kamrules.workbench.testing import Report


@click.command(
    short_help="Run the tests of a ruleset.",
    epilog="Example: kamrules test rulesets/kam -k complaint",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@click.option(
    "-k", "match", default="", metavar="WORDS", help="Only tests whose name contains this."
)
@options.setting
@click.option("--verbose", "-v", is_flag=True, help="Name the tests that pass as well.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option(
    "--junit", type=options.FILE, metavar="FILE", help="Also write a report that CI servers read."
)
@click.pass_context
def command(  # noqa: PLR0913, PLR0917  one argument an option
    context: click.Context,
    ruleset: str,
    match: str,
    settings: Mapping[str, str],
    verbose: bool,  # noqa: FBT001  click's way
    form: str,
    junit: Path | None,
) -> None:
    """Decide the example accounts of RULESET and hold the decisions against what its tests expect.

    Exit status: 0 all tests pass; 1 a test fails, or there is none; 2 wrong usage; 3 it does not compile.
    """
    from kamrules.workbench.testing import run_tests  # noqa: PLC0415  `--help` does without it

    report = run_tests(loading.ruleset(ruleset, settings), match)
    if form == "json":
        put(_json(report))
    else:
        _show(report, verbose=verbose, match=match)
    if junit is not None:
        from kamrules.output import write_file  # noqa: PLC0415
        from kamrules.workbench.testing.telling import junit as as_junit  # noqa: PLC0415

        write_file(junit, as_junit(report))
    context.exit(0 if report.passed and report.results else 1)


def _json(report: Report) -> str:
    import json  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    return json.dumps(asdict(report), ensure_ascii=False, indent=2)


def _show(report: Report, *, verbose: bool, match: str) -> None:
    from kamrules.workbench.testing.telling import told  # noqa: PLC0415

    put(told(report, verbose=verbose))
    if not report.results:
        say(f"no test has `{match}` in its name" if match else "the ruleset has no tests")
