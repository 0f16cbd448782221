"""All output tables of a run as SQL: the batch engine's trees for them, over the views' chain of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.in_force import in_force
from kamrules.compiler.in_language import in_language
from kamrules.engines.sql.actions import lay_actions, lay_gaps
from kamrules.engines.sql.before import states_of
from kamrules.engines.sql.cooling import cooling_of
from kamrules.engines.sql.deploying.cutting import parted, read_by, worth_keeping
from kamrules.engines.sql.deploying.deploying import AS_OF, DAYS, Deploying
from kamrules.engines.sql.deploying.lean import lean
from kamrules.engines.sql.deploying.names import Names
from kamrules.engines.sql.deploying.options import path
from kamrules.engines.sql.deploying.refusing import refuse_incomplete, refuse_untold
from kamrules.engines.sql.deploying.tables import selected
from kamrules.engines.sql.deploying.translating import translated
from kamrules.engines.sql.outputs import Outputs
from kamrules.engines.sql.placement import lay_before, lay_placement
from kamrules.engines.sql.stack import Stack
from kamrules.engines.sql.summary import REVENUE, summary_reads
from kamrules.engines.sql.tree import column, null, table_of
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from kamrules.compiler.program import Program
    from kamrules.engines.sql.deploying.chain import Chain
    from kamrules.engines.sql.deploying.options import Deployment
    from kamrules.engines.sql.tree import Sql

OWN = "own_"
"""Begins the names of columns that stand for what an author has named, apart from the engine's own names."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is told in SQL: how many actions it keeps, and what was decided before.

    `states` names a relation with account_id, class and tier, `proposals` one with account_id, action and
    proposed_on, as memory keeps them; without both nobody has been decided before. `prefix` begins the names
    of the relations that the statements make.
    """

    top: int = 3
    states: str | None = None
    proposals: str | None = None
    prefix: str = "kamrules"

    @property
    def memory(self) -> bool:
        """Whether there is anything that was decided before."""
        return self.states is not None or self.proposals is not None


@dataclass(frozen=True, slots=True)
class Statement:
    """A query, and the name under which those after it read its rows.

    `keep` says that its rows should be kept: they cost work and are read more than once, and a warehouse that
    copies a query into all that read it would plan, and do, all of it again for each of them.
    """

    name: str
    sql: str
    keep: bool


@dataclass(frozen=True, slots=True)
class Statements:
    """A run as SQL: `steps` in their order, the last of which makes `core`, and a query for each table.

    The core has one row an account, with all that the tables read. It should be kept: each of the tables is a
    cheap query over it. `revenue` is an expression over the core, the fact that a run's summary sums up,
    if the ruleset has it.
    """

    steps: tuple[Statement, ...]
    core: str
    tables: dict[str, str]
    revenue: str | None = None


def statements_of(program: Program, asked: Deployment, run: Run) -> Statements:
    """Return the statements that decide a whole book, for Spark or DuckDB.

    What they give is what kamrules.engines.sql.decide_book gives, in no particular order. The dialect is
    Spark's or DuckDB's, and `as_of` a date.

    Raises RulesetError, UsageError and DataError as `deploy` does.
    """
    as_of = refuse_incomplete(asked)
    refuse_untold(program, asked)
    program = in_force(program, as_of)
    language = asked.language or program.languages[0]
    program = in_language(program, language)
    return Completing(program, asked, language, run, as_of).statements()


class GivenNames(Stack):
    """A chain as the batch engine's writers see it: their columns have the names that they give them."""

    def __init__(self, chain: Chain) -> None:
        super().__init__()
        self.chain = chain

    def lay(self, name: str) -> exp.Column:
        """Return a column that was laid before."""
        return column(name)

    def add(self, name: str, item: Sql) -> exp.Column:
        """Add a column under its own name."""
        return self.chain.put(name, item)

    def keep(self, item: Sql) -> Sql:
        """Return a column or constant that holds the value."""
        return self.chain.keep(item)

    def level(self, item: Sql) -> int:
        """Return the storey on which everything that a tree reads is there."""
        return self.chain.level(item)


class Completing(Deploying):
    """One run being written."""

    def __init__(
        self, program: Program, asked: Deployment, language: str, run: Run, as_of: datetime.date
    ) -> None:
        super().__init__(program, asked, language)
        self.run = run
        self.day = as_of
        self.chain.names = Names(ACCOUNT_ID, AS_OF, DAYS, prefix=OWN)
        self.values.stack = GivenNames(self.chain)

    def statements(self) -> Statements:
        """Lay all columns, and write the core and the tables over it."""
        values, program = self.values, self.program
        self._lay_accounts()
        self._lay_memory()
        lay_before(values, program, known=self.run.memory)
        self._lay_steps()
        self.chain.part = "decided"
        lay_actions(values, program, top=self.run.top, memory=self.run.memory)
        lay_gaps(values, program)
        outputs = Outputs(values, program, self.day, self.language, memory=self.run.memory).all()
        reads = {ACCOUNT_ID}.union(*(each.reads() for each in outputs.values()))
        reads |= summary_reads(values.places)
        revenue = values.places.get(("step", f"fact.{REVENUE}"))
        core = f"{self.run.prefix}_core"
        tables = {
            name: self._sql(selected(each, core, self.dialect)) for name, each in outputs.items()
        }
        summed = None if revenue is None else revenue.sql(self.dialect.name)
        return Statements(tuple(self._steps(reads, core)), core, tables, summed)

    def _steps(self, reads: set[str], core: str) -> Iterator[Statement]:
        """Yield the chain storey by storey: in one statement a warehouse would look at all of it again and
        again, until every name in it is known.
        """
        ctes, here = self.chained(reads)
        select = exp.Select(expressions=[column(each) for each in sorted(reads)])
        select = select.from_(table_of((here,)), copy=False)
        cut = parted(read_by([*ctes, (core, select)]), self.relations)
        kept = worth_keeping(cut)
        made = {name: f"{self.run.prefix}_{name}" for name, _ in cut[:-1]}
        for name, one in cut:
            for table in one.find_all(exp.Table):
                if not table.db and table.name in made:
                    if not table.alias:
                        alias = exp.to_identifier(table.name, quoted=True)
                        table.set("alias", exp.TableAlias(this=alias))
                    table.set("this", exp.to_identifier(made[table.name], quoted=True))
            yield Statement(made.get(name, name), self._sql(one), name in kept or name == core)

    def _sql(self, select: exp.Select) -> str:
        made = translated(select, self.dialect)
        assert isinstance(made, exp.Select)
        return lean(made).sql(self.dialect.name, comments=False, copy=False)

    def _lay_memory(self) -> None:
        """Put what was decided before beside the accounts."""
        if not self.run.memory:
            return
        if self.run.states is None:
            for name in ("before_class", "before_tier"):
                self.chain.put(name, null("text"))
        else:
            self._join("states", states_of(path(self.run.states, "states")))
        proposals = table_of(path(self.run.proposals or "proposals", "proposals"))
        cooling = cooling_of(self.program, proposals, self.day)
        if cooling is None:
            return
        if self.run.proposals is None:
            for each in cooling.expressions[1:]:
                self.chain.put(each.alias, null("bigint"))
        else:
            self._join("proposals", cooling)

    def _join(self, wanted: str, select: exp.Select) -> None:
        name = self._cte(wanted, select)
        columns = [each.alias for each in select.expressions[1:]]
        self.chain.join(name, 0, [(each, column(each, name), "") for each in columns])

    def _lay_standing(self, address: str) -> None:
        lay_placement(self.values, self.program, address)
