"""Class, tier, phase and strategy for a warehouse: where an account stands that nobody has decided before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.program import Hit
from kamrules.engines.sql.deploying.dialects import double
from kamrules.engines.sql.deploying.values import cast_double
from kamrules.engines.sql.tree import (
    all_of,
    binary,
    by_number,
    is_true,
    negation,
    null,
    text,
    total,
    when,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import Class, Condition, Gate, Phase, Program, Strategy
    from kamrules.engines.sql.deploying.values import WrittenValues
    from kamrules.engines.sql.tree import Sql

Rule = "Class | Phase | Strategy"


def lay(values: WrittenValues, program: Program, address: str) -> None:
    """Add one of class, tier, phase and strategy."""
    match address:
        case "class":
            _lay_one(values, "class", program.classes, unique=program.class_hit is Hit.UNIQUE)
        case "tier":
            _lay_tier(values, program)
        case "phase":
            _lay_one(values, "phase", program.phases, unique=program.phase_hit is Hit.UNIQUE)
        case "strategy":
            _lay_one(
                values, "strategy", program.strategies, unique=program.strategy_hit is Hit.UNIQUE
            )


def _lay_one(
    values: WrittenValues, what: str, rules: Sequence[Class | Phase | Strategy], *, unique: bool
) -> None:
    """Add the first rule whose `when` is true, or with `unique` the only one."""
    chain = values.chain
    holds: list[Sql] = []
    for each in rules:
        chain.part = f"{what}_{each.id}"
        found = values.holds(each.when)
        if unique:
            found = chain.add(
                f"is_{what}_{each.id}",
                found,
                about(each.address, each.about or each.title, each.when),
            )
        holds.append(found)
    branches = [(hold.copy(), text(each.id)) for each, hold in zip(rules, holds, strict=True)]
    found = when(branches, null("text")) if branches else null("text")
    if unique and len(rules) > 1:
        hits = chain.add(
            f"{what}_hits", total(when([(hold.copy(), whole(1))], whole(0)) for hold in holds)
        )
        found = when([(binary(exp.EQ, hits, whole(1)), found)], null("text"))
    values.places["step", what] = chain.add(what, found, _listed(rules) if not unique else "")


def _listed(rules: Sequence[Class | Phase | Strategy]) -> str:
    return "; ".join(about(each.address, each.about or each.title, each.when) for each in rules)


def _lay_tier(values: WrittenValues, program: Program) -> None:
    chain, tiers = values.chain, program.tiers
    for tier in tiers:
        _lay_gates(values, tier.gates)
    missed = [
        (negation(all_of(is_true(values.places["gate", one.address].copy()) for one in tier.gates)),
         whole(number))
        for number, tier in enumerate(tiers)
        if tier.gates
    ]  # fmt: skip
    number = chain.add(
        "tier_number", when(missed, whole(len(tiers))), "tiers reached, counted from the lowest"
    )
    ids = [(place, text(each.id)) for place, each in enumerate(tiers, start=1)]
    levels = [(place, double(each.level)) for place, each in enumerate(tiers, start=1)]
    values.places["step", "tier"] = chain.add("tier", by_number(number.copy(), ids, "text"))
    level = by_number(number.copy(), levels, "double")
    values.places["step", "tier.level"] = chain.add("tier_level", cast_double(level))


def _lay_gates(values: WrittenValues, gates: Sequence[Gate]) -> None:
    for gate in gates:
        _, owner, _, name = gate.address.split(".")
        values.chain.part = f"{owner}_{name}"
        found = values.chain.add(f"{owner}_{name}", values.holds(gate.when),
                                 about(gate.address, gate.about or gate.title, gate.when))  # fmt: skip
        values.places["gate", gate.address] = found


def about(address: str, words: str, when: Condition | None) -> str:
    """Return what a reader is told of a rule: its address, what it is for, its condition as written."""
    parts = [address, words, "" if when is None else f"when {when.text}"]
    return ": ".join(each for each in parts if each)
