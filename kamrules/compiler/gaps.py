"""Gaps: the measured facts that a criterion or gate reads, so that an unknown one can be named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.program import GapRule
from kamrules.expression.besides import columns_beside
from kamrules.expression.nodes import AccountColumn, Aggregate, OfBook, RowColumn, StepValue
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.expression.walk import below, children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.draft import Draft
    from kamrules.compiler.program import Condition, FactStep
    from kamrules.expression.nodes import Node


def gaps(draft: Draft) -> list[GapRule]:
    """Return the measured facts with the criteria and gates that depend on each.

    A measured fact is an account column, or a derived fact that reads related tables; what lies
    behind a measured fact is not looked at, since the author sees the fact. Runs before aggregates
    are lifted out.
    """
    facts = {each.address: each for each in draft.facts}
    dependents: dict[str, dict[str, None]] = {}
    for address, tree in _consumers(draft):
        for name in _measured(tree, facts):
            dependents.setdefault(name, {})[address] = None
    found: list[GapRule] = []
    for name, column in draft.tables[ACCOUNTS].columns.items():
        if name in dependents and name != ACCOUNT_ID:
            step: Node = AccountColumn(name, column.type)
            found.append(GapRule(name, column.info_level, step, tuple(dependents[name])))
    for fact in draft.facts:
        if fact.address in dependents:
            step = StepValue(fact.address, fact.type)
            level = max(fact.info_level, _level(draft, fact))
            found.append(GapRule(fact.id, level, step, tuple(dependents[fact.address])))
    return found


def _consumers(draft: Draft) -> Iterator[tuple[str, Node]]:
    for score in draft.scores:
        for criterion in score.criteria:
            yield criterion.address, criterion.value
    for gate in draft.gates():
        for tree in expressions(gate.when):
            yield gate.address, tree


def expressions(condition: Condition) -> Iterator[Node]:
    """Yield the expressions of a condition and of all its members."""
    if condition.expression is not None:
        yield condition.expression
    for member in condition.members:
        yield from expressions(member)


def _measured(tree: Node, facts: dict[str, FactStep]) -> Iterator[str]:
    """Yield the measured facts that a tree reads, directly or through other facts."""
    for node in below(tree):
        if isinstance(node, AccountColumn):
            yield node.name
        elif isinstance(node, StepValue) and node.address in facts:
            fact = facts[node.address]
            if _reads_tables(fact.value):
                yield fact.address
            else:
                yield from _measured(fact.value, facts)


def _reads_tables(tree: Node) -> bool:
    """Return whether a tree reads related tables for the account itself; a place in the book is no such."""
    if isinstance(tree, OfBook):
        return False
    return isinstance(tree, Aggregate) or any(_reads_tables(each) for each in children(tree))


def _level(draft: Draft, fact: FactStep) -> int:
    """Return the highest information level among the columns that a fact reads."""
    levels = [1]
    for node in below(fact.value):
        if isinstance(node, RowColumn):
            levels.append(draft.tables[node.table].columns[node.name].info_level)
        elif isinstance(node, Aggregate):
            columns = [(table, name) for table, name, _ in columns_beside(node)]
            columns += [] if node.column is None else [(node.table, node.column)]
            levels += [draft.tables[table].columns[name].info_level for table, name in columns]
        elif isinstance(node, AccountColumn):
            levels.append(draft.tables[ACCOUNTS].columns[node.name].info_level)
    return max(levels)
