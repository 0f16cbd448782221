"""Signals: what stands beside a row in time, matched by durable-rules as joins between an account's rows.

The rows that may take part are found as the row engine finds them; which of them belong together (dates
within a span, equal keys, none of a kind) is for the matcher. Negated rows are asserted before those that
they would stand beside: in the other order durable-rules gets `$not` wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.engines.live.network import TooLargeError
from kamrules.engines.live.session import Session
from kamrules.expression import canonical
from kamrules.expression.besides import apart
from kamrules.expression.nodes import Aggregation, Beside, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.compiler.program import AggregateStep, Program

    Row = tuple[Any, ...]
    Rows = tuple[list[Row], list[Row]] | None
    """Waiting rows (number, item, day, *keys), and rows that may stand beside (number, date, *keys)."""

MOST_PAIRS = 10_000
"""So many pairs of rows an account may have in one pattern; what has more is left to the row engine."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern of rows: `tests` on a waiting row, and one Beside.

    `found` and `newest` are numbers of the aggregates that ask whether it occurs, and the newest day of it.
    """

    table: str
    tests: tuple[Node, ...]
    beside: Beside
    item: Node | str | None
    found: tuple[int, ...]
    newest: tuple[int, ...]

    @property
    def itself(self) -> bool:
        """Whether a row can be among those that stand beside it, so that it has to be told apart."""
        return self.beside.table == self.table


def patterns_of(program: Program) -> list[Pattern]:
    """Return the patterns that the matcher can tell; all others are the row engine's."""
    found: dict[str, list[int]] = {}
    for number, step in enumerate(program.aggregates):
        if len(apart(step.aggregate.where)[1]) == 1 and step.aggregate.where is not None:
            key = f"{step.aggregate.table} {canonical(step.aggregate.where)}"
            found.setdefault(key, []).append(number)
    patterns = (_pattern(program.aggregates, numbers) for numbers in found.values())
    return [each for each in patterns if each is not None]


def _pattern(steps: Sequence[AggregateStep], numbers: Sequence[int]) -> Pattern | None:
    by: dict[Aggregation, list[int]] = {}
    for number in numbers:
        by.setdefault(steps[number].aggregate.function, []).append(number)
    any_, newest = by.get(Aggregation.ANY, []), by.get(Aggregation.MAX, [])
    items = {steps[each].aggregate.item or steps[each].aggregate.column or "" for each in newest}
    if not any_ or len(items) > 1:
        return None
    one = steps[any_[0]].aggregate
    tests, (beside,) = apart(one.where)
    if beside.needed > 1 and beside.table != one.table:
        return None
    return Pattern(one.table, tests, beside, next(iter(items), None), tuple(any_), tuple(newest))


class Signals:
    """The patterns of one set of rules in force, ready to be matched."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = patterns
        self._session: Session | None = None
        if patterns:
            definition: dict[str, Any] = {}
            for number, each in enumerate(patterns):
                definition |= _rules(number, each)
            self._session = Session("signals", definition)

    def match(self, given: Sequence[Rows]) -> list[list[int] | None]:
        """Return for each pattern the days on which it occurs, None where a table is lacking."""
        days: list[list[int] | None] = [None if each is None else [] for each in given]
        messages: list[str] = []
        for number, rows in enumerate(given):
            if rows is not None and rows[0]:
                messages += _messages(number, self.patterns[number], *rows)
        if not messages or self._session is None:
            return days
        for fired in self._session.run(messages):
            (name, told), *_ = json.loads(fired).items()
            into = days[int(name[1:].partition("_")[0])]
            if into is not None:
                into.append(told["p"]["i"])
        return days

    def close(self) -> None:
        """Give back what durable-rules holds."""
        if self._session is not None:
            self._session.close()


def _rules(number: int, pattern: Pattern) -> dict[str, Any]:
    """Return the rules of a pattern.

    A waiting row `p` has the span from `l` to `h`, a row beside it the date `d`; `x` is the number of their
    keys, `r` of the row in its table. The last test of every join is one that always holds (`z`): where the
    last one fails, durable-rules reads past its end.
    """
    waiting = {f"p{number}": 1}
    within = [{f"n{number}": 1}, {"$gte": {"d": {"p": "l"}}}, {"$lte": {"d": {"p": "h"}}}]
    other = [{"$neq": {"r": {"p": "r"}}}] if pattern.itself else []
    last = [{"x": {"p": "x"}}, {"z": {"p": "z"}}]
    if pattern.beside.needed == 0:
        return {
            f"s{number}": {"all": [{"p": waiting}, {"n$not": {"$and": [*within, *other, *last]}}]}
        }
    if pattern.beside.needed == 1:
        return {f"s{number}": {"all": [{"p": waiting}, {"n": {"$and": [*within, *other, *last]}}]}}
    # rows are numbered by key and date (`o`), so that the numbers of two of them tell how many lie between
    rules = {}
    for own in (0, 1):
        first = {"a": {"$and": [*within, *last]}}
        final = {"b": {"$and": [*within, {"o": {"a": f"e{own}"}}, *last]}}
        counted = {"$and": [waiting, {"k": own}]}
        rules[f"s{number}_{own}"] = {"all": [{"p": counted}, first, final]}
    return rules


def _messages(
    number: int, pattern: Pattern, waiting: list[Row], beside: list[Row]
) -> Iterator[str]:
    """Yield the rows as messages, those that may stand beside others first."""
    if len(waiting) * len(beside) > MOST_PAIRS:
        raise TooLargeError(f"{len(waiting)} rows beside {len(beside)}")
    node = pattern.beside
    keys: dict[Row, int] = {}
    for row in beside:
        keys.setdefault(row[2:], len(keys))
    ordered = sorted(beside, key=lambda row: (keys[row[2:]], row[1], row[0]))
    for place, row in enumerate(ordered):
        own = f'"n{number}":1,"z":1,"d":{row[1]},"x":{keys[row[2:]]},"r":{row[0]}'
        counted = f'"o":{place},"e0":{place + node.needed - 1},"e1":{place + node.needed}'
        yield f'"id":"n{number}_{row[0]}",{own},{counted}'
    dates = {row[0]: row[1] for row in beside} if pattern.itself and node.needed > 1 else {}
    for row in waiting:
        first, last = row[2] + node.first, row[2] + node.last
        itself = int(row[0] in dates and first <= dates[row[0]] <= last)
        own = f'"p{number}":1,"z":1,"l":{first},"h":{last},"x":{keys.get(row[3:], -1)}'
        yield f'"id":"p{number}_{row[0]}",{own},"r":{row[0]},"i":{row[1]},"k":{itself}'
