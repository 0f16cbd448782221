"""Telling how sensitive a ruleset is: as plain data, and in the words of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.workbench.sensitivity.tuned import shown, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.expression.types import Type
    from kamrules.workbench.sensitivity.fragile import Fragile
    from kamrules.workbench.sensitivity.measuring import Effect, Sensitivity, Step
    from kamrules.workbench.sensitivity.tuned import Tuned


def as_data(found: Sensitivity) -> dict[str, Any]:
    """Return everything as plain data; dates as text, shares between 0 and 1."""
    program = found.program
    return {
        "ruleset": {"name": program.name, "version": program.version, "digest": program.digest},
        "as_of": found.as_of.isoformat(),
        "accounts": found.accounts,
        "with_state": found.memory,
        "effects": [_effect(each, found.accounts) for each in found.effects],
        "without_range": list(found.without_range),
        "fragile": [_fragile(each) for each in found.fragile],
    }


def _effect(one: Effect, accounts: int) -> dict[str, Any]:
    tuned = one.tuned
    return {
        "id": tuned.id,
        "kind": "weight" if tuned.is_weight else "parameter",
        "title": tuned.title,
        "type": str(tuned.type),
        "value": plain(tuned.value, tuned.type),
        "low": plain(tuned.low, tuned.type),
        "high": plain(tuned.high, tuned.type),
        "read": one.read,
        "steps": [_step(each, tuned, accounts) for each in one.steps],
        "refused": [
            {
                "value": plain(each.value, tuned.type),
                "last": plain(each.last, tuned.type),
                "why": each.why.as_json(),
            }
            for each in one.refused
        ],
    }


def _step(step: Step, tuned: Tuned, accounts: int) -> dict[str, Any]:
    return {
        "value": plain(step.value, tuned.type),
        "class_changes": step.classes,
        "class_share": step.classes / accounts,
        "tier_changes": step.tiers,
        "tier_share": step.tiers / accounts,
        "moves": [
            {
                "class": [each.class_was, each.class_is],
                "tier": [each.tier_was, each.tier_is],
                "accounts": each.accounts,
            }
            for each in step.moves
        ],
    }


def _fragile(one: Fragile) -> dict[str, Any]:
    of = one.tuned.type
    return {
        "account_id": one.account_id,
        "id": one.tuned.id,
        "value": plain(one.tuned.value, of),
        "changes_at": plain(one.value, of),
        "move": round(one.move, 6),
        "class": [one.class_was, one.class_is],
        "tier": [one.tier_was, one.tier_is],
    }


def plain(value: float, of: Type) -> float | int | str:
    """Return a value as JSON has it."""
    if of.kind.value == "date":
        return written(value, of)
    return int(value) if of.kind.value in {"integer", "days"} else value


def name_of(tuned: Tuned) -> str:
    """Return what people read for a parameter or weight."""
    return f"weight of {tuned.id.partition('.')[2]}" if tuned.is_weight else tuned.id


def share(part: int, whole: int) -> str:
    """Return a share of the book; one that is not nothing is never told as nothing."""
    if not part:
        return "-"
    per_cent = 100 * part / whole
    return f"{per_cent:.1f}%" if per_cent >= 0.1 else "<0.1%"


def side(step: Step | None, tuned: Tuned, accounts: int) -> tuple[str, str, str]:
    """Return the cells of one side of the tornado: value, share of class changes, share of tier changes."""
    if step is None:
        return "", "", ""
    return (
        shown(step.value, tuned.type),
        share(step.classes, accounts),
        share(step.tiers, accounts),
    )


def tornado(one: Effect, accounts: int) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a parameter or weight: its ends first, then what was tried on the way."""
    tuned, nothing = one.tuned, ("", "", "")
    low, high = side(one.low, tuned, accounts), side(one.high, tuned, accounts)
    yield (name_of(tuned), shown(tuned.value, tuned.type), *low, *high)
    below = [each for each in one.steps if each.value < tuned.value and each != one.low]
    above = [each for each in one.steps if each.value > tuned.value and each != one.high]
    for number in range(max(len(below), len(above))):
        left = side(below[number], tuned, accounts) if number < len(below) else nothing
        right = side(above[-1 - number], tuned, accounts) if number < len(above) else nothing
        yield ("", "", *left, *right)


def change(one: Fragile) -> str:
    """Return where an account goes: `class key -> ordinary`, `tier none -> vendor`."""
    parts = []
    if one.class_was != one.class_is:
        parts.append(f"{one.class_was or 'unknown'} -> {one.class_is or 'unknown'}")
    if one.tier_was != one.tier_is:
        parts.append(f"{one.tier_was or 'no tier'} -> {one.tier_is or 'no tier'}")
    return ", ".join(parts)


def moved_by(one: Fragile) -> str:
    """Return a move as per cent, with a sign: `+0.13%`."""
    per_cent = 100 * one.move
    figures = f"{per_cent:.2g}" if per_cent < 1 else f"{per_cent:.1f}"
    return f"{'+' if one.value > one.tuned.value else '-'}{figures}%"
