"""Cooldowns: the days on which actions were proposed, those of many actions in few whole numbers.

A column for each action took most of the time that a run with memory takes longer than one without: to fill
all of them for every account, to put them beside the accounts, and to carry them on to the rows of actions.

While an action is in cooldown, what is left when its day is divided by the length of the cooldown says which
day it was. That stays the same from one night to the next, as what is kept of unchanged accounts has to.
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
from kamrules.show import EPOCH

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from kamrules.compiler.program import ActionRule, Program
    from kamrules.engines.sql.stack import Stack
    from kamrules.engines.sql.tree import Sql

ROOM = 2**62
"""So much one whole number holds."""
NUMBER, AGO = "number", "ago"


@dataclass(frozen=True, slots=True)
class Digit:
    """Where the day of an action stands: a digit of a number in a column, which counts `place` in it.

    It is 0 while the action is not in cooldown, else from 1 to `cooldown`.
    """

    column: str
    place: int
    cooldown: int


def has_cooldown(action: ActionRule) -> bool:
    """Return whether an action can be in cooldown at all: on the day itself it never is."""
    return action.cooldown_days > 1


def digits_of(program: Program) -> dict[int, Digit]:
    """Return where the day stands of each action that has a cooldown, by its number."""
    found: dict[int, Digit] = {}
    word, place = 0, 1
    for index, each in enumerate(program.actions):
        if has_cooldown(each):
            base = each.cooldown_days + 1
            if place * base > ROOM:
                word, place = word + 1, 1
            found[index] = Digit(f"cooling{word}", place, each.cooldown_days)
            place *= base
    return found


def base_of(program: Program, *, memory: bool) -> int:
    """Return what digits are always less than; 1 where no action can be in cooldown."""
    longest = (each.cooldown + 1 for each in digits_of(program).values())
    return max(longest, default=1) if memory else 1


def cooling_of(program: Program, path: exp.Table, as_of: datetime.date) -> exp.Select | None:
    """Return a select of the accounts with actions in cooldown on a date, and the numbers with their digits.

    The table has proposals, of one action also several: the last one counts. None when no action has a
    cooldown.
    """
    digits = digits_of(program)
    if not digits:
        return None
    cooldowns = [each.cooldown_days if has_cooldown(each) else 1 for each in program.actions]
    within = all_of(
        [
            binary(exp.GT, column(AGO), whole(0)),
            binary(exp.LT, column(AGO), at(column(NUMBER), map(whole, cooldowns), "bigint")),
        ]
    )
    rows = _numbered(program, path, as_of).subquery("p", copy=False)
    last = exp.Select(
        expressions=[column(ACCOUNT_ID), column(NUMBER), named(exp.Min(this=column(AGO)), AGO)]
    ).from_(rows, copy=False)
    last = last.where(is_known(column(NUMBER)), within, copy=False)
    last = last.group_by(column(ACCOUNT_ID), column(NUMBER), copy=False)
    proposed = binary(exp.Sub, whole(as_of.toordinal()), column(AGO))
    left = binary(exp.Mod, proposed, at(column(NUMBER), map(whole, cooldowns), "bigint"))
    digit = binary(exp.Add, left, whole(1))
    found = exp.Select(expressions=[column(ACCOUNT_ID), *_numbers(digits, digit, len(cooldowns))])
    found = found.from_(last.subquery("l", copy=False), copy=False)
    return found.group_by(column(ACCOUNT_ID), copy=False)


def _numbered(program: Program, path: exp.Table, as_of: datetime.date) -> exp.Select:
    """Return a select of proposals with the numbers of their actions and how many days ago they were made."""
    ifs = [
        exp.If(this=text(each.id), true=whole(index)) for index, each in enumerate(program.actions)
    ]
    made = binary(exp.Sub, cast(column("proposed_on"), "date"), cast(text("1970-01-01"), "date"))
    ago = binary(exp.Sub, whole(as_of.toordinal() - EPOCH), cast(made, "bigint"))
    number = exp.Case(this=column("action"), ifs=ifs)
    items = [column(ACCOUNT_ID), named(number, NUMBER), named(ago, AGO)]
    return exp.Select(expressions=items).from_(path, copy=False)


def _numbers(digits: dict[int, Digit], digit: Sql, count: int) -> Iterator[Sql]:
    """Yield the columns with the digits of all actions, made of rows with a number and a digit."""
    for name in dict.fromkeys(each.column for each in digits.values()):
        here = {index: each.place for index, each in digits.items() if each.column == name}
        places = [whole(here.get(index, 0)) for index in range(count)]
        counted = binary(exp.Mul, digit.copy(), at(column(NUMBER), places, "bigint"))
        yield named(cast(exp.Sum(this=counted), "bigint"), name)


def read(stack: Stack, digit: Digit) -> Sql:
    """Return the digit of an action."""
    number = stack.keep(call("coalesce", stack.lay(digit.column), cast(whole(0), "bigint")))
    if digit.place > 1:
        number = exp.Paren(this=exp.IntDiv(this=number.copy(), expression=whole(digit.place)))
    return stack.keep(binary(exp.Mod, number, whole(digit.cooldown + 1)))


def free_on(digit: Sql, cooldown: Sql, as_of: datetime.date) -> Sql:
    """Return the day since 1970-01-01 on which an action with a digit is not in cooldown any more."""
    # the length once more, so that nothing is less than 0
    later = binary(exp.Add, cooldown, whole(as_of.toordinal() + 1))
    ago = binary(exp.Mod, binary(exp.Sub, later, digit), cooldown.copy())
    left = binary(exp.Sub, cooldown.copy(), ago)
    return binary(exp.Add, whole(as_of.toordinal() - EPOCH), left)
