"""`kamrules plugin new NAME`: a plug-in to start from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say

if TYPE_CHECKING:
    from pathlib import Path

_LICENSES = ("MIT", "BSD-3-Clause", "proprietary")
"""As kamrules.workbench.plugging.LICENSES has them; `--help` does without it."""


@click.group(
    short_help="Write a plug-in to start from.", epilog="Example: kamrules plugin new our-crm"
)
def command() -> None:
    """Write a plug-in to start from; `kamrules plugins` lists those that are installed."""


@command.command(
    short_help="Write a plug-in to start from.", epilog="Example: kamrules plugin new our-crm"
)
@click.argument("name", metavar="NAME")
@click.option(
    "--out", type=options.FILE, metavar="DIR", help="Where it goes; by default kamrules-NAME."
)
@click.option("--license", "licence", type=click.Choice(_LICENSES, case_sensitive=False), default="MIT",
              show_default=True, help="The licence that it carries.")  # fmt: skip
@click.option("--holder", metavar="WHO", help="Who holds the copyright.")
@options.as_json
def new(name: str, out: Path | None, licence: str, holder: str | None, *, as_json: bool) -> None:
    """Write a plug-in called NAME into a new or empty folder: a source and a sink that work, tests,
    packaging, and the other hooks to take from.

    Exit status: 0 done; 2 wrong usage, NAME will not do, or the folder is not empty; 4 it cannot be
    written.
    """
    from kamrules.workbench.plugging import start  # noqa: PLC0415  `--help` does without it

    known = loading.plugins()
    started = start(
        name,
        folder=out,
        license=licence,
        holder=holder,
        taken={*known.sources, *known.sinks, *known.formats},
    )
    if as_json:
        data = {"name": started.name, "folder": started.folder, "files": list(started.files)}
        put(json.dumps(data, ensure_ascii=False, indent=2))
        return
    say(f"{started.folder}: plug-in `{started.name}` with a source, a sink and their tests")
    say(f"next: python -m pip install -e {started.pasteable}; kamrules plugins")
    say(f"then: python -m pytest {started.pasteable}")
