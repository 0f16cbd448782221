"""Ways for a whole book: the least that would have to change for each account's next class and tier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.engines.row import decide
from kamrules.engines.sql import read_accounts
from kamrules.run import FurtherTable
from kamrules.tables import NUMBER, TEXT, WHOLE
from kamrules.workbench.nearest.asking import with_ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.decision import Decision
    from kamrules.progress import Progress
    from kamrules.run import DecidedBook

COLUMNS = (
    ("account_id", TEXT), ("part", TEXT), ("to", TEXT), ("way", WHOLE), ("cost", NUMBER),
    ("at_least", NUMBER), ("fact", TEXT), ("title", TEXT), ("before", TEXT), ("after", TEXT),
    ("price", NUMBER),
)  # fmt: skip


def ways_of(book: DecidedBook, progress: Progress) -> FurtherTable:
    """Return the ways of every account, one row a change.

    `part` is class or tier, `way` counts from 1, the cheapest; `cost` is that of the whole way, `price` that
    of the change. The row engine decides each account again and searches: some 50 milliseconds an account.
    """
    rows: list[tuple[Any, ...]] = []
    accounts = read_accounts(book.program, book.book, open_source=book.open_source)
    for number, facts in enumerate(accounts):
        progress("looking for the least that would have to change", number, book.accounts)
        decision = decide(
            book.program, facts, as_of=book.as_of, earlier=book.earlier(facts["account_id"]),
            language=book.language, strict=False, cutoffs=book.cutoffs,
        )  # fmt: skip
        advised = with_ways(
            book.program,
            decision,
            facts,
            cutoffs=book.cutoffs,
            language=book.language,
            strict=False,
        )
        rows += _rows(advised)
    return FurtherTable(COLUMNS, tuple(rows))


def _rows(decision: Decision) -> Iterator[tuple[Any, ...]]:
    for part, step in (("class", decision.next_class), ("tier", decision.next_tier)):
        for number, way in enumerate(step.ways if step is not None else (), start=1):
            whole = (
                decision.account_id,
                part,
                step.to if step else None,
                number,
                way.cost,
                way.at_least,
            )
            for each in way.changes:
                yield (
                    *whole,
                    each.fact,
                    each.title,
                    each.before_shown,
                    each.after_shown,
                    each.cost,
                )
