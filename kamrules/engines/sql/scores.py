"""Scores in SQL: points of criteria, the score with its bounds, its band."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.program import WhenUnknown
from kamrules.engines.sql.tree import (
    all_of,
    binary,
    boolean,
    call,
    double,
    group,
    is_null,
    is_one_of,
    null,
    text,
    when,
)
from kamrules.engines.sql.values import constant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.compiler.program import Criterion, Score
    from kamrules.engines.sql.stack import Stack
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.values import Values
    from kamrules.expression.types import Interval

CHAIN = 100
"""So many terms are added up in one expression."""


def lay_score(values: Values, score: Score, number: int) -> None:
    """Add a score with its criteria to the stack."""
    criteria = [(each, *_lay_criterion(values, each)) for each in score.criteria]
    whole = 0.0
    for each in score.criteria:
        whole += each.weight
    add = values.stack.add
    up = _sum(
        values.stack,
        [
            _known(points, binary(exp.Mul, double(each.weight), points))
            for each, points, _ in criteria
        ],
    )
    down = _sum(values.stack, [_known(points, double(each.weight)) for each, points, _ in criteria])
    value = add(f"s{number}", binary(exp.Div, up, call("nullif", down, double(0.0))))
    parts: dict[str, Sql] = {"": value}
    for part, bound, keep in (("low", "least", "least"), ("high", "most", "greatest")):
        terms = [
            binary(exp.Mul, double(each.weight),
                   when([(is_null(read.copy()), double(getattr(each, bound)))], points.copy()))
            for each, points, read in criteria
        ]  # fmt: skip
        found = (
            binary(exp.Div, _sum(values.stack, terms), double(whole)) if whole else null("double")
        )
        # least and greatest skip an unknown value
        parts[f".{part}"] = add(f"s{number}_{part}", call(keep, found, value.copy()))
    bands = [(inside(value, each.interval), text(each.id)) for each in score.bands]
    parts[".band"] = add(f"s{number}_band", when(bands, null("varchar")))
    for part, found in parts.items():
        values.places["step", f"{score.address}{part}"] = found


def _sum(stack: Stack, terms: Iterable[Sql]) -> Sql:
    """Return a sum, added from left to right; in parts, as the engine reads no endless chains."""
    found: Sql = double(0.0)
    for number, each in enumerate(terms, start=1):
        found = exp.Add(this=found, expression=group(each))
        if number % CHAIN == 0:
            found = stack.keep(found)
    return exp.Paren(this=found)


def _known(points: Sql, term: Sql) -> Sql:
    """Return a term of a sum, zero where the criterion is left out."""
    return when([(is_null(points.copy()), double(0.0))], term)


def inside(value: Sql, interval: Interval) -> Sql:
    """Return whether a value lies in an interval."""
    tests = []
    if interval.low is not None:
        over = exp.GTE if interval.low_closed else exp.GT
        tests.append(binary(over, value.copy(), double(interval.low)))
    if interval.high is not None:
        under = exp.LTE if interval.high_closed else exp.LT
        tests.append(binary(under, value.copy(), double(interval.high)))
    known = exp.Not(this=exp.Paren(this=is_null(value.copy())))
    return all_of(tests) if tests else known


def _lay_criterion(values: Values, criterion: Criterion) -> tuple[Sql, Sql]:
    """Add a criterion's points to the stack; return its points and the value it reads."""
    read = values.stack.keep(values.value(criterion.value))
    if criterion.unknown is WhenUnknown.REDISTRIBUTE:
        otherwise = null("double")
    else:
        otherwise = double(criterion.unknown_points)
    branches = [(is_null(read.copy()), otherwise)]
    last: Sql = double(0.0)
    if criterion.curve:
        branches += _curve(criterion, read)
        last = double(criterion.curve[-1][1])
    for step in criterion.scale:
        if step.interval is not None:
            test = inside(read, step.interval)
        elif step.choices is not None:
            test = is_one_of(read.copy(), map(constant, step.choices))
        else:
            test = boolean(True)  # noqa: FBT003
        branches.append((test, double(step.points)))
    points = values.stack.add(f"p{len(values.places)}", when(branches, last))
    values.places["step", criterion.address] = points
    values.places["read", criterion.address] = read
    return points, read


def _curve(criterion: Criterion, read: Sql) -> list[tuple[Sql, Sql]]:
    (first, low), (last, high) = criterion.curve[0], criterion.curve[-1]
    found = [
        (binary(exp.LTE, read.copy(), double(first)), double(low)),
        (binary(exp.GT, read.copy(), double(last)), double(high)),
    ]
    for (x0, p0), (x1, p1) in zip(criterion.curve, criterion.curve[1:], strict=False):
        way = binary(exp.Div, binary(exp.Sub, read.copy(), double(x0)), double(x1 - x0))
        line = binary(exp.Add, double(p0), binary(exp.Mul, double(p1 - p0), way))
        found.append((binary(exp.LTE, read.copy(), double(x1)), line))
    return found
