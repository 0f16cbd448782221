"""Signals from the ruleset as written, every row beside every other; written from docs/semantics.md alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.compiler.scope import scope_of
from kamrules.diagnostics import SourceText
from kamrules.expression import compile_expression, nodes
from tests.oracle.expression import value_of
from tests.oracle.reading import EPOCH, stored

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from kamrules.compiler.program import Program
    from tests.oracle.expression import World
    from tests.oracle.reading import Stored

Found = tuple[bool | None, float | None]
COLUMN = re.compile(r"\.\w+\Z")


@dataclass(frozen=True)
class Event:
    """A row that counts, on its day; `place` tells it from every other row of the book."""

    place: tuple[str, int]
    day: int
    key: tuple[Stored, ...]


def signal(written: Mapping[str, Any], program: Program, world: World) -> Found:
    """Return whether a signal holds for an account, and the day on which it last came about."""
    days = [
        each
        for each in _occurrences(written, program, world)
        if each is None or _counts(each, written, program, world.as_of)
    ]
    if None in days:
        return None, None
    known = [each for each in days if each is not None]
    return bool(known), float(max(known)) if known else None


def _counts(day: int, written: Mapping[str, Any], program: Program, as_of: datetime.date) -> bool:
    """Return whether what came about on a day is still, and already, seen on the day of the run."""
    today = (as_of - EPOCH).days
    lasts = "for_days" not in written or today <= day + _number(written["for_days"], program)
    begun = written.get("valid_from", as_of) <= as_of
    return day <= today and lasts and begun and as_of <= written.get("valid_to", as_of)


def _number(given: Any, program: Program) -> int:
    if isinstance(given, str):
        [given] = [each.value for each in program.parameters if each.id == given]
    return int(given)


def _occurrences(
    written: Mapping[str, Any], program: Program, world: World
) -> Sequence[int | None]:
    """Return the days on which the pattern came about; one of them None when it cannot be told."""
    same = written.get("same", [])
    same = [same] if isinstance(same, str) else same
    events = {
        key: _events(written[key], same, program, world)
        for key in ("after", "then", "without")
        if key in written
    }
    if any(each is None for each in events.values()):
        return [None]
    after = events["after"] or []
    within = _number(written.get("within_days", 0), program)
    if "then" in written:
        return [
            second.day
            for second in events["then"] or []
            if any(_follows(first, second, within) for first in after)
        ]
    if "without" in written:
        return [
            first.day + within + 1
            for first in after
            if not any(_follows(first, second, within) for second in events["without"] or [])
        ]
    needed = _number(written.get("at_least", 1), program)
    return [
        last.day
        for last in after
        if 1 + len([each for each in after if _follows(each, last, within)]) >= needed
    ]


def _follows(first: Event, second: Event, within: int) -> bool:
    """Return whether one event comes at most so many days after another that it belongs to."""
    if first.place == second.place or not 0 <= second.day - first.day <= within:
        return False
    return None not in first.key and first.key == second.key


def _events(text: str, same: Sequence[str], program: Program, world: World) -> list[Event] | None:
    """Return the rows that a part of a signal speaks of, in no order; None where the book lacks the table."""
    bare = COLUMN.sub("", text)
    scope = scope_of(program, tables=True)
    node, problems = compile_expression(SourceText.plain(f"any({bare})"), scope)
    assert isinstance(node, nodes.Aggregate), problems
    table = program.tables[node.table]
    rows = world.facts.get(node.table)
    if rows is None:
        return None
    date = table.columns[text[len(bare) + 1 :] or table.order or ""]
    found = []
    for number, row in enumerate(rows):
        day = stored(row.get(date.name), date.type)
        if day is None or (
            node.where is not None and value_of(node.where, world.at(row)) is not True
        ):
            continue
        key = tuple(stored(row.get(each), table.columns[each].type) for each in same)
        found.append(Event((node.table, number), int(day), key))
    return found
