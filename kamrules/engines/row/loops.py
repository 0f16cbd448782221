"""Loops: one pass over a related table's rows for all aggregates that can be worked out by then."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.engines.row.beside import Besides, gathered
from kamrules.engines.row.pieces import Piece
from kamrules.engines.row.sharing import Guarded, guarded, hoisted, write_shared
from kamrules.expression import canonical
from kamrules.expression.besides import apart
from kamrules.expression.nodes import Aggregation, StepValue
from kamrules.expression.types import DIGITS, PLACES, Kind
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from kamrules.compiler.program import AggregateStep, Program
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.code import Writer
    from kamrules.expression.nodes import Aggregate, Beside, Node
    from kamrules.expression.types import Type

EDGES = {Aggregation.FIRST: "<", Aggregation.LAST: ">", Aggregation.MIN: "<", Aggregation.MAX: ">"}
EMPTY = {
    Aggregation.SUM: "0.0",
    Aggregation.COUNT: "0",
    Aggregation.DISTINCT: "0",
    Aggregation.ANY: "False",
    Aggregation.MEAN: "None",
}
"""What aggregates come to over no rows; the others to None."""
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


def _text(step: AggregateStep) -> str:
    """Return the condition of a step's rows as text; equal conditions are tested once."""
    where = step.aggregate.where
    return "" if where is None else canonical(where)


@dataclass(slots=True)
class Waiting:
    """Steps with one condition, whose rows wait in a list for what stands beside them."""

    name: str
    steps: list[AggregateStep] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    def besides(self) -> tuple[Beside, ...]:
        """Return what has to stand beside the rows."""
        return apart(self.steps[0].aggregate.where)[1]

    def gathered(self) -> list[tuple[object, ...]]:
        """Return what dates they are tested against."""
        return [gathered(each) for each in self.besides()]


class _Loop:
    """The loop over one table."""

    def __init__(self, writer: Writer, program: Program, layout: Layout, table: str) -> None:
        self.writer = writer
        self.program = program
        self.table = program.tables[table]
        self.besides = Besides(writer, program, layout, table)
        index = [name for name, _ in layout.tables].index(table)
        self.rows = f"rows{index}"
        self.columns = layout.tables[index][1]
        self.names = {each: f"r{number}" for number, each in enumerate(self.columns)}
        for (column, stored), name in self.names.items():
            writer.whole.discard(name)
            if not stored:
                writer.places["row", column] = (name, True)
                if self.table.columns[column].type.kind is Kind.DATE:
                    writer.whole.add(name)

    def write(self, steps: list[AggregateStep]) -> None:
        """Write the loop, before it what it starts from and after it what it comes to."""
        writer = self.writer
        results = {each.address: writer.fresh("a") for each in steps}
        writer.line(f"if {self.rows}:")
        writer.depth += 1
        for each in steps:
            self._start(each.aggregate, results[each.address])
        self._pass(steps, results)
        for each in steps:
            self._finish(each.aggregate, results[each.address])
            self._lacking(each.aggregate, results[each.address])
        writer.depth -= 1
        writer.line(f"elif {self.rows} is None:")
        writer.line(f"    {' = '.join(results.values())} = None")
        writer.line("else:")
        writer.depth += 1
        for empty in dict.fromkeys(EMPTY.values()):
            names = [results[each.address] for each in steps
                     if self._empty(each.aggregate) == empty]  # fmt: skip
            if names:
                writer.line(f"{' = '.join(names)} = {empty}")
        for each in steps:
            self._lacking(each.aggregate, results[each.address])
        writer.depth -= 1
        for each in steps:
            writer.places["step", each.address] = (results[each.address], True)
            if self._whole(each.aggregate):
                writer.whole.add(results[each.address])

    @staticmethod
    def _empty(one: Aggregate) -> str:
        """Return what an aggregate comes to over no rows at all."""
        return EMPTY.get(one.function, "None")

    def _whole(self, one: Aggregate) -> bool:
        """Return whether the result is an int: a number of rows, or a date out of one."""
        if one.function in {Aggregation.COUNT, Aggregation.DISTINCT}:
            return True
        of = self._of(one)
        return one.function in EDGES and of is not None and of.kind is Kind.DATE

    def _of(self, one: Aggregate) -> Type | None:
        """Return the type of what is taken of each row, None when rows are counted."""
        if one.item is not None:
            return one.item.type
        return None if one.column is None else self.table.columns[one.column].type

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
            each
            for each in steps
            if each.aggregate.where is None and self._of(each.aggregate) is None
        ]
        for each in plain:
            count = each.aggregate.function is Aggregation.COUNT
            source = f"len({self.rows})" if count else f"len({self.rows}) > 0"
            writer.line(f"{results[each.address]} = {source}")
        rest = [each for each in steps if each not in plain]
        if not rest:
            return
        beside = {_text(each) for each in rest if apart(each.aggregate.where)[1]}
        waiting = {text: Waiting(writer.fresh("w")) for text in map(_text, rest) if text in beside}
        for some in waiting.values():
            writer.line(f"{some.name} = []")
        columns = f"({', '.join(self.names.values())},)" if self.names else "_"
        begun = len(writer.lines)
        writer.line(f"for {columns} in {self.rows}:")
        writer.depth += 1
        tests: dict[str, list[str]] = {}
        parts = []
        for each in rest:
            text = _text(each)
            if text not in tests:
                tests[text] = self._tests(each.aggregate)
            if text in waiting:
                waiting[text].steps.append(each)
            else:
                parts.append(self._update(each.aggregate, results[each.address], tests[text]))
        for text, some in waiting.items():
            parts.append(guarded(tests[text], f"{some.name}.append({columns})"))
            some.passed = tests[text]
        if len(rest) == 1 and rest[0].aggregate.function is Aggregation.ANY and not waiting:
            parts = [guarded(each.tests, *each.lines, "break") for each in parts]
        self._write_body(parts, begun)
        self._waited(list(waiting.values()), columns, results)

    def _write_body(self, parts: list[Guarded], begun: int) -> None:
        """Write the parts into the loop that began at a line; without rows that can count it is left out."""
        writer = self.writer
        first, parts = hoisted(parts, writer.lines[begun:])
        before = len(writer.lines)
        write_shared(writer, parts)
        if len(writer.lines) == before:
            # no row can ever count
            writer.line("pass")
        writer.depth -= 1
        if first != "True":
            looped = [f"    {each}" for each in writer.lines[begun:]]
            del writer.lines[begun:]
            writer.line(f"if {first}:")
            writer.lines += looped

    def _tests(self, one: Aggregate) -> list[str]:
        """Return what must hold for a row to count, apart from what must stand beside it."""
        own, besides = apart(one.where)
        known = [f"{self.names[each.day, False]} is not None" for each in besides]
        return [*(test for each in own for test in self.writer.conjuncts(each)), *known]

    def _waited(self, waiting: list[Waiting], columns: str, results: dict[str, str]) -> None:
        """Write the second look at the rows that wait for what stands beside them."""
        writer = self.writer
        needed = Counter(key for each in waiting for key in each.gathered())
        shared = {key: writer.fresh("b") for key, count in needed.items() if count > 1}
        for name in shared.values():
            writer.line(f"{name} = None")
        for some in waiting:
            others = self._others(some.steps[0].aggregate)
            known = [some.name, *(f"{each} is not None" for each in others)]
            writer.line(f"if {' and '.join(known)}:")
            writer.depth += 1
            dates = [self._dates(each, shared) for each in some.besides()]
            writer.line(f"for {columns} in {some.name}:")
            writer.depth += 1
            tests = [
                self.besides.test(each, name, self.names, some.passed)
                for each, name in zip(some.besides(), dates, strict=True)
            ]
            parts = [
                self._update(each.aggregate, results[each.address], tests) for each in some.steps
            ]
            write_shared(writer, parts)
            writer.depth -= 2

    def _dates(self, node: Beside, shared: dict[tuple[object, ...], str]) -> str:
        """Write the gathering of the dates that a node is tested against; return what holds them."""
        writer = self.writer
        name = shared.get(gathered(node))
        if name is None:
            name = writer.fresh("b")
            self.besides.write_dates(node, name)
            return name
        writer.line(f"if {name} is None:")
        writer.depth += 1
        self.besides.write_dates(node, name)
        writer.depth -= 1
        return name

    def _others(self, one: Aggregate) -> list[str]:
        """Return the rows of other tables that stand beside those of an aggregate."""
        tables = dict.fromkeys(each.table for each in apart(one.where)[1])
        found = [self.besides.rows[each] for each in tables]
        return [each for each in found if each != self.rows]

    def _update(self, one: Aggregate, name: str, tests: list[str]) -> Guarded:
        """Return what a row does to the result, and when."""
        if one.item is not None:
            return self._update_of_item(one, one.item, name, tests)
        column = self.names[one.column, one.function in SUMMED] if one.column is not None else ""
        known = [*tests, f"{column} is not None"] if column else tests
        match one.function:
            case Aggregation.COUNT:
                return guarded(known, f"{name} += 1")
            case Aggregation.ANY:
                return guarded(tests, f"{name} = True")
            case Aggregation.SUM:
                return guarded(known, f"{name} += {column}")
            case Aggregation.MEAN:
                return guarded(known, f"{name} += {column}", f"{name}_n += 1")
            case Aggregation.DISTINCT:
                return guarded(known, f"{name}.add({column})")
            case Aggregation.FIRST | Aggregation.LAST:
                return self._update_edge(one, name, column, tests)
            case _:
                better = f"{column} {EDGES[one.function]} {name}"
                return guarded(known, f"if {name} is None or {better}: {name} = {column}")

    def _update_of_item(self, one: Aggregate, item: Node, name: str, tests: list[str]) -> Guarded:
        """Return what a row does with the value worked out for it, which only rows that count cost."""
        writer = self.writer
        before, depth = len(writer.lines), writer.depth
        writer.depth = 0
        piece = writer.value(item)
        units = writer.fresh("u")
        places = PLACES[item.type.kind]
        source = f"stored_units({piece.source}, {10.0**places!r})"
        if item.type.kind is Kind.DATE:
            source = f"stored_day({piece.source})"
        writer.line(f"{units} = {writer.nullable(Piece(source, piece.needs))}")
        lines = writer.lines[before:]
        del writer.lines[before:]
        writer.depth = depth
        lines.append(f"if {units} is not None:")
        if one.function in SUMMED:
            lines.append(f"    {name} += {units}")
            lines += [f"    {name}_n += 1"] if one.function is Aggregation.MEAN else []
        else:
            better = f"{name} is None or {units} {EDGES[one.function]} {name}"
            lines.append(f"    if {better}: {name} = {units}")
        return guarded(tests, *lines)

    def _update_edge(self, one: Aggregate, name: str, column: str, tests: list[str]) -> Guarded:
        date = self.names[str(self.table.order), False]
        sign = EDGES[one.function]
        better = f"{date} {sign} {name}_d or ({date} == {name}_d and {column} {sign} {name})"
        return guarded(
            [*tests, f"{date} is not None", f"{column} is not None"],
            f"if {name}_d is None or {better}:",
            f"    {name}_d = {date}",
            f"    {name} = {column}",
        )

    def _lacking(self, one: Aggregate, name: str) -> None:
        """Write that a result is unknown where another table that it looks at is lacking."""
        others = self._others(one)
        if others:
            self.writer.line(
                f"if {' or '.join(f'{each} is None' for each in others)}: {name} = None"
            )

    def _finish(self, one: Aggregate, name: str) -> None:
        line = self.writer.line
        if one.function is Aggregation.DISTINCT:
            line(f"{name} = len({name})")
        of = self._of(one)
        if of is None:
            return
        places = PLACES.get(of.kind, 0)
        total = f"{name} / {10.0**places!r}" if places else f"{name} * 1.0"
        if one.function not in SUMMED:
            if one.item is not None and of.kind is not Kind.DATE:
                line(f"{name} = None if {name} is None else {total}")
            return
        if one.function is Aggregation.MEAN:
            total = f"({total}) / {name}_n"
        known = f"-{10**DIGITS} < {name} < {10**DIGITS}"
        if one.function is Aggregation.MEAN:
            known = f"{name}_n and {known}"
        line(f"{name} = {total} if {known} else None")
