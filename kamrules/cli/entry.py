"""The entry: finds the commands, and is the one place where what goes wrong becomes text and a status."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from kamrules import __version__
from kamrules.cli import commands, failing
from kamrules.diagnostics import Diagnostic, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

NAME = "kamrules"


class Commands(click.Group):
    """A group whose commands are the modules of kamrules.cli.commands, imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names of all commands."""
        return sorted(each.name for each in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name, None when there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{commands.__name__}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words begin with. Raises UsageError with the nearest one."""
        wanted = args[0]
        if not wanted.startswith("-") and self.get_command(ctx, wanted) is None:
            near = nearest(wanted, self.list_commands(ctx))
            mend = f"did you mean `{near}`?" if near else "`kamrules --help` lists the commands"
            raise UsageError(Diagnostic("KR810", f"there is no command `{wanted}`", help=mend))
        return super().resolve_command(ctx, args)

    def main(  # exits always, as click's does by default
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002  ours is always the same
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002, FBT001, FBT002  click's signature
        **extra: Any,  # noqa: ANN401  click's signature
    ) -> NoReturn:
        """Run a command and exit with its status (design 8)."""
        words = list(sys.argv[1:] if args is None else args)
        self._main_shell_completion(extra, NAME, complete_var)
        sys.exit(failing.status_of(lambda: self._run(words, extra)))

    def _run(self, words: list[str], extra: dict[str, Any]) -> None:
        with self.make_context(NAME, words, **extra) as context:
            self.invoke(context)


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: kamrules demo",
)
@click.version_option(__version__, "--version", prog_name=NAME, message="%(prog)s %(version)s")
@click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=lambda _context, _option, on: failing.debug(on=on),
    is_eager=True,
    help="Show the traceback of a defect of kamrules (or set KAMRULES_DEBUG=1).",
)
def kamrules() -> None:
    """Rules for key accounts that a strategy owner can read, test and defend.

    Exit status: 0 done; 1 done, and found what it looks for; 2 wrong usage; 3 the ruleset does not
    compile; 4 a source or sink failed or its data broke the schema; 70 a defect of kamrules.
    """
