"""Complaints and visits beside one another: a ruleset that counts them, books of them, and counts by hand."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from kamrules.expression.besides import conjuncts
from kamrules.expression.nodes import (
    AccountColumn,
    And,
    Beside,
    Compare,
    Comparison,
    Constant,
    RowColumn,
)
from kamrules.expression.types import INTEGER
from tests.agreement.engines import compiled

if TYPE_CHECKING:
    from kamrules.compiler.program import Program

Row = dict[str, Any]
RULES = """
[ruleset]
name = "beside"
version = "1"
[table.accounts.column]
size = { type = "integer" }
[table.complaints]
order = "day"
[table.complaints.column]
day = { type = "date" }
closed = { type = "date" }
n = { type = "integer" }
contact = { type = "text" }
order = { type = "number" }
[table.visits]
order = "day"
[table.visits.column]
day = { type = "date" }
n = { type = "integer" }
contact = { type = "text" }
order = { type = "number" }
[role.seller]
"""
ACTION = """
[action.tell]
title = "{TOLD}"
when = "true"
priority = 50
owner = "seller"
due_days = 7
because = "so"
"""


@dataclass(frozen=True)
class Asked:
    """How many complaints (or visits) with at least so large an `n` stand beside others as they should."""

    besides: tuple[Beside, ...]
    least: int = 0
    table: str = "complaints"


def beside(
    table: str = "visits", first: int = 0, last: int = 14, needed: int = 0, *, day: str = "day",
    same: tuple[str, ...] = (), least: int | None = None,
) -> Beside:  # fmt: skip
    """Return a condition; with `least` only others with so large an `n` count."""
    where = None if least is None else _at_least(table, least)
    return Beside(table, where, "day", day, first, last, same, needed)


def _at_least(table: str, least: int) -> Compare:
    left = RowColumn(table, "n", INTEGER)
    return Compare(Comparison.GREATER_EQUAL, left, Constant(float(least), INTEGER))


def of_account_size(one: Beside) -> Beside:
    """Return a condition by which only others count whose `n` is the account's size."""
    left = RowColumn(one.table, "n", INTEGER)
    return replace(one, where=Compare(Comparison.EQUAL, left, AccountColumn("size", INTEGER)))


def asking(*asked: Asked) -> Program:
    """Return a program whose action says, for each that is asked, how many rows there are."""
    facts = [
        # no two of them are alike, so that each is counted by itself
        f'[fact.f{number}]\ntype = "integer"\n'
        f'value = "count({each.table}[n >= {each.least} and n > {-1 - number}])"'
        for number, each in enumerate(asked)
    ]
    told = ACTION.replace("TOLD", "} {".join(f"f{number}" for number in range(len(asked))))
    made = compiled("\n".join([RULES, *facts, told]))
    besides = {
        fact.value.address: each.besides for fact, each in zip(made.facts, asked, strict=True)
    }
    steps = []
    for step in made.aggregates:
        one = step.aggregate
        where = And((*conjuncts(one.where), *besides[step.address]))
        steps.append(replace(step, aggregate=replace(one, where=where)))
    return replace(made, aggregates=tuple(steps))


def by_hand(tables: dict[str, list[Row]], asked: Asked, account: str) -> int:
    """Return how many rows there are, by counting."""
    own = {
        name: [each for each in some if each["account_id"] == account]
        for name, some in tables.items()
    }

    def stands(row: Row, one: Beside) -> bool:
        day = row[one.day]
        if day is None:
            return False
        others = [each for each in own[one.table] if each is not row]
        if one.where is not None:
            others = [
                each
                for each in others
                if each["n"] is not None and each["n"] >= one.where.right.value
            ]
        near = [
            each
            for each in others
            if each["day"] is not None
            and one.first <= (each["day"] - day).days <= one.last
            and all(
                _known(row, key) is not None and _known(row, key) == _known(each, key)
                for key in one.same
            )
        ]
        return len(near) >= one.needed if one.needed else not near

    return sum(
        row["n"] is not None
        and row["n"] >= asked.least
        and all(stands(row, each) for each in asked.besides)
        for row in own[asked.table]
    )


def ids(*accounts: str) -> list[Row]:
    """Return accounts of sizes 1, 2, ..."""
    return [{"account_id": each, "size": size} for size, each in enumerate(accounts, start=1)]


def _known(row: Row, key: str) -> object:
    """Return what must be equal, however the number is held."""
    value = row[key]
    return float(value) if key == "order" and value is not None else value


def on(days: int) -> datetime.date:
    """Return a date so many days after the first of the year."""
    return datetime.date(2026, 1, 1) + datetime.timedelta(days)


def row(day: int | None, account: str = "a", *, n: int = 1, contact: str | None = "x",
        order: object = None, closed: int | None = None) -> Row:  # fmt: skip
    """Return a complaint or visit."""
    dated = {
        "day": None if day is None else on(day),
        "closed": None if closed is None else on(closed),
    }
    return {"account_id": account, **dated, "n": n, "contact": contact, "order": order}


# random rows

few_days = st.none() | st.integers(0, 12)
contacts = st.sampled_from([None, "x", "y"])
accounts = st.sampled_from(["a", "b", "nobody"])


@st.composite
def some_rows(draw: st.DrawFn) -> list[Row]:
    """Return rows of a table, whose numbers are held in one of many ways."""
    held = draw(st.sampled_from([int, float, Decimal, str]))
    orders = st.none() | st.integers(1, 2).map(held)
    made = st.builds(
        lambda day, account, n, contact, order, closed: row(
            day, account, n=n, contact=contact, order=order, closed=closed
        ),
        few_days, accounts, st.none() | st.integers(0, 3), contacts, orders, few_days,
    )  # fmt: skip
    found = draw(st.lists(made, max_size=12))
    twice = draw(st.lists(st.sampled_from(found), max_size=4)) if found else []
    # a row of no account, so that the table always has its columns
    return [row(None, "nobody"), *found, *map(dict, twice)]


@st.composite
def some_asked(draw: st.DrawFn) -> Asked:
    """Return rows with one or two conditions on what stands beside them."""
    table = draw(st.sampled_from(["complaints", "visits"]))

    def one() -> Beside:
        first = draw(st.integers(-6, 6))
        return beside(
            draw(st.sampled_from(["complaints", "visits"])),
            first,
            first + draw(st.integers(0, 8)),
            draw(st.integers(0, 3)),
            day=draw(st.sampled_from(["day", "closed"])) if table == "complaints" else "day",
            same=tuple(draw(st.sets(st.sampled_from(["contact", "order"])))),
            least=draw(st.none() | st.integers(0, 3)),
        )

    besides = tuple(one() for _ in range(draw(st.integers(1, 2))))
    return Asked(besides, draw(st.integers(0, 2)), table)
