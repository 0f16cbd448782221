"""The command line: `kamrules COMMAND`; one file a command in kamrules/cli/commands."""

from __future__ import annotations


def main() -> None:
    """Run the command of sys.argv and exit with its status."""
    from kamrules.cli.entry import kamrules  # noqa: PLC0415  imported when it is called

    kamrules.main()
