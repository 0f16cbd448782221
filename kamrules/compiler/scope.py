"""The names that an expression asked of a finished program may use: those that its rules know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.signals import is_date_of_signal, rule_of
from kamrules.expression import Scope
from kamrules.expression.nodes import AccountColumn, Constant, StepValue
from kamrules.expression.plugged import Functions
from kamrules.expression.types import ACCOUNTS, INTEGER, SCORE, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.compiler.program import Class, Phase, Program, Strategy, Tier
    from kamrules.expression.nodes import Node


def scope_of(program: Program, *, tables: bool = False) -> Scope:
    """Return the scope of a program: account columns, parameters, facts, scores and placements.

    With `tables` an expression may also look into related tables; who runs it then has to work its
    aggregates out, since the program has no steps for them.
    """
    names: dict[str, Node] = {
        name: AccountColumn(name, each.type)
        for name, each in program.tables[ACCOUNTS].columns.items()
    }
    names |= {each.id: Constant(each.value, each.type, each.id) for each in program.parameters}
    dates = [each for each in program.facts if is_date_of_signal(each)]
    facts = [each for each in program.facts if each not in dates]
    names |= {each.id: StepValue(each.address, each.type) for each in facts}
    names |= {each.id: StepValue(each.address, SCORE) for each in program.scores}
    placed: dict[str, Sequence[Class | Tier | Phase | Strategy]] = {
        "class": program.classes, "class_before": program.classes, "tier": program.tiers,
        "tier_before": program.tiers, "phase": program.phases, "strategy": program.strategies,
    }  # fmt: skip
    names |= {
        name: StepValue(name, _choice(each.id for each in rules))
        for name, rules in placed.items()
        if rules
    }
    parts: dict[str, dict[str, Node]] = {
        rule_of(each)[1]: {"date": StepValue(each.address, each.type)} for each in dates
    }
    for score in program.scores:
        bounds = {part: StepValue(f"{score.address}.{part}", SCORE) for part in ("low", "high")}
        band = StepValue(f"{score.address}.band", _choice(each.id for each in score.bands))
        parts[score.id] = {"band": band, **bounds}
    criteria = [each for score in program.scores for each in score.criteria]
    if criteria:
        parts["criterion"] = {each.id: StepValue(each.address, SCORE) for each in criteria}
    if program.tiers:
        parts["tier"] = {"level": StepValue("tier.level", INTEGER)}
    related = {name: each for name, each in program.tables.items() if tables and name != ACCOUNTS}
    # what the rules call has been tried; what they do not call is not known any more
    functions = Functions({each.name: each for each in program.functions})
    return Scope(related, names, parts, functions)


def _choice(ids: Iterable[str]) -> Type:
    return Type(Kind.CHOICE, tuple(ids))
