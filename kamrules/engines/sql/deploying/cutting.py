"""Cutting: which of a run's steps are kept, so that none of them is more than a warehouse plans in a moment.

A warehouse copies a query into all that read it, looks through the whole of it with each of its optimizer's
rules, and works in all of it at once. What is kept ends that: those that read it see a table.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.tree import table_of

if TYPE_CHECKING:
    from kamrules.engines.sql.deploying.names import Names
    from kamrules.engines.sql.deploying.passes import CTE
    from kamrules.engines.sql.tree import Sql

MOST = 40
"""A query that more than so many stand in is kept. `kam` whole has more than 400, for which Spark 4.1 ran out
of memory with 2 GB: a stage of more than 60 groups, windows and sorts. Each step kept takes it a second."""
JOINED = 6
"""So many relations are joined in one query; each is sorted and held in memory beside the others."""


def reads(select: exp.Select) -> list[str]:
    """Return the names of the CTEs that a query reads, each as often as it does."""
    return [each.name for each in select.find_all(exp.Table) if not each.db]


def read_by(ctes: list[CTE]) -> list[CTE]:
    """Return the last CTE after all that it stands on."""
    needed = {ctes[-1][0]}
    for name, one in reversed(ctes):
        if name in needed:
            needed.update(reads(one))
    return [(name, one) for name, one in ctes if name in needed]


def parted(ctes: list[CTE], names: Names) -> list[CTE]:
    """Return the same, with a storey that joins many relations as several, one over the other."""
    found: list[CTE] = []
    for name, one in ctes:
        select, joins = one, one.args.get("joins") or []
        while len(joins) > JOINED:
            lower = names.new(f"{name}_part")
            found.append((lower, _lower(select, joins[:JOINED])))
            joins = joins[JOINED:]
            select = _upper(select, joins, found[-1])
        found.append((name, select))
    return found


def _lower(select: exp.Select, joins: list[exp.Join]) -> exp.Select:
    """Return a storey with some of its joined relations only, and the columns that read these."""
    joined = {each.this.name for each in joins}
    star, *items = select.expressions
    items = [each for each in items if _tables(each) & joined]
    return exp.Select(expressions=[star, *items], from_=select.args["from_"], joins=joins).copy()


def _upper(select: exp.Select, joins: list[exp.Join], lower: CTE) -> exp.Select:
    """Return a storey with the other joined relations, over that with the first."""
    name, made = lower
    there = {each.alias for each in made.expressions}
    items = [each for each in select.expressions if each.alias not in there or not each.alias]
    below = select.args["from_"].this
    here = table_of((name,))
    here.set("alias", exp.TableAlias(this=exp.to_identifier(below.alias_or_name, quoted=True)))
    return exp.Select(expressions=items, joins=joins).from_(here, copy=False)


def _tables(item: Sql) -> set[str]:
    return {each.table for each in item.find_all(exp.Column)}


def worth_keeping(ctes: list[CTE]) -> set[str]:
    """Return the CTEs to keep: those that are read more than once and stand on a group or window not kept
    below them, and those in which too many others stand.
    """
    times = Counter(each for _, one in ctes for each in reads(one))
    within: dict[str, int] = {}
    costly: set[str] = set()
    found: set[str] = set()
    for name, one in ctes:
        within[name] = 1 + sum(within.get(each, 1) for each in reads(one))
        works = one.args.get("group") is not None or any(one.find_all(exp.Window))
        works = works or any(each in costly for each in reads(one))
        if within[name] > MOST or (works and times[name] > 1):
            found.add(name)
            within[name] = 1
        elif works:
            costly.add(name)
    return found
