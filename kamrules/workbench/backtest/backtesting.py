"""A backtest: a book decided on past dates, how classes moved, and how well they foretold what came."""

from __future__ import annotations

import datetime  # noqa: TC003  a field of a dataclass
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kamrules.compiler.in_force import in_force
from kamrules.compiler.parts import needs
from kamrules.diagnostics import DataError, Diagnostic, UsageError, nearest
from kamrules.engines.sql.foretelling import Foretold, foretold
from kamrules.engines.sql.held import HeldBook
from kamrules.engines.sql.past import AGAINST as AGAINST_COLUMN
from kamrules.engines.sql.past import CLASS, TIER, PastBook
from kamrules.engines.sql.placing import for_placement
from kamrules.expression.types import Kind
from kamrules.progress import silent
from kamrules.workbench.backtest.asked import (
    AGAINST,
    OUTCOME,
    horizon,
    lifted,
    parsed,
    parsed_if_possible,
    tables_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.book import Book, OpenSource
    from kamrules.compiler import Program
    from kamrules.engines.sql.past import Asked, Dated
    from kamrules.expression.nodes import Node
    from kamrules.progress import Progress

Moves = tuple[tuple[str | None, str | None, int], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The accounts of a class or tier on a date; `mean` is their mean outcome, None where it is unknown."""

    id: str | None
    accounts: int
    known: int
    mean: float | None


@dataclass(frozen=True, slots=True)
class Then:
    """What was decided on a date. `over` is false where the outcome's time was not over in the book.

    `moves` are those since the date before: class (or tier) then, class now, accounts. `foretold` gives for
    `class`, `tier`, each score and `against` how well they ranked accounts by their outcome.
    """

    as_of: datetime.date
    classes: tuple[Group, ...]
    tiers: tuple[Group, ...]
    class_moves: Moves
    tier_moves: Moves
    over: bool
    foretold: dict[str, Foretold]


@dataclass(frozen=True, slots=True)
class Backtest:
    """A ruleset tried on a book's past. `class_moves` and `tier_moves` sum those of all steps.

    `outcome` and `against` are what was foretold and what it is held against, None for neither; `days` is
    how far the outcome looks ahead, `until` the date to which the book tells. `as_of_today` are columns of
    the accounts that are read as they are now.
    """

    program: Program
    accounts: int
    remembered: bool
    outcome: str | None
    against: str | None
    days: int
    until: datetime.date
    dates: tuple[Then, ...]
    class_moves: Moves
    tier_moves: Moves
    dated: Dated
    as_of_today: tuple[str, ...]
    warnings: tuple[Diagnostic, ...] = ()


def backtest(  # noqa: PLR0913  one call, and all but four have defaults
    program: Program,
    book: Book,
    dates: Sequence[datetime.date],
    *,
    open_source: OpenSource,
    outcome: str | None = None,
    against: str | None = None,
    planned: Iterable[str] = (),
    remember: bool = False,
    strict: bool = False,
    progress: Progress = silent,
) -> Backtest:
    """Decide a book on past dates, each from the rows dated up to then and nothing later.

    A date in a row, or of an account, that lies after the date of a decision is unknown to it. A table is cut
    by the column that orders its rows. What a book cannot tell is when other columns were filled: they are
    as they are now, as are those of the accounts.

    Args:
        program: what to decide by; on each date the rules in force then.
        book: the tables.
        dates: rising; kamrules.workbench.backtest.dates.dates makes them.
        open_source: opens a table's rows, such as kamrules.plugins.Plugins.open_source.
        outcome: the number or condition to be foretold; the revenue of the next 90 days when None, and
            nothing where the vocabulary has no orders.
        against: what ranks accounts without any rules; the revenue of the last 12 months when None.
        planned: date columns (`table.column`) that are written in advance, so that later dates stay known.
        remember: each date knows the classes and tiers of the one before; else all accounts are placed anew.
        strict: stop at data that cannot be used, and take a table with undated rows for unusable; else go on
            without such rows.
        progress: is told each step.

    Raises:
        UsageError: KR827 a date after the book's own; KR829, KR830 or what is wrong with an expression;
            KR831 a planned column that there is not.
        DataError: KR828 the book has no dates; else as decide_book does.
    """
    wanted, past_revenue = _expressions(program, outcome, against)
    days = 0 if wanted is None else horizon(wanted, outcome or OUTCOME, "--outcome")
    asked = None if wanted is None else lifted(wanted, "outcome")
    rival = None if past_revenue is None else lifted(past_revenue, "against")
    kept = _planned(program, planned)
    also = needs(tuple(each.node for each in (asked, rival) if each is not None))
    also |= {one for each in (asked, rival) if each is not None for one in needs(each.aggregates)}
    reads = _with(for_placement(program, scores=True, memory=remember, also=also), asked, rival)
    progress("reading the book")
    columns = {name: {table.order} for name, table in program.tables.items() if table.order}
    more = {name: each for name, each in columns.items() if name in _tables(reads)}
    with HeldBook(reads, book, open_source=open_source, more=more, strict=strict) as held:
        past = PastBook(held, leave_out=not strict, planned=kept)
        if not past.dated.any:
            raise DataError(_no_dates(past.dated))
        until = _until(book, past, wanted, dates)
        work = _Work(past, program, also, remember=remember)
        found = []
        for number, day in enumerate(dates):
            progress(f"deciding on {day}", number, len(dates))
            over = asked is not None and day.toordinal() + days <= until.toordinal()
            found.append(work.then(number, day, asked if over else None, rival))
        return Backtest(
            program=program,
            accounts=held.number,
            remembered=remember,
            outcome=None if wanted is None else outcome or OUTCOME,
            against=None if past_revenue is None else against or AGAINST,
            days=days,
            until=until,
            dates=tuple(found),
            class_moves=_summed(each.class_moves for each in found),
            tier_moves=_summed(each.tier_moves for each in found),
            dated=past.dated,
            as_of_today=_account_columns(held),
            warnings=held.warnings,
        )


def _expressions(
    program: Program, outcome: str | None, against: str | None
) -> tuple[Node | None, Node | None]:
    """Return what is to be foretold and what it is held against."""
    if outcome is None:
        wanted = parsed_if_possible(program, OUTCOME)
    else:
        wanted = parsed(program, outcome, "--outcome")
    if wanted is None:
        return None, None
    if against is None:
        return wanted, parsed_if_possible(program, AGAINST)
    return wanted, parsed(program, against, "--against")


def _planned(program: Program, names: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    known = [
        f"{table.name}.{each.name}"
        for table in program.tables.values()
        for each in table.columns.values()
        if each.type.kind is Kind.DATE
    ]
    for name in names:
        if name not in known:
            near = nearest(name, known)
            mend = f"did you mean `{near}`?" if near else "name it as table.column"
            raise UsageError(Diagnostic("KR831", f"there is no date column `{name}`", help=mend))
        table, _, column = name.partition(".")
        found.setdefault(table, set()).add(column)
    return found


def _with(program: Program, *asked: Asked | None) -> Program:
    """Return the program as it reads a book together with what is asked; nobody runs it."""
    from kamrules.compiler.program import FactStep  # noqa: PLC0415  only here

    some = [each for each in asked if each is not None]
    facts = tuple(
        FactStep(f"fact.asked{number}", f"asked{number}", each.node.type, each.node)
        for number, each in enumerate(some)
    )
    aggregates = tuple(step for each in some for step in each.aggregates)
    return replace(program, facts=program.facts + facts, aggregates=program.aggregates + aggregates)


def _tables(program: Program) -> set[str]:
    return {each.aggregate.table for each in program.aggregates}


def _no_dates(dated: Dated) -> Diagnostic:
    why = "; ".join(f"`{name}`: {reason}" for name, reason in dated.unusable.items())
    message = "the book has no dates to go back by"
    return Diagnostic("KR828", message, help=why or "the ruleset reads no dates of it")


def _until(
    book: Book, past: PastBook, wanted: Node | None, dates: Sequence[datetime.date]
) -> datetime.date:
    """Return the date to which the book tells: its own, else that of its latest row."""
    if book.as_of is None:
        tables = (tables_of(wanted) if wanted is not None else set()) or past.held.related
        return past.latest(tables) or past.latest(past.held.related) or dates[-1]
    if dates[-1] > book.as_of:
        message = f"the book tells nothing of {dates[-1]}: its own date is {book.as_of}"
        mend = f"go up to {book.as_of}, or less far"
        raise UsageError(Diagnostic("KR827", message, help=mend))
    return book.as_of


def _account_columns(held: HeldBook) -> tuple[str, ...]:
    return tuple(held.accounts.columns)


def _summed(steps: Iterable[Moves]) -> Moves:
    found: dict[tuple[str | None, str | None], int] = {}
    for moves in steps:
        for was, now, accounts in moves:
            found[was, now] = found.get((was, now), 0) + accounts
    return tuple((was, now, accounts) for (was, now), accounts in found.items())


class _Work:
    """The dates of a backtest, one after the other."""

    def __init__(self, past: PastBook, program: Program, also: set[str], *, remember: bool) -> None:
        self.past = past
        self.program = program
        self.also = also
        self.remember = remember

    def then(
        self, number: int, day: datetime.date, outcome: Asked | None, against: Asked | None
    ) -> Then:
        """Decide on a date; the date before is forgotten then."""
        past = self.past
        program = for_placement(
            in_force(self.program, day), scores=True, memory=self.remember, also=self.also
        )
        before = number - 1 if self.remember and number else None
        past.decide(number, program, day, outcome=outcome, against=against, before=before)
        moves: dict[str, Moves] = {"class": (), "tier": ()}
        if number:
            moves = {what: tuple(past.moves(number - 1, number, what)) for what in moves}
            past.drop(number - 1)
        told = {} if outcome is None else self._foretold(number, program, against)
        return Then(
            day, self._groups(number, "class"), self._groups(number, "tier"), moves["class"],
            moves["tier"], outcome is not None, told,
        )  # fmt: skip

    def _groups(self, number: int, what: str) -> tuple[Group, ...]:
        return tuple(
            Group(name, accounts, known, None if not known or total is None else total / known)
            for name, accounts, known, total in self.past.counts(number, what)
        )

    def _foretold(
        self, number: int, program: Program, against: Asked | None
    ) -> dict[str, Foretold]:
        by = {"class": CLASS}
        if program.tiers:
            by["tier"] = TIER
        by |= {each.id: f"score_{each.id}" for each in program.scores}
        if against is not None:
            by["against"] = AGAINST_COLUMN
        return {name: foretold(self.past, number, own) for name, own in by.items()}
