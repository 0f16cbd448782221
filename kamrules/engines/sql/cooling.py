"""Cooldowns: how many days ago actions were proposed, those of many actions in few whole numbers.

A column for each action took most of the time that a run with memory takes longer than one without: to fill
all of them for every account, to put them beside the accounts, and to carry them on to the rows of actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.tree import (
    all_of,
    at,
    binary,
    call,
    cast,
    column,
    is_known,
    named,
    text,
    whole,
)
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import ActionRule, Program
    from kamrules.engines.sql.stack import Stack
    from kamrules.engines.sql.tree import Sql

ROOM = 2**62
"""So much one whole number holds."""
NUMBER, DAYS = "number", "days"


@dataclass(frozen=True, slots=True)
class Digit:
    """Where the days of an action stand: a digit of a number in a column, less than `base`.

    It counts `place` in it, and is 0 while the action is not in cooldown.
    """

    column: str
    place: int
    base: int


def has_cooldown(action: ActionRule) -> bool:
    """Return whether an action can be in cooldown at all: on the day itself it never is."""
    return action.cooldown_days > 1


def digits_of(program: Program) -> dict[int, Digit]:
    """Return where the days stand of each action that has a cooldown, by its number."""
    found: dict[int, Digit] = {}
    word, place = 0, 1
    for index, each in enumerate(program.actions):
        if has_cooldown(each):
            if place * each.cooldown_days > ROOM:
                word, place = word + 1, 1
            found[index] = Digit(f"cooling{word}", place, each.cooldown_days)
            place *= each.cooldown_days
    return found


def base_of(program: Program, *, memory: bool) -> int:
    """Return what days in cooldown are always less than; 1 where no action can be in cooldown."""
    longest = (each.base for each in digits_of(program).values())
    return max(longest, default=1) if memory else 1


def cooling_of(program: Program, path: exp.Table, day: int) -> exp.Select | None:
    """Return a select of the accounts with actions in cooldown on a day, and the numbers with their days.

    The table has proposals, of one action also several: the last one counts. None when no action has a
    cooldown.
    """
    digits = digits_of(program)
    if not digits:
        return None
    ids = ((each.id, whole(index)) for index, each in enumerate(program.actions))
    tests = [exp.If(this=text(name), true=number) for name, number in ids]
    made = binary(exp.Sub, cast(column("proposed_on"), "date"), cast(text("1970-01-01"), "date"))
    past = binary(exp.Sub, whole(day), cast(made, "bigint"))
    rows = exp.Select(
        expressions=[
            column(ACCOUNT_ID),
            named(exp.Case(this=column("action"), ifs=tests), NUMBER),
            named(past, DAYS),
        ]
    ).from_(path, copy=False)
    bases = [digits[index].base if index in digits else 0 for index in range(len(tests))]
    within = all_of(
        [
            binary(exp.GT, column(DAYS), whole(0)),
            binary(exp.LT, column(DAYS), at(column(NUMBER), map(whole, bases), "bigint")),
        ]
    )
    last = exp.Select(
        expressions=[column(ACCOUNT_ID), column(NUMBER), named(exp.Min(this=column(DAYS)), DAYS)]
    ).from_(rows.subquery("p", copy=False), copy=False)
    last = last.where(is_known(column(NUMBER)), within, copy=False)
    last = last.group_by(column(ACCOUNT_ID), column(NUMBER), copy=False)
    found = exp.Select(expressions=[column(ACCOUNT_ID), *_numbers(digits, len(tests))])
    found = found.from_(last.subquery("l", copy=False), copy=False)
    return found.group_by(column(ACCOUNT_ID), copy=False)


def _numbers(digits: dict[int, Digit], count: int) -> Iterator[Sql]:
    """Yield the columns with the days of all actions, made of rows with a number and its days."""
    for name in dict.fromkeys(each.column for each in digits.values()):
        here = {index: each.place for index, each in digits.items() if each.column == name}
        places = [whole(here.get(index, 0)) for index in range(count)]
        counted = binary(exp.Mul, column(DAYS), at(column(NUMBER), places, "bigint"))
        yield named(cast(exp.Sum(this=counted), "bigint"), name)


def days_of(stack: Stack, digit: Digit) -> Sql:
    """Return how many days ago an action in cooldown was proposed, 0 for one that is not."""
    number = stack.keep(call("coalesce", stack.lay(digit.column), cast(whole(0), "bigint")))
    if digit.place > 1:
        number = exp.Paren(this=exp.IntDiv(this=number.copy(), expression=whole(digit.place)))
    return stack.keep(binary(exp.Mod, number, whole(digit.base)))
