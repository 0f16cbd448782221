"""`kamrules plugins`: what is plugged in, from where, what each part brings, and what is switched off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from kamrules.cli import options
from kamrules.cli.terminal import console, line, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.plugins import Plugin


@click.command(
    short_help="List plug-ins: what they bring, and which are switched off.",
    epilog="Example: kamrules plugins",
)
@options.as_json
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """List the plug-ins: version, file, hooks, what each brings, and why some are switched off.

    Exit status: 0 all are in use, 1 some are switched off.
    """
    from kamrules.plugins import Plugins  # noqa: PLC0415  `--help` does without it

    known = Plugins.load()
    found = known.listing()
    if as_json:
        put(json.dumps([each.as_json() for each in found], ensure_ascii=False, indent=2))
    else:
        screen = console()
        for each in found:
            for text, style in _lines(each):
                line(screen, text, style)
        for warning in known.warnings:
            if warning.code == "KR706":  # of a plug-in that is not there to be listed
                line(screen, warning.message, "yellow")
    context.exit(1 if known.warnings else 0)


def _lines(plugin: Plugin) -> Iterator[tuple[str, str]]:
    """Yield the lines about a plug-in, each with its style."""
    from kamrules.plugins.plugin import BRINGS  # noqa: PLC0415

    origin = f"{plugin.distribution} {plugin.version}".strip() or "no distribution"
    yield f"{plugin.name}: {'built in' if plugin.built_in else origin}", "bold"
    if not plugin.built_in and plugin.place:
        yield f"  file: {plugin.place}", ""
    if plugin.hooks:
        yield f"  hooks: {', '.join(sorted(plugin.hooks))}", ""
    for each in BRINGS:
        if brought := plugin.brought(each):
            yield f"  {each}: {', '.join(sorted(brought))}", ""
    if plugin.failure is not None:
        yield f"  {plugin.failure.message}", "red"
        if plugin.failure.help:
            yield f"  help: {plugin.failure.help}", ""
