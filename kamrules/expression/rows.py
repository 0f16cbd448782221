"""Rows: what a related table is inside an expression, before an aggregate makes a value of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.expression import syntax
from kamrules.expression.types import ACCOUNTS

if TYPE_CHECKING:
    from kamrules.expression.checker import Checker
    from kamrules.expression.nodes import Node, Span
    from kamrules.expression.types import Type


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a related table, perhaps filtered, perhaps one column of them; no value by itself."""

    table: str
    column: str | None
    where: Node | None
    span: Span


def rows_alone(checker: Checker, tree: syntax.Tree, expected: Type) -> Rows:
    """Return rows that stand by themselves; a column that they name has the expected type.

    Raises Failed, and the checker knows why.
    """
    text = checker.written(tree.span)
    if isinstance(tree, syntax.Name) and tree.name == ACCOUNTS:
        message = f"`{ACCOUNTS}` has one row an account, and rows of a related table stand here"
        raise checker.fail("KR220", message, tree.span)
    if not isinstance(tree, syntax.Name | syntax.Filter | syntax.Part):
        message = f"rows of a table stand here, such as orders[amount > 0], and `{text}` is a value"
        raise checker.fail("KR220", message, tree.span)
    found = checker.rows(tree, None)
    if found.column is None:
        return found
    kind = checker.scope.tables[found.table].columns[found.column].type
    if kind.kind is not expected.kind:
        where = tree.where if isinstance(tree, syntax.Part) else tree.span
        message = f"{expected.told} stands here, and `{found.column}` is {kind.told}"
        raise checker.fail("KR221", message, where)
    return found
