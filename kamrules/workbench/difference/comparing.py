"""Comparing two rulesets: their edits, whom those may touch, and what they do to a book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.compiler import compile_ruleset
from kamrules.progress import silent
from kamrules.workbench.difference.affected import affected
from kamrules.workbench.difference.alike import alike
from kamrules.workbench.difference.canon import Canon
from kamrules.workbench.difference.edits import Sort, edits

if TYPE_CHECKING:
    import datetime

    from kamrules.book import Book, OpenSource
    from kamrules.compiler import Program
    from kamrules.document import Ruleset
    from kamrules.memory import EarlierFiles
    from kamrules.progress import Progress
    from kamrules.workbench.difference.affected import Affected
    from kamrules.workbench.difference.edits import Edit
    from kamrules.workbench.difference.effects import Effect

TOP, SHOWN = 3, 20


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two rulesets.

    `edits` are what the new one says otherwise; `affected` the rules that read what was edited;
    `identical` the parts of a decision that are proved the same for every possible account, on
    every date and whatever was decided before, `open` all others; `effect` what the edits do to a book,
    None without one.
    """

    old: Program
    new: Program
    edits: tuple[Edit, ...]
    affected: Affected
    identical: tuple[str, ...]
    open: tuple[str, ...]
    effect: Effect | None = None

    @property
    def rules(self) -> tuple[Edit, ...]:
        """The edits that can change what is decided, and what decisions say of actions."""
        return tuple(each for each in self.edits if each.sort is Sort.RULE)

    @property
    def notes(self) -> tuple[Edit, ...]:
        """The edits of what decides nothing: names, ranges to tune in, costs of changing facts."""
        return tuple(each for each in self.edits if each.sort is Sort.NOTE)

    @property
    def texts(self) -> tuple[Edit, ...]:
        """The edits of texts that people read."""
        return tuple(each for each in self.edits if each.sort is Sort.TEXT)

    @property
    def same(self) -> bool:
        """Whether the two mean the same: nothing but notes and texts differs."""
        return not self.rules


def compare(  # noqa: PLR0913  one call, and all but two have defaults
    old: Ruleset,
    new: Ruleset,
    book: Book | None = None,
    *,
    as_of: datetime.date | str | None = None,
    open_source: OpenSource | None = None,
    earlier: EarlierFiles | None = None,
    top: int = TOP,
    show: int = SHOWN,
    strict: bool = False,
    progress: Progress = silent,
) -> Difference:
    """Return in what two rulesets differ and, with a book, what that does to its accounts.

    Args:
        old: the ruleset as it was, such as `load_ruleset("kam")`.
        new: the ruleset as it is to be.
        book: the tables on which to try both; None tells the edits alone.
        as_of: the date of the run; the book's own by default.
        open_source: opens a table's rows; by default as all plug-ins do together.
        earlier: what an earlier run decided; None places every account directly.
        top: how many proposed actions of an account count as the best, as a run writes them.
        show: how many of the changed accounts to list, those with the largest revenue first.
        strict: stop at data of the book that cannot be used; else go on without.
        progress: is told each step.

    Every change of an account has its cause. With the edits that were told apart one by one: an edit is
    enough for a change when it alone, done in the old ruleset, gives the new value; it is needed when
    undoing it alone in the new ruleset gives the old value back; a change for which no edit is enough or
    needed comes of several together. An edit that does not compile by itself is not tried by itself.
    Where there are more edits than kamrules.workbench.difference.units.MOST, those of a rule, or of a
    table, are tried as one: `Effect.apart` says so.

    Raises:
        RulesetError: one of the two does not compile.
        UsageError: there is no date to decide on (KR800), or a column that is read is of another type
            to each, so that the book cannot be read for both (KR847).
        DataError: as decide_book does.
    """
    programs = (compile_ruleset(old), compile_ruleset(new))
    canons = (Canon(old), Canon(new))
    progress("comparing the rulesets")
    found = edits(*canons)
    identical, rest = alike(*programs)
    touched = affected(found, list(zip(canons, programs, strict=True)))
    effect = None
    if book is not None:
        from kamrules.engines.row import day_of  # noqa: PLC0415  only books need a date
        from kamrules.plugins import Plugins  # noqa: PLC0415  and sources
        from kamrules.run import date_of  # noqa: PLC0415
        from kamrules.workbench.difference.measuring import Question  # noqa: PLC0415  duckdb
        from kamrules.workbench.difference.measuring import effect as effect_of  # noqa: PLC0415

        day = day_of(as_of) if isinstance(as_of, str) else as_of
        opened = open_source or Plugins.load().open_source
        asked = Question(book, date_of(day, book), opened, earlier, top, show, strict, progress)
        effect = effect_of(canons, programs, found, asked)
    return Difference(*programs, found, touched, identical, rest, effect)
