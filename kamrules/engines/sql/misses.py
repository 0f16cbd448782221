"""The nearest miss in SQL: what comes closest to firing when no action fires, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.program import Logic
from kamrules.engines.sql.tree import (
    all_of,
    binary,
    by_number,
    call,
    cast,
    column,
    group,
    is_null,
    is_true,
    joined,
    null,
    text,
    total,
    when,
    whole,
)

if TYPE_CHECKING:
    from kamrules.compiler.program import Condition, Program
    from kamrules.engines.sql.enumerations import Enumerations
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.values import Values

MANY = 4096
"""So many different texts of what a nearest miss lacks are written down; more are put together in SQL."""
ROOM = 62
"""Bits that a code may have."""


def members(condition: Condition) -> tuple[Condition, ...]:
    """Return the members that count for a nearest miss: those of a top-level "all", else the whole."""
    return condition.members if condition.logic is Logic.ALL else (condition,)


@dataclass(frozen=True, slots=True)
class Code:
    """How the number `miss` tells the action that is the nearest miss, so that the least is the nearest.

    It holds the number of members that the action lacks, the action's place, and below that `bits`: one
    for each member that lacks. Without bits (0) the members themselves stay columns, because there
    are too many for a number.
    """

    actions: int
    bits: int

    @staticmethod
    def of(program: Program) -> Code:
        """Return the code that has room for all actions and members of a program."""
        count = len(program.actions)
        bits = max((len(members(each.when)) for each in program.actions), default=0)
        found = Code(count, bits)
        return found if (bits + 1) * found.weight() < 2**ROOM else Code(count, 0)

    def weight(self, place: int | None = None) -> int:
        """Return what a lacking member adds: one to the count on top, and its own bit if there are bits."""
        top = 1 << ((self.actions << self.bits) - 1).bit_length()
        return top + (1 << place if self.bits and place is not None else 0)

    def start(self, index: int, count: int) -> int:
        """Return the code of an action that lacks all its members."""
        return sum(self.weight(place) for place in range(count)) + (index << self.bits)

    def low(self) -> Sql:
        """Return the code without the count."""
        return binary(exp.Mod, column("miss"), whole(self.weight()))

    def number(self) -> Sql:
        """Return the place of the action that is the nearest miss, NULL when one fires."""
        return exp.Paren(this=exp.IntDiv(this=group(self.low()), expression=whole(2**self.bits)))


def lay_miss(values: Values, program: Program) -> None:
    """Add `miss`: the least code among all actions when none is proposed or held back, else NULL.

    A code is a constant minus a weight for each member that is true: whole numbers, no branches.
    """
    code, found = Code.of(program), []
    for index, action in enumerate(program.actions):
        some = members(action.when)
        true = [
            binary(exp.Mul, cast(is_true(_held(values, each, code)), "bigint"), whole(code.weight(place)))
            for place, each in enumerate(some)
        ]  # fmt: skip
        start = cast(whole(code.start(index, len(some))), "bigint")
        found.append(binary(exp.Sub, start, total(true)) if true else start)
    if not found:
        values.stack.add("miss", null("bigint"))
        return
    fewest = call("least", *found) if len(found) > 1 else found[0]
    tests: list[Sql] = [binary(exp.EQ, column("proposed"), whole(0))]
    if isinstance(values.places["action", "held"], exp.Column):
        tests.append(is_null(column("held")))
    none = all_of(tests)
    values.stack.add("miss", when([(none, fewest)], null("bigint")))


def _held(values: Values, member: Condition, code: Code) -> Sql:
    held = values.holds(member)
    return held if code.bits else values.stack.keep(held).copy()


def miss_number(program: Program) -> Sql:
    """Return the place of the action that is the nearest miss, NULL when one fires."""
    return Code.of(program).number()


def miss_lacks(values: Values, program: Program, enumerations: Enumerations) -> Sql:
    """Return the texts of the members that the nearest miss lacks."""
    code = Code.of(program)
    if code.bits and len(program.actions) * 2**code.bits <= MANY:
        texts = []
        for action in program.actions:
            some = members(action.when)
            texts += [
                "; ".join(each.text for place, each in enumerate(some) if lacks >> place & 1)
                for lacks in range(2**code.bits)
            ]
        return enumerations.at(code.low(), texts)
    branches = []
    for index, action in enumerate(program.actions):
        lacks = [
            when([(_lacks(values, code, place, each), text(each.text))], null("varchar"))
            for place, each in enumerate(members(action.when))
        ]
        branches.append((index, joined(lacks, "; ")))
    return by_number(code.number(), branches, "varchar")


def _lacks(values: Values, code: Code, place: int, member: Condition) -> Sql:
    if not code.bits:
        return exp.Not(this=is_true(_held(values, member, code)))
    shifted = exp.IntDiv(this=group(code.low()), expression=whole(2**place))
    return binary(exp.EQ, binary(exp.Mod, exp.Paren(this=shifted), whole(2)), whole(1))
