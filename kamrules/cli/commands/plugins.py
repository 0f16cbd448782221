"""`kamrules plugins`: what is plugged in, and what each part brings."""

from __future__ import annotations

import json

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import console, printable, put


@click.command(
    short_help="List plug-ins: sources, sinks and rulesets.", epilog="Example: kamrules plugins"
)
@options.as_json
def command(as_json: bool) -> None:  # noqa: FBT001  an option
    """List the plug-ins in use, what each brings, and why some are switched off."""
    found = loading.plugins().listing()
    if as_json:
        put(json.dumps([each.as_json() for each in found], ensure_ascii=False, indent=2))
        return
    from rich import box  # noqa: PLC0415  `--help` does without it
    from rich.table import Table  # noqa: PLC0415

    table = Table("plug-in", "from", "sources", "sinks", "rulesets", "state", box=box.SIMPLE)
    for each in found:
        table.add_row(
            printable(each.name),
            "built in"
            if each.built_in
            else printable(f"{each.distribution} {each.version}".strip()),
            ", ".join(sorted(each.sources)),
            ", ".join(sorted(each.sinks)),
            ", ".join(sorted(each.rulesets)),
            "switched off" if each.failure else "in use",
        )
    console().print(table)
