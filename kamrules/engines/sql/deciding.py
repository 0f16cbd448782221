"""Deciding a whole book: the program's steps as one stack of columns over the accounts."""

from __future__ import annotations

import datetime  # noqa: TC003  a field of a dataclass
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.engines.layout import layout_of
from kamrules.engines.sql.actions import lay_actions, lay_gaps
from kamrules.engines.sql.aggregates import (
    ROWS,
    Outer,
    aggregate,
    outer_names,
    own_name,
    place_of,
    rounds,
)
from kamrules.engines.sql.before import before_tables
from kamrules.engines.sql.enumerations import Enumerations
from kamrules.engines.sql.ground import ground
from kamrules.engines.sql.holding import hold_core
from kamrules.engines.sql.narrowing import Narrowing, tables_of
from kamrules.engines.sql.outputs import Outputs
from kamrules.engines.sql.placement import lay_before, lay_placement
from kamrules.engines.sql.quality import (
    account_quality,
    counted_quality,
    refuse_bad_data,
    refuse_no_accounts,
    related_quality,
)
from kamrules.engines.sql.results import BookDecisions, remembered_of
from kamrules.engines.sql.scores import lay_score
from kamrules.engines.sql.stack import Stack
from kamrules.engines.sql.staging import LINE, stage, unused
from kamrules.engines.sql.summary import summary_reads
from kamrules.engines.sql.tree import column, named, sql
from kamrules.engines.sql.values import Values
from kamrules.engines.sql.watching import watched
from kamrules.engines.sql.whole_book import compare, cutoffs_of, lay_places
from kamrules.expression.besides import apart
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.progress import silent
from kamrules.show import EPOCH
from kamrules.tables import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from duckdb import DuckDBPyConnection
    from sqlglot import exp

    from kamrules.book import Book, OpenSource
    from kamrules.book.quality import TableQuality
    from kamrules.compiler.program import AggregateStep, Program
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.engines.sql.changed import Changed
    from kamrules.engines.sql.output import Output
    from kamrules.engines.sql.staging import Staged
    from kamrules.engines.sql.whole_book import Compared
    from kamrules.expression.nodes import Node
    from kamrules.memory import EarlierFiles
    from kamrules.progress import Progress

PEOPLE = "people"
"""The relation with one row an account: the accounts' table without duplicates."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a book is decided: see decide_book."""

    as_of: datetime.date
    top: int = 3
    language: str = "en"
    tables: tuple[str, ...] = NAMES
    strict: bool = False


class Deciding:
    """One book being decided."""

    def __init__(  # noqa: PLR0913, PLR0917  what decides, what is decided, and where
        self,
        program: Program,
        book: Book,
        settings: Settings,
        connection: DuckDBPyConnection,
        folder: TemporaryDirectory[str],
        progress: Progress = silent,
    ) -> None:
        self.progress = progress
        self.program = program
        self.book = book
        self.settings = settings
        self.connection = connection
        self.day = settings.as_of.toordinal() - EPOCH
        self.stack = Stack()
        self.values = Values(self.stack, self.day)
        self.joins: list[tuple[str, list[str]]] = []
        self.qualities: dict[str, TableQuality] = {}
        self.related: dict[str, Staged] = {}
        self.compared: list[Compared] = []
        self.folder = folder
        self.people = PEOPLE
        self.changed: Changed | None = None
        self.outputs: dict[str, Output] = {}
        self.remembered: dict[str, Output] = {}
        self.enumerations = Enumerations()
        self.remembers = False
        self.into: Path | None = None
        self.stoppable: Callable[[Callable[[], None]], object] = _never
        self.written: dict[str, Path] = {}

    def run(self, open_source: OpenSource, earlier: EarlierFiles | None) -> BookDecisions:
        """Stage the book, lay all columns, and work out the core."""
        self._stage(open_source)
        memory = self.remembers = earlier is not None
        if earlier is not None:
            found = before_tables(self.connection, self.program, earlier, self.settings.as_of)
            self.joins += found
        self._look_at_rows()
        lay_before(self.values, self.program, known=memory)
        self._lay_steps()
        if self.settings.strict:
            refuse_bad_data(self.book, self._quality())
        lay_actions(self.values, self.program, top=self.settings.top, memory=memory)
        lay_gaps(self.values, self.program)
        writer = Outputs(
            self.values, self.program, self.settings.as_of, self.settings.language, memory=memory
        )
        every = writer.all()
        self.outputs = {name: each for name, each in every.items() if name in self.settings.tables}
        self.remembered = remembered_of(every)
        self.enumerations = writer.enumerations
        self.enumerations.create(self.connection)
        self._decide()
        return self._decisions()

    def _decide(self) -> None:
        """Work out the core, which the output tables are selects over."""
        every = (*self.outputs.values(), *self.remembered.values())
        wanted = set().union(*(each.reads() for each in every), summary_reads(self.values.places))
        accounts = self.qualities[ACCOUNTS].rows_kept
        with watched(self.connection, self.progress, "deciding", accounts):
            self._core(wanted)

    def _decisions(self) -> BookDecisions:
        return BookDecisions(
            program=self.program,
            connection=self.connection,
            folder=self.folder,
            outputs=self.outputs,
            remembered=self.remembered,
            places=self.values.places,
            quality=self._quality(),
            warnings=tuple(unused(self.book, dict(self.program.tables))),
            as_of=self.settings.as_of,
            compared=self.compared,
            changed=self.changed,
            written=self.written,
        )

    def cutoffs(self, open_source: OpenSource) -> Cutoffs:
        """Work out what whole-book functions compare, and nothing else."""
        self._stage(open_source)
        self._lay_steps()
        return cutoffs_of(self.connection, self.program, self.settings.as_of, self.compared)

    def compare_all(self, accounts: Staged) -> list[Compared]:
        """Work out what whole-book functions compare, of tables that others have staged."""
        self._lay_account(accounts)
        self._lay_steps()
        return self.compared

    # the book

    def _stage(self, open_source: OpenSource) -> None:
        layout = layout_of(self.program)
        used = {name: {key for key, _ in columns} for name, columns in layout.tables}
        used[ACCOUNTS] = {*layout.account, "name"}
        for number, (name, table) in enumerate(self.book.tables.items()):
            if name not in used or name not in self.program.tables:
                continue
            with watched(self.connection, self.progress, f"reading {name}"):
                staged = stage(
                    self.connection,
                    table,
                    self.program.tables[name],
                    used[name],
                    open_source,
                    number,
                )
            self.related[name] = staged
        accounts = self.related.pop(ACCOUNTS)
        with watched(self.connection, self.progress, "looking through accounts"):
            self.qualities[ACCOUNTS] = account_quality(
                self.connection,
                accounts,
                self.program.tables[ACCOUNTS],
                PEOPLE,
                distinct=self._are_distinct(accounts),
            )
        refuse_no_accounts(self.book, self.qualities[ACCOUNTS])
        self.accounts = accounts
        self._lay_account(accounts)

    def _are_distinct(self, accounts: Staged) -> bool:  # noqa: ARG002  others can tell from it
        """Return whether it is sure that no account is there twice."""
        return False

    def _lay_account(self, accounts: Staged) -> None:
        """Lay the columns of the account's own table."""
        self.stack.lay(ACCOUNT_ID)
        for own, _, _ in accounts.columns.values():
            self.stack.lay(own)
        self.values.places["account", ACCOUNT_ID] = column(ACCOUNT_ID)
        for name in accounts.columns:
            found = accounts.value(name, self.stack.keep)
            if found is not None:
                self.values.places["account", name] = self.stack.keep(found)

    def _ground(self) -> exp.Select:
        """Return the accounts with all that stands beside them so far."""
        return ground(self.people, self.joins)

    def _look_at_rows(self) -> None:
        """Do what is to be done before anything is summed up."""

    # the program

    def _lay_steps(self) -> None:
        program = self.program
        aggregates = {each.address: each for each in program.aggregates}
        facts = {each.address: each for each in program.facts}
        scores = {each.address: (place, each) for place, each in enumerate(program.scores)}
        compared = {each.address for each in program.book_steps}
        pending: list[AggregateStep] = []
        for address in program.order:
            if address in aggregates:
                pending.append(aggregates[address])
                continue
            self._lay_aggregates(pending)
            pending = []
            if address in compared:
                self._lay_book_steps()
            elif address in facts:
                found = self.values.value(facts[address].value)
                self.values.places["step", address] = self.stack.keep(found)
            elif address in scores:
                place, score = scores[address]
                lay_score(self.values, score, place)
            else:
                lay_placement(self.values, program, address)
        self._lay_aggregates(pending)

    def _lay_book_steps(self) -> None:
        """Lay all whole-book steps when the first one's turn comes; the order keeps them together."""
        if self.compared:
            return
        self.compared = self._compare()
        self.joins.append(lay_places(self.values, self.compared))

    def _compare(self) -> list[Compared]:
        """Work out whole-book steps over all accounts."""
        return compare(self.connection, self.values, self.program.book_steps, self._ground())

    def _lay_aggregates(self, steps: list[AggregateStep]) -> None:
        found = (each for each in steps if tables_of(each.aggregate) <= self.related.keys())
        for ready in rounds(found):
            beside = [each for each in ready if apart(each.aggregate.where)[1]]
            plain = [each for each in ready if each not in beside]
            for table in dict.fromkeys(each.aggregate.table for each in plain):
                some = [each for each in plain if each.aggregate.table == table]
                with watched(self.connection, self.progress, f"summing up {table}"):
                    self._aggregate(self.related[table], some)
            if beside:
                with watched(self.connection, self.progress, "looking for signals"):
                    self._aggregate_beside(beside)

    def _aggregate_beside(self, steps: list[AggregateStep]) -> None:
        """Sum up what takes only rows that stand beside others."""
        for table in self.related:
            if table not in self.qualities and any(
                table in tables_of(each.aggregate) for each in steps
            ):
                # no pass over all of its rows has told
                words = self.program.tables[table]
                self.qualities[table] = counted_quality(
                    self.connection, self.related[table], words, PEOPLE
                )
        narrowing = Narrowing(
            self.connection, self.related, self.program.tables, self.day, self._outer
        )
        for staged, some in narrowing.tables_for(steps):
            self._aggregate(staged, some)

    def _outer(self, trees: Iterable[Node]) -> Outer:
        """Return what the trees, which are read for rows, read of the account."""
        wanted = outer_names(trees)
        if not wanted:
            return Outer(None, {})
        items = [self.values.value(node) for node in wanted.values()]
        places = {place: column(f"v{number}") for number, place in enumerate(wanted)}
        items = [named(tree, f"v{number}") for number, tree in enumerate(items)]
        return Outer(self.stack.select([column(ACCOUNT_ID), *items], self._ground()), places)

    def _aggregate(self, staged: Staged, steps: list[AggregateStep]) -> None:
        name = f"sums_{len(self.joins)}"
        rows = f"{name}_rows"
        self._sum_up(name, rows, staged, steps)
        self.stack.lay(rows)
        for each in steps:
            self.stack.lay(own_name(each))
            self.values.places["step", each.address] = place_of(each, column(rows))
        self.joins.append((name, [rows, *(own_name(each) for each in steps)]))

    def _sum_up(self, name: str, rows: str, staged: Staged, steps: list[AggregateStep]) -> None:
        """Make a relation with what steps are for the accounts that have rows, and how many these are."""
        table = staged.table.name
        words = self.program.tables[table]
        outer = self._outer(each.aggregate for each in steps)
        select = aggregate(steps, staged, words, self.day, outer)
        self.connection.execute(f'CREATE TEMP TABLE "{name}" AS {sql(select)}')
        if table not in self.qualities:
            self.qualities[table] = related_quality(self.connection, staged, words, name, PEOPLE)
        self.connection.execute(f'ALTER TABLE "{name}" RENAME "{ROWS}" TO "{rows}"')

    def _core(self, wanted: set[str]) -> None:
        values = self.qualities[ACCOUNTS].rows_kept * len(wanted)
        select = self.stack.select([column(name) for name in sorted(wanted)], self._ground())
        if self.joins:
            # several threads give what they join in any order
            select = select.order_by(column(LINE), copy=False)
        hold_core(self.connection, self.folder.name, sql(select), values)

    def _quality(self) -> Any:  # noqa: ANN401
        from kamrules.book import Quality  # noqa: PLC0415

        return Quality(
            tuple(self.qualities[name] for name in self.book.tables if name in self.qualities)
        )


def _never(_: Callable[[], None]) -> None:
    """Take note of how to stop the work, where nobody will ask for that."""
