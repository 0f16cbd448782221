"""Comparing accounts with each other: whole-book functions as windows over all accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.cutoffs import places_of
from kamrules.engines.sql.deploying.values import cast_double
from kamrules.engines.sql.tree import all_of, binary, call, double, is_known, when, whole
from kamrules.expression.nodes import BookFunction
from kamrules.expression.types import DIGITS

if TYPE_CHECKING:
    from kamrules.compiler.program import BookStep
    from kamrules.engines.sql.deploying.values import WrittenValues
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node


def lay_places(values: WrittenValues, step: BookStep) -> None:
    """Add an account's place among all by one number, or what another adds up to in its order."""
    chain = values.chain
    name = step.address.replace(".", "_")
    chain.part = name
    units = values.units(values.value(step.item), step.item.type.kind, places_of(step.item.type))
    if step.summed is not None:
        _lay_running(values, step, step.summed, units)
        return
    counted = chain.add(f"{name}_known", exp.Window(this=exp.Count(this=units.copy())))
    total = chain.add(f"{name}_total", exp.Window(this=exp.Sum(this=units.copy())))
    place = exp.Window(this=exp.Anonymous(this="RANK"), order=_falling(units))
    rank = chain.add(f"{name}_rank", when([(is_known(units), cast_double(place))]), step.text)
    parts: dict[BookFunction, Sql] = {
        BookFunction.RANK: rank,
        BookFunction.RANK_SHARE: binary(exp.Div, rank.copy(), cast_double(counted)),
        BookFunction.SHARE_OF_TOTAL: _share(units, total),
    }
    for part, item in parts.items():
        values.places["step", f"{step.address}.{part}"] = item


def _lay_running(values: WrittenValues, step: BookStep, summed: Node, units: Sql) -> None:
    """Add what a number adds up to over the accounts with as great a number of another or a greater one."""
    chain = values.chain
    added = values.units(values.value(summed), summed.type.kind, places_of(summed.type))
    # only accounts of which both are known count
    counted = chain.add(f"{chain.part}_added", when([(is_known(units.copy()), added)]))
    order = chain.add(f"{chain.part}_order", when([(is_known(counted.copy()), units)]))
    total = chain.add(f"{chain.part}_total", exp.Window(this=exp.Sum(this=counted.copy())))
    spec = exp.WindowSpec(
        kind="RANGE", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"
    )
    running = exp.Window(this=exp.Sum(this=counted.copy()), order=_falling(order), spec=spec)
    run = chain.add(f"{chain.part}_run", when([(is_known(order.copy()), running)]), step.text)
    short = binary(exp.LT, call("abs", run.copy()), whole(10**DIGITS))
    unit = double(10.0 ** places_of(summed.type))
    parts: dict[BookFunction, Sql] = {
        BookFunction.RUNNING_TOTAL: when([(short, binary(exp.Div, cast_double(run.copy()), unit))]),
        BookFunction.RUNNING_SHARE: when([(short.copy(), _share(run, total))]),
    }
    for part, item in parts.items():
        values.places["step", f"{step.address}.{part}"] = item


def _falling(units: Sql) -> exp.Order:
    return exp.Order(expressions=[exp.Ordered(this=units.copy(), desc=True, nulls_first=False)])


def _share(units: Sql, total: Sql) -> Sql:
    """Return a sum's share of the total, unknown where that is 0 or too long."""
    usable = all_of(
        [
            binary(exp.NEQ, total.copy(), whole(0)),
            binary(exp.LT, call("abs", total.copy()), whole(10**DIGITS)),
        ]
    )
    share = binary(exp.Div, cast_double(units.copy()), cast_double(total.copy()))
    return when([(usable, share)])
