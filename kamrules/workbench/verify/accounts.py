"""Accounts: from what a question needs of measured facts to a full set of facts that `decide` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.compiler.parts import needs
from kamrules.engines.row.account import outside
from kamrules.expression.nodes import Aggregation, And
from kamrules.expression.types import ACCOUNTS
from kamrules.workbench.nearest.measured import covered, signals_by_date, tables_of
from kamrules.workbench.nearest.ranges import ANYTHING
from kamrules.workbench.verify.occurrences import occurrence
from kamrules.workbench.verify.rows import RowMaker

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping

    from kamrules.compiler.program import AggregateStep, Program
    from kamrules.engines.row.engine import RowEngine

MOST_ROWS = 200
PASSES = 4
Facts = dict[str, Any]


@dataclass(slots=True)
class Building:
    """Builds accounts whose measured facts are as wanted, and has the engine say whether they are."""

    program: Program
    engine: RowEngine
    as_of: datetime.date
    today: int

    def built(self, start: Mapping[str, Any], wanted: Mapping[str, Any]) -> Facts | None:
        """Return the start's facts, changed so that most of the wanted values come out; None: too hard.

        Aggregates of the same rows may disturb each other; the engine has the last word on what came out.
        """
        facts: Facts = dict(start)
        wanted = self._together(wanted)
        steps = {each.address: each for each in self.program.aggregates}
        columns = self.program.tables[ACCOUNTS].columns
        for address, value in wanted.items():
            if address.startswith(f"{ACCOUNTS}."):
                name = address.removeprefix(f"{ACCOUNTS}.")
                facts[name] = (
                    "anything" if value == ANYTHING else outside(value, columns[name].type)
                )
            elif address not in steps:
                return None
        mine = {steps[each]: value for each, value in wanted.items() if each in steps}
        order = sorted(mine, key=lambda each: -_width(each))
        for _ in range(PASSES):
            if self._pass(facts, {each: mine[each] for each in order}):
                break
        return facts

    def _together(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is wanted, with each count at least as high as those of some of the same rows."""
        found = dict(wanted)
        for address, parts in covered(self.program).items():
            known = [found[each] for each in (address, *parts) if found.get(each) is not None]
            if found.get(address) is not None:
                found[address] = max(known)
        return found

    def _pass(self, facts: Facts, wanted: Mapping[AggregateStep, Any]) -> bool:
        """Mend each aggregate that is not as wanted; tell whether all were."""
        fine = True
        for step, value in wanted.items():
            if self._value(facts, step) != value:
                fine = False
                self._mend(facts, step, value)
        return fine

    def _known(self, facts: Facts) -> dict[str, Any]:
        prepared = self.engine.prepare(facts, strict=False)
        compact = self.engine.compact(prepared, self.as_of)
        known = {
            f"{ACCOUNTS}.{name}": value
            for name, value in zip(
                self.engine.preparer.layout.account, prepared.account, strict=True
            )
        }
        steps = [each.address for each in self.program.aggregates]
        known |= dict(zip(steps, compact.aggregates, strict=False))
        return known | dict(
            zip((e.address for e in self.program.facts), compact.facts, strict=True)
        )

    def _value(self, facts: Facts, step: AggregateStep) -> Any:  # noqa: ANN401
        if not needs(step):  # what else there is of the account makes no difference
            others = self.program.tables.keys() - {ACCOUNTS, *tables_of(step.aggregate)}
            facts = {name: each for name, each in facts.items() if name not in others}
        return self._known(facts)[step.address]

    def _mend(self, facts: Facts, step: AggregateStep, value: Any) -> None:  # noqa: ANN401
        one = step.aggregate
        if step.address in self._signals():
            self._signal(facts, step, value)
            return
        rows: list[Facts] = list(facts.get(one.table) or ())
        if value is None and one.function in {
            Aggregation.COUNT,
            Aggregation.SUM,
            Aggregation.ANY,
            Aggregation.DISTINCT,
        }:
            facts.pop(one.table, None)  # of a table that the book lacks
            return
        facts[one.table] = rows
        counted = one.function in {Aggregation.COUNT, Aggregation.DISTINCT}
        if counted and (self._value(facts, step) or 0) <= value:
            missing = int(value - (self._value(facts, step) or 0))
            self._add(facts, step, min(missing, MOST_ROWS), lambda _: None)
            return
        if one.function is Aggregation.SUM:
            short = value - (self._value(facts, step) or 0.0)
            if short < 0:
                self._without(facts, step)
                short = value - (self._value(facts, step) or 0.0)
            self._add(facts, step, 1 if short else 0, lambda _: short)
            return
        self._without(facts, step)
        if one.function is Aggregation.ANY:
            self._add(facts, step, 1 if value else 0, lambda _: None)
        elif counted:
            self._add(facts, step, min(int(value), MOST_ROWS), lambda _: None)
        elif value is not None:
            self._add(facts, step, 1, lambda _: value)

    def _signals(self) -> set[str]:
        """Return the steps of signals: those that tell whether one holds, and those of their dates."""
        return {each for pair in signals_by_date(self.program).items() for each in pair}

    def _signal(self, facts: Facts, step: AggregateStep, value: Any) -> None:  # noqa: ANN401
        """Let a signal come about, on a day where one is wanted, or not at all."""
        one = step.aggregate
        if value is None and one.function is Aggregation.ANY:
            facts.pop(one.table, None)  # of a table that the book lacks
            return
        tables = tables_of(one)
        facts |= {each: list(facts.get(each) or ()) for each in tables}
        if value is not True:
            facts[one.table] = []
        if value is None or value is False:
            return
        maker = RowMaker(self.program, self._known(facts), self.today)
        made = occurrence(maker, one, self.today if value is True else value) or ()
        for table, row in made:
            columns = self.program.tables[table].columns
            told = {name: outside(each, columns[name].type) for name, each in row.items()}
            facts[table] = [*facts[table], told]
        if self._value(facts, step) != value:  # something answers it
            facts |= {each: [] for each in tables if each != one.table}

    def _add(
        self, facts: Facts, step: AggregateStep, many: int, value: Callable[[int], Any]
    ) -> None:
        one = step.aggregate
        maker = RowMaker(self.program, self._known(facts), self.today)
        columns = self.program.tables[one.table].columns
        for number in range(many):
            row = maker.row(one, value(number))
            if row is None:
                return
            if one.function is Aggregation.DISTINCT and one.column is not None:
                row[one.column] = _different(row[one.column], number)
            told = {name: outside(each, columns[name].type) for name, each in row.items()}
            facts[one.table] = [*facts[one.table], told]

    def _without(self, facts: Facts, step: AggregateStep) -> None:
        """Take away the rows that the aggregate takes: those without which it is another."""
        table = step.aggregate.table
        place, held = 0, self._value(facts, step)
        while place < len(facts[table]):
            rows = facts[table]
            facts[table] = [*rows[:place], *rows[place + 1 :]]
            value = self._value(facts, step)
            if value == held:
                facts[table] = rows
                place += 1
            held = value


def _different(value: Any, number: int) -> Any:  # noqa: ANN401
    return f"{value}{number}" if isinstance(value, str) else value + number


def _width(step: AggregateStep) -> int:
    where = step.aggregate.where
    return 0 if where is None else len(where.items) if isinstance(where, And) else 1
