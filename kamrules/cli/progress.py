"""Progress: on a terminal, one line on stderr with what is being done, how fast, and the time left."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kamrules.cli.pace import Pace
from kamrules.cli.pace import shown as in_words
from kamrules.cli.terminal import console
from kamrules.masking import masked
from kamrules.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.progress import Progress


@contextmanager
def shown(*, quiet: bool = False) -> Iterator[Progress]:
    """Give what to tell each step to; the line is gone when the work is."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415  only long work needs it

    columns = (
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[count]}", markup=False),
    )
    pace = Pace()
    with Bars(*columns, console=console(stderr=True), transient=True) as bars:
        bar = bars.add_task("starting", total=None, count="")

        def tell(step: str, done: float = 0, of: float = 0, unit: str = "") -> None:
            count = in_words(pace.at(step, done, of, unit))
            bars.update(
                bar, description=masked(step), completed=done, total=of or None, count=count
            )

        yield tell
