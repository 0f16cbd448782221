"""The past of a held book: decisions on a date from the rows dated up to then, and what came after."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.connecting import told_as_data
from kamrules.engines.sql.deciding import Settings
from kamrules.engines.sql.staging import LINE
from kamrules.engines.sql.tree import (
    binary,
    by_number,
    cast,
    column,
    double,
    named,
    null,
    sql,
    text,
    when,
)
from kamrules.engines.sql.trying import Placing
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS, BOOL, Kind
from kamrules.show import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kamrules.compiler.program import AggregateStep, Program
    from kamrules.engines.sql.held import HeldBook
    from kamrules.engines.sql.staging import Staged
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node

OUTCOME, AGAINST = "outcome", "against"
CLASS, TIER = "class_level", "tier_level"


@dataclass(frozen=True, slots=True)
class Asked:
    """A number or a condition about an account, with its aggregates as steps of their own."""

    node: Node
    aggregates: tuple[AggregateStep, ...] = ()


@dataclass(slots=True)
class Dated:
    """Which tables of a book can be cut off at a date.

    `by` is the column that dates the rows of a table; `unusable` says for a table why it cannot; `undated`
    gives for the others how many rows of how many are left out because they have no date; `later` are date
    columns (`table.column`) that lie after their row's own date in some row; `any`: there are dates at all.
    """

    by: dict[str, str] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    undated: dict[str, tuple[int, int]] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)
    any: bool = False


class PastBook:
    """A held book on past dates. Every date that was decided is kept under its number, from 0."""

    def __init__(
        self, held: HeldBook, *, leave_out: bool, planned: Mapping[str, set[str]] | None = None
    ) -> None:
        """Look at the tables' dates.

        A row without a date makes its table unusable; with `leave_out` the row is left out instead.
        `planned` names date columns by table that are written in advance: later dates in them stay.
        """
        self.held = held
        self.planned = planned or {}
        self.dated = Dated()
        with told_as_data():
            for name, staged in held.related.items():
                self._look_at(name, staged, leave_out=leave_out)
            self.dated.any = self.dated.any or self._has_account_dates()

    def _look_at(self, name: str, staged: Staged, *, leave_out: bool) -> None:
        own = self.own_date(name)
        order = self.held.program.tables[name].order
        if own is None:
            lacks = (
                "its rows have no date column"
                if order is None
                else f"the book does not fill `{order}`"
            )
            self.dated.unusable[name] = lacks
            return
        others = [(key, one) for key, one in _dates(staged) if key != order]
        counts = "".join(f', count(*) FILTER ("{one}" > "{own}")' for _, one in others)
        rows, known, *later = self.held.rows(
            f'SELECT count(*), count("{own}") {counts} FROM "{staged.relation}" '  # noqa: S608  our names
            f"WHERE {sql(staged.usable)}"
        )[0]
        if rows and not known:
            self.dated.unusable[name] = f"no row of it has a `{order}`"
        elif known < rows and not leave_out:
            self.dated.unusable[name] = f"{rows - known:,} of {rows:,} rows have no `{order}`"
        else:
            if known < rows:
                self.dated.undated[name] = (rows - known, rows)
            self.dated.any = self.dated.any or bool(known)
            self.dated.by[name] = str(order)
            kept = self.planned.get(name, set())
            found = zip(others, later, strict=True)
            self.dated.later += [f"{name}.{key}" for (key, _), n in found if n and key not in kept]

    def _has_account_dates(self) -> bool:
        own = [one for _, one in _dates(self.held.accounts)]
        if not own:
            return False
        counts = " + ".join(f'count("{one}")' for one in own)
        return bool(self.held.rows(f'SELECT {counts} FROM "people"')[0][0])  # noqa: S608

    def own_date(self, table: str) -> str | None:
        """Return the column of a staged table that dates its rows, None when there is none."""
        found = self.held.related[table].columns.get(self.held.program.tables[table].order or "")
        return None if found is None else found[0]

    def latest(self, tables: Iterable[str]) -> datetime.date | None:
        """Return the latest date of the rows of some tables."""
        found = []
        for name in tables:
            own = self.own_date(name) if name in self.held.related else None
            if own is not None:
                relation = self.held.related[name].relation
                found.append(self.held.rows(f'SELECT max("{own}") FROM "{relation}"')[0][0])  # noqa: S608
        days = [each for each in found if each is not None]
        return datetime.date.fromordinal(int(max(days)) + EPOCH) if days else None

    def decide(  # noqa: PLR0913  what a date is decided by
        self,
        number: int,
        program: Program,
        as_of: datetime.date,
        *,
        outcome: Asked | None = None,
        against: Asked | None = None,
        before: int | None = None,
    ) -> None:
        """Decide on a date from the rows dated up to then; `outcome` alone sees all rows.

        `before` is the number of the date whose classes and tiers are remembered.
        """
        with told_as_data(), self.held.scratch():
            placing = _Then(self, program, as_of)
            if before is not None:
                placing.remember(before)
            placing.lay(memory=before is not None)
            items = [column(ACCOUNT_ID), column(LINE), *placing.placed()]
            items.append(named(placing.asked(against), AGAINST))
            placing.look_ahead()
            items.append(named(placing.asked(outcome), OUTCOME))
            select = placing.stack.select(items, placing.ground())
            self.held.connection.execute(f'CREATE TABLE "{_of(number)}" AS {sql(select)}')

    def cut(self, day: int) -> Iterator[tuple[str, Staged]]:
        """Make views of the tables as they were on a day; yield them by name."""
        for name, staged in self.held.related.items():
            own = self.own_date(name)
            if name in self.dated.unusable or own is None:
                continue
            kept = {self.held.program.tables[name].order, *self.planned.get(name, ())}
            later = [one for key, one in _dates(staged) if key not in kept]
            cuts = ", ".join(
                f'CASE WHEN "{one}" <= {day} THEN "{one}" END AS "{one}"' for one in later
            )
            rows = f"* REPLACE ({cuts})" if cuts else "*"
            view = f"then_{staged.relation}"
            self.held.connection.execute(
                f'CREATE TEMP VIEW "{view}" AS SELECT {rows} FROM "{staged.relation}" '  # noqa: S608
                f'WHERE "{own}" <= {day}'
            )
            yield name, replace(staged, relation=view)

    def counts(self, number: int, what: str) -> list[tuple[str | None, int, int, float | None]]:
        """Return for each class (or tier) of a date: accounts, those with a known outcome, its sum."""
        return [
            (name, accounts, known, total)
            for name, accounts, known, total in self.held.rows(
                f'SELECT "{what}", count(*), count("{OUTCOME}"), '  # noqa: S608
                f'sum("{OUTCOME}"::DECIMAL(38, 6))::DOUBLE FROM "{_of(number)}" GROUP BY 1 ORDER BY 1'
            )
        ]

    def moves(self, first: int, last: int, what: str) -> list[tuple[str | None, str | None, int]]:
        """Return how many accounts were of one class (or tier) on a date and of which on another."""
        rows = self.held.rows(
            f'SELECT a."{what}", b."{what}", count(*) FROM "{_of(first)}" a '  # noqa: S608
            f'JOIN "{_of(last)}" b USING ("{ACCOUNT_ID}") GROUP BY ALL ORDER BY ALL'
        )
        return [(was, now, accounts) for was, now, accounts in rows]

    def drop(self, number: int) -> None:
        """Forget a date."""
        self.held.connection.execute(f'DROP TABLE "{_of(number)}"')


def _of(number: int) -> str:
    return f"past_{number}"


def _dates(staged: Staged) -> list[tuple[str, str]]:
    """Return the date columns of a table: the vocabulary's names and its own."""
    return [(key, own) for key, (own, _, of) in staged.columns.items() if of.kind is Kind.DATE]


class _Then(Placing):
    """The accounts being placed on a past date."""

    def __init__(self, past: PastBook, program: Program, as_of: datetime.date) -> None:
        super().__init__(past.held, program, Settings(as_of))
        self.past = past
        self.related = dict(past.cut(self.day))

    def remember(self, number: int) -> None:
        """Let classes and tiers of an earlier date be those before."""
        self.connection.execute(
            f'CREATE TEMP VIEW "states" AS SELECT "{ACCOUNT_ID}", class AS before_class, '  # noqa: S608
            f'tier AS before_tier FROM "{_of(number)}"'
        )
        self.joins.append(("states", ["before_class", "before_tier"]))

    def _lay_account(self, accounts: Staged) -> None:
        super()._lay_account(accounts)
        kept = self.past.planned.get(ACCOUNTS, set())
        for name, (_, _, of) in accounts.columns.items():
            if of.kind is Kind.DATE and name not in kept:
                found = self.values.places["account", name]
                known = binary(exp.LTE, found.copy(), double(self.day))
                then = self.stack.keep(when([(known, found.copy())], null("double")))
                self.values.places["account", name] = then

    def placed(self) -> list[Sql]:
        """Return class, tier and scores as columns."""
        program, places = self.program, self.values.places
        levels = [(text(each.id), double(each.level)) for each in program.classes]
        level: Sql = null("double")
        if levels:
            here = places["step", "class"]
            level = when(
                [(binary(exp.EQ, here.copy(), name), value) for name, value in levels],
                null("double"),
            )
        steps = [(number, double(each.level)) for number, each in enumerate(program.tiers, start=1)]
        number = places["step", "tier_number"].copy()
        items = [named(places["step", what].copy(), what) for what in ("class", "tier")]
        items += [named(level, CLASS), named(by_number(number, steps, "double"), TIER)]
        return [*items, *(named(places["step", each.address].copy(), f"score_{each.id}")
                          for each in program.scores)]  # fmt: skip

    def look_ahead(self) -> None:
        """Let what is asked from now on see all rows."""
        self.related = dict(self.past.held.related)

    def asked(self, one: Asked | None) -> Sql:
        """Return a number about the account, 1 or 0 for a condition; unknown when nothing is asked."""
        if one is None:
            return null("double")
        self._lay_aggregates(list(one.aggregates))
        found = self.stack.keep(self.values.value(one.node))
        return cast(found.copy(), "double") if one.node.type == BOOL else found.copy()
