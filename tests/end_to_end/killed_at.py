"""Runs a command of kamrules in this process and kills it at a step of the file system: for one test.

python -m tests.end_to_end.killed_at before-swap run book.toml ...
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from kamrules import disk, output
from kamrules.cli.entry import kamrules
from kamrules.memory import drafts

MOMENTS = (
    "before-swap",
    "after-swap",
    "between-two-renames",
    "before-state",
    "after-state",
    "before-clearing",
)


def die(*_: Any) -> None:
    """End as a process does that is killed from outside."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(moment: str, words: list[str]) -> None:
    """Arrange the kill and run the command."""
    exchange, replace, rename = disk.exchange, Path.replace, Path.rename
    match moment:
        case "before-swap":
            output.exchange = die  # type: ignore[assignment]
        case "after-swap":

            def exchanged(one: Path, other: Path) -> bool:
                exchange(one, other)
                die()
                return True

            output.exchange = exchanged
        case "between-two-renames":
            # as on a file system that cannot exchange
            output.exchange = lambda *_: False

            def renamed(self: Path, target: Path) -> Path:
                rename(self, target)
                if target.name.endswith(".earlier"):
                    die()
                return target

            Path.rename = renamed  # type: ignore[method-assign, assignment]
        case "before-state":
            drafts.Draft.take_place = die  # type: ignore[method-assign, assignment]
        case "after-state":

            def replaced(self: Path, target: Path) -> Path:
                replace(self, target)
                die()
                return target

            Path.replace = replaced  # type: ignore[method-assign, assignment]
        case "before-clearing":
            output.OutputFolder.__exit__ = die  # type: ignore[method-assign, assignment]
        case _:
            message = f"no such moment: {moment}"
            raise ValueError(message)
    kamrules(words)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
