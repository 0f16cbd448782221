"""Loops: one pass over a related table's rows for all aggregates that can be worked out by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression import canonical
from kamrules.expression.nodes import Aggregation, StepValue
from kamrules.expression.types import DIGITS, PLACES
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from kamrules.compiler.program import AggregateStep, Program
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.code import Writer
    from kamrules.expression.nodes import Aggregate

EDGES = {Aggregation.FIRST: "<", Aggregation.LAST: ">", Aggregation.MIN: "<", Aggregation.MAX: ">"}
SUMMED = {Aggregation.SUM, Aggregation.MEAN}


def write_aggregates(
    writer: Writer, program: Program, layout: Layout, steps: list[AggregateStep]
) -> None:
    """Write the steps, table by table; one that reads another waits for the next round."""
    while steps:
        waiting = {each.address for each in steps}
        ready = [each for each in steps if not _reads(each) & waiting]
        for table in dict.fromkeys(each.aggregate.table for each in ready):
            _Loop(writer, program, layout, table).write(
                [each for each in ready if each.aggregate.table == table]
            )
        steps = [each for each in steps if each not in ready]


def _reads(step: AggregateStep) -> set[str]:
    return {node.address for node in below(step.aggregate) if isinstance(node, StepValue)}


class _Loop:
    """The loop over one table."""

    def __init__(self, writer: Writer, program: Program, layout: Layout, table: str) -> None:
        self.writer = writer
        self.program = program
        self.table = program.tables[table]
        index = [name for name, _ in layout.tables].index(table)
        self.rows = f"rows{index}"
        self.columns = layout.tables[index][1]
        self.names = {each: f"r{number}" for number, each in enumerate(self.columns)}
        for (column, stored), name in self.names.items():
            if not stored:
                writer.places["row", column] = (name, True)

    def write(self, steps: list[AggregateStep]) -> None:
        """Write the loop, before it what it starts from and after it what it comes to."""
        writer = self.writer
        results = {each.address: writer.fresh("a") for each in steps}
        writer.line(f"if {self.rows} is None:")
        writer.line(f"    {' = '.join(results.values())} = None")
        writer.line("else:")
        writer.depth += 1
        for each in steps:
            self._start(each.aggregate, results[each.address])
        self._pass(steps, results)
        for each in steps:
            self._finish(each.aggregate, results[each.address])
        writer.depth -= 1
        for each in steps:
            writer.places["step", each.address] = (results[each.address], True)

    def _start(self, one: Aggregate, name: str) -> None:
        match one.function:
            case Aggregation.SUM | Aggregation.COUNT:
                self.writer.line(f"{name} = 0")
            case Aggregation.MEAN:
                self.writer.line(f"{name} = {name}_n = 0")
            case Aggregation.ANY:
                self.writer.line(f"{name} = False")
            case Aggregation.DISTINCT:
                self.writer.line(f"{name} = set()")
            case Aggregation.FIRST | Aggregation.LAST:
                self.writer.line(f"{name} = {name}_d = None")
            case _:
                self.writer.line(f"{name} = None")

    def _pass(self, steps: list[AggregateStep], results: dict[str, str]) -> None:
        writer = self.writer
        plain = [
            each for each in steps if each.aggregate.where is None and each.aggregate.column is None
        ]
        for each in plain:
            count = each.aggregate.function is Aggregation.COUNT
            source = f"len({self.rows})" if count else f"len({self.rows}) > 0"
            writer.line(f"{results[each.address]} = {source}")
        groups: dict[str, list[AggregateStep]] = {}
        for each in steps:
            if each not in plain:
                where = each.aggregate.where
                groups.setdefault(canonical(where) if where is not None else "", []).append(each)
        if not groups:
            return
        columns = f"({', '.join(self.names.values())},)" if self.names else "_"
        writer.line(f"for {columns} in {self.rows}:")
        writer.depth += 1
        for group in groups.values():
            where = group[0].aggregate.where
            if where is not None:
                writer.line(f"if {writer.true(where)}:")
                writer.depth += 1
            for each in group:
                self._update(each.aggregate, results[each.address])
            if where is not None:
                writer.depth -= 1
        writer.depth -= 1

    def _update(self, one: Aggregate, name: str) -> None:
        line = self.writer.line
        column = self.names[one.column, one.function in SUMMED] if one.column is not None else ""
        match one.function:
            case Aggregation.COUNT if column:
                line(f"if {column} is not None: {name} += 1")
            case Aggregation.COUNT:
                line(f"{name} += 1")
            case Aggregation.ANY:
                line(f"{name} = True")
            case Aggregation.SUM:
                line(f"if {column} is not None: {name} += {column}")
            case Aggregation.MEAN:
                line(f"if {column} is not None:")
                line(f"    {name} += {column}")
                line(f"    {name}_n += 1")
            case Aggregation.DISTINCT:
                line(f"if {column} is not None: {name}.add({column})")
            case Aggregation.FIRST | Aggregation.LAST:
                self._update_edge(one, name, column)
            case _:
                better = f"{column} {EDGES[one.function]} {name}"
                line(f"if {column} is not None and ({name} is None or {better}): {name} = {column}")

    def _update_edge(self, one: Aggregate, name: str, column: str) -> None:
        date = self.names[str(self.table.order), False]
        sign = EDGES[one.function]
        better = f"{date} {sign} {name}_d or ({date} == {name}_d and {column} {sign} {name})"
        self.writer.line(
            f"if {date} is not None and {column} is not None and ({name}_d is None or {better}):"
        )
        self.writer.line(f"    {name}_d = {date}")
        self.writer.line(f"    {name} = {column}")

    def _finish(self, one: Aggregate, name: str) -> None:
        line = self.writer.line
        if one.function is Aggregation.DISTINCT:
            line(f"{name} = len({name})")
        if one.function not in SUMMED or one.column is None:
            return
        places = PLACES[self.table.columns[one.column].type.kind]
        total = f"{name} / {10.0**places!r}" if places else f"{name} * 1.0"
        if one.function is Aggregation.MEAN:
            total = f"({total}) / {name}_n"
        known = f"-{10**DIGITS} < {name} < {10**DIGITS}"
        if one.function is Aggregation.MEAN:
            known = f"{name}_n and {known}"
        line(f"{name} = {total} if {known} else None")
