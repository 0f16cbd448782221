"""The output tables of a run, and the rows that one decision contributes to them (docs/semantics.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.expression.types import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import Program
    from kamrules.decision import Action, Decision

TEXT, NUMBER, WHOLE, DATE = "text", "number", "whole", "date"
"""The sorts of output columns: a text, a double, a whole number, a date."""

NAMES = ("decisions", "actions", "scores", "gates", "gaps")
"""The output tables, in the order in which they are written."""

PLACED = (
    "class", "class_before", "class_move", "tier", "tier_before", "tier_move", "phase", "strategy",
    "next_class", "next_class_missing", "next_tier", "next_tier_missing",
)  # fmt: skip

DECIDED = ("actions", "top_action", "nearest_miss", "nearest_miss_lacks", "fault")
"""Columns of `decisions` behind the scores."""


def gate_column(address: str) -> str:
    """Return the name of a gate in output: `path_or_tier.gate`."""
    _, owner, _, gate = address.split(".")
    return f"{owner}.{gate}"


def output_columns(program: Program) -> dict[str, list[tuple[str, str]]]:
    """Return for every output table its columns with their sorts, in order."""
    named = [("name", TEXT)] if "name" in program.tables[ACCOUNTS].columns else []
    decisions = [("account_id", TEXT), *named, ("as_of", DATE), *((each, TEXT) for each in PLACED)]
    decisions += [(each.id, NUMBER) for each in program.scores]
    decisions += [("actions", WHOLE)]
    decisions += [(each, TEXT) for each in DECIDED[1:]]
    actions = [
        ("account_id", TEXT), ("rank", WHOLE), ("action", TEXT), ("title", TEXT), ("status", TEXT),
        ("priority", NUMBER), ("owner", TEXT), ("due_on", DATE), ("effort_hours", NUMBER), ("reason", TEXT),
        ("free_on", DATE), ("excluded_by", TEXT), ("source", TEXT),
    ]  # fmt: skip
    owners = [*(each.gates for each in program.paths), *(each.gates for each in program.tiers)]
    gates = [(gate_column(gate.address), TEXT) for some in owners for gate in some]
    gaps = [("account_id", TEXT), ("fact", TEXT), ("info_level", WHOLE), ("matters_to", TEXT)]
    return {
        "decisions": decisions,
        "actions": actions,
        "scores": [("account_id", TEXT), *_score_columns(program)],
        "gates": [("account_id", TEXT), *gates],
        "gaps": gaps,
    }


def _score_columns(program: Program) -> Iterator[tuple[str, str]]:
    for score in program.scores:
        yield score.id, NUMBER
        yield f"{score.id}_low", NUMBER
        yield f"{score.id}_high", NUMBER
        yield f"{score.id}_band", TEXT
        for criterion in score.criteria:
            yield f"{score.id}.{criterion.id}", NUMBER


def rows(program: Program, decision: Decision) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every output table that a decision gives.

    `program` is the one the decision was made by, restricted to the rules in force on its date.
    """
    account = {"account_id": decision.account_id}
    return {
        "decisions": [_decision_row(program, decision)],
        "actions": [
            {**account, **_action_row(each)} for each in (*decision.actions, *decision.held_back)
        ],
        "scores": [{**account, **_score_row(decision)}],
        "gates": [
            {
                **account,
                **{gate_column(name): state.value for name, state in decision.gates.items()},
            }
        ],
        "gaps": [
            {
                **account,
                "fact": each.fact,
                "info_level": each.info_level,
                "matters_to": _list(each.matters_to),
            }
            for each in decision.gaps
        ],
    }


def _list(items: tuple[str, ...]) -> str:
    return ", ".join(items)


def _decision_row(program: Program, decision: Decision) -> dict[str, Any]:
    named = {"name": decision.name} if "name" in program.tables[ACCOUNTS].columns else {}
    missed, next_class, next_tier = decision.nearest_miss, decision.next_class, decision.next_tier
    return {
        "account_id": decision.account_id,
        **named,
        "as_of": decision.as_of,
        "class": decision.class_,
        "class_before": decision.class_before,
        "class_move": decision.class_move.value if decision.class_move else None,
        "tier": decision.tier,
        "tier_before": decision.tier_before,
        "tier_move": decision.tier_move.value if decision.tier_move else None,
        "phase": decision.phase,
        "strategy": decision.strategy,
        "next_class": next_class.to if next_class else None,
        "next_class_missing": _list(next_class.missing) if next_class else None,
        "next_tier": next_tier.to if next_tier else None,
        "next_tier_missing": _list(next_tier.missing) if next_tier else None,
        **{each.id: each.value for each in decision.scores},
        "actions": decision.proposed,
        "top_action": decision.actions[0].id if decision.actions else None,
        "nearest_miss": missed.action if missed else None,
        "nearest_miss_lacks": "; ".join(missed.missing) if missed else None,
        "fault": decision.faults[0] if decision.faults else None,
    }


def _action_row(action: Action) -> dict[str, Any]:
    return {
        "rank": action.rank,
        "action": action.id,
        "title": action.title,
        "status": action.status.value,
        "priority": action.priority,
        "owner": action.owner,
        "due_on": action.due_on,
        "effort_hours": action.effort_hours,
        "reason": action.reason,
        "free_on": action.free_on,
        "excluded_by": _list(action.excluded_by) or None,
        "source": _list(action.source) or None,
    }


def _score_row(decision: Decision) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for score in decision.scores:
        row |= {
            score.id: score.value,
            f"{score.id}_low": score.low,
            f"{score.id}_high": score.high,
            f"{score.id}_band": score.band,
        }
        row |= {f"{score.id}.{each.id}": each.points for each in score.criteria}
    return row
