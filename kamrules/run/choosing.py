"""What a run is chosen to do: its book, date, language and sinks, or why that cannot be."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, UsageError, nearest
from kamrules.tables import NAMES

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator
    from pathlib import Path

    from kamrules.book import Book
    from kamrules.compiler import Program
    from kamrules.contracts import Run, Target
    from kamrules.output import OutputFolder
    from kamrules.run.order import Order


@contextmanager
def interruptible_end() -> Iterator[None]:
    """Let Ctrl-C say that the files are in place: what is done inside comes after that."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the files of the run are in place") from None


def date_of(given: datetime.date | None, book: Book | None = None) -> datetime.date:
    """Return the date given, else the book's. Raises UsageError when there is neither."""
    found = given or (book.as_of if book is not None else None)
    if found is None:
        which = "" if book is None else ": neither the command nor the book says one"
        mend = "give one, such as --as-of 2026-06-30"
        raise UsageError(Diagnostic("KR800", f"no date to decide on{which}", help=mend))
    return found


def language_of(program: Program, wanted: str | None) -> str:
    """Return the language wanted, by default the ruleset's first. Raises UsageError for another."""
    if wanted is None:
        return program.languages[0] if program.languages else "en"
    if wanted not in program.languages:
        known = ", ".join(f"`{each}`" for each in program.languages)
        message = f"ruleset `{program.name}` has no texts in `{wanted}`, only in {known}"
        near = nearest(wanted, program.languages)
        raise UsageError(
            Diagnostic("KR804", message, help=f"did you mean `{near}`?" if near else None)
        )
    return wanted


def book_of(given: Path | str | Book) -> Book:
    """Return the book that a run is to decide. Raises as Book.read."""
    from kamrules.book import Book  # noqa: PLC0415

    return given if isinstance(given, Book) else Book.read(given)


def tables_of(order: Order) -> tuple[str, ...]:
    """Return the tables that a run is to write, in their order. Raises UsageError for unknown ones."""
    for each in order.tables:
        if each not in NAMES:
            near = nearest(each, NAMES)
            listed = ", ".join(f"`{name}`" for name in NAMES)
            mend = f"did you mean `{near}`?" if near else None
            message = f"a run has no table `{each}`; its tables are {listed}"
            raise UsageError(Diagnostic("KR858", message, help=mend))
    return tuple(name for name in NAMES if name in order.tables) or NAMES


def targets_of(order: Order, book: Book, run: Run) -> tuple[Target, ...]:
    """Return where a run delivers to. Raises UsageError for what is neither a URI nor a sink of the book."""
    return tuple(_target(each, order, book, run) for each in order.to)


def _target(to: str, order: Order, book: Book, run: Run) -> Target:
    from kamrules.contracts import Target  # noqa: PLC0415  only runs that deliver need it

    declared = book.sinks.get(to)
    if declared is not None:
        mode = order.mode or declared.mode
        return Target(declared.to, run, mode, declared.tables, declared.options, declared.folder)
    if ":" not in to:
        near = nearest(to, book.sinks)
        message = (
            f"book `{book.name}` has no sink `{to}`, and it is no URI such as sqlite:///kam.db"
        )
        mend = f"did you mean `{near}`?" if near else None
        raise UsageError(Diagnostic("KR713", message, help=mend))
    return Target(to, run, order.mode or "replace")


def keep_apart(state: Path | None, output: OutputFolder) -> None:
    """Raise UsageError when the state file would be replaced together with the output folder."""
    if state is not None and state.resolve().is_relative_to(output.target):
        message = (
            f"state file `{state}` lies in output folder `{output.shown}`, which every run replaces"
        )
        raise UsageError(Diagnostic("KR803", message, help="keep the state file beside the folder"))
