"""What was decided before, read from memory's files and put beside the accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.sql.cooling import cooling_of
from kamrules.engines.sql.tree import call, column, named, sql, table_of
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from kamrules.compiler.program import Program
    from kamrules.memory import EarlierFiles

STATES, PROPOSALS = "states", "proposals"


def before_tables(
    connection: Any,  # noqa: ANN401  DuckDB's
    program: Program,
    earlier: EarlierFiles,
    as_of: datetime.date,
) -> Iterator[tuple[str, list[str]]]:
    """Make one table of states and one of cooldowns; yield their names and columns.

    Each has one row an account: `before_class` and `before_tier`; what says which actions are in cooldown
    on a date (kamrules.engines.sql.cooling).
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
    cooling = cooling_of(program, table_of((f"{PROPOSALS}_file",)), as_of)
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
    ).from_(table_of(path), copy=False)
    return found.group_by(column(ACCOUNT_ID), copy=False)


def _make(connection: Any, name: str, select: exp.Select) -> None:  # noqa: ANN401
    connection.execute(f'CREATE TEMP TABLE "{name}" AS {sql(select)}')
