"""`kamrules new DIR`: a ruleset to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.workbench.starting import Started


@click.command(
    short_help="Write a ruleset to start from.",
    epilog="Example: kamrules new ours --extends kam",
)
@click.argument("folder", metavar="DIR", type=options.FILE)
@click.option("--extends", default=options.DEFAULT_RULESET, show_default=True, metavar="NAME|PATH",
              help="The ruleset whose rules it takes over and changes.")  # fmt: skip
@click.option("--name", metavar="NAME", help="What it is called; by default as its folder.")
@options.as_json
def command(folder: Path, extends: str, name: str | None, *, as_json: bool) -> None:
    """Write a ruleset to start from into DIR, a new or empty folder: one file with comments.

    It extends another ruleset and adds a parameter, an action and tests to it, which pass. Exit status:
    0 done; 2 wrong usage, or DIR is not empty; 3 the ruleset to extend does not compile; 4 DIR cannot be
    written.
    """
    from kamrules.document import shipped_folder  # noqa: PLC0415  `--help` does without it
    from kamrules.workbench.starting import start  # noqa: PLC0415

    known = loading.plugins()
    folders = (shipped_folder(), *known.ruleset_folders)
    started = start(folder, extends=extends, name=name, folders=folders, functions=known.functions)
    loading.tell(started.warnings)
    if as_json:
        put(_json(started))
        return
    added = "a parameter, an action and two tests" if started.tests else "no rules of its own yet"
    say(f"{started.file}: ruleset `{started.name}` extends `{started.extends}`, with {added}")
    if started.for_editors:
        say(
            "editors with tombi or taplo complete and explain its ids: see `kamrules schema --help`"
        )
    place = started.pasteable
    say(f"next: kamrules check {place}; kamrules test {place}")


def _json(started: Started) -> str:
    import json  # noqa: PLC0415

    data = {
        "folder": started.folder,
        "file": started.file,
        "name": started.name,
        "extends": started.extends,
        "tests": started.tests,
        "for_editors": started.for_editors,
        "warnings": [each.as_json() for each in started.warnings],
    }
    return json.dumps(data, ensure_ascii=False, indent=2)
