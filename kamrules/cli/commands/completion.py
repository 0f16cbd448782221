"""`kamrules completion`: the script that makes a shell complete kamrules' words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from kamrules.cli.terminal import put

SHELLS = ("bash", "zsh", "fish")


@click.command(
    short_help="Print the script for shell completion.",
    epilog='Example: eval "$(kamrules completion bash)"',
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands and options; load it when the shell starts."""
    kind = get_completion_class(shell)
    if kind is not None:
        put(kind(context.find_root().command, {}, "kamrules", "_KAMRULES_COMPLETE").source())
