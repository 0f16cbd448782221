"""`kamrules check RULESET`: everything that is wrong with a ruleset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.compiler import Program
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
@click.option("--strict", is_flag=True, help="Warnings are errors: exit with 3.")
@click.pass_context
def command(
    context: click.Context, ruleset: str, settings: Mapping[str, str], form: str, *, strict: bool
) -> None:
    """Find everything that is wrong with RULESET: a name, a folder of TOML files, or one file.

    Of a ruleset in several languages, texts without a translation are told too. Exit status: 0 nothing
    found; 1 warnings, but it compiles; 2 there is no such ruleset; 3 it does not compile, or has warnings
    and --strict is given.
    """
    from kamrules.compiler import compile_with_cases  # noqa: PLC0415  `--help` does without it
    from kamrules.compiler.completeness import untranslated  # noqa: PLC0415
    from kamrules.diagnostics import KamrulesError, RulesetError, Severity, in_order  # noqa: PLC0415

    program = None
    try:
        written = loading.ruleset(ruleset, settings)
        program, _, diagnostics = compile_with_cases(written)
        status = RulesetError.exit_status if program is None else 0
        if program is not None:
            diagnostics = in_order((*diagnostics, *untranslated(program, written)))
    except KamrulesError as error:
        diagnostics, status = error.diagnostics, error.exit_status
    if status == 0 and any(each.severity is Severity.WARNING for each in diagnostics):
        status = RulesetError.exit_status if strict else 1
    _show(ruleset, diagnostics, form, program)
    context.exit(status)


def _show(
    ruleset: str, diagnostics: Sequence[Diagnostic], form: str, program: Program | None
) -> None:
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
    languages = "" if program is None else _languages(program)
    say(f"{ruleset}: {', '.join(told) or 'nothing to complain about'}{languages}")


def _languages(program: Program) -> str:
    """Return which languages a ruleset has, and how far their translation has come."""
    from kamrules.compiler.completeness import completeness  # noqa: PLC0415

    found = [
        f"{each.language} ({len(each.texts) - len(each.missing):,} of {len(each.texts):,} texts)"
        for each in completeness(program)
    ]
    return f"; languages: {', '.join([program.languages[0], *found])}" if found else ""
