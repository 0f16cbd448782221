"""Output tables as queries over a core, in one dialect: lists become rows as the dialect has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.tree import binary, cast, column, named, table_of, whole

if TYPE_CHECKING:
    from kamrules.engines.sql.deploying.dialects import Dialect
    from kamrules.engines.sql.output import Output
    from kamrules.engines.sql.tree import Sql

UNNEST, SUBSCRIPTS = "unnest", "generate_subscripts"
LISTED, ITEM, AT = "of_list", "list_item", "list_place"


def selected(output: Output, core: str, dialect: Dialect) -> exp.Select:
    """Return an output table as a query over the core, its trees still those of the batch engine."""
    source: exp.Expression = table_of((core,))
    below: list[Sql] = [column(name) for name in sorted(output.reads())]
    for number, storey in enumerate(output.storeys):
        if not storey:
            continue
        laterals: list[exp.Lateral] = []
        items = [(name, tree.copy()) for name, tree in storey]
        if not dialect.unnests:
            items, laterals = _exploded(items)
        made = exp.Select(expressions=[*below, *(named(tree, name) for name, tree in items)])
        made = made.from_(source, copy=False)
        if laterals:
            made.set("laterals", laterals)
        source, below = made.subquery(f"s{number}", copy=False), [exp.Star()]
    items = [(name, tree.copy()) for name, tree in output.columns]
    found = exp.Select(expressions=[named(tree, name) for name, tree in items])
    return found.from_(source, copy=False)


def _exploded(items: list[tuple[str, Sql]]) -> tuple[list[tuple[str, Sql]], list[exp.Lateral]]:
    """Return a storey's columns, a list's items and places read of a lateral view, and that view, if any."""
    lists = [tree.expressions[0] for _, tree in items if _called(tree, UNNEST)]
    if not lists:
        return items, []
    names = [exp.to_identifier(each, quoted=True) for each in (AT, ITEM)]
    view = exp.Lateral(
        this=exp.Anonymous(this="posexplode", expressions=[lists[0].copy()]),
        view=True,
        alias=exp.TableAlias(this=exp.to_identifier(LISTED, quoted=True), columns=names),
    )
    made: list[tuple[str, Sql]] = []
    for name, tree in items:
        if _called(tree, UNNEST):
            made.append((name, column(ITEM)))
        elif any(_called(each, SUBSCRIPTS) for each in tree.find_all(exp.Anonymous)):
            made.append((name, cast(binary(exp.Add, column(AT), whole(1)), "bigint")))
        else:
            made.append((name, tree))
    return made, [view]


def _called(tree: Sql, name: str) -> bool:
    return isinstance(tree, exp.Anonymous) and tree.name.lower() == name
