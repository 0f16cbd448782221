"""Layout: which columns of which tables a program reads, and where prepared facts keep them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from kamrules.compiler.parts import trees
from kamrules.expression.besides import columns_beside
from kamrules.expression.nodes import AccountColumn, Aggregation, Node, RowColumn
from kamrules.expression.types import ACCOUNTS, Kind
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from kamrules.compiler.program import Program

NODES = get_args(Node)


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns in the order in which prepared facts hold them.

    A row's column is held as its value, or, for exact sums, as stored units: (name, stored).
    """

    account: tuple[str, ...]
    tables: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]


def layout_of(program: Program) -> Layout:
    """Return the columns that the program reads, in the vocabulary's order."""
    account: set[str] = set()
    rows: dict[str, set[tuple[str, bool]]] = {}
    for tree in trees(program):
        for node in below(tree):
            if isinstance(node, AccountColumn):
                account.add(node.name)
            elif isinstance(node, RowColumn):
                rows.setdefault(node.table, set()).add((node.name, False))
    for step in program.aggregates:
        one = step.aggregate
        used = rows.setdefault(one.table, set())
        if one.column is not None:
            used.add((one.column, one.function in {Aggregation.SUM, Aggregation.MEAN}))
        for table, column, joined in columns_beside(one):
            key = key_of(program, table, column) if joined else (column, False)
            rows.setdefault(table, set()).add(key)
        order = program.tables[one.table].order
        if one.function in {Aggregation.FIRST, Aggregation.LAST} and order is not None:
            used.add((order, False))
    columns = program.tables[ACCOUNTS].columns
    return Layout(
        tuple(name for name in columns if name in account),
        tuple(
            (name, tuple(sorted(rows[name], key=lambda each: (list(table.columns).index(each[0]), each[1]))))
            for name, table in program.tables.items()
            if name in rows
        ),
    )  # fmt: skip


def key_of(program: Program, table: str, column: str) -> tuple[str, bool]:
    """Return how a column by which rows are joined is held: numbers exactly, as stored units."""
    kind = program.tables[table].columns[column].type
    return column, kind.numeric and kind.kind is not Kind.DATE
