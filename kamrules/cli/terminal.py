"""The terminal: where text goes, how wide it is, and that nothing in it can steer the terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100
"""Columns of text that goes to a file or a pipe, unless COLUMNS says otherwise."""


def printable(text: str) -> str:
    """Return text without characters that could steer a terminal; they become U+FFFD."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )


def say(text: str) -> None:
    """Tell people something, on stderr."""
    _write(sys.stderr, text)


def put(text: str) -> None:
    """Give out what was asked for, on stdout, as it is."""
    _write(sys.stdout, text)


def _write(stream: object, text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    safe = text if stream is sys.stdout else printable(text)
    safe = safe.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(safe + "\n")  # type: ignore[attr-defined]  # any text stream


def console(*, stderr: bool = False) -> Console:
    """Return a console on stdout or stderr: colours and the width of the terminal if it is one."""
    from rich.console import Console  # noqa: PLC0415  `--help` does without it

    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    width = None if terminal or os.environ.get("COLUMNS", "").isdigit() else WIDTH
    return Console(
        file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False
    )


def line(screen: Console, text: str, style: str = "") -> None:
    """Print a line of prose; what does not fit goes on below, indented a little more."""
    import textwrap  # noqa: PLC0415

    from rich.cells import cell_len  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    lead = " " * (len(text) - len(text.lstrip(" ")) + 2)
    words = printable(text)
    if cell_len(words) == len(words):
        folded = textwrap.wrap(words, screen.width, subsequent_indent=lead, break_on_hyphens=False)
    else:
        # characters two columns wide, between which a line may end
        parts = Text(words).wrap(screen, screen.width - len(lead))
        folded = [
            f"{lead if number else ''}{part.plain.rstrip()}" for number, part in enumerate(parts)
        ]
    screen.print(Text("\n".join(folded) if folded else "", style), soft_wrap=True)


def fancy(stream_encoding: str | None) -> bool:
    """Whether the characters that trees and ticks are drawn with can be written."""
    return (stream_encoding or "").lower().replace("-", "").startswith("utf")
