"""Sharing out the stack: what Polars has no words for, and what that stands on, DuckDB works out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.polars.lists import largest_of
from kamrules.engines.polars.unsaid import Unsaid
from kamrules.engines.sql.tree import column, sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.engines.polars.expressions import Expressions
    from kamrules.engines.sql.stack import Stack
    from kamrules.engines.sql.tree import Sql

KINDS = frozenset({"VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE"})
"""Types of DuckDB's whose values Polars treats alike in all that trees do."""


def shared_out(
    stack: Stack,
    wanted: Iterable[str],
    below: exp.Select,
    connection: Any,  # noqa: ANN401  DuckDB's
    say: Expressions,
) -> tuple[set[str], list[list[tuple[str, Sql]]]]:
    """Return the columns that DuckDB gives, and storeys of those that Polars adds, to have all wanted ones.

    `below` is the relation that the stack stands on.
    """
    storeys, ground = stack.storeys_of(wanted)
    trees = {name: tree for storey in storeys for name, tree in storey}
    lent = _with_all_below({name for name, tree in trees.items() if not _is_said(tree, say)}, trees)
    while True:
        given = sorted(ground | lent)
        select = stack.select([column(each) for each in given], below.copy())
        rows = connection.execute(f"DESCRIBE {sql(select)}").fetchall()
        kinds = {name: str(row[1]) for name, row in zip(given, rows, strict=True)}
        reading = {name for name, tree in trees.items() if _reads_foreign(tree, kinds)}
        more = _with_all_below(reading, trees) - lent
        if not more:
            break
        lent |= more
    left = [[each for each in storey if each[0] not in lent] for storey in storeys]
    read = set(wanted).union(*(_read(tree) for storey in left for _, tree in storey))
    return read & (ground | lent), [each for each in left if each]


def _with_all_below(names: set[str], trees: dict[str, Sql]) -> set[str]:
    """Return columns with all those made that they stand on."""
    found, open_ = set(), list(names)
    while open_:
        name = open_.pop()
        if name in found or name not in trees:
            continue
        found.add(name)
        open_ += _read(trees[name])
    return found


def _is_said(tree: Sql, say: Expressions) -> bool:
    largest = largest_of(tree)
    try:
        for each in (tree,) if largest is None else largest.keys:
            say.said(each)
    except Unsaid:
        return False
    return True


def _reads_foreign(tree: Sql, kinds: Mapping[str, str]) -> bool:
    """Whether a tree does with a column what Polars does not do alike.

    A decimal as a double is the one nearest to it in both, and whether a value is known nobody doubts.
    """
    for each in tree.find_all(exp.Column):
        kind = kinds.get(each.name)
        if kind is None or kind in KINDS:
            continue
        above = each.parent
        if isinstance(above, exp.Is):
            continue
        as_double = isinstance(above, exp.Cast) and above.to.this is exp.DataType.Type.DOUBLE
        if not (as_double and kind.startswith("DECIMAL")):
            return True
    return False


def _read(tree: Sql) -> set[str]:
    return {each.name for each in tree.find_all(exp.Column)}
