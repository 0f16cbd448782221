"""Deciding changes: of a whole book only the accounts that have changed, with the others' kept decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.engines.sql.changed import Changed
from kamrules.engines.sql.deciding import PEOPLE, Deciding
from kamrules.engines.sql.ground import ground
from kamrules.engines.sql.holding import hold_core
from kamrules.engines.sql.narrowing import tables_of
from kamrules.engines.sql.quality import related_quality
from kamrules.engines.sql.stack import Stack
from kamrules.engines.sql.untouched import Untouched
from kamrules.engines.sql.values import Values
from kamrules.engines.sql.watching import watched
from kamrules.engines.sql.whole_book import PLACED, before_decisions, lay_places
from kamrules.expression.types import ACCOUNTS
from kamrules.memory.kept import NOTHING_KEPT
from kamrules.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.compiler.program import AggregateStep
    from kamrules.engines.sql.staging import Staged
    from kamrules.engines.sql.whole_book import Compared
    from kamrules.memory.kept import KeptDecisions


class DecidingChanges(Deciding):
    """One book being decided, with `kept` decisions of earlier runs."""

    kept: KeptDecisions = NOTHING_KEPT
    untouched: Untouched
    first: list[Compared]
    """Whole-book steps, worked out before accounts are left aside."""

    def _look_at_rows(self) -> None:
        with watched(self.connection, self.progress, "looking for changes"):
            self.first = self._compared_first()
            self.untouched = self._looked_at()
        if self.untouched.aside:
            rest, rest_of = self.untouched.rest, self.untouched.rest_of
            self.people = rest(PEOPLE)
            self.related = {name: rest_of(each) for name, each in self.related.items()}

    def _compared_first(self) -> list[Compared]:
        """Work out whole-book steps over all accounts, while all are there."""
        if not self.program.book_steps:
            return []
        program = before_decisions(self.program)
        alone = Deciding(
            program, self.book, self.settings, self.connection, self.folder, self.progress
        )
        alone.related, alone.qualities = self.related, self.qualities
        found = alone.compare_all(self.accounts)
        self._drop(name for name, _ in alone.joins if name != PLACED)
        return found

    def _looked_at(self) -> Untouched:
        """Tell untouched accounts from the others, and what their tables held."""
        made_by = {
            "digest": self.program.digest,
            "top": str(self.settings.top),
            "language": self.settings.language,
            "tables": ",".join(self.settings.tables),
            "as_of": self.settings.as_of.isoformat(),
            "compared": str([(each.accounts, each.total) for each in self.first]),
        }
        untouched = Untouched(self.connection, made_by, self.kept)
        beside = list(self.joins)
        if self.first:
            beside.append(lay_places(Values(Stack(), self.day), self.first))
        sums = []
        for number, (name, staged) in enumerate(self._read().items()):
            prints, columns = untouched.sum_up(staged, number)
            words = self.program.tables[name]
            self.qualities[name] = related_quality(self.connection, staged, words, prints, PEOPLE)
            sums.append((prints, columns))
        beside += sums
        untouched.look(self.accounts, self.related, ground(PEOPLE, beside), beside)
        self._drop(name for name, _ in sums)
        return untouched

    def _drop(self, tables: Iterable[str]) -> None:
        for each in tables:
            self.connection.execute(f'DROP TABLE "{each}"')

    def _read(self) -> dict[str, Staged]:
        """Return the related tables that aggregates read, which may want others that the book lacks."""
        wanted = [tables_of(each.aggregate) for each in self.program.aggregates]
        read = set().union(*(each for each in wanted if each <= self.related.keys()))
        return {name: each for name, each in self.related.items() if name in read}

    def _compare(self) -> list[Compared]:
        return self.first

    # where all accounts are left aside, columns are laid, and nothing is worked out or told of

    def _lay_steps(self) -> None:
        tell = self.progress
        self.progress = silent if self.untouched.idle else tell
        super()._lay_steps()
        self.progress = tell

    def _sum_up(self, name: str, rows: str, staged: Staged, steps: list[AggregateStep]) -> None:
        if not self.untouched.idle:
            super()._sum_up(name, rows, staged, steps)

    def _aggregate_beside(self, steps: list[AggregateStep]) -> None:
        if self.untouched.idle:
            self._aggregate(self.accounts, steps)
        else:
            super()._aggregate_beside(steps)

    def _core(self, wanted: set[str]) -> None:
        self.changed = Changed(
            self.connection,
            self.stack,
            wanted,
            self.people,
            self.joins,
            self.untouched,
            self.kept,
        )
        if not self.changed.taken.taken_over:
            super()._core(wanted)
            return
        values = self.qualities[ACCOUNTS].rows_kept * len(wanted)
        hold_core(self.connection, self.folder.name, self.changed.core(), values)
