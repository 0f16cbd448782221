"""Lean: SQL without the brackets that it means the same without, so that people can read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from kamrules.engines.sql.tree import Sql

BINDING: dict[type[Sql], int] = {
    exp.Or: 1, exp.And: 2, exp.Not: 3,
    exp.EQ: 4, exp.NEQ: 4, exp.LT: 4, exp.LTE: 4, exp.GT: 4, exp.GTE: 4, exp.Is: 4, exp.In: 4, exp.Between: 4,
    exp.Add: 5, exp.Sub: 5, exp.Mul: 6, exp.Div: 6, exp.Neg: 7, exp.Collate: 8,
}  # fmt: skip
"""How tightly operators bind, in all the dialects."""
ATOM = 9
PLAIN = re.compile("[a-z_][a-z0-9_]*")
FROM_THE_LEFT = (exp.Add, exp.Sub, exp.Mul, exp.Div)


def lean(tree: exp.Select) -> exp.Select:
    """Return the tree without needless brackets; numbers are still worked out in the order written."""
    for each in list(tree.find_all(exp.Not, exp.In, exp.Anonymous)):
        _plainly(each)
    for each in list(tree.find_all(exp.Paren)):
        inner = each.this
        if each.parent is not None and _needless(each, inner):
            each.replace(inner)
    return tree


def _plainly(item: Sql) -> None:
    """Say what can be said in a plainer way: `is not null`, `=` one value; functions in capitals."""
    match item:
        case exp.Not():
            inner = item.this.unnest()
            if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
                known = exp.Is(this=inner.this, expression=exp.Not(this=exp.null()))
                item.replace(exp.Paren(this=known))
        case exp.In() if len(item.expressions) == 1:
            item.replace(exp.Paren(this=exp.EQ(this=item.this, expression=item.expressions[0])))
        case exp.Anonymous():
            item.set("this", item.name.upper())


def _needless(brackets: exp.Paren, inner: Sql) -> bool:
    parent = brackets.parent
    if isinstance(parent, exp.Window):
        return False
    if isinstance(inner, exp.Neg):
        return not isinstance(parent, (*FROM_THE_LEFT, exp.Neg))
    outside = None if parent is None else BINDING.get(type(parent))
    if outside is None:
        return not isinstance(parent, exp.Binary | exp.Unary)
    inside = BINDING.get(type(inner), ATOM)
    if inside != outside:
        return inside > outside
    if isinstance(inner, exp.And | exp.Or):
        return type(inner) is type(parent)
    return isinstance(inner, FROM_THE_LEFT) and brackets.arg_key == "this"


def folded(tree: exp.Expression) -> exp.Expression:
    """Return the tree with plain names in capitals, as a warehouse takes those that nobody has quoted."""
    for each in tree.find_all(exp.Identifier):
        if PLAIN.fullmatch(each.name):
            each.set("this", each.name.upper())
    return tree
