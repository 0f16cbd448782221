"""Wanted outcomes, as people write them: `class=key`, `tier=partner`, `action=visit`, or any condition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamrules.compiler.parts import needs, trees
from kamrules.compiler.program import Condition, Logic
from kamrules.compiler.scope import scope_of
from kamrules.diagnostics import Diagnostic, SourceText, UsageError, nearest
from kamrules.engines.layout import layout_of
from kamrules.engines.row.question import Every, Holds, Lacks, Question, Some, conditions_of
from kamrules.expression import compile_expression
from kamrules.expression.nodes import AccountColumn
from kamrules.expression.types import ACCOUNTS, BOOL
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kamrules.compiler.program import ActionRule, Class, Phase, Program, Strategy, Tier

SHORT = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(!?=)\s*([a-z][a-z0-9_]*)\s*")
MOST_NAMED = 12
PLACED = ("class", "tier", "phase", "strategy")


def outcome(program: Program, text: str) -> Question:
    """Return what a text asks for.

    `class=X`, `tier=X`, `phase=X`, `strategy=X`, `<score>=<band>`, `action=X` (it is proposed, or only held
    back by its cooldown) and `action!=X`; anything else is a condition in the rule language. Raises
    UsageError: KR845 with the nearest name, KR883 and KR884 for what no outcome can be about, or with what is
    wrong with the condition.
    """
    short = SHORT.fullmatch(text)
    if short is None:
        return Holds(_condition(program, text))
    name, sign, value = short.groups()
    wanted = sign == "="
    if name == "action":
        actions = {each.id: each for each in program.actions}
        _check("action", value, actions)
        return live(actions[value], actions) if wanted else _not_live(actions[value], actions)
    if name in PLACED:
        _check(name, value, [each.id for each in _rules(program, name)])
        left = name
    else:
        scores = {each.id: each for each in program.scores}
        _check("outcome", name, [*PLACED, "action", *scores])
        _check("band", value, [each.id for each in scores[name].bands])
        left = f"{name}.band"
    return Holds(_condition(program, f"{left} {'==' if wanted else '!='} '{value}'"))


def _rules(program: Program, name: str) -> Sequence[Class | Tier | Phase | Strategy]:
    rules: dict[str, Sequence[Class | Tier | Phase | Strategy]] = {
        "class": program.classes,
        "tier": program.tiers,
        "phase": program.phases,
        "strategy": program.strategies,
    }
    return rules[name]


def _check(what: str, name: str, known: Iterable[str]) -> None:
    known = list(known)
    if name in known:
        return
    close = nearest(name, known)
    mend = f"did you mean `{close}`?" if close else _listed(known)
    raise UsageError(Diagnostic("KR845", f"there is no {what} `{name}`", help=mend))


def _listed(known: Sequence[str]) -> str:
    return f"one of {_named(known)}" if known else "there is none"


def _named(known: Sequence[str]) -> str:
    """Return names to choose from, the first ones of many."""
    more = len(known) - MOST_NAMED
    named = ", ".join(f"`{each}`" for each in known[:MOST_NAMED])
    return named + (f" and {more:,} more" if more > 0 else "")


def _condition(program: Program, text: str) -> Condition:
    written = SourceText.plain(text, "--to")
    node, problems = compile_expression(written, scope_of(program), BOOL)
    if node is None:
        raise UsageError(*(tuple(_about_rows(program, text)) or problems))
    condition = Condition("to", Logic.EXPRESSION, text, expression=node)
    unread = columns_of(Holds(condition)) - set(layout_of(program).account)
    if unread:
        name = min(unread)
        raise UsageError(
            Diagnostic("KR883", f"no rule reads `{name}`, so nothing is decided by it")
        )
    return condition


def columns_of(question: Question) -> frozenset[str]:
    """Return the names of the account columns that the conditions of a question read themselves."""
    nodes = (node for tree in trees(conditions_of(question)) for node in below(tree))
    return frozenset(each.name for each in nodes if isinstance(each, AccountColumn))


def _about_rows(program: Program, text: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with a condition that reads rows of a table, where facts stand for them."""
    named = set(re.findall(r"[a-z][a-z0-9_]*", text)) - {ACCOUNTS}
    tables = sorted(named & set(program.tables))
    for table in tables:
        steps = {each.address for each in program.aggregates if each.aggregate.table == table}
        facts = [each.id for each in program.facts if needs(each.value) & steps]
        mend = f"facts made of them: {_named(facts)}" if facts else None
        message = f"an outcome is about facts, and `{table}` is a table of rows"
        yield Diagnostic("KR884", message, help=mend)


def live(action: ActionRule, actions: dict[str, ActionRule]) -> Question:
    """Return that an action can be proposed: its condition holds, and no action that excludes it is live."""
    others = tuple(_not_live(actions[each], actions) for each in action.excluded_by)
    return Every((Holds(action.when), *others))


def _not_live(action: ActionRule, actions: dict[str, ActionRule]) -> Question:
    others = tuple(live(actions[each], actions) for each in action.excluded_by)
    return Some((Lacks(action.when), *others))
