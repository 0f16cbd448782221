"""Reading: the names in a tree with their values, and where each value stands in the account's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.compiler.as_written import as_written, compared
from kamrules.compiler.signals import rule_of
from kamrules.decision import Origin, Read
from kamrules.engines.row.account import outside
from kamrules.engines.row.standing import RowNames, Standing
from kamrules.engines.row.walking import value
from kamrules.expression import canonical, canonical_rows
from kamrules.expression.besides import apart
from kamrules.expression.nodes import (
    AccountColumn,
    Aggregation,
    Constant,
    StepValue,
)
from kamrules.expression.text import name_of
from kamrules.expression.types import ACCOUNTS, DATE
from kamrules.expression.walk import below
from kamrules.show import show
from kamrules.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kamrules.compiler.program import AggregateStep, FactStep, Program
    from kamrules.diagnostics import Place
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.account import Account
    from kamrules.expression.nodes import Aggregate, Beside, Node

    Row = tuple[Any, ...]

EDGES = {Aggregation.FIRST: min, Aggregation.LAST: max, Aggregation.MIN: min, Aggregation.MAX: max}
"""Aggregates whose value is that of one row; `first` and `last` go by date, and then by value."""
MOST_DAYS = 3
"""So many dates of rows are told, the latest ones."""


class Reading:
    """Reads one account's values; `origins` say by table where its rows come from."""

    def __init__(
        self, program: Program, layout: Layout, account: Account, origins: Mapping[str, Origin]
    ) -> None:
        self.program = program
        self.tables = dict(layout.tables)
        self.numbers = {name: index for index, (name, _) in enumerate(layout.tables)}
        self.account = account
        self.standing = Standing(program, layout, account)
        self.origins = origins
        self.aggregates = {each.address: each for each in program.aggregates}
        self.compared = compared(program)
        self.written = as_written(program)
        self.places = {each.address: place_of(each.place) for each in program.facts}
        for score in program.scores:
            self.places[score.address] = place_of(score.place)
            self.places |= {each.address: place_of(each.place) for each in score.criteria}
        self.parameters = {each.id: place_of(each.place) for each in program.parameters}

    def shown(self, node: Node) -> str:
        """Return a name's value as people read it."""
        return show(self.account.value(node), node.type, self.account.language)

    def text(self, node: Node) -> str:
        """Return a tree as its author wrote it."""
        return canonical(self.written(node))

    def text_of(self, fact: FactStep) -> str:
        """Return what a fact is as its author wrote it."""
        return self.text(fact.value) if fact.signal is None else fact.signal.text

    def of_fact(self, fact: FactStep) -> tuple[Read, ...]:
        """Return what a fact is made of; of a signal the rows that came about, and those beside them."""
        if fact.signal is None or not isinstance(fact.value, StepValue):
            return self.of(fact.value)
        step = self.aggregates[fact.value.address]
        came = self._aggregate(fact.value, step).model_copy(update={"name": fact.signal.text})
        besides = apart(step.aggregate.where)[1]
        return (came, *(self._beside(rule_of(fact)[1], step.aggregate, each) for each in besides))

    def of(self, node: Node) -> tuple[Read, ...]:
        """Return the names in a tree with their values, each once."""
        found: dict[str, Read] = {}
        for each in self._below(node):
            read = self._read(each)
            if read is not None:
                found.setdefault(read.name, read)
        return tuple(found.values())

    def _below(self, node: Node) -> Iterator[Node]:
        """Yield the node and all below it; behind a whole-book function stands what it compares."""
        for each in below(node):
            yield each
            if isinstance(each, StepValue) and each.address in self.compared:
                for number in self.compared[each.address].numbers:
                    yield from below(number)

    def _read(self, node: Node) -> Read | None:
        match node:
            case StepValue(address=address) if address in self.compared:
                return self._named(node, self.text(node))
            case StepValue(address=address) if address in self.aggregates:
                return self._aggregate(node, self.aggregates[address])
            case StepValue(address=address):
                place = self.places.get(address)
                return self._named(node, name_of(address), address=address, place=place)
            case AccountColumn(name=name):
                return self._column(node, name)
            case Constant(parameter=str() as parameter):
                place = self.parameters.get(parameter)
                return self._named(node, parameter, address=f"parameter.{parameter}", place=place)
            case _:
                return None

    def _named(self, node: Node, name: str, **more: Any) -> Read:  # noqa: ANN401  fields of Read
        found = outside(self.account.value(node), node.type)
        return Read(name=name, value=found, shown=self.shown(node), **more)

    def _column(self, node: Node, name: str) -> Read:
        origin = self.origins.get(ACCOUNTS, Origin(source=None, rows=()))
        return self._named(
            node, name, address=f"table.{ACCOUNTS}.column.{name}", table=ACCOUNTS,
            source=origin.source, at=origin.rows,
        )  # fmt: skip

    def _aggregate(self, node: Node, step: AggregateStep) -> Read:
        one = step.aggregate
        address = f"table.{one.table}"
        if one.column is not None:
            address += f".column.{one.column}"
        rows = self._rows(one.table)
        if rows is None or any(self._rows(each.table) is None for each in apart(one.where)[1]):
            return self._named(node, self.text(one), address=address, table=one.table)
        counting = list(self._counting(one, rows))
        origin = self.origins.get(one.table)
        numbers = range(1, len(rows) + 1) if origin is None else origin.rows
        given_by = self._given_by(one, counting)
        return self._named(
            node, self.text(one), address=address, table=one.table,
            rows=len(counting), of=len(rows),
            source=None if origin is None else origin.source,
            at=tuple(numbers[place] for place, _, _ in counting),
            given_by=None if given_by is None else numbers[given_by],
        )  # fmt: skip

    def _rows(self, table: str) -> Sequence[Row] | None:
        return self.account.prepared.tables[self.numbers[table]]

    def _counting(self, one: Aggregate, rows: Sequence[Row]) -> Iterator[tuple[int, Any, Any]]:
        """Yield of each row that counts its place, what is taken of it, and its date where that decides."""
        columns = self.tables[one.table]
        order = self.program.tables[one.table].order
        by_date = one.function in {Aggregation.FIRST, Aggregation.LAST}
        for place, row in enumerate(rows):
            names = RowNames(self.account, columns, row)
            own, besides = apart(one.where)
            if any(value(each, names) is not True for each in own):
                continue
            if not all(self.standing.holds(each, one.table, place) for each in besides):
                continue
            taken = None
            if one.item is not None:
                taken = value(one.item, names)
            elif one.column is not None:
                taken = names.held(one.column)
            if taken is None and (one.item is not None or one.column is not None):
                continue
            date = names.held(order) if by_date and order is not None else 0
            if date is not None:
                yield place, taken, date

    def _beside(self, signal: str, one: Aggregate, node: Beside) -> Read:
        """Return the rows that stand beside any of those that a signal is about, with their dates."""
        rows = self._rows(node.table)
        found = self.standing.beside_any(one, node)
        origin = self.origins.get(node.table)
        numbers = range(1, len(rows or ()) + 1) if origin is None else origin.rows
        days = sorted(set(found.values()))[-MOST_DAYS:]
        language = self.account.language
        told = ", ".join(show(each, DATE, language) for each in days) or word("none", language)
        return Read(
            name=f"{signal}: {canonical_rows(node.table, node.where, None)}",
            value=None if rows is None else len(found),
            shown=word("unknown", language) if rows is None else told,
            rows=None if rows is None else len(found),
            of=None if rows is None else len(rows),
            address=f"table.{node.table}",
            table=node.table,
            source=None if origin is None else origin.source,
            at=tuple(numbers[place] for place in found),
        )

    @staticmethod
    def _given_by(one: Aggregate, counting: Sequence[tuple[int, Any, Any]]) -> int | None:
        """Return the place of the row whose value an aggregate is, None where it is of no single one."""
        edge = EDGES.get(one.function)
        if edge is None or not counting:
            return None
        best = edge((date, taken) for _, taken, date in counting)
        return next(place for place, taken, date in counting if (date, taken) == best)


def place_of(place: Place | None) -> str | None:
    """Return a file and line as people write them."""
    return None if place is None else f"{place.file}:{place.line}"
