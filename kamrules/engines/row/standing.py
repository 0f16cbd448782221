"""Standing: which rows stand beside a row of an account, found slowly, for who wants to see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.engines.layout import key_of
from kamrules.engines.row.walking import value
from kamrules.expression.besides import apart
from kamrules.expression.nodes import RowColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import Program
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.account import Account
    from kamrules.expression.nodes import Aggregate, Beside, Node

    Row = tuple[Any, ...]


class Standing:
    """What stands beside the rows of one account."""

    def __init__(self, program: Program, layout: Layout, account: Account) -> None:
        self.program = program
        self.account = account
        self.columns = dict(layout.tables)
        self.numbers = {name: index for index, (name, _) in enumerate(layout.tables)}

    def holds(self, node: Beside, table: str, place: int) -> bool:
        """Return whether what must stand beside the row at a place does, or what must not does not."""
        row = self._cells(table, self._rows(table)[place])
        if row[node.day, False] is None:
            return False
        found = len(self.others(node, table, place))
        return found >= node.needed if node.needed else found == 0

    def others(self, node: Beside, table: str, place: int) -> dict[int, float]:
        """Return the places of the rows that stand beside the row at a place, with their dates."""
        row = self._cells(table, self._rows(table)[place])
        day = row[node.day, False]
        found: dict[int, float] = {}
        if day is None:
            return found
        keys = [key_of(self.program, node.table, column) for column in node.same]
        for number, each in enumerate(self._rows(node.table)):
            if node.table == table and number == place:
                continue
            other = self._cells(node.table, each)
            date = other[node.date, False]
            if (
                date is not None
                and node.first <= date - day <= node.last
                and self._is_true(node.where, node.table, each)
                and all(other[key] is not None and other[key] == row[key] for key in keys)
            ):
                found[number] = date
        return found

    def beside_any(self, one: Aggregate, node: Beside) -> dict[int, float]:
        """Return the rows that stand beside any row for which an aggregate's other conditions hold."""
        found: dict[int, float] = {}
        for place, row in enumerate(self._rows(one.table)):
            if all(self._is_true(each, one.table, row) for each in apart(one.where)[0]):
                found |= self.others(node, one.table, place)
        return dict(sorted(found.items()))

    def _rows(self, table: str) -> Sequence[Row]:
        return self.account.prepared.tables[self.numbers[table]] or ()

    def _is_true(self, where: Node | None, table: str, row: Row) -> bool:
        return (
            where is None or value(where, RowNames(self.account, self.columns[table], row)) is True
        )

    def _cells(self, table: str, row: Row) -> dict[tuple[str, bool], Any]:
        return dict(zip(self.columns[table], row, strict=True))


class RowNames:
    """Names inside a filter: the row's columns, and the account's values for the rest."""

    def __init__(self, account: Account, columns: Sequence[tuple[str, bool]], row: Row) -> None:
        self.account = account
        self.row: dict[str, Any] = {}
        for (name, stored), each in zip(columns, row, strict=True):
            if not stored or name not in self.row:
                self.row[name] = each

    def held(self, column: str) -> Any:  # noqa: ANN401  a value of any type
        """Return what the row holds in a column; of what is only summed, whole stored units."""
        return self.row.get(column)

    def value(self, node: Node) -> Any:  # noqa: ANN401  a value of any type
        """Return the value of a name."""
        return self.row.get(node.name) if isinstance(node, RowColumn) else self.account.value(node)
