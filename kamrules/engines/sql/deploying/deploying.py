"""Deploying a ruleset: its program as views of a warehouse, read by people and run by the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.bounds import SMALLEST, Bounds, marked
from kamrules.compiler.in_force import in_force
from kamrules.compiler.in_language import in_language
from kamrules.compiler.order import OF_BOOK
from kamrules.engines.layout import layout_of
from kamrules.engines.sql.aggregates import outer_names, rounds
from kamrules.engines.sql.columns import day
from kamrules.engines.sql.deploying import measures
from kamrules.engines.sql.deploying.actions import Acting
from kamrules.engines.sql.deploying.chain import Chain, over
from kamrules.engines.sql.deploying.comparing import lay_places
from kamrules.engines.sql.deploying.dialects import DIALECTS
from kamrules.engines.sql.deploying.names import Names
from kamrules.engines.sql.deploying.narrowing import NarrowedPass, asked_of
from kamrules.engines.sql.deploying.options import sources_of, views_of
from kamrules.engines.sql.deploying.passes import Pass, Reading, Rows
from kamrules.engines.sql.deploying.refusing import refuse_too_wide, refuse_untold
from kamrules.engines.sql.deploying.scores import lay_score
from kamrules.engines.sql.deploying.standing import lay
from kamrules.engines.sql.deploying.values import WrittenValues
from kamrules.engines.sql.deploying.view import View
from kamrules.engines.sql.deploying.writing import actions_of, decisions_of, written
from kamrules.engines.sql.narrowing import tables_of
from kamrules.engines.sql.tree import column, table_of
from kamrules.expression.besides import apart
from kamrules.expression.nodes import StepValue
from kamrules.expression.text import canonical
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.compiler.program import AggregateStep, FactStep, Program
    from kamrules.engines.sql.deploying.options import Deployment
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node

AS_OF, DAYS = "as_of", "as_of_days"


def deploy(program: Program, asked: Deployment) -> str:
    """Return the SQL that makes the views: facts, decisions, and actions if the ruleset has any.

    No account has been decided before, as the views know it. Raises RulesetError for what cannot be told
    in SQL, UsageError for names that there are not, DataError for what of a book file cannot be told.
    """
    refuse_untold(program, asked)
    if asked.as_of is not None:
        program = in_force(program, asked.as_of)
    language = asked.language or program.languages[0]
    program = in_language(program, language)
    return Deploying(program, asked, language).text()


class Deploying:
    """One program being written for one dialect."""

    def __init__(self, program: Program, asked: Deployment, language: str) -> None:
        self.program = program
        self.asked = asked
        self.language = language
        self.dialect = DIALECTS[asked.dialect]
        self.views = views_of(program, asked)
        self.sources = sources_of(program, asked)
        self.ctes: list[tuple[str, exp.Select]] = []
        self.relations = Names(*(name for one in self.sources.values() for name in one.name))
        self.chain = Chain(Names(ACCOUNT_ID, AS_OF, DAYS, measures.COUNTED))
        hundred = Bounds(SMALLEST, 100.0)
        bounds = {one.address: hundred for each in program.scores for one in each.criteria}
        for each in program.scores:
            bounds |= {each.address + part: hundred for part in ("", ".low", ".high")}
        bounds["tier.level"] = Bounds(1.0, 1000.0)
        for step in program.book_steps:
            bounds |= {f"{step.address}.{part}": found for part, found in OF_BOOK.items()}
        self.values = WrittenValues(self.chain, self.dialect, bounds)
        self.base: list[str] = []
        self.passes: list[Pass] = []
        self.rows: dict[str, Rows] = {}
        self._used = dict(layout_of(program).tables)

    @property
    def as_of(self) -> Sql:
        """The date of the run."""
        given = self.asked.as_of
        return exp.CurrentDate() if given is None else day(given.isoformat())

    def text(self) -> str:
        """Lay all columns, and write the views."""
        self._lay_accounts()
        self._lay_steps()
        facts = View(self.views["facts"], self._ctes())
        refuse_too_wide(self.dialect, len(self.base) + len(self.chain.order))
        made = [facts, decisions_of(self.values, self.program, self.views)]
        if self.program.actions:
            made.append(self._actions())
        return written(self.program, self.asked, made)

    def _lay_accounts(self) -> None:
        source = self.sources[ACCOUNTS]
        used = [each for each in layout_of(self.program).account if each in source.columns]
        if "name" in source.columns and "name" not in used:
            used.append("name")
        own = {name: self.chain.names.new(name) for name in used if name != ACCOUNT_ID}
        beside = {AS_OF: self.as_of, DAYS: self.dialect.days(self.as_of)}
        select = source.select(self.dialect, own, {}, beside)
        self.base = [ACCOUNT_ID, *own.values(), AS_OF, DAYS]
        for each in self.base:
            self.chain.lay(each)
        self.values.as_of_days = column(DAYS)
        self.values.places["account", ACCOUNT_ID] = column(ACCOUNT_ID)
        for name, here in own.items():
            self.values.places["account", name] = column(here)
        self._cte("accounts_read", select)

    def _cte(self, wanted: str, select: exp.Select) -> str:
        name = self.relations.new(wanted)
        self.ctes.append((name, select))
        return name

    # steps

    def _lay_steps(self) -> None:
        program = self.program
        aggregates = {each.address: each for each in program.aggregates}
        facts = {each.address: each for each in program.facts}
        scores = {each.address: each for each in program.scores}
        compared = {each.address: each for each in program.book_steps}
        waiting: list[AggregateStep] = []
        for address in program.order:
            if address in aggregates:
                waiting.append(aggregates[address])
                continue
            self._lay_aggregates(waiting)
            waiting = []
            self.chain.section = address.rpartition(".")[2] if address in scores else "facts"
            if address in facts:
                self._lay_fact(facts[address])
            elif address in compared:
                self.chain.section = "places"
                lay_places(self.values, compared[address])
            elif address in scores:
                self.chain.section = f"score_{self.chain.section}"
                lay_score(self.values, scores[address])
            else:
                self.chain.section = f"{address}_of_account"
                self._lay_standing(address)
        self._lay_aggregates(waiting)

    def _lay_standing(self, address: str) -> None:
        lay(self.values, self.program, address)

    def _lay_fact(self, fact: FactStep) -> None:
        self.chain.part = fact.id
        self.values.bounds[fact.address] = marked(fact.value, self.values.bounds)[1]
        found = self.values.value(fact.value)
        if isinstance(found, exp.Column) and found.name == fact.id:
            self.values.places["step", fact.address] = found
            return
        about = f"{fact.address}: {fact.about or fact.title}".rstrip(": ")
        self.values.places["step", fact.address] = self.chain.add(fact.id, found, about)

    def _lay_aggregates(self, steps: list[AggregateStep]) -> None:
        for each in steps:
            self.values.bounds[each.address] = marked(each.aggregate, self.values.bounds)[1]
        found = (each for each in steps if tables_of(each.aggregate) <= self.sources.keys())
        for ready in rounds(found):
            groups: dict[tuple[str, Node | None], list[AggregateStep]] = {}
            for each in ready:
                one = each.aggregate
                # rows that stand beside others are narrowed to these, for each condition by itself
                where = one.where if apart(one.where)[1] else None
                groups.setdefault((one.table, where), []).append(each)
            for (table, where), some in groups.items():
                self._aggregate(table, where, some)

    def _aggregate(self, table: str, where: Node | None, steps: list[AggregateStep]) -> None:
        """Add the measures of one table; they stand as soon as all that they read of the account does."""
        outer = self._outer(each.aggregate for each in steps)
        level = max((self.chain.level(each) for each in outer.values()), default=0)
        names = {each.address: self.chain.names.new(self._wanted(each)) for each in steps}
        if where is None:
            made = Pass(self._reading(table, (each.aggregate for each in steps)), level)
        else:
            asked = asked_of(table, where, steps)
            readings = {name: self._reading(name, trees) for name, trees in asked.items()}
            made = NarrowedPass(readings, self._reading(table, asked[table]), where, level)
        made.measure(steps, names)
        laid = []
        for each in steps:
            name = names[each.address]
            item = measures.for_any(
                each, column(name, made.name), column(measures.COUNTED, made.name)
            )
            laid.append((name, item, canonical(each.aggregate)))
            self.values.places["step", each.address] = column(name)
        self.chain.section = "measures"
        self.chain.join(made.name, level, laid)
        self.passes.append(made)

    def _outer(self, trees: Iterable[Node]) -> dict[tuple[str, str], Sql]:
        """Return what trees for rows read of the account, over the accounts' chain."""
        return {place: self.values.value(node) for place, node in outer_names(trees).items()}

    def _reading(self, table: str, trees: Iterable[Node]) -> Reading:
        return Reading(self._rows_of(table), self.values, self._outer(trees), self.relations)

    def _rows_of(self, table: str) -> Rows:
        """Return a related table's rows, read once however many passes there are."""
        if table not in self.rows:
            self.rows[table] = Rows.of(self.sources[table], self._used[table])
            rows = self.rows[table]
            beside = {DAYS: self.dialect.days(self.as_of)}
            select = self.sources[table].select(self.dialect, rows.columns, rows.units, beside)
            rows.relation = self._cte(f"{table}_read", select)
        return self.rows[table]

    def _wanted(self, step: AggregateStep) -> str:
        """Return the id of the fact that is nothing but this aggregate, else a name made of its words."""
        for fact in self.program.facts:
            if isinstance(fact.value, StepValue) and fact.value.address == step.address:
                return fact.id
        one = step.aggregate
        parts = (one.table, one.function.value, one.column or "")
        return "_".join(each for each in parts if each)

    # views

    def _ctes(self) -> list[tuple[str, exp.Select]]:
        """Return the CTEs of the facts: tables, and the chain's storeys with the measures they need."""
        found, here = self.chained()
        star = exp.Select(expressions=[exp.Star()]).from_(table_of((here,)), copy=False)
        return [*found, ("", star)]

    def chained(self, wanted: set[str] | None = None) -> tuple[list[tuple[str, exp.Select]], str]:
        """Return the CTEs that lead to the wanted columns of the accounts, or to all, and which has them."""
        found = list(self.ctes)
        here = accounts = found[0][0]
        waiting = sorted(self.passes, key=lambda each: each.level)
        flat = self.dialect.flat
        for level, storey in self.chain.levels(wanted) if flat else self.chain.storeys():
            while waiting and waiting[0].level <= level:
                made, beside = self._beside(waiting[0], accounts) if flat else ([], here)
                found += [*made, *waiting.pop(0).ctes(beside)]
            name = self.relations.new(storey.section)
            found.append((name, over(here, storey, ACCOUNT_ID)))
            here = name
        return found, here

    def _beside(self, one: Pass, accounts: str) -> tuple[list[tuple[str, exp.Select]], str]:
        """Return CTEs with nothing but those columns of accounts that a pass reads, and the last one."""
        if not one.beside:
            return [], accounts
        needed = self.chain.needed(one.beside)
        ground = [each for each in self.base if each == ACCOUNT_ID or each in needed]
        select = exp.Select(expressions=[column(each) for each in ground])
        made = [(self.relations.new("accounts_beside"), select.from_(table_of((accounts,))))]
        for _, storey in self.chain.levels(one.beside):
            name = self.relations.new("accounts_beside")
            made.append((name, over(made[-1][0], storey, ACCOUNT_ID)))
        return made, made[-1][0]

    def _actions(self) -> View:
        """Return the view of actions, over that of facts."""
        chain = Chain(self.chain.names)
        chain.section = "decided"
        for each in (*self.base, *self.chain.order):
            chain.lay(each)
        self.values.go_on(chain)
        acting = Acting(self.values, self.program, self.language)
        acting.lay()
        refuse_too_wide(self.dialect, len(self.base) + len(self.chain.order) + len(chain.order))
        return actions_of(acting, chain, self.views, self.dialect, self.asked)
