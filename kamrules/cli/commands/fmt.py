"""`kamrules fmt RULESET`: the one layout of a ruleset's files, with the author's comments where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.workbench.formatting import FormattedFile


@click.command(
    short_help="Lay out the files of a ruleset in the one way.",
    epilog="Example: kamrules fmt rulesets/kam --check --diff",
)
@click.argument("ruleset")
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with status 1 when a file would change."
)
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@options.as_json
@click.pass_context
def command(
    context: click.Context, ruleset: str, *, check: bool, diff: bool, as_json: bool
) -> None:
    """Lay out RULESET, a folder of TOML files or one file, in the one way: keys, lists and expressions.

    What it means stays the same, and comments stay with the line they belong to. Files of rulesets that
    it extends are left alone. Exit status: 0 done; 1 a file would change (with --check); 2 wrong usage;
    3 an expression or a file cannot be read, and nothing is written; 4 a file cannot be written.
    """
    from kamrules.cli.progress import shown  # noqa: PLC0415  `--help` does without it
    from kamrules.workbench import formatting  # noqa: PLC0415

    only_told = check or diff
    found = loading.ruleset(ruleset)
    if not only_told:
        _by_path(ruleset)
    with shown(quiet=as_json) as progress:
        files = formatting.formatted(found, progress)
    if not only_told:
        formatting.write(files)
    changed = [each for each in files if each.changed]
    if as_json:
        put(_json(ruleset, files, written=not only_told))
    else:
        _tell(ruleset, files, diff=diff, written=not only_told)
    context.exit(1 if check and changed else 0)


def _by_path(ruleset: str) -> None:
    """Raise UsageError for a ruleset that is found by its name: it came with kamrules or a plug-in."""
    from pathlib import Path  # noqa: PLC0415

    from kamrules.diagnostics import Diagnostic, UsageError  # noqa: PLC0415

    if not Path(ruleset).exists():
        message = (
            f"`{ruleset}` came with kamrules or a plug-in; only what a path leads to is written"
        )
        raise UsageError(Diagnostic("KR835", message, help="add --diff or --check to look only"))


def _tell(ruleset: str, files: Sequence[FormattedFile], *, diff: bool, written: bool) -> None:
    changed = [each for each in files if each.changed]
    for each in changed:
        if diff:
            put(each.diff())
        else:
            say(f"{'laid out' if written else 'would change'}: {each.file}")
    what = "laid out" if written else "would change"
    count = f"{len(files)} file{'s' if len(files) > 1 else ''}"
    told = f"{len(changed)} of {count} {what}" if changed else f"nothing to change in {count}"
    say(f"{ruleset}: {told}")


def _json(ruleset: str, files: Sequence[FormattedFile], *, written: bool) -> str:
    import json  # noqa: PLC0415

    told = [{"file": each.file, "changed": each.changed, "diff": each.diff()} for each in files]
    changed = sum(each.changed for each in files)
    data = {"ruleset": ruleset, "changed": changed, "written": written, "files": told}
    return json.dumps(data, ensure_ascii=False, indent=2)
