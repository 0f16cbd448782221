"""Tables on the terminal: columns of words and figures, without lines between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from kamrules.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console


def print_table(
    screen: Console, words: Iterable[str], figures: Iterable[str], rows: Iterable[Iterable[str]]
) -> None:
    """Print a table whose first columns hold words, which may go on below, and the others figures."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in words:
        table.add_column(name, overflow="fold")
    for name in figures:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*(Text(printable(each)) for each in row))
    screen.print(table)
    screen.print()
