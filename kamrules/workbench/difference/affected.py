"""Affected: the rules that read what was edited, directly or through others."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.compiler.as_written import as_written
from kamrules.compiler.parts import trees
from kamrules.expression.besides import columns_beside
from kamrules.expression.nodes import (
    AccountColumn,
    Aggregate,
    Constant,
    RowColumn,
    StepValue,
)
from kamrules.expression.types import ACCOUNTS
from kamrules.expression.walk import below
from kamrules.workbench.difference.edits import Sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kamrules.compiler import Program
    from kamrules.document.positions import Path
    from kamrules.expression.nodes import Node
    from kamrules.workbench.difference.canon import Canon
    from kamrules.workbench.difference.edits import Edit

WORD = re.compile(r"[a-z][a-z0-9_]*")
FOLDED = {
    "criterion": ("weight", "scale", "curve", "unknown"),
    "score": ("band",),
    "tier": ("level",),
}
"""Where a parameter's name stands for a number that is part of the rule itself."""
PLACED = ("class", "tier", "phase", "strategy")


@dataclass(frozen=True, slots=True)
class Affected:
    """Rules that read what was edited, in the ruleset's order: `direct` ones, and those that read these."""

    direct: tuple[str, ...] = ()
    further: tuple[str, ...] = ()


def affected(edits: Iterable[Edit], sides: Iterable[tuple[Canon, Program]]) -> Affected:
    """Return the addresses of the rules that read what was edited, in either ruleset.

    Rules that were edited themselves are not among them.
    """
    readers: dict[str, list[str]] = defaultdict(list)
    order: dict[str, int] = {}
    for canon, program in sides:
        for address, read in _reads(canon, program):
            order.setdefault(address, len(order))
            for each in read:
                readers[each].append(address)
    edited = {_rule(each.path) for each in edits if each.sort is Sort.RULE}
    direct = _readers_of(edited, readers)
    found, waiting = set(direct), direct
    while waiting:
        waiting = _readers_of(waiting, readers) - found
        found |= waiting
    first, rest = direct - edited, found - direct - edited
    return Affected(*(tuple(sorted(some, key=lambda each: order[each])) for some in (first, rest)))


def _readers_of(some: set[str], readers: dict[str, list[str]]) -> set[str]:
    return {
        reader for one in some for name in (one, _whole(one)) for reader in readers.get(name, ())
    }


def _rule(path: Path) -> str:
    """Return the address of the rule, gate or column that a path lies in."""
    if len(path) > 3 and path[2] in {"gate", "column"}:
        return ".".join(str(each) for each in path[:4])
    if path[0] == "ruleset":
        return {"hit": "class", "phase_hit": "phase", "strategy_hit": "strategy"}.get(
            str(path[1]), "ruleset"
        )
    return ".".join(str(each) for each in path[:2])


def _whole(address: str) -> str:
    """Return what a rule is part of: a class says what `class` is, a gate whether a tier is reached."""
    kind, _, rest = address.partition(".")
    if kind in PLACED and rest:
        return kind
    if kind == "path":
        return "class"
    return address


def _reads(canon: Canon, program: Program) -> Iterator[tuple[str, set[str]]]:
    """Yield every rule with the addresses of what it reads."""
    written = as_written(program)
    for fact in program.facts:
        yield fact.address, _of_trees(trees(fact), written)
    for score in program.scores:
        for criterion in score.criteria:
            read = _of_trees(trees(criterion), written)
            yield criterion.address, read | _folded(canon, "criterion", criterion.id)
        members = {each.address for each in score.criteria}
        yield score.address, members | _folded(canon, "score", score.id)
    owners = [each.gates for each in program.paths] + [each.gates for each in program.tiers]
    for gate in (gate for gates in owners for gate in gates):
        yield gate.address, _of_trees(trees((gate.when, gate.stay)), written)
    for tier in program.tiers:
        yield tier.address, _folded(canon, "tier", tier.id)
    for rules in (program.classes, program.phases, program.strategies):
        for each in rules:
            conditions = (each.when, getattr(each, "stay", None))
            yield each.address, _of_trees(trees(conditions), written)
    for action in program.actions:
        read = _of_trees(trees((action.when, action.priority)), written)
        yield action.address, read | {f"action.{each}" for each in action.excluded_by}


def _of_trees(some: Iterable[Node], written: Any) -> set[str]:  # noqa: ANN401  what as_written gives
    found = set()
    for tree in some:
        for node in below(written(tree)):
            match node:
                case StepValue(address=address):
                    found.add(_step(address))
                case AccountColumn(name=name):
                    found.add(f"table.{ACCOUNTS}.column.{name}")
                case RowColumn(table=table, name=name):
                    found.add(f"table.{table}.column.{name}")
                case Aggregate():
                    found |= {f"table.{table}.column.{name}" for table, name in _columns(node)}
                case Constant(parameter=str(name)):
                    found.add(f"parameter.{name}")
    return found


def _columns(one: Aggregate) -> Iterator[tuple[str, str]]:
    """Yield the columns that an aggregate names but in conditions, each with its table."""
    if one.column is not None:
        yield one.table, one.column
    yield from ((table, name) for table, name, _ in columns_beside(one))


def _step(address: str) -> str:
    parts = address.split(".")
    if parts[0] in PLACED:
        return parts[0]
    return ".".join(parts[:2])


def _folded(canon: Canon, section: str, name: str) -> set[str]:
    """Return the parameters whose names stand for numbers in a rule."""
    rule = canon.data[section].get(name, {})
    texts = " ".join(_texts([rule.get(key) for key in FOLDED[section]]))
    return {f"parameter.{each}" for each in WORD.findall(texts) if each in canon.data["parameter"]}


def _texts(part: Any) -> Iterator[str]:  # noqa: ANN401  whatever a model holds
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for each in part.values():
            yield from _texts(each)
    elif isinstance(part, list):
        for each in part:
            yield from _texts(each)
