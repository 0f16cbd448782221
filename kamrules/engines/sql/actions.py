"""Actions in SQL: one whole number an action holds its priority and place, so the largest are the best."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.program import Logic
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    call,
    cast,
    column,
    double,
    group,
    is_known,
    is_null,
    is_true,
    joined,
    listed,
    negation,
    null,
    text,
    total,
    when,
    whole,
)
from kamrules.expression.nodes import Constant

if TYPE_CHECKING:
    from kamrules.compiler.program import ActionRule, Condition, GapRule, Program
    from kamrules.engines.sql.enumerations import Enumerations
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.values import Values


def day_column(index: int) -> str:
    """Return the column with the day on which an action in cooldown was proposed, else NULL."""
    return f"day{index}"


def has_cooldown(action: ActionRule) -> bool:
    """Return whether an action can be in cooldown at all: on the day itself it never is."""
    return action.cooldown_days > 1


def lay_actions(values: Values, program: Program, *, top: int, memory: bool) -> None:
    """Add `chosen` and `held` (lists of keys, best first), `proposed` (how many), and `miss`.

    A key is the priority in thousandths times the number of actions, plus the number of actions
    written behind this one.
    """
    lay = _Laying(values, program, memory=memory)
    for index in _order(program):
        lay.action(index)
    stack = values.stack
    keys = [column(f"key{index}") for index in range(len(program.actions))]
    stack.add("chosen", _largest(keys, top))
    count = total(when([(is_known(each), whole(1))], whole(0)) for each in keys)
    stack.add("proposed", cast(count, "bigint"))
    stack.add("held", _largest([column(f"held{index}") for index in lay.holding], len(keys)))
    stack.add("miss", _miss(values, program))


def _largest(keys: list[exp.Column], count: int) -> Sql:
    if not keys or not count:
        return null("bigint[]")
    some = any_of(is_known(each.copy()) for each in keys)
    found = call(
        "list_aggregate",
        listed([each.copy() for each in keys], "bigint"),
        text("max"),
        whole(count),
    )
    return when([(some, found)], null("bigint[]"))


def _order(program: Program) -> list[int]:
    """Return the actions' numbers so that each comes after those that exclude it."""
    number = {each.id: index for index, each in enumerate(program.actions)}
    graph = {
        index: [number[one] for one in each.excluded_by]
        for index, each in enumerate(program.actions)
    }
    return list(TopologicalSorter(graph).static_order())


class _Laying:
    """Adds the columns of one action after the other."""

    def __init__(self, values: Values, program: Program, *, memory: bool) -> None:
        self.values = values
        self.program = program
        self.memory = memory
        self.number = {each.id: index for index, each in enumerate(program.actions)}
        self.blocking = {one for each in program.actions for one in each.excluded_by}
        self.holding: list[int] = []

    def action(self, index: int) -> None:
        """Add `key<index>`, and `held<index>` for an action that can be held back."""
        action, stack = self.program.actions[index], self.values.stack
        fires = self.values.holds(action.when)
        cold = self._cold(index)
        if action.excluded_by or action.id in self.blocking or cold is not None:
            fires = stack.add(f"fires{index}", is_true(fires))
        live = self._live(index, fires)
        key = self._key(index, action)
        chosen = live if cold is None else all_of([live, negation(cold)])
        stack.add(f"key{index}", when([(chosen.copy(), key)], null("bigint")))
        if cold is not None or action.excluded_by:
            self.holding.append(index)
            held = all_of([fires.copy(), negation(chosen.copy())])
            stack.add(f"held{index}", when([(held, key.copy())], null("bigint")))

    def _cold(self, index: int) -> Sql | None:
        if not self.memory or not has_cooldown(self.program.actions[index]):
            return None
        return is_known(self.values.stack.lay(day_column(index)))

    def _live(self, index: int, fires: Sql) -> Sql:
        action = self.program.actions[index]
        if not action.excluded_by and action.id not in self.blocking:
            return fires
        others = [column(f"live{self.number[one]}") for one in action.excluded_by]
        tests = [fires.copy(), negation(any_of(others))] if others else [fires.copy()]
        return self.values.stack.add(f"live{index}", all_of(tests))

    def _key(self, index: int, action: ActionRule) -> Sql:
        count = len(self.program.actions)
        rest = count - 1 - index
        if isinstance(action.priority, Constant):
            value = min(max(float(action.priority.value), 0.0), 100.0)
            return cast(whole(int(value * 1000.0 + 0.5) * count + rest), "bigint")
        read = call("coalesce", self.values.value(action.priority), double(0.0))
        inside = call("greatest", call("least", read, double(100.0)), double(0.0))
        thousandths = binary(exp.Add, binary(exp.Mul, inside, double(1000.0)), double(0.5))
        milli = cast(call("floor", thousandths), "bigint")
        return binary(exp.Add, binary(exp.Mul, milli, whole(count)), whole(rest))


def members(condition: Condition) -> tuple[Condition, ...]:
    """Return the members that count for a nearest miss: those of a top-level "all", else the whole."""
    return condition.members if condition.logic is Logic.ALL else (condition,)


MANY = 4096
"""So many different texts of what a nearest miss lacks are written down; more are put together in SQL."""


def _miss(values: Values, program: Program) -> Sql:
    """Return, when no action fires, a code for the one that lacks the fewest members.

    A code holds the number of members lacking, the number of the action, and a bit for each member
    that lacks, so the least code is the nearest miss; see miss_number and miss_lacks. It is a constant
    minus a weight for each member that is true: whole numbers, no branches.
    """
    if not program.actions:
        return null("bigint")
    lacking = []
    for index, action in enumerate(program.actions):
        some = members(action.when)
        start = sum(_weight(program, place) for place in range(len(some))) + index * 2 ** _bits(
            program
        )
        code = cast(whole(start), "bigint")
        for place, each in enumerate(some):
            true = cast(is_true(values.holds(each)), "bigint")
            code = binary(exp.Sub, code, binary(exp.Mul, true, whole(_weight(program, place))))
        lacking.append(code)
    fewest = call("least", *lacking) if len(lacking) > 1 else lacking[0]
    none = all_of([binary(exp.EQ, column("proposed"), whole(0)), is_null(column("held"))])
    return when([(none, fewest)], null("bigint"))


def _bits(program: Program) -> int:
    return max((len(members(each.when)) for each in program.actions), default=0)


def _weight(program: Program, place: int) -> int:
    """Return what a lacking member adds to a code: one to the count on top, and its own bit."""
    codes = len(program.actions) * 2 ** _bits(program)
    return int(2 ** (codes - 1).bit_length() + 2**place)


def miss_number(program: Program) -> Sql:
    """Return the number of the action that is the nearest miss, NULL when one fires."""
    low = binary(exp.Mod, column("miss"), whole(_weight(program, 0) - 1))
    return exp.Paren(this=exp.IntDiv(this=group(low), expression=whole(2 ** _bits(program))))


def miss_lacks(program: Program, enumerations: Enumerations) -> Sql:
    """Return the texts of the members that the nearest miss lacks."""
    bits = _bits(program)
    low = binary(exp.Mod, column("miss"), whole(_weight(program, 0) - 1))
    if len(program.actions) * 2**bits <= MANY:
        texts = []
        for action in program.actions:
            some = members(action.when)
            texts += [
                "; ".join(each.text for place, each in enumerate(some) if code >> place & 1)
                for code in range(2**bits)
            ]
        return enumerations.at(low, texts)
    branches = []
    for index, action in enumerate(program.actions):
        lacks = [
            when([(_has_bit(low, place), text(each.text))], null("varchar"))
            for place, each in enumerate(members(action.when))
        ]
        here = binary(exp.EQ, miss_number(program), whole(index))
        branches.append((here, joined(lacks, "; ")))
    return when(branches, null("varchar"))


def _has_bit(code: Sql, place: int) -> Sql:
    shifted = exp.IntDiv(this=group(code.copy()), expression=whole(2**place))
    return binary(exp.EQ, binary(exp.Mod, exp.Paren(this=shifted), whole(2)), whole(1))


def lay_gaps(values: Values, program: Program) -> None:
    """Add `gaps`: the numbers of the gap rules that apply, counted from the end, largest first."""
    count = len(program.gaps)
    items = []
    for index, rule in enumerate(program.gaps):
        unknown = is_null(values.value(rule.step))
        open_ = any_of(is_null(dependent(values, each)) for each in rule.dependents)
        items.append(when([(all_of([unknown, open_]), whole(count - 1 - index))]))
    if not items:
        values.stack.add("gaps", null("bigint[]"))
        return
    found = call("list_aggregate", listed(items, "bigint"), text("max"), whole(count))
    values.stack.add("gaps", found)


def dependent(values: Values, address: str) -> Sql:
    """Return what a criterion reads, or the state of a gate: NULL while it is unknown."""
    sort = "read" if address.startswith("criterion.") else "gate"
    return values.places[sort, address].copy()


def matters_to(values: Values, rule: GapRule) -> Sql:
    """Return the dependents of a gap that are unknown, joined."""
    return joined(
        [
            when([(is_null(dependent(values, each)), text(each))], null("varchar"))
            for each in rule.dependents
        ],
        ", ",
    )
