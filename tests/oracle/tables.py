"""Writes what was decided about one account as rows of the output tables of docs/semantics.md."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from tests.oracle.deciding import Account
from tests.oracle.expression import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.compiler.program import ActionRule, Gate, Path, Program, Tier
    from kamrules.decision import Earlier

Row = dict[str, Any]


def decide_slowly(
    program: Program,
    facts: Mapping[str, Any],
    as_of: datetime.date,
    earlier: Earlier | None = None,
    top: int | None = None,
    *,
    language: str = "en",
    book: Sequence[Mapping[str, Any]] | None = None,
    signals: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, list[Row]]:
    """Return the rows of every output table for one account; `top` None keeps all proposed actions.

    `book` holds the facts of every account of the book, if the account is to be compared with them,
    and `signals` the ruleset's signals as written, by id.
    """
    account = Account(program, facts, as_of, earlier, language, book, signals)
    actions, proposed = _actions(account)
    return {
        "decisions": [_decision(account, facts, actions, proposed)],
        "actions": [
            each for each in actions if not (top is not None and (each["rank"] or 0) > top)
        ],
        "scores": [_scores(account, facts)],
        "gates": [_gates(account, facts)],
        "gaps": _gaps(account, facts),
    }


def _decision(account: Account, facts: Mapping[str, Any], actions: list[Row], proposed: int) -> Row:
    program = account.program
    class_, tier = account.class_(), account.tier()
    row: Row = {"account_id": facts["account_id"]}
    if "name" in program.tables["accounts"].columns:
        row["name"] = facts.get("name")
    row |= {
        "as_of": account.as_of,
        "class": class_.id,
        "class_before": account.class_before,
        "class_move": class_.move,
        "tier": tier.id,
        "tier_before": account.tier_before,
        "tier_move": tier.move,
        "phase": account["phase"],
        "strategy": account["strategy"],
    }
    row |= _next_class(account) | _next_tier(account)
    for score in program.scores:
        row[score.id] = account.score(score.id).value
    miss, lacks = _nearest_miss(account) if not actions else (None, None)
    return row | {
        "actions": proposed,
        "top_action": actions[0]["action"] if proposed else None,
        "nearest_miss": miss,
        "nearest_miss_lacks": lacks,
        "fault": class_.fault or None,
    }


def _next_class(account: Account) -> Row:
    result = account.class_().id
    for path in account.program.paths:
        if path.origin == result:
            missing = _missing(account, path.id, path.gates)
            return {"next_class": path.target, "next_class_missing": missing}
    return {"next_class": None, "next_class_missing": None}


def _next_tier(account: Account) -> Row:
    tiers = account.program.tiers
    result = account.tier().id
    at = 0 if result is None else [each.id for each in tiers].index(result) + 1
    if at >= len(tiers):
        return {"next_tier": None, "next_tier_missing": None}
    texts = [_missing(account, each.id, each.gates) for each in tiers[: at + 1]]
    return {
        "next_tier": tiers[at].id,
        "next_tier_missing": ", ".join(each for each in texts if each),
    }


def _missing(account: Account, owner: str, gates: tuple[Gate, ...]) -> str:
    return ", ".join(f"{owner}.{each.id}" for each in gates if account.gate(each) != "met")


def _actions(account: Account) -> tuple[list[Row], int]:
    """Return all fired actions, proposed ones first, and how many of them are proposed."""
    proposed: list[tuple[float, ActionRule]] = []
    held: list[tuple[float, ActionRule]] = []
    for action in account.program.actions:
        if account.holds(action.when) is True:
            free = account.live(action) and account.free_on(action) is None
            (proposed if free else held).append((account.priority(action), action))
    rows = []
    for group in (proposed, held):
        # a stable sort, so that equal priorities keep the order written
        for rank, (priority, action) in enumerate(sorted(group, key=lambda one: -one[0]), start=1):
            rows.append(_action(account, action, priority, rank if group is proposed else None))
    return rows, len(proposed)


def _action(account: Account, action: ActionRule, priority: float, rank: int | None) -> Row:
    excluding = account.excluding(action)
    free_on = None if excluding else account.free_on(action)
    status = "excluded" if excluding else "cooldown" if free_on else "proposed"
    return {
        "account_id": account.world.facts["account_id"],
        "rank": rank,
        "action": action.id,
        "title": account.text(action.title),
        "status": status,
        "priority": priority,
        "owner": action.owner,
        "due_on": account.as_of + datetime.timedelta(days=action.due_days),
        "effort_hours": action.effort_hours,
        "reason": account.text(action.because),
        "free_on": free_on,
        "excluded_by": ", ".join(excluding) or None,
        "source": ", ".join(action.source) or None,
    }


def _nearest_miss(account: Account) -> tuple[str | None, str | None]:
    best: tuple[int, str, str] | None = None
    for action in account.program.actions:
        lacks = account.lacking(action.when)
        if best is None or len(lacks) < best[0]:
            best = (len(lacks), action.id, "; ".join(lacks))
    return (best[1], best[2]) if best else (None, None)


def _scores(account: Account, facts: Mapping[str, Any]) -> Row:
    row: Row = {"account_id": facts["account_id"]}
    for score in account.program.scores:
        found = account.score(score.id)
        row[score.id] = found.value
        row[f"{score.id}_low"] = found.low
        row[f"{score.id}_high"] = found.high
        row[f"{score.id}_band"] = found.band
        for name, points in found.points.items():
            row[f"{score.id}.{name}"] = points
    return row


def _gates(account: Account, facts: Mapping[str, Any]) -> Row:
    row: Row = {"account_id": facts["account_id"]}
    owners: list[Path | Tier] = [*account.program.paths, *account.program.tiers]
    for owner in owners:
        for gate in owner.gates:
            row[f"{owner.id}.{gate.id}"] = account.gate(gate)
    return row


def _gaps(account: Account, facts: Mapping[str, Any]) -> list[Row]:
    program = account.program
    unknown = [
        each.address
        for score in program.scores
        for each in score.criteria
        if value_of(each.value, account.world) is None
    ]
    owners: list[Path | Tier] = [*program.paths, *program.tiers]
    for owner in owners:
        unknown += [each.address for each in owner.gates if account.gate(each) == "unknown"]
    rows = []
    for rule in program.gaps:
        touched = [each for each in rule.dependents if each in unknown]
        if touched and value_of(rule.step, account.world) is None:
            rows.append(
                {
                    "account_id": facts["account_id"],
                    "fact": rule.fact,
                    "info_level": rule.info_level,
                    "matters_to": ", ".join(touched),
                }
            )
    return rows
