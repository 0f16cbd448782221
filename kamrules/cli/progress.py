"""Progress: on a terminal, a line on stderr that says what is being done; nothing elsewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kamrules.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def shown(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Give what to tell each step to; the line is gone when the work is."""
    if quiet or not sys.stderr.isatty():
        yield _silent
        return
    with console(stderr=True).status("starting") as status:
        yield lambda step: status.update(f"{step} ...")


def _silent(_step: str) -> None:
    return None
