"""Whole-book steps: every account's place among all, and the cut-offs that place a single one later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.compiler.parts import needs
from kamrules.engines.cutoffs import Cutoffs, Spread, every, places_of
from kamrules.engines.sql.columns import whole_units
from kamrules.engines.sql.tree import (
    binary,
    call,
    cast,
    column,
    double,
    is_known,
    named,
    null,
    rows_of,
    sql,
    when,
    whole,
)
from kamrules.expression.nodes import BookFunction
from kamrules.expression.types import ACCOUNT_ID, DIGITS

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from kamrules.compiler.program import AggregateStep, BookStep, FactStep, Program
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.values import Values
    from kamrules.expression.nodes import Node

COMPARED, PLACED = "compared", "placed"
FETCHED = 50_000
"""So many values are fetched at a time."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A whole-book step worked out: `relation` has its different values `u`, each with the number of accounts
    that have a greater one, `above`, its place from the greatest, `place`, and if the step adds something up
    `run`, what accounts with it or a greater one have of that together.
    """

    step: BookStep
    relation: str
    accounts: int
    total: int
    different: int


def compare(
    connection: Any,  # noqa: ANN401  DuckDB's
    values: Values,
    steps: tuple[BookStep, ...],
    ground: exp.Select,
) -> list[Compared]:
    """Work out the steps over all accounts, in one pass; leave PLACED with a row an account."""
    items = []
    for number, step in enumerate(steps):
        units = _units(values, step.item)
        if step.summed is not None:
            added = values.stack.keep(_units(values, step.summed))
            units = when([(is_known(added), units)])
            items.append(named(added.copy(), _added(number)))
        items.append(named(units, _u(number)))
    select = values.stack.select([column(ACCOUNT_ID), *items], ground)
    connection.execute(f'CREATE TEMP TABLE "{COMPARED}" AS {sql(select)}')
    found = [_spread(connection, step, number) for number, step in enumerate(steps)]
    placed = exp.Select(
        expressions=[
            column(ACCOUNT_ID, COMPARED),
            *(column(_u(number), COMPARED) for number in range(len(steps))),
            *(named(_placed(each), _above(number)) for number, each in enumerate(found)),
        ]
    ).from_(exp.to_table(COMPARED, quoted=True), copy=False)
    for number, each in enumerate(found):
        on = exp.EQ(this=column(_u(number), COMPARED), expression=column("u", each.relation))
        placed = placed.join(
            exp.to_table(each.relation, quoted=True), on=on, join_type="left", copy=False
        )
    connection.execute(f'CREATE TEMP TABLE "{PLACED}" AS {sql(placed)}')
    connection.execute(f'DROP TABLE "{COMPARED}"')
    return found


def lay_places(values: Values, found: Sequence[Compared]) -> tuple[str, list[str]]:
    """Let the stack read every account's place; return the relation to join and its columns."""
    columns = []
    for number, each in enumerate(found):
        units, above = values.stack.lay(_u(number)), values.stack.lay(_above(number))
        columns += [units.name, above.name]
        parts = _standing(each, units, above) if each.step.summed is None else _running(each, above)
        for part, item in parts.items():
            values.places["step", f"{each.step.address}.{part}"] = item
    return PLACED, columns


def _standing(found: Compared, units: Sql, above: Sql) -> dict[BookFunction, Sql]:
    """Return where an account stands, from its units and the number of accounts above it."""
    rank = cast(binary(exp.Add, above, whole(1)), "double")
    return {
        BookFunction.RANK: rank,
        BookFunction.RANK_SHARE: binary(exp.Div, rank.copy(), double(float(found.accounts or 1))),
        BookFunction.SHARE_OF_TOTAL: _share(units, found.total),
    }


def _running(found: Compared, running: Sql) -> dict[BookFunction, Sql]:
    """Return what a step adds up as far as an account, from the sum in whole units."""
    assert found.step.summed is not None
    unit = double(10.0 ** places_of(found.step.summed.type))
    return {
        BookFunction.RUNNING_TOTAL: binary(exp.Div, cast(running, "double"), unit),
        BookFunction.RUNNING_SHARE: _share(running.copy(), found.total),
    }


def _share(units: Sql, total: int) -> Sql:
    """Return what part of a total units are, unknown where that is 0 or too long."""
    if not 0 < abs(total) < 10**DIGITS:
        return null("double")
    return binary(exp.Div, cast(units, "double"), double(float(total)))


def _units(values: Values, item: Node) -> Sql:
    return whole_units(values.stack.keep(values.value(item)), places_of(item.type))


def before_decisions(program: Program) -> Program:
    """Return the program with nothing but its whole-book steps and what they need."""
    steps: dict[str, AggregateStep | FactStep] = {each.address: each for each in program.aggregates}
    steps |= {each.address: each for each in program.facts}
    kept: set[str] = set()
    waiting = [address for each in program.book_steps for address in needs(each)]
    while waiting:
        address = waiting.pop()
        if address not in kept:
            kept.add(address)
            waiting += needs(steps[address])
    kept |= {each.address for each in program.book_steps}
    return replace(
        program,
        aggregates=tuple(each for each in program.aggregates if each.address in kept),
        facts=tuple(each for each in program.facts if each.address in kept),
        scores=(), classes=(), paths=(), tiers=(), phases=(), strategies=(), actions=(), gaps=(),
        order=tuple(each for each in program.order if each in kept),
    )  # fmt: skip


def cutoffs_of(
    connection: Any,  # noqa: ANN401  DuckDB's
    program: Program,
    as_of: datetime.date,
    found: Sequence[Compared],
) -> Cutoffs:
    """Return what has been compared as cut-offs."""
    spreads = tuple(_fetched(connection, each) for each in found)
    return Cutoffs(program.name, program.digest, as_of, spreads)


def _u(number: int) -> str:
    return f"u{number}"


def _placed(found: Compared) -> Sql:
    """Return what an account gets from the values of a step: how many are above it, or what adds up."""
    if found.step.summed is None:
        return column("above", found.relation)
    run = column("run", found.relation)
    short = binary(exp.LT, call("abs", run), whole(10**DIGITS))
    return when([(short, cast(run.copy(), "bigint"))], null("bigint"))


def _added(number: int) -> str:
    return f"s{number}"


def _above(number: int) -> str:
    return f"above{number}"


def _spread(connection: Any, step: BookStep, number: int) -> Compared:  # noqa: ANN401
    """Make the relation of a step's different values, few or as many as accounts."""
    own = added = column(_u(number))
    counts = rows_of(COMPARED).select(
        named(own, "u"), named(exp.Count(this=exp.Star()), "n"), copy=False
    )
    if step.summed is not None:
        added = column(_added(number))
        counts = counts.select(named(exp.Sum(this=added), "s"), copy=False)
    counts = counts.where(is_known(own.copy()), copy=False).group_by(own.copy(), copy=False)
    relation = f"spread_{number}"
    down = "OVER (ORDER BY u DESC ROWS UNBOUNDED PRECEDING)"
    run = f", sum(s) {down} AS run" if step.summed is not None else ""
    connection.execute(
        f'CREATE TEMP TABLE "{relation}" AS SELECT u, (sum(n) {down} - n)::BIGINT AS above, '  # noqa: S608
        f"row_number() {down} - 1 AS place{run} FROM ({sql(counts)})"
    )
    accounts, total = connection.execute(
        f'SELECT count("{own.name}"), coalesce(sum("{added.name}"), 0)::HUGEINT FROM "{COMPARED}" '  # noqa: S608
        f'WHERE "{own.name}" IS NOT NULL'
    ).fetchall()[0]
    different = connection.execute(f'SELECT count(*) FROM "{relation}"').fetchall()[0][0]  # noqa: S608
    return Compared(step, relation, accounts, int(total), different)


def _fetched(connection: Any, found: Compared) -> Spread:  # noqa: ANN401
    """Return the different values of a step, thinned as Spread says."""
    cursor = connection.execute(
        f'SELECT u, above{", run" if found.step.summed else ""} FROM "{found.relation}" '  # noqa: S608
        f"WHERE place % {every(found.different)} = 0 OR place = {found.different - 1} ORDER BY place"
    )
    values: list[int] = []
    above: list[int] = []
    sums: list[int] = []
    while rows := cursor.fetchmany(FETCHED):
        values += [row[0] for row in rows]
        above += [row[1] for row in rows]
        sums += [int(row[-1]) for row in rows]
    step, summed = found.step, found.step.summed
    return Spread(
        step.text,
        places_of(step.item.type),
        found.accounts,
        found.total,
        tuple(values),
        tuple(above),
        None if summed is None else places_of(summed.type),
        None if summed is None else tuple(sums),
    )
