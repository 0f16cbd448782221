"""Signals: from a pattern over dated rows to two facts: whether it holds, and the day it came about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kamrules.compiler.program import FactStep
from kamrules.compiler.read import EPOCH
from kamrules.compiler.validity import Validity
from kamrules.compiler.written_signal import WrittenSignal
from kamrules.diagnostics import nearest
from kamrules.document.fields import LONGEST_DAYS
from kamrules.expression import Rows, canonical_rows, compile_rows
from kamrules.expression.nodes import (
    Aggregate,
    Aggregation,
    And,
    Arithmetic,
    AsOf,
    Beside,
    Compare,
    Comparison,
    Constant,
    Operator,
    RowColumn,
)
from kamrules.expression.types import BOOL, DATE, DAYS, INTEGER, Kind

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection, Mapping, Sequence

    from kamrules.compiler.draft import Draft
    from kamrules.document import SignalModel
    from kamrules.expression.nodes import Node
    from kamrules.expression.types import Type

COUNTS = frozenset({Kind.INTEGER})
SPANS = frozenset({Kind.INTEGER, Kind.DAYS})
JOINING = {Kind.TEXT, Kind.CHOICE, Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.BOOL}
"""Kinds of columns that say which rows belong together; the others measure something."""
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a signal looks for: rows, each of which is an occurrence, and what must stand beside them.

    An occurrence is complete on the day in `date`, `later` days afterwards.
    """

    rows: Rows
    date: str
    later: int = 0
    beside: Beside | None = None


@dataclass(frozen=True, slots=True)
class _Keys:
    """What is written of a signal, understood: rows with the column of their dates, and numbers."""

    parts: Mapping[str, tuple[Rows, str]]
    numbers: Mapping[str, Constant | None]

    def written(self, signal: SignalModel) -> WrittenSignal:
        """Return it as people read it."""
        texts = {
            key: canonical_rows(rows.table, rows.where, rows.column)
            for key, (rows, _) in self.parts.items()
        }
        return WrittenSignal(
            texts["after"], texts.get("then"), texts.get("without"),
            same=tuple(column for column, _ in signal.shared),
            valid=Validity(signal.valid_from, signal.valid_to), **self.numbers,
        )  # fmt: skip


def signals(draft: Draft) -> None:
    """Turn every signal into its two facts: `signal.<id>` and `signal.<id>.date`."""
    for name, signal in draft.ruleset.model.signal.items():
        found = len(draft.diagnostics)
        keys = _keys(draft, name, signal)
        if len(draft.diagnostics) > found:
            continue
        same = _shared(draft, name, signal, [rows.table for rows, _ in keys.parts.values()])
        if len(draft.diagnostics) == found:
            draft.facts += _facts(draft, name, signal, keys, _pattern(keys, same))


def rule_of(fact: FactStep) -> tuple[str, str]:
    """Return the path of the rule that yields a fact: a fact of its own, or a signal."""
    kind, name, *_ = fact.address.split(".")
    return kind, name


def is_date_of_signal(fact: FactStep) -> bool:
    """Return whether a fact is the day on which a signal came about."""
    return fact.address.startswith("signal.") and fact.address.endswith(".date")


def _facts(
    draft: Draft, name: str, signal: SignalModel, keys: _Keys, pattern: Pattern
) -> tuple[FactStep, FactStep]:
    address, table = f"signal.{name}", pattern.rows.table
    lasting = keys.numbers["for_days"]
    day = RowColumn(table, pattern.date, DATE)
    complete = _later(day, Constant(float(pattern.later), DAYS)) if pattern.later else day
    where = _all_of([
        *_in_force(signal.valid_from, signal.valid_to),
        *([] if pattern.rows.where is None else [pattern.rows.where]),
        Compare(Comparison.LESS_EQUAL, complete, AsOf()),
        *([] if lasting is None else [Compare(Comparison.LESS_EQUAL, AsOf(), _later(complete, lasting))]),
        *([] if pattern.beside is None else [pattern.beside]),
    ])  # fmt: skip
    found = FactStep(
        address, name, BOOL, Aggregate(Aggregation.ANY, table, None, where, BOOL), signal.about,
        tuple(signal.source), place=draft.place("signal", name), title=signal.title or "",
        signal=keys.written(signal),
    )  # fmt: skip
    newest = Aggregate(Aggregation.MAX, table, pattern.date, where, DATE)
    if pattern.later:
        newest = replace(newest, column=None, item=complete)
    return found, replace(
        found, address=f"{address}.date", id=f"{name}_date", type=DATE, value=newest
    )


def _in_force(start: datetime.date | None, end: datetime.date | None) -> list[Node]:
    """Return what keeps a signal from being true outside its dates."""
    found: list[Node] = []
    for comparison, day in ((Comparison.GREATER_EQUAL, start), (Comparison.LESS_EQUAL, end)):
        if day is not None:
            found.append(Compare(comparison, AsOf(), Constant(float((day - EPOCH).days), DATE)))
    return found


def _later(day: Node, days: Constant) -> Node:
    return Arithmetic(Operator.ADD, day, days, DATE)


def _all_of(conditions: Sequence[Node]) -> Node:
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def _keys(draft: Draft, name: str, signal: SignalModel) -> _Keys:
    """Return what is written of a signal, without what is wrong, which is reported."""
    path = ("signal", name)
    parts = {
        key: _dated(draft, *path, key) for key in ("after", "then", "without") if signal.given(key)
    }
    return _Keys(
        {key: each for key, each in parts.items() if each is not None},
        {
            "within_days": _whole(draft, signal.within_days, *path, "within_days"),
            "at_least": _whole(
                draft, signal.at_least, *path, "at_least",
                least=1, most=MOST_ROWS, of=COUNTS, as_type=INTEGER,
            ),
            "for_days": _whole(draft, signal.for_days, *path, "for_days"),
        },
    )  # fmt: skip


def _pattern(keys: _Keys, same: tuple[str, ...]) -> Pattern:
    """Return what a signal looks for."""
    within, needed = keys.numbers["within_days"], keys.numbers["at_least"]
    days = 0 if within is None else int(float(within.value))
    rows, date = keys.parts["after"]
    if "then" in keys.parts:
        other, when = keys.parts["then"]
        return Pattern(other, when, 0, _beside(rows, date, when, -days, 0, same, 1))
    if "without" in keys.parts:
        other, when = keys.parts["without"]
        # the first day on which nothing more can come
        return Pattern(rows, date, days + 1, _beside(other, when, date, 0, days, same, 0))
    more = 0 if needed is None else int(float(needed.value)) - 1
    if not more:
        return Pattern(rows, date)
    return Pattern(rows, date, 0, _beside(rows, date, date, -days, 0, same, more))


def _beside(  # noqa: PLR0913, PLR0917  all that says which rows count
    rows: Rows, date: str, day: str, first: int, last: int, same: tuple[str, ...], needed: int
) -> Beside:
    return Beside(rows.table, rows.where, date, day, first, last, same, needed, rows.span)


def _dated(draft: Draft, *path: str) -> tuple[Rows, str] | None:
    """Return the rows written at the path, and the column of their dates."""
    text = draft.ruleset.text(*path)
    rows, problems = compile_rows(text, draft.scope, DATE)
    draft.diagnostics.extend(problems)
    if rows is None:
        return None
    date = rows.column or draft.tables[rows.table].order
    if date is None:
        message = f"table `{rows.table}` has no date column, and a signal goes by the dates of rows"
        span = rows.span
        draft.diagnostics.append(text.diagnostic("KR221", message, span.start, span.end))
        return None
    return rows, date


def _whole(  # noqa: PLR0913  where a number stands, and what it may be
    draft: Draft,
    written: float | str | None,
    *path: str,
    least: int = 0,
    most: int = LONGEST_DAYS,
    of: Collection[Kind] = SPANS,
    as_type: Type = DAYS,
) -> Constant | None:
    """Return a whole number written as such, or as the name of a parameter that is one."""
    if written is None:
        return None
    found = len(draft.diagnostics)
    value = draft.number(written, *path, least=least, most=most)
    if len(draft.diagnostics) > found:
        return None
    if not isinstance(written, str):
        return Constant(value, as_type)
    kind = draft.parameters[written].type
    if kind.kind not in of:
        problem = f"a whole number stands here, and parameter `{written}` is {kind.told}"
        draft.report("KR334", problem, *path)
        return None
    return Constant(value, as_type, parameter=written)


def _shared(draft: Draft, name: str, signal: SignalModel, tables: Sequence[str]) -> tuple[str, ...]:
    """Return the columns in which rows must be equal, and report those that cannot be (KR337)."""
    for column, at in signal.shared:
        path = ("signal", name, *at)
        types = []
        for table in dict.fromkeys(tables):
            columns = draft.tables[table].columns
            if column not in columns:
                close = nearest(column, columns)
                mend = f"did you mean `{close}`?" if close else None
                draft.report("KR337", f"table `{table}` has no column `{column}`", *path, help=mend)
                break
            types.append(columns[column].type)
        else:
            problem = _cannot_join(column, types, tables)
            if problem is not None:
                draft.report("KR337", problem, *path)
    return tuple(column for column, _ in signal.shared)


def _cannot_join(column: str, types: Sequence[Type], tables: Sequence[str]) -> str | None:
    """Return why values of these types, one a table, do not tell which rows belong together."""
    first, last = types[0], types[-1]
    if first.kind not in JOINING:
        return f"`{column}` is {first.told}, which does not tell which rows belong together"
    if first.kind is not last.kind:
        return f"`{column}` is {first.told} in `{tables[0]}` and {last.told} in `{tables[-1]}`"
    if first.kind is Kind.CHOICE and not set(first.choices) & set(last.choices):
        return f"`{column}` has no choice that `{tables[0]}` and `{tables[-1]}` have in common"
    return None
