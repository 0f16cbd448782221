"""Comparing accounts with each other: whole-book functions as windows over all accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.cutoffs import places_of
from kamrules.engines.sql.deploying.values import cast_double
from kamrules.engines.sql.tree import all_of, binary, call, is_known, when, whole
from kamrules.expression.nodes import BookFunction
from kamrules.expression.types import DIGITS

if TYPE_CHECKING:
    from kamrules.compiler.program import BookStep
    from kamrules.engines.sql.deploying.values import WrittenValues
    from kamrules.engines.sql.tree import Sql


def lay_places(values: WrittenValues, step: BookStep) -> None:
    """Add an account's place among all by one number: rank, share of ranks, share of the total."""
    chain = values.chain
    name = step.address.replace(".", "_")
    chain.part = name
    units = values.units(values.value(step.item), step.item.type.kind, places_of(step.item.type))
    counted = chain.add(f"{name}_known", exp.Window(this=exp.Count(this=units.copy())))
    total = chain.add(f"{name}_total", exp.Window(this=exp.Sum(this=units.copy())))
    falling = exp.Order(expressions=[exp.Ordered(this=units.copy(), desc=True, nulls_first=False)])
    place = exp.Window(this=exp.Anonymous(this="RANK"), order=falling)
    rank = chain.add(f"{name}_rank", when([(is_known(units), cast_double(place))]), step.text)
    usable = all_of(
        [
            binary(exp.NEQ, total, whole(0)),
            binary(exp.LT, call("abs", total.copy()), whole(10**DIGITS)),
        ]
    )
    share = binary(exp.Div, cast_double(units.copy()), cast_double(total.copy()))
    parts: dict[BookFunction, Sql] = {
        BookFunction.RANK: rank,
        BookFunction.RANK_SHARE: binary(exp.Div, rank.copy(), cast_double(counted)),
        BookFunction.SHARE_OF_TOTAL: when([(usable, share)]),
    }
    for part, item in parts.items():
        values.places["step", f"{step.address}.{part}"] = item
