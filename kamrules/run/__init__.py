"""A run: every account of a book decided and written as one transaction, all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.progress import silent
from kamrules.run.choosing import date_of, interruptible_end, language_of
from kamrules.run.order import FORMAT, NO_FILES, TOP, DecidedBook, FurtherTable, Order, Result

if TYPE_CHECKING:
    from kamrules.plugins import Plugins
    from kamrules.progress import Progress

__all__ = [
    "FORMAT",
    "NO_FILES",
    "TOP",
    "DecidedBook",
    "FurtherTable",
    "Order",
    "Result",
    "date_of",
    "interruptible_end",
    "language_of",
    "run_book",
]


def run_book(
    order: Order, plugins: Plugins | None = None, progress: Progress | None = None
) -> Result:
    """Decide every account of a book and put the files in place. `progress` is told each step.

    On any error, Ctrl-C included, the output folder and the state file are as they were. Raises
    UsageError, RulesetError and DataError.
    """
    from kamrules.interruption import Interruption  # noqa: PLC0415  the CLI needs this module early
    from kamrules.plugins import Plugins  # noqa: PLC0415
    from kamrules.run.work import Work  # noqa: PLC0415

    with Interruption().watching() as interruption:
        known = plugins or Plugins.load()
        return Work(order, known, progress or silent, interruption).result()
