"""`kamrules check RULESET`: everything that is wrong with a ruleset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.diagnostics import Diagnostic

FORMS = ("text", "json", "sarif", "github")


@click.command(
    short_help="Find everything that is wrong with a ruleset.",
    epilog="Example: kamrules check rulesets/kam",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@options.setting
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="text",
    show_default=True,
    help="Text goes to stderr, the others to stdout.",
)
@click.pass_context
def command(context: click.Context, ruleset: str, settings: Mapping[str, str], form: str) -> None:
    """Find everything that is wrong with RULESET: a name, a folder of TOML files, or one file.

    Exit status: 0 nothing found; 1 warnings, but it compiles; 2 there is no such ruleset; 3 it does not
    compile.
    """
    from kamrules.compiler import compile_with_cases  # noqa: PLC0415  `--help` does without it
    from kamrules.diagnostics import KamrulesError, RulesetError, Severity  # noqa: PLC0415

    try:
        found, _, diagnostics = compile_with_cases(loading.ruleset(ruleset, settings))
        status = RulesetError.exit_status if found is None else 0
    except KamrulesError as error:
        diagnostics, status = error.diagnostics, error.exit_status
    if status == 0 and any(each.severity is Severity.WARNING for each in diagnostics):
        status = 1
    _show(ruleset, diagnostics, form)
    context.exit(status)


def _show(ruleset: str, diagnostics: Sequence[Diagnostic], form: str) -> None:
    from kamrules.diagnostics import Severity, render  # noqa: PLC0415

    if form != "text":
        put(render(diagnostics, form))
        return
    if diagnostics:
        say(render(diagnostics) + "\n")
    counts = [
        (sum(each.severity is severity for each in diagnostics), severity.value)
        for severity in Severity
    ]
    told = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count]
    say(f"{ruleset}: {', '.join(told) or 'nothing to complain about'}")
