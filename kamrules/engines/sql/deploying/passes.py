"""Passes: one reading of a related table's rows, for all measures that can be worked out by then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.beside import names_beside
from kamrules.engines.sql.deploying.chain import Chain, over
from kamrules.engines.sql.deploying.measures import Measuring, select
from kamrules.engines.sql.deploying.names import Names
from kamrules.engines.sql.deploying.sources import UNITS
from kamrules.engines.sql.deploying.values import WrittenValues
from kamrules.engines.sql.tree import column, named, table_of
from kamrules.expression.text import canonical
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.compiler.program import AggregateStep
    from kamrules.engines.sql.deploying.sources import Source
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.types import Table

    CTE = tuple[str, exp.Select]

DAYS = "as_of_days"


@dataclass(slots=True)
class Rows:
    """A related table as it is read: its own names for the columns, and for those that are summed."""

    table: Table
    columns: dict[str, str]
    units: dict[str, str]
    relation: str = ""

    @staticmethod
    def of(source: Source, used: Iterable[tuple[str, bool]]) -> Rows:
        """Return names for the used columns that the warehouse has; a pair says whether one is summed."""
        names = Names(ACCOUNT_ID, DAYS, *names_beside(len(source.columns)))
        found = Rows(source.table, {}, {})
        for name, summed in used:
            if name == ACCOUNT_ID or name not in source.columns:
                continue
            if summed:
                found.units[name] = names.new(f"{name}{UNITS}")
            # a mean counts the rows that have a value
            if name not in found.columns:
                found.columns[name] = names.new(name)
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that is taken."""
        return (ACCOUNT_ID, DAYS, *self.columns.values(), *self.units.values())


class Reading:
    """The rows of a table with columns in the making.

    `outer` are the trees, over the accounts' chain, of what these read of the account.
    """

    def __init__(
        self,
        rows: Rows,
        accounts: WrittenValues,
        outer: Mapping[tuple[str, str], Sql],
        relations: Names,
    ) -> None:
        self.rows = rows
        self.relations = relations
        self.chain = Chain(Names(*rows.names))
        self.chain.ending = "row"
        self.chain.section = f"{rows.table.name}_rows"
        self.values = WrittenValues(self.chain, accounts.dialect, accounts.bounds)
        self.values.as_of_days = column(DAYS)
        self.beside: dict[str, str] = {}
        self._lay(outer)

    def _lay(self, outer: Mapping[tuple[str, str], Sql]) -> None:
        for name in self.rows.names:
            self.chain.lay(name)
        for name, own in self.rows.columns.items():
            self.values.places["row", name] = column(own)
        for name, own in self.rows.units.items():
            self.values.places["row", name + UNITS] = column(own)
        for place, tree in outer.items():
            if isinstance(tree, exp.Column):
                if tree.name not in self.beside:
                    self.beside[tree.name] = self.chain.names.new(f"account_{tree.name}")
                self.values.places[place] = self.chain.lay(self.beside[tree.name])
            else:
                self.values.places[place] = tree

    @property
    def ground(self) -> list[str]:
        """The columns that it begins with."""
        return [*self.rows.names, *self.beside.values()]

    def ctes(self, accounts: str) -> tuple[list[CTE], str]:
        """Return the CTEs that make the columns, and where these are; rows are joined to `accounts`."""
        here, made = self.rows.relation, []
        if self.beside:
            here = self.relations.new(f"{self.rows.table.name}_of_accounts")
            made.append((here, self._joined(accounts)))
        storeys, here = self.storeys(here)
        return made + storeys, here

    def storeys(self, here: str) -> tuple[list[CTE], str]:
        """Return the CTEs over a relation that has the columns to begin with, and where they end."""
        made = []
        flat = self.values.dialect.flat
        for _, storey in self.chain.levels() if flat else self.chain.storeys():
            name = self.relations.new(f"{self.rows.table.name}_rows" if flat else storey.section)
            made.append((name, over(here, storey, ACCOUNT_ID)))
            here = name
        return made, here

    def _joined(self, accounts: str) -> exp.Select:
        own = self.rows.relation
        items = [exp.Column(this=exp.Star(), table=exp.to_identifier(own, quoted=True))]
        beside = [named(column(name, accounts), here) for name, here in self.beside.items()]
        on = exp.EQ(this=column(ACCOUNT_ID, own), expression=column(ACCOUNT_ID, accounts))
        found = exp.Select(expressions=[*items, *beside]).from_(table_of((own,)))
        return found.join(table_of((accounts,)), on=on, copy=False)


class Pass:
    """One reading of a table: `level` is where in the accounts' chain all is there that it reads of them."""

    def __init__(self, reading: Reading, level: int) -> None:
        self.reading = reading
        self.level = level
        self.name = reading.relations.new(f"{reading.rows.table.name}_measures")
        self._found: dict[str, tuple[Sql, str]] = {}

    def measure(self, steps: Iterable[AggregateStep], names: Mapping[str, str]) -> None:
        """Write the measures, under their names by address."""
        maker = Measuring(self.reading.values, self.reading.rows.table)
        for each in steps:
            name = names[each.address]
            self.reading.chain.part = name
            self._found[name] = (maker.measured(self.taken(each)), canonical(each.aggregate))

    def taken(self, step: AggregateStep) -> AggregateStep:
        """Return what is measured over the rows of this pass."""
        return step

    @property
    def beside(self) -> set[str]:
        """The accounts' columns that it reads."""
        return set(self.reading.beside)

    def ctes(self, accounts: str) -> list[CTE]:
        """Return the CTEs that lead to the measures; `accounts` is what the rows are joined to."""
        made, here = self.rows(accounts)
        return [*made, (self.name, select(self._found, here))]

    def rows(self, accounts: str) -> tuple[list[CTE], str]:
        """Return the CTEs that lead to the rows that are measured, and where these are."""
        return self.reading.ctes(accounts)
