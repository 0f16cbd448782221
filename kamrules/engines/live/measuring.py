"""Measuring: the row engine's generated function, which also gives the cells of what rules compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.engines.layout import key_of as column_key
from kamrules.engines.live.quantities import cell
from kamrules.engines.row.actions import key_of
from kamrules.engines.row.code import Writer
from kamrules.engines.row.generate import function, write
from kamrules.engines.row.pieces import Piece
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.compiler.program import Program
    from kamrules.engines.layout import Layout
    from kamrules.engines.live.quantities import Quantity
    from kamrules.engines.live.signals import Pattern


def measuring(
    program: Program,
    layout: Layout,
    quantities: Sequence[Quantity],
    patterns: Sequence[Pattern] = (),
) -> Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Return a function that takes what the row engine's does, and returns what that returns with more.

    Beyond it come the cells of all quantities (None where one is unknown), the keys by which all actions are
    ranked, and the rows of all patterns (see kamrules.engines.live.signals).
    """
    writer = Writer()

    def beyond() -> str:
        cells = [_cell(writer, each) for each in quantities]
        keys = [key_of(writer, program, index) for index in range(len(program.actions))]
        rows = [_pattern(writer, program, layout, each) for each in patterns]
        return f"({_tuple(cells)}, {_tuple(keys)}, {_tuple(rows)})"

    source = write(program, layout, writer, beyond)
    return function(source, "decide", writer, cell=cell, enumerate=enumerate)


def _cell(writer: Writer, quantity: Quantity) -> str:
    """Return source for the cell in which a quantity lies, None while it is unknown."""
    one = writer.keep(writer.value(quantity.node))
    if quantity.other is not None:
        two = writer.keep(writer.value(quantity.other))
        told = f"1 if {one} == {two} else 0"
        if quantity.node.type.numeric:
            told = f"1 + ({one} > {two}) - ({one} < {two})"
        return f"None if {one} is None or {two} is None else {told}"
    cuts = quantity.cuts
    if not cuts:
        return f"None if {one} is None else 0"
    if quantity.ordered:
        if len(cuts) == 1:
            return f"None if {one} is None else ({one} >= {cuts[0]!r}) + ({one} > {cuts[0]!r})"
        return f"None if {one} is None else cell({one}, {writer.constant(tuple(cuts))})"
    source = repr(len(cuts))
    for number, each in reversed(list(enumerate(cuts))):
        value = repr(each) if isinstance(each, bool) else writer.constant(each)
        source = f"{number} if {one} == {value} else {source}"
    return f"None if {one} is None else {source}"


def _pattern(writer: Writer, program: Program, layout: Layout, pattern: Pattern) -> str:
    """Write the finding of a pattern's rows; return the name of the pair, None where a table is lacking."""
    node = pattern.beside
    name, waiting, beside = writer.fresh("s"), writer.fresh("w"), writer.fresh("n")
    numbers = {table: number for number, (table, _) in enumerate(layout.tables)}
    lacking = {f"rows{numbers[each]} is None" for each in (pattern.table, node.table)}
    writer.line(f"if {' or '.join(sorted(lacking))}: {name} = None")
    writer.line("else:")
    writer.depth += 1
    writer.line(f"{waiting} = []; {beside} = []")
    row = _Row(writer, program, layout, pattern.table)
    row.open(numbers[pattern.table])
    tests = [test for each in pattern.tests for test in writer.conjuncts(each)]
    day, keys = row.name(node.day), [row.key(each) for each in node.same]
    item = day
    if isinstance(pattern.item, str):
        item = row.name(pattern.item)
    elif pattern.item is not None:
        piece = writer.value(pattern.item)
        stored = Piece(f"stored_day({piece.source})", piece.needs)
        item = writer.keep(stored)
    row.gather(
        waiting, [*tests, *(f"{each} is not None" for each in (item, day))], item, day, *keys
    )
    writer.line(f"if {waiting}:")
    writer.depth += 1
    row = _Row(writer, program, layout, node.table)
    row.open(numbers[node.table])
    tests = [] if node.where is None else writer.conjuncts(node.where)
    date, keys = row.name(node.date), [row.key(each) for each in node.same]
    row.gather(beside, [*tests, *(f"{each} is not None" for each in (date, *keys))], date, *keys)
    writer.depth -= 1
    writer.line(f"{name} = ({waiting}, {beside})")
    writer.depth -= 1
    return name


class _Row:
    """The loop over a table's rows, with their columns in names."""

    def __init__(self, writer: Writer, program: Program, layout: Layout, table: str) -> None:
        self.writer = writer
        self.program = program
        self.table = table
        self.number = writer.fresh("i")
        self.names = {each: writer.fresh("r") for each in dict(layout.tables)[table]}

    def open(self, rows: int) -> None:
        """Write the head of the loop."""
        writer = self.writer
        columns = self.program.tables[self.table].columns
        for (column, exact), name in self.names.items():
            if not exact:
                writer.places["row", column] = (name, True)
                if columns[column].type.kind is Kind.DATE:
                    writer.whole.add(name)
        told = "".join(f"{each}, " for each in self.names.values())
        writer.line(f"for {self.number}, ({told}) in enumerate(rows{rows}):")
        writer.depth += 1

    def name(self, column: str) -> str:
        """Return the name of a column."""
        return self.names[column, False]

    def key(self, column: str) -> str:
        """Return the name of a column by which rows belong together."""
        return self.names[column_key(self.program, self.table, column)]

    def gather(self, into: str, tests: list[str], *cells: str) -> None:
        """Write the end of the loop, which keeps the cells of a row that passes the tests."""
        kept = "".join(f"{each}, " for each in (self.number, *cells))
        told = " and ".join(dict.fromkeys(tests)) or "True"
        self.writer.line(f"if {told}: {into}.append(({kept}))")
        self.writer.depth -= 1


def _tuple(items: list[str]) -> str:
    return f"({''.join(f'{each}, ' for each in items)})"
