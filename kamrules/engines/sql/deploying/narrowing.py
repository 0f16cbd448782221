"""Narrowing: a pass over only those rows of a table that stand beside others as its measures want."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.beside import Side, counted, stands
from kamrules.engines.sql.deploying.dialects import UNITS
from kamrules.engines.sql.deploying.passes import Pass
from kamrules.engines.sql.tree import all_of, cast, column, is_true, null, table_of
from kamrules.engines.sql.values import sql_type
from kamrules.expression.besides import apart, conjuncts
from kamrules.expression.text import canonical
from kamrules.expression.types import ACCOUNT_ID, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kamrules.compiler.program import AggregateStep
    from kamrules.engines.sql.deploying.passes import CTE, Reading
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Beside, Node


def asked_of(
    table: str, where: Node | None, steps: Iterable[AggregateStep]
) -> dict[str, list[Node]]:
    """Return by table what is worked out for its rows, to find those of a table that a condition takes."""
    tests, besides = apart(where)
    found: dict[str, list[Node]] = {table: list(tests)}
    for one in besides:
        found.setdefault(one.table, []).extend(conjuncts(one.where))
    items = (each.aggregate.item for each in steps)
    found[table] += [each for each in items if each is not None]
    return found


class NarrowedPass(Pass):
    """A reading of a table's rows beside others.

    `readings` are those of all tables that take part, `taking` begins with the rows that are left.
    """

    def __init__(
        self, readings: Mapping[str, Reading], taking: Reading, where: Node | None, level: int
    ) -> None:
        super().__init__(taking, level)
        self.readings = readings
        tests, self.besides = apart(where)
        self.table = taking.rows.table.name
        self.marks: dict[str, list[str]] = {each: [] for each in readings}
        self.test = self._mark(self.table, tests, "row_counts")
        self.tests = [
            self._mark(one.table, conjuncts(one.where), "row_beside_counts") for one in self.besides
        ]

    def taken(self, step: AggregateStep) -> AggregateStep:
        """Return what is measured over rows that have been narrowed: the same, of all of them."""
        return replace(step, aggregate=replace(step.aggregate, where=None))

    @property
    def beside(self) -> set[str]:
        """The accounts' columns that its readings read."""
        return {name for each in self.readings.values() for name in each.beside}

    def _mark(self, table: str, tests: Sequence[Node], name: str) -> Sql:
        reading = self.readings[table]
        reading.chain.part = name
        item = is_true(all_of(reading.values.value(each) for each in tests))
        made = reading.chain.add(name, item, " and ".join(map(canonical, tests)))
        self.marks[table].append(made.name)
        return made

    def rows(self, accounts: str) -> tuple[list[CTE], str]:
        """Return the CTEs that lead to the rows that are measured, and where these are."""
        relations = self.reading.relations
        made: list[CTE] = []
        read = {}
        for table, reading in self.readings.items():
            storeys, read[table] = reading.ctes(accounts)
            made += storeys
        columns = [*self.readings[self.table].ground, *self.marks[self.table]]
        ids = exp.Select(expressions=[column(ACCOUNT_ID)]).from_(table_of((read[self.table],)))
        ids = ids.where(self.test.copy(), copy=False)
        here, test = read[self.table], self.test
        for one, other_test in zip(self.besides, self.tests, strict=True):
            left = self._side(self.table, here, test, one.day, one)
            right = self._side(one.table, read[one.table], other_test, one.date, one)
            name = relations.new(f"{self.table}_beside_{one.table}")
            made.append((name, counted(one, left, right, columns, ids.copy())))
            here, test = name, stands(one)
        name = relations.new(f"{self.table}_left")
        rows = exp.Select(expressions=[column(each) for each in self.reading.ground])
        made.append((name, rows.from_(table_of((here,))).where(test, copy=False)))
        storeys, here = self.reading.storeys(name)
        return made + storeys, here

    def _side(self, table: str, relation: str, test: Sql, day: str, one: Beside) -> Side:
        keys = tuple(self._key(table, name) for name in one.same)
        date = self._column(table, day)
        return Side(table, table_of((relation,)), test, cast(date, "bigint"), keys)

    def _column(self, table: str, name: str) -> Sql:
        own = self.readings[table].rows.columns.get(name)
        return null("double") if own is None else column(own)

    def _key(self, table: str, name: str) -> Sql:
        """Return what rows must share, exactly; some warehouses put no doubles apart."""
        rows = self.readings[table].rows
        of = rows.table.columns[name].type
        if of.kind is Kind.DATE:
            return cast(self._column(table, name), "bigint")
        found = rows.units.get(name) if of.numeric else rows.columns.get(name)
        if found is not None:
            return column(found)
        return null(UNITS if of.numeric else sql_type(of))
