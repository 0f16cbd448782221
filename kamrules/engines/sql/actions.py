"""Actions in SQL: one whole number an action holds its priority and place, so the largest are the best."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.cooling import base_of, digits_of, read
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
from kamrules.expression.nodes import Arithmetic, Constant, Operator, StepValue
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from kamrules.compiler.program import ActionRule, GapRule, Program
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.values import Values
    from kamrules.expression.nodes import Node


def lay_actions(values: Values, program: Program, *, top: int, memory: bool) -> None:
    """Add `chosen` and, where actions can be held back, `held` (lists of keys, best first), `proposed` (how
    many), and `miss`.

    A key is the priority in thousandths times the number of actions, plus the number of actions
    written behind this one. Held back, it is multiplied by `base_of`, and the digit is added of an action
    that its cooldown holds back (kamrules.engines.sql.cooling).
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
    held: Sql = null("bigint[]")
    if lay.holding:
        held = stack.add(
            "held", _largest([column(f"held{each}") for each in lay.holding], len(keys))
        )
    values.places["action", "held"] = held
    # as many as are proposed, and no more than are kept
    values.places["action", "kept_count"] = call("least", column("proposed"), whole(top))
    values.places["action", "held_count"] = call("len", held.copy())


def _largest(keys: list[exp.Column], count: int) -> Sql:
    """Return a list of the largest known keys, NULL without any.

    Tried, for 3 of 25 to 40 keys: passes of `greatest` with what was taken left out take as long; a network
    of `greatest` and `least` takes twice as long, sorting lists eight times. Half of the time is building the
    list. Keys as doubles or as 32-bit numbers make no difference worth having.
    """
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
        self.digits = digits_of(program) if memory else {}
        self.base = base_of(program, memory=memory)
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
            told = self._told(index, key, live)
            stack.add(f"held{index}", when([(held, told)], null("bigint")))

    def _cold(self, index: int) -> Sql | None:
        if index not in self.digits:
            return None
        return binary(exp.GT, read(self.values.stack, self.digits[index]), whole(0))

    def _told(self, index: int, key: Sql, live: Sql) -> Sql:
        """Return the key of an action that is held back, with what holds it back."""
        if self.base == 1:
            return key.copy()
        told = binary(exp.Mul, key.copy(), whole(self.base))
        if index not in self.digits:
            return told
        digit = read(self.values.stack, self.digits[index])
        if self.program.actions[index].excluded_by:
            digit = when([(live.copy(), digit)], whole(0))
        return binary(exp.Add, told, digit.copy())

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
        known = call("coalesce", self.values.value(action.priority), double(0.0))
        inside = known
        if not _within(span(action.priority)):
            inside = call("greatest", call("least", known, double(100.0)), double(0.0))
        thousandths = binary(exp.Add, binary(exp.Mul, inside, double(1000.0)), double(0.5))
        milli = cast(call("floor", thousandths), "bigint")
        return binary(exp.Add, binary(exp.Mul, milli, whole(count)), whole(rest))


def span(node: Node) -> tuple[float, float] | None:
    """Return between which values a tree lies when it is known, None when that is not to be seen.

    A score may be off by what rounding does.
    """
    match node:
        case Constant(value=value) if node.type.numeric:
            return float(value), float(value)
        case StepValue() if node.type.kind is Kind.SCORE and node.address.startswith("score."):
            return 0.0, 100.0
        case Arithmetic(operator=operator):
            left, right = span(node.left), span(node.right)
            if left is None or right is None:
                return None
            match operator:
                case Operator.ADD:
                    ends = [left[0] + right[0], left[1] + right[1]]
                case Operator.SUBTRACT:
                    ends = [left[0] - right[1], left[1] - right[0]]
                case Operator.MULTIPLY:
                    ends = [one * other for one in left for other in right]
                case _:
                    return None
            return min(ends), max(ends)
        case _:
            return None


def _within(found: tuple[float, float] | None) -> bool:
    """Return whether a priority needs no clamping, far enough from the ends for rounding not to matter."""
    return found is not None and found[0] >= 0.001 and found[1] <= 99.999


def lay_gaps(values: Values, program: Program) -> None:
    """Add `gaps`: the numbers of the gap rules that apply, counted from the end, largest first."""
    count = len(program.gaps)
    items = []
    for index, rule in enumerate(program.gaps):
        unknown = is_null(values.value(rule.step))
        open_ = [is_null(dependent(values, each)) for each in rule.dependents]
        # a dependent that is the fact itself, such as what a criterion reads, says nothing new
        test = unknown if unknown in open_ else all_of([unknown, any_of(open_)])
        items.append(when([(test, whole(count - 1 - index))]))
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
