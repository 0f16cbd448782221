"""`kamrules verify RULESET`: proof that nothing falls between two rules, or an account that does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.workbench.verify import Report

FORMS = ("text", "json", "sarif", "github")


@click.command(
    short_help="Prove that nothing falls between two rules.",
    epilog="Example: kamrules verify rulesets/kam --out witnesses",
)
@click.argument("ruleset", default=options.DEFAULT_RULESET)
@options.setting
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with 1 for warnings too, and for what could not be decided.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write each account that shows a fault as JSON that `kamrules decide` takes.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True,
              help="All findings as json; those untrue or not decided as sarif, github.")  # fmt: skip
@options.as_json
@click.pass_context
def command(  # noqa: PLR0913  one parameter an option
    context: click.Context,
    ruleset: str,
    settings: Mapping[str, str],
    *,
    strict: bool,
    out: Path | None,
    form: str,
    as_json: bool,
) -> None:
    """Prove what every ruleset must keep, or show an account for which RULESET does not.

    Classes exclude each other and cover every account; every rule, gate, band, scale line and action is
    reached by some account; nothing is harder to keep than to win; a higher tier asks for no less than a
    lower one; more of a fact declared `rising` never does harm; and all of that wherever a parameter stands
    in its range. Exit status: 0 nothing is untrue; 1 something is; 2 wrong usage; 3 it does not compile.
    """
    import json  # noqa: PLC0415  `--help` does without it

    from kamrules.cli.progress import shown  # noqa: PLC0415
    from kamrules.diagnostics import Severity, render  # noqa: PLC0415
    from kamrules.workbench.verify import State, telling, verify  # noqa: PLC0415

    written = loading.ruleset(ruleset, settings)
    with shown(quiet=as_json or form != "text") as progress:
        report = verify(written, progress=progress)
    if out is not None:
        _write(report, out)
    if as_json or form == "json":
        put(json.dumps(telling.as_data(report), ensure_ascii=False, indent=2))
    elif form == "text":
        put(telling.as_text(report))
    else:
        open_ = (*report.of(State.UNTRUE), *report.of(State.UNDECIDED))
        put(render([each.diagnostic for each in open_], form))
    faults = [
        each for each in report.of(State.UNTRUE) if each.diagnostic.severity is Severity.ERROR
    ]
    doubts = (*report.of(State.UNTRUE), *report.of(State.UNDECIDED)) if strict else ()
    context.exit(1 if faults or doubts else 0)


def _write(report: Report, out: Path) -> None:
    """Write the witnesses of what is untrue, one file each, named after the code and the rule."""
    import json  # noqa: PLC0415

    from kamrules.workbench.verify import State  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(report.of(State.UNTRUE), start=1):
        if each.witness is not None:
            address = each.address.replace("[", ".").replace("]", "")
            path = out / f"{number:02}-{each.diagnostic.code}-{address}.json"
            text = json.dumps(each.witness, ensure_ascii=False, indent=2, default=str)
            path.write_text(text + "\n", encoding="utf-8")
