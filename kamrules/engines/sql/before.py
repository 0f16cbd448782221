"""What was decided before, read from memory's files and put beside the accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.sql.actions import day_column, has_cooldown
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    call,
    cast,
    column,
    named,
    sql,
    text,
    whole,
)
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import Program
    from kamrules.memory import EarlierFiles

STATES, PROPOSALS = "states", "proposals"


def before_tables(
    connection: Any,  # noqa: ANN401  DuckDB's
    program: Program,
    earlier: EarlierFiles,
    day: int,
) -> Iterator[tuple[str, list[str]]]:
    """Make one table of states and one of cooldowns; yield their names and columns.

    Each has one row an account: `before_class` and `before_tier`; for every action in cooldown on `day`
    the day on which it was proposed.
    """
    for name, path, columns in (
        (STATES, earlier.states, (ACCOUNT_ID, "class", "tier")),
        (PROPOSALS, earlier.proposals, (ACCOUNT_ID, "action", "proposed_on")),
    ):
        # the form of the file is known: nothing is left to be guessed from strange ids
        rows = connection.read_csv(
            str(path),
            header=True,
            auto_detect=False,
            columns=dict.fromkeys(columns, "VARCHAR"),
            delimiter=",",
            quotechar='"',
            escapechar='"',
        )
        rows.create_view(f"{name}_file", replace=True)
    _make(connection, STATES, states_of((f"{STATES}_file",)))
    yield STATES, ["before_class", "before_tier"]
    cooling = cooling_of(program, (f"{PROPOSALS}_file",), day)
    if cooling is not None:
        _make(connection, PROPOSALS, cooling)
        yield PROPOSALS, [each.alias for each in cooling.expressions[1:]]


def states_of(path: tuple[str, ...]) -> exp.Select:
    """Return a select of every account's class and tier before, of a relation with states."""
    found = exp.Select(
        expressions=[
            column(ACCOUNT_ID),
            named(call("any_value", column("class")), "before_class"),
            named(call("any_value", column("tier")), "before_tier"),
        ]
    ).from_(_table(path), copy=False)
    return found.group_by(column(ACCOUNT_ID), copy=False)


def cooling_of(program: Program, path: tuple[str, ...], day: int) -> exp.Select | None:
    """Return a select of the days on which actions that are in cooldown on a day were proposed.

    `path` is that of a relation with proposals. None when no action has a cooldown.
    """
    cooling = [(index, each) for index, each in enumerate(program.actions) if has_cooldown(each)]
    if not cooling:
        return None
    past = binary(exp.Sub, whole(day), column("day"))
    tests, items = [], []
    for index, action in cooling:
        within = all_of(
            [
                binary(exp.EQ, column("action"), text(action.id)),
                binary(exp.GT, past.copy(), whole(0)),
                binary(exp.LT, past.copy(), whole(action.cooldown_days)),
            ]
        )
        tests.append(within)
        last = exp.Filter(
            this=exp.Max(this=column("day")), expression=exp.Where(this=within.copy())
        )
        items.append(named(last, day_column(index)))
    since = binary(exp.Sub, cast(column("proposed_on"), "date"), cast(text("1970-01-01"), "date"))
    days = (
        exp.Select()
        .from_(_table(path), copy=False)
        .select(
            column(ACCOUNT_ID), column("action"), named(cast(since, "bigint"), "day"), copy=False
        )
    )
    found = exp.Select(expressions=[column(ACCOUNT_ID), *items]).from_(
        days.subquery("p", copy=False), copy=False
    )
    return found.where(any_of(tests), copy=False).group_by(column(ACCOUNT_ID), copy=False)


def _table(path: tuple[str, ...]) -> exp.Table:
    *parts, last = (exp.to_identifier(each, quoted=True) for each in path)
    return exp.Table(
        this=last, db=parts[-1] if parts else None, catalog=parts[-2] if len(parts) > 1 else None
    )


def _make(connection: Any, name: str, select: exp.Select) -> None:  # noqa: ANN401
    connection.execute(f'CREATE TEMP TABLE "{name}" AS {sql(select)}')
