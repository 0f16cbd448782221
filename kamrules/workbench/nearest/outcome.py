"""Wanted outcomes, as people write them: `class=key`, `tier=partner`, `action=visit`, or any condition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamrules.compiler.program import Condition, Logic
from kamrules.compiler.scope import scope_of
from kamrules.diagnostics import Diagnostic, SourceText, UsageError, nearest
from kamrules.engines.row.question import Every, Holds, Lacks, Question, Some
from kamrules.expression import compile_expression
from kamrules.expression.types import BOOL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.compiler.program import ActionRule, Class, Phase, Program, Strategy, Tier

SHORT = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(!?=)\s*([a-z][a-z0-9_]*)\s*")
PLACED = ("class", "tier", "phase", "strategy")


def outcome(program: Program, text: str) -> Question:
    """Return what a text asks for.

    `class=X`, `tier=X`, `phase=X`, `strategy=X`, `<score>=<band>`, `action=X` (it is proposed, or only held
    back by its cooldown) and `action!=X`; anything else is a condition in the rule language. Raises
    UsageError: KR845 with the nearest name, or with what is wrong with the condition.
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
    mend = f"did you mean `{close}`?" if close else f"one of {', '.join(f'`{k}`' for k in known)}"
    raise UsageError(Diagnostic("KR845", f"there is no {what} `{name}`", help=mend))


def _condition(program: Program, text: str) -> Condition:
    node, problems = compile_expression(SourceText.plain(text, "--to"), scope_of(program), BOOL)
    if node is None:
        raise UsageError(*problems)
    return Condition("to", Logic.EXPRESSION, text, expression=node)


def live(action: ActionRule, actions: dict[str, ActionRule]) -> Question:
    """Return that an action can be proposed: its condition holds, and no action that excludes it is live."""
    others = tuple(_not_live(actions[each], actions) for each in action.excluded_by)
    return Every((Holds(action.when), *others))


def _not_live(action: ActionRule, actions: dict[str, ActionRule]) -> Question:
    others = tuple(live(actions[each], actions) for each in action.excluded_by)
    return Some((Lacks(action.when), *others))
