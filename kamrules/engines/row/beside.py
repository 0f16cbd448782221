"""Beside: the test of what stands beside a row in time, and the dates that it is made against.

The dates of the rows that may stand beside are gathered once a decision, and only if a row waits for them;
each waiting row then costs two searches in sorted dates.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from kamrules.engines.layout import key_of
from kamrules.engines.row.joining import all_of
from kamrules.expression import canonical
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.compiler.program import Program
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.code import Writer
    from kamrules.expression.nodes import Beside

Names = dict[tuple[str, bool], str]


def counted(dates: Sequence[int], first: int, last: int) -> int:
    """Return how many of the dates, which are sorted, lie from the first to the last, both included."""
    return bisect_right(dates, last) - bisect_left(dates, first)


def gathered(node: Beside) -> tuple[object, ...]:
    """Return what is equal for two nodes that are tested against the same dates."""
    where = None if node.where is None else canonical(node.where)
    return node.table, where, node.date, node.same


class Besides:
    """Writes what rows of one table are tested with."""

    def __init__(self, writer: Writer, program: Program, layout: Layout, table: str) -> None:
        self.writer = writer
        self.program = program
        self.tables = dict(layout.tables)
        self.rows = {name: f"rows{number}" for number, (name, _) in enumerate(layout.tables)}
        self.table = table

    def write_dates(self, node: Beside, name: str) -> None:
        """Write the gathering of dates: a sorted list, or one for each key that rows may share."""
        writer = self.writer
        names = {each: f"q{number}" for number, each in enumerate(self.tables[node.table])}
        writer.line(f"{name} = {'{}' if node.same else '[]'}")
        writer.line(f"for ({', '.join(names.values())},) in {self.rows[node.table]}:")
        writer.depth += 1
        date, keys = names[node.date, False], self._keys(node, node.table, names)
        tests = [*self._tests(node, names), *(f"{each} is not None" for each in (date, *keys))]
        into = f"{name}.setdefault({_key(keys)}, [])" if keys else name
        writer.line(f"if {all_of(tests)}: {into}.append({date})")
        writer.depth -= 1
        if keys:
            writer.line(f"for one in {name}.values(): one.sort()")
        else:
            writer.line(f"{name}.sort()")

    def _tests(self, node: Beside, names: Names) -> list[str]:
        """Return what must hold for a row of the other table to count, its columns having these names."""
        if node.where is None:
            return []
        writer = self.writer
        before = {key: each for key, each in writer.places.items() if key[0] == "row"}
        columns = self.program.tables[node.table].columns
        for (column, stored), name in names.items():
            writer.whole.discard(name)
            if not stored:
                writer.places["row", column] = (name, True)
                if columns[column].type.kind is Kind.DATE:
                    writer.whole.add(name)
        tests = writer.conjuncts(node.where)
        writer.places.update(before)
        return tests

    def _keys(self, node: Beside, table: str, names: Mapping[tuple[str, bool], str]) -> list[str]:
        return [names[key_of(self.program, table, column)] for column in node.same]

    def test(self, node: Beside, dates: str, names: Names, passed: Sequence[str]) -> str:
        """Return the test of a row that has passed tests already; it may need lines, which are written."""
        day, keys = names[node.day, False], self._keys(node, self.table, names)
        source = f"{dates}.get({_key(keys)}, ())" if keys else dates
        count = f"counted({source}, {_moved(day, node.first)}, {_moved(day, node.last)})"
        itself = self._itself(node, names, passed)
        if itself == "False":
            return f"{count} >= {node.needed}" if node.needed else f"{count} == 0"
        if itself == "True":
            return f"{count} > {node.needed}" if node.needed else f"{count} <= 1"
        own = f"(1 if {itself} else 0)"
        return f"{count} - {own} >= {node.needed}" if node.needed else f"{count} == {own}"

    def _itself(self, node: Beside, names: Names, passed: Sequence[str]) -> str:
        """Return source that tells whether the row at hand is among those counted."""
        if node.table != self.table:
            return "False"
        tests = [] if node.where is None else self.writer.conjuncts(node.where)
        day, date = names[node.day, False], names[node.date, False]
        if node.date != node.day:
            within = f"{_moved(day, node.first)} <= {date} <= {_moved(day, node.last)}"
            tests += [f"{date} is not None", within]
        elif not node.first <= 0 <= node.last:
            return "False"
        tests += [f"{each} is not None" for each in self._keys(node, self.table, names)]
        return all_of([each for each in tests if each not in passed])


def _key(keys: Sequence[str]) -> str:
    return keys[0] if len(keys) == 1 else f"({', '.join(keys)})"


def _moved(day: str, days: int) -> str:
    return f"{day} {'+' if days > 0 else '-'} {abs(days)}" if days else day
