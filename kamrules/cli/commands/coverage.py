"""`kamrules coverage RULESET`: which clauses have rules, and which rules the tests reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.workbench.coverage import ClauseCoverage, RuleCoverage

FORMS = ("text", "json", "markdown")


@click.command(
    short_help="Tell which clauses have rules, and which rules tests reach.",
    epilog="Example: kamrules coverage rulesets/kam --tests --min 100",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@click.option("--sources", is_flag=True, help="Clauses with the rules that name them.")
@click.option("--tests", is_flag=True, help="Rules that the ruleset's tests reach.")
@options.setting
@click.option("--min", "least", type=click.FloatRange(0, 100), metavar="PER CENT",
              help="Exit with status 1 when less than this is covered.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@click.pass_context
def command(  # noqa: PLR0913, PLR0917  one argument an option
    context: click.Context,
    ruleset: str,
    sources: bool,  # noqa: FBT001  click's way
    tests: bool,  # noqa: FBT001
    settings: Mapping[str, str],
    least: float | None,
    form: str,
) -> None:
    """Tell which clauses of RULESET have rules, and which of its rules its tests reach.

    Without `--sources` and `--tests` both are told. Exit status: 0 done; 1 less than `--min` is covered;
    2 wrong usage; 3 it does not compile.
    """
    from kamrules.compiler import compile_ruleset  # noqa: PLC0415  `--help` does without it
    from kamrules.workbench.coverage import clause_coverage, rule_coverage  # noqa: PLC0415

    written = loading.ruleset(ruleset, settings)
    program = compile_ruleset(written)
    both = sources == tests
    clauses = clause_coverage(program) if sources or both else None
    rules = rule_coverage(written, program) if tests or both else None
    put(_told(clauses, rules, form))
    shares = [each.share * 100 for each in (clauses, rules) if each is not None]
    context.exit(1 if least is not None and min(shares) < least else 0)


def _told(clauses: ClauseCoverage | None, rules: RuleCoverage | None, form: str) -> str:
    import json  # noqa: PLC0415

    from kamrules.workbench.coverage import telling  # noqa: PLC0415

    if form == "json":
        return json.dumps(telling.as_data(clauses, rules), ensure_ascii=False, indent=2)
    table = form == "markdown"
    parts = []
    if clauses is not None:
        parts.append("\n".join((telling.clause_table if table else telling.clause_lines)(clauses)))
    if rules is not None:
        parts.append("\n".join((telling.rule_table if table else telling.rule_lines)(rules)))
    return "\n\n".join(parts)
