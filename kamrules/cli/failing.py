"""Failing: what the user sees and which status the command ends with when it does not go well."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from kamrules.cli.terminal import printable, say
from kamrules.diagnostics import Diagnostic, KamrulesError, nearest, render
from kamrules.masking import masked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRONG_USAGE, DEFECT, INTERRUPTED, BROKEN_PIPE = 2, 70, 130, 141

_debug = False


def debug(*, on: bool) -> None:
    """Switch tracebacks of defects on (or off), as `--debug` does."""
    global _debug  # noqa: PLW0603  one switch for the whole process
    _debug = on or os.environ.get("KAMRULES_DEBUG", "") not in ("", "0")


def status_of(work: Callable[[], None]) -> int:
    """Do the work of a command, tell on stderr what goes wrong, and return the exit status."""
    debug(on=False)
    try:
        work()
        sys.stdout.flush()
    except click.exceptions.Exit as wanted:
        return _flushed(wanted.exit_code)
    except KamrulesError as error:
        say(render(error.diagnostics))
        return _flushed(error.exit_status)
    except click.ClickException as error:
        say(render([_told(error)]))
        return WRONG_USAGE
    except (KeyboardInterrupt, click.Abort, EOFError) as stopped:
        done = stopped.args[0] if isinstance(stopped, KeyboardInterrupt) and stopped.args else None
        say(f"interrupted; {done or 'nothing was changed'}")
        return INTERRUPTED
    except BrokenPipeError:
        return _quiet()
    except Exception as error:  # noqa: BLE001  whatever is left is our fault
        return _defect(error)
    return 0


def _flushed(status: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _quiet()
    return status


def _quiet() -> int:
    """Let Python end without a word although nobody reads stdout any more."""
    with suppress(OSError, ValueError):  # stdout is no file, as in tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


def _told(error: click.ClickException) -> Diagnostic:
    """Return click's error in our form."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "kamrules"
    mend = f"`{command} --help` tells what it takes"
    if isinstance(error, click.NoSuchOption):
        options = [] if context is None else _options(context.command)
        near = nearest(error.option_name, options)
        mend = f"did you mean `{near}`?" if near else mend
        return Diagnostic("KR811", f"`{command}` has no option `{error.option_name}`", help=mend)
    if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
        hint = error.param.get_error_hint(context) if error.param and context else ""
        what = f"{_plain(hint)}: " if hint else ""
        return Diagnostic("KR812", f"{what}{_plain(error.message)}", help=mend)
    return Diagnostic("KR812", _plain(error.format_message()), help=mend)


def _options(command: click.Command) -> list[str]:
    return [name for each in command.params for name in each.opts if name.startswith("--")]


def _plain(message: str) -> str:
    """Return click's sentence as ours are: lower case, no full stop, names in back-ticks."""
    message = re.sub(r"'([^'\n]*)'", r"`\1`", " ".join(message.split())).rstrip(".")
    return message[:1].lower() + message[1:]


def _defect(error: Exception) -> int:
    import traceback  # noqa: PLC0415  only now

    trace = masked("".join(traceback.format_exception(error)))
    if _debug:
        sys.stderr.write(trace)
    report = _report(trace)
    mend = f"please report it, with the file `{report}`" if report else "please report it"
    if not _debug and not report:
        mend = "please report it, with what `kamrules --debug ...` prints"
    told = f"{type(error).__name__}: {printable(' '.join(str(error).split()))}"
    say(render([Diagnostic("KR900", f"a defect of kamrules: {told}", help=mend)]))
    return DEFECT


def _report(trace: str) -> Path | None:
    """Write what is known of a defect to a file, and return its path; None when that fails too."""
    import platform  # noqa: PLC0415  only now
    import tempfile  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from kamrules import __version__  # noqa: PLC0415

    known = f"kamrules {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    try:
        handle, name = tempfile.mkstemp(prefix="kamrules-defect-", suffix=".txt")
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123  a handle, no path
            file.write(f"{known}{masked(str(sys.argv))}\n\n{trace}")
    except OSError:
        return None
    return Path(name)
