"""Actions in SQL: one whole number an action holds its priority and place, so the largest are the best."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.misses import lay_miss
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    call,
    cast,
    column,
    double,
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
    from kamrules.compiler.program import ActionRule, GapRule, Program
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
    lay_chosen(values, program, top=top, memory=memory)
    lay_miss(values, program)


def lay_chosen(values: Values, program: Program, *, top: int, memory: bool) -> None:
    """Add what lay_actions does, all but `miss`; `key<number>` is known for every action that is proposed."""
    lay = _Laying(values, program, memory=memory)
    for index in _order(program):
        lay.action(index)
    stack = values.stack
    keys = [column(f"key{index}") for index in range(len(program.actions))]
    stack.add("chosen", _largest(keys, top))
    count = total(when([(is_known(each), whole(1))], whole(0)) for each in keys)
    stack.add("proposed", cast(count, "bigint"))
    stack.add("held", _largest([column(f"held{index}") for index in lay.holding], len(keys)))


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
