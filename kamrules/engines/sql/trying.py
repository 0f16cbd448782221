"""Trying programs on a held book: where each would place the accounts, beside where one places them now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kamrules.engines.sql.aggregates import own_name, place_of
from kamrules.engines.sql.before import before_tables
from kamrules.engines.sql.connecting import told_as_data
from kamrules.engines.sql.deciding import Deciding, Settings
from kamrules.engines.sql.placement import lay_before
from kamrules.engines.sql.placing import Meanings
from kamrules.engines.sql.staging import LINE
from kamrules.engines.sql.tree import column, is_one_of, named, rows_of, sql, text
from kamrules.engines.sql.whole_book import lay_places
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from sqlglot import exp

    from kamrules.compiler.program import AggregateStep, Program
    from kamrules.engines.sql.held import HeldBook
    from kamrules.engines.sql.placing import Meaning
    from kamrules.engines.sql.staging import Staged
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.whole_book import Compared
    from kamrules.memory import EarlierFiles

HELD, FEW = "held", "few"
"""The relations with one row an account and what programs read of it: of all accounts, and of a few."""
WAS = ("class_was", "tier_was")


@dataclass(frozen=True, slots=True)
class Shift:
    """So many accounts go from one class and tier to others; None is unknown, or no tier."""

    class_was: str | None
    class_is: str | None
    tier_was: str | None
    tier_is: str | None
    accounts: int


@dataclass(frozen=True, slots=True)
class Shifted:
    """One account that a program places elsewhere."""

    account_id: str
    class_was: str | None
    class_is: str | None
    tier_was: str | None
    tier_is: str | None


class Trials:
    """Programs tried on a book, each beside one that is in force now.

    What doesn't depend on how they differ is worked out once: the sources are read, related tables summed up,
    and what compares accounts is compared. A trial is then mostly one pass over one table. All programs are
    as kamrules.engines.sql.placing.for_placement gives them.
    """

    def __init__(
        self,
        held: HeldBook,
        program: Program,
        as_of: datetime.date,
        earlier: EarlierFiles | None = None,
    ) -> None:
        """Place the accounts by the program in force; `earlier` is what was decided before."""
        self.held = held
        self.settings = Settings(as_of)
        self.memory = earlier is not None
        self.meanings = Meanings()
        self.shared: dict[int, tuple[str, str]] = {}
        self.compared: list[Compared] = []
        self.compared_as: list[int] = []
        with told_as_data():
            self._hold(Placing(held, program, self.settings), earlier)

    def _hold(self, base: Placing, earlier: EarlierFiles | None) -> None:
        """Make HELD: the accounts' own columns, all sums, and where the program places them."""
        with self.held.scratch():
            if earlier is not None:
                as_of = self.settings.as_of
                base.joins += before_tables(self.held.connection, base.program, earlier, as_of)
            base.lay(memory=self.memory)
            meaning = self.meanings.of(base.program)
            own = [ACCOUNT_ID, LINE, *(one for one, _, _ in self.held.accounts.columns.values())]
            joined = [one for _, columns in base.joins for one in columns]
            items: list[Sql] = [column(one) for one in own]
            items += [named(column(one), _held(one)) for one in joined]
            items += [
                named(base.values.places["step", what].copy(), was)
                for what, was in zip(("class", "tier"), WAS, strict=True)
            ]
            select = base.stack.select(items, base.ground())
            if base.joins:
                # several threads give what they join in any order
                select = select.order_by(column(LINE), copy=False)
            self.held.connection.execute(f'CREATE TABLE "{HELD}" AS {sql(select)}')
        for step in base.program.aggregates:
            if step.address in base.rows:
                found = (_held(own_name(step)), _held(base.rows[step.address]))
                self.shared[meaning.step(step.address)] = found
        self.compared = base.compared
        self.compared_as = [meaning.step(each.address) for each in base.program.book_steps]

    def meaning(self, program: Program) -> int:
        """Return a number for how a program places accounts: equal numbers, equal places for any account."""
        return self.meanings.of(program).placement()

    def shifts(self, program: Program) -> list[Shift]:
        """Return how many accounts a program would place where, in the order of their names."""
        with told_as_data(), self.held.scratch():
            rows = self.held.rows(
                f"{self._tried(program, HELD)} "  # noqa: S608  our names
                "SELECT class_was, class_is, tier_was, tier_is, count(*) FROM tried "
                "GROUP BY ALL ORDER BY ALL"
            )
        return [Shift(*row) for row in rows]

    def few(self, accounts: Iterable[str]) -> None:
        """Keep a few accounts apart, for `shifted` to look at these alone."""
        select = rows_of(HELD).select("*", copy=False)
        select = select.where(is_one_of(column(ACCOUNT_ID), map(text, accounts)), copy=False)
        self.held.connection.execute(f'CREATE OR REPLACE TABLE "{FEW}" AS {sql(select)}')

    def shifted(
        self, program: Program, most: int | None = None, *, few: bool = False
    ) -> list[Shifted]:
        """Return the accounts that a program would place elsewhere, at most so many, in the book's order.

        With `few` only accounts that were kept apart are looked at.
        """
        with told_as_data(), self.held.scratch():
            # who compares accounts anew has to look at all of them
            apart = few and self.compares_alike(self.meanings.of(program), program)
            tried = self._tried(program, FEW if apart else HELD)
            those = f'AND "{ACCOUNT_ID}" IN (SELECT "{ACCOUNT_ID}" FROM "{FEW}")'  # noqa: S608
            limit = "" if most is None else f"LIMIT {most}"
            rows = self.held.rows(
                f'{tried} SELECT "{ACCOUNT_ID}", class_was, class_is, tier_was, tier_is FROM tried '  # noqa: S608
                "WHERE (class_was IS DISTINCT FROM class_is OR tier_was IS DISTINCT FROM tier_is) "
                f'{those if few else ""} ORDER BY "{LINE}" {limit}'
            )
        return [Shifted(*row) for row in rows]

    def _tried(self, program: Program, people: str) -> str:
        """Return the start of a query over `tried`: accounts with their places now and by a program.

        It is worked out first: what one asks of it would else be pushed down through it, and written out
        as often as anything in it is read.
        """
        trial = Trial(self, program, self.meanings.of(program), people)
        trial.lay(memory=self.memory)
        items: list[Sql] = [column(name) for name in (ACCOUNT_ID, LINE, *WAS)]
        items += [
            named(trial.values.places["step", what].copy(), f"{what}_is")
            for what in ("class", "tier")
        ]
        select = trial.stack.select(items, trial.ground())
        return f"WITH tried AS MATERIALIZED ({sql(select)})"

    def compares_alike(self, meaning: Meaning, program: Program) -> bool:
        """Whether a program compares accounts by what the one in force does."""
        return [meaning.step(each.address) for each in program.book_steps] == self.compared_as


def _held(name: str) -> str:
    return f"h_{name}"


class Placing(Deciding):
    """The accounts of a held book being placed, and nothing else decided about them."""

    def __init__(self, held: HeldBook, program: Program, settings: Settings) -> None:
        super().__init__(program, held.book, settings, held.connection, held.folder)
        self.accounts = held.accounts
        self.qualities = held.qualities
        self.related = dict(held.related)
        self.rows: dict[str, str] = {}

    def lay(self, *, memory: bool) -> None:
        """Lay the account's columns and the program's steps; with `memory` those before have been joined."""
        self._lay_account(self.accounts)
        lay_before(self.values, self.program, known=memory)
        self._lay_steps()

    def ground(self) -> exp.Select:
        """Return the accounts with all that stands beside them so far."""
        return self._ground()

    def _aggregate(self, staged: Staged, steps: list[AggregateStep]) -> None:
        super()._aggregate(staged, steps)
        _, columns = self.joins[-1]
        self.rows |= {each.address: columns[0] for each in steps}


class Trial(Placing):
    """A program being tried, over what trials share."""

    def __init__(self, trials: Trials, program: Program, meaning: Meaning, people: str) -> None:
        super().__init__(trials.held, program, trials.settings)
        self.trials = trials
        self.meaning = meaning
        self.people = people
        self.aliases = ["before_class", "before_tier"] if trials.memory else []

    def _ground(self) -> exp.Select:
        aliases = (named(column(_held(one), self.people), one) for one in self.aliases)
        return super()._ground().select(*aliases, copy=False)

    def _lay_aggregates(self, steps: list[AggregateStep]) -> None:
        rest = []
        for each in steps:
            shared = self.trials.shared.get(self.meaning.step(each.address))
            if shared is None:
                rest.append(each)
                continue
            found, rows = (self.stack.lay(name) for name in shared)
            self.values.places["step", each.address] = place_of(each, rows, found)
        super()._lay_aggregates(rest)

    def _lay_book_steps(self) -> None:
        if self.compared or not self.trials.compares_alike(self.meaning, self.program):
            super()._lay_book_steps()
            return
        self.compared = [
            replace(each, step=step)
            for each, step in zip(self.trials.compared, self.program.book_steps, strict=True)
        ]
        _, columns = lay_places(self.values, self.compared)
        self.aliases += columns
