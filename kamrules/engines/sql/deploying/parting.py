"""Parting: a view that is too deep for a warehouse as several views, each over the ones before it.

Spark goes over a statement a hundred times at most until every name in it is known. A CTE over another takes
three times or more, and 35 on top of each other are too many; a view is looked at by itself, and counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.deploying.view import View
from kamrules.engines.sql.tree import table_of

if TYPE_CHECKING:
    CTE = tuple[str, exp.Select]


def parted(view: View, most: int) -> list[View]:
    """Return a view after those that it stands on, none with more than so many CTEs on each other."""
    found: list[View] = []
    ctes = dict(view.ctes)
    depth: dict[str, int] = {}
    views: dict[str, tuple[str, ...]] = {}
    for name, select in view.ctes:
        depth[name] = 1 + max((depth[each] for each in _read(select, ctes)), default=0)
        if name and depth[name] >= most:
            *parts, last = view.path
            path = (*parts, f"{last}_{len(found) + 1}")
            found.append(View(path, _closed(name, ctes, views)))
            views[name] = path
            depth[name] = 1
    return [*found, View(view.path, _closed("", ctes, views))]


def _read(select: exp.Select, ctes: dict[str, exp.Select]) -> list[str]:
    """Return the CTEs that a select reads."""
    names = (each.name for each in select.find_all(exp.Table) if not each.db)
    return [each for each in dict.fromkeys(names) if each in ctes]


def _closed(name: str, ctes: dict[str, exp.Select], views: dict[str, tuple[str, ...]]) -> list[CTE]:
    """Return what a CTE stands on, down to what has become a view, and the CTE itself, without a name."""
    needed, waiting = {name}, [name]
    while waiting:
        for each in _read(ctes[waiting.pop()], ctes):
            if each not in needed and each not in views:
                needed.add(each)
                waiting.append(each)
    return [
        ("" if each == name else each, _over_views(select, views))
        for each, select in ctes.items()
        if each in needed
    ]


def _over_views(select: exp.Select, views: dict[str, tuple[str, ...]]) -> exp.Select:
    """Return a copy of a select that reads views, under the names of the CTEs that they were."""
    found = select.copy()
    for table in list(found.find_all(exp.Table)):
        if not table.db and table.name in views:
            alias = table.alias or table.name
            made = table_of(views[table.name])
            made.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
            made.set("joins", table.args.get("joins"))
            table.replace(made)
    return found
