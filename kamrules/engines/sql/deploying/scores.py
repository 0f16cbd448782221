"""Scores for a warehouse: points of criteria, the score with its bounds, its band."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.program import WhenUnknown
from kamrules.engines.sql.deploying.dialects import double, number
from kamrules.engines.sql.deploying.values import cast_double, plain
from kamrules.engines.sql.tree import (
    all_of,
    binary,
    call,
    group,
    is_known,
    is_null,
    is_one_of,
    null,
    text,
    when,
    whole,
)
from kamrules.expression.nodes import Operator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.compiler.program import Criterion, Score
    from kamrules.engines.sql.deploying.values import WrittenValues
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.types import Interval

CHAIN = 100
"""So many terms are added up in one expression."""


def lay_score(values: WrittenValues, score: Score) -> None:
    """Add a score with its criteria to the chain."""
    chain = values.chain
    criteria = [(each, *_lay_criterion(values, each)) for each in score.criteria]
    total = 0.0
    for each in score.criteria:
        total += each.weight
    up = _sum(
        values, [call("coalesce", _weighed(each, points), whole(0)) for each, points, _ in criteria]
    )
    down = _sum(values, [when([(is_null(points.copy()), whole(0))], _exact(each.weight))
                         for each, points, _ in criteria])  # fmt: skip
    chain.part = f"{score.id}_weights"
    used = chain.keep(cast_double(down))
    value = chain.add(score.id, binary(exp.Div, up, call("nullif", used, whole(0))),
                      _about(score.address, score.about or score.title))  # fmt: skip
    parts: dict[str, Sql] = {"": value}
    for part, bound, beyond in (("low", "least", exp.LT), ("high", "most", exp.GT)):
        terms = [
            binary(exp.Mul, _exact(each.weight),
                   when([(is_null(read.copy()), double(getattr(each, bound)))], points.copy()))
            for each, points, read in criteria
        ]  # fmt: skip
        if not total:
            parts[f".{part}"] = chain.add(f"{score.id}_{part}", null("double"))
            continue
        chain.part = f"{score.id}_{part}"
        found = chain.keep(binary(exp.Div, _sum(values, terms), double(total)))
        nearer = when([(binary(beyond, value.copy(), found), value.copy())], found.copy())
        parts[f".{part}"] = chain.add(f"{score.id}_{part}", nearer)
    bands = [(inside(value, each.interval), text(each.id)) for each in score.bands]
    parts[".band"] = chain.add(f"{score.id}_band", when(bands, null("text")))
    for part, found in parts.items():
        values.places["step", f"{score.address}{part}"] = found


def _about(address: str, about: str) -> str:
    return f"{address}: {about}" if about else address


def _exact(weight: float) -> Sql:
    """Return a weight so that sums of weights are those of doubles: whole ones are exact anyway."""
    return number(weight) if weight.is_integer() else double(weight)


def _weighed(criterion: Criterion, points: Sql) -> Sql:
    return binary(exp.Mul, _exact(criterion.weight), points.copy())


def _sum(values: WrittenValues, terms: Iterable[Sql]) -> Sql:
    """Return a sum, added from left to right; in parts, as warehouses read no endless chains."""
    found: Sql | None = None
    for place, each in enumerate(terms, start=1):
        found = each if found is None else exp.Add(this=group(found) if place == 2 else found,
                                                   expression=group(each))  # fmt: skip
        if place % CHAIN == 0:
            found = values.chain.keep(found)
    return exp.Paren(this=found) if found is not None else double(0.0)


def inside(value: Sql, interval: Interval) -> Sql:
    """Return whether a double lies in an interval."""
    tests = []
    if interval.low is not None:
        over = exp.GTE if interval.low_closed else exp.GT
        tests.append(binary(over, value.copy(), number(interval.low)))
    if interval.high is not None:
        under = exp.LTE if interval.high_closed else exp.LT
        tests.append(binary(under, value.copy(), number(interval.high)))
    return all_of(tests) if tests else is_known(value.copy())


def _lay_criterion(values: WrittenValues, criterion: Criterion) -> tuple[Sql, Sql]:
    """Add a criterion's points to the chain; return its points and the value it reads."""
    values.chain.part = criterion.id
    read = values.chain.keep(values.value(criterion.value))
    unknown: Sql = null("double")
    if criterion.unknown is not WhenUnknown.REDISTRIBUTE:
        unknown = number(criterion.unknown_points)
    branches = [(is_null(read.copy()), unknown)]
    last: Sql = whole(0)
    if criterion.curve:
        branches += _curve(values, criterion, read)
        last = number(criterion.curve[-1][1])
    for step in criterion.scale:
        if step.interval is not None:
            test = inside(read, step.interval)
        elif step.choices is not None:
            test = is_one_of(read.copy(), map(plain, step.choices))
        else:
            test = exp.true()
        branches.append((test, number(step.points)))
    about = _about(criterion.address, criterion.about or criterion.title)
    points = values.chain.add(f"{criterion.id}_points", cast_double(when(branches, last)), about)
    values.places["step", criterion.address] = points
    values.places["read", criterion.address] = read
    return points, read


def _curve(values: WrittenValues, criterion: Criterion, read: Sql) -> list[tuple[Sql, Sql]]:
    (first, low), (last, high) = criterion.curve[0], criterion.curve[-1]
    found = [
        (binary(exp.LTE, read.copy(), number(first)), number(low)),
        (binary(exp.GT, read.copy(), number(last)), number(high)),
    ]
    tiny = values.may_be_tiny(criterion.value)
    for (x0, p0), (x1, p1) in zip(criterion.curve, criterion.curve[1:], strict=False):
        gone = binary(exp.Sub, read.copy(), number(x0))
        way = values.dialect.arithmetic(
            Operator.DIVIDE, gone, number(x1 - x0), over=False, under=tiny
        )
        rise = values.dialect.arithmetic(
            Operator.MULTIPLY, number(p1 - p0), way, over=False, under=tiny
        )
        found.append((binary(exp.LTE, read.copy(), number(x1)), binary(exp.Add, number(p0), rise)))
    return found
