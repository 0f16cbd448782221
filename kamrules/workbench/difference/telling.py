"""Telling a difference: as plain data, and in the words of its tables and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.reviewed import KIND
from kamrules.workbench.difference.units import MOST, Apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kamrules.compiler import Program
    from kamrules.workbench.difference.comparing import Difference
    from kamrules.workbench.difference.edits import Edit
    from kamrules.workbench.difference.effects import (
        ActionEffect,
        Cause,
        ChangedAccount,
        Effect,
        Group,
        Move,
    )

NONE = {"class": "unknown", "tier": "no tier"}
NAMED = 12
"""So many addresses are named in a line; of more, how many of which kind."""
PLURAL = {"class": "classes", "criterion": "criteria", "strategy": "strategies"}


def as_data(found: Difference) -> dict[str, Any]:
    """Return everything as plain data: what `--json` prints, and what a review's file holds."""
    return {
        "kind": KIND,
        "old": _program(found.old),
        "new": _program(found.new),
        "same": found.same,
        "edits": [_edit(each) for each in found.edits],
        "affected": {
            "direct": list(found.affected.direct),
            "further": list(found.affected.further),
        },
        "identical": list(found.identical),
        "open": list(found.open),
        "effect": None if found.effect is None else _effect(found.effect),
    }


def _program(program: Program) -> dict[str, str]:
    return {"name": program.name, "version": program.version, "digest": program.digest}


def _edit(edit: Edit) -> dict[str, Any]:
    return {
        "address": edit.address,
        "what": edit.what.value,
        "sort": edit.sort.value,
        "was": edit.was,
        "becomes": edit.becomes,
        "file": edit.place.file,
        "line": edit.place.line,
    }


def _cause(cause: Cause) -> dict[str, list[str]]:
    return {"enough": list(cause.enough), "needed": list(cause.needed), "among": list(cause.among)}


def _effect(effect: Effect) -> dict[str, Any]:
    hours = effect.hours
    return {
        "book": effect.book,
        "as_of": effect.as_of.isoformat(),
        "currency": effect.currency,
        "with_state": effect.memory,
        "top": effect.top,
        "told_apart_by": effect.apart.value,
        "accounts": effect.accounts,
        "changed": effect.changed,
        "changed_revenue": effect.changed_revenue,
        "reordered": effect.reordered,
        "hours": list(hours),
        "classes": [_group(each) for each in effect.classes],
        "tiers": [_group(each) for each in effect.tiers],
        "class_moves": [_move(each) for each in effect.class_moves],
        "tier_moves": [_move(each) for each in effect.tier_moves],
        "actions": [_action(each) for each in effect.actions],
        "best": [{"accounts": count, "cause": _cause(one)} for count, one in effect.best],
        "changed_accounts": [_account(each) for each in effect.listed],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "accounts": [group.was, group.becomes],
        "revenue": [group.revenue_was, group.revenue_becomes],
    }


def _move(move: Move) -> dict[str, Any]:
    return {
        "was": move.was,
        "becomes": move.becomes,
        "accounts": move.accounts,
        "revenue": move.revenue,
        "cause": _cause(move.cause),
    }


def _action(one: ActionEffect) -> dict[str, Any]:
    return {
        "id": one.id,
        "accounts": [one.was, one.becomes],
        "appears": one.appears,
        "vanishes": one.vanishes,
        "hours": [one.hours_was, one.hours_become],
        "causes": [
            {"appears": appears, "accounts": count, "cause": _cause(cause)}
            for appears, count, cause in one.causes
        ],
    }


def _account(one: ChangedAccount) -> dict[str, Any]:
    return {
        "account_id": one.account_id,
        "name": one.name,
        "revenue": one.revenue,
        "changes": [
            {
                "what": each.what,
                "was": each.was,
                "becomes": each.becomes,
                "cause": _cause(each.cause),
            }
            for each in one.changes
        ],
    }


# in words


def title(found: Difference) -> str:
    """Return what is compared, and how much differs."""
    old, new = (f"{each.name} {each.version}" for each in (found.old, found.new))
    if found.same:
        return f"{old} -> {new}: no difference in meaning"
    return f"{old} -> {new}: {counted(len(found.rules), 'edit')} of what is decided"


def edit_rows(edits: Iterable[Edit]) -> Iterator[tuple[str, str, str, str]]:
    """Yield for each edit its address, what was, what becomes of it, and where that is written."""
    for each in edits:
        was = each.was or "-"
        becomes = each.becomes or each.what.value
        if each.was is None and each.becomes is not None:
            was = each.what.value
        yield each.address, was, becomes, f"{each.place.file}:{each.place.line}"


def edit_notes(found: Difference) -> Iterator[str]:
    """Yield what else differs, what the edits touch, and what they do not."""
    if found.notes:
        named = some(each.address for each in found.notes)
        yield f"Names, ranges and costs, no effect on decisions: {named}"
    if found.texts:
        named = some(each.address for each in found.texts)
        yield f"Texts, no effect on decisions: {counted(len(found.texts), 'text')}: {named}"
    if found.affected.direct:
        yield f"Read what was edited: {some(found.affected.direct)}"
    if found.affected.further:
        yield f"Read these, directly or through others: {some(found.affected.further)}"
    if found.open and found.identical:
        yield f"Identical for every possible account: {some(found.identical)}"
    elif found.identical:
        yield "Every score, class, tier, phase, strategy and action is identical for every possible account"


def effect_title(effect: Effect) -> str:
    """Return how many accounts change."""
    same = effect.accounts - effect.changed - effect.reordered
    told = (
        f"{counted(effect.accounts, 'account')} of {effect.book} as of {effect.as_of.isoformat()}: "
        f"{same:,} unchanged, {effect.changed:,} changed"
    )
    if effect.changed and effect.changed_revenue:
        told += f" with a revenue of {money(effect.changed_revenue, effect)}"
    return told


def move_rows(moves: Iterable[Move], what: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the lines of a migration table: from, to, because of, accounts, revenue."""
    for each in moves:
        was, becomes = (one or NONE[what] for one in (each.was, each.becomes))
        revenue = "-" if each.revenue is None else f"{each.revenue:,.0f}"
        yield was, becomes, str(each.cause), f"{each.accounts:,}", revenue


def action_rows(actions: Iterable[ActionEffect]) -> Iterator[tuple[str, ...]]:
    """Yield the actions that move: id, because of, accounts before, new, gone, and the hours that move."""
    for each in actions:
        hours = each.hours_become - each.hours_was
        if each.appears or each.vanishes or hours:
            because = dict.fromkeys(str(cause) for _, _, cause in each.causes)
            yield (
                each.id,
                "; ".join(because) or "-",
                f"{each.was:,}",
                f"+{each.appears:,}" if each.appears else "-",
                f"-{each.vanishes:,}" if each.vanishes else "-",
                f"{hours:+,.1f}" if hours else "-",
            )


def account_rows(effect: Effect) -> Iterator[tuple[str, str, str, str]]:
    """Yield the listed accounts: id and name, what changes, because of what, revenue."""
    for each in effect.listed:
        name = f"{each.account_id}\n{each.name}" if each.name else each.account_id
        causes: dict[str, list[str]] = {}
        # another order of actions is told where nothing else changes
        changes = [one for one in each.changes if one.what != "best"] or each.changes
        for one in changes:
            causes.setdefault(str(one.cause), []).append(change(one.what, one.was, one.becomes))
        for number, (cause, told) in enumerate(causes.items()):
            revenue = "-" if each.revenue is None else f"{each.revenue:,.0f}"
            first = (name, revenue) if not number else ("", "")
            yield first[0], ", ".join(told), cause, first[1]


def change(what: str, was: str | None, becomes: str | None) -> str:
    """Return one change of an account: `key -> ordinary`, `+ call`, `- visit`."""
    if what.startswith("action."):
        return f"{'-' if becomes is None else '+'} {what.partition('.')[2]}"
    if what == "best":
        return f"first {was or 'none'} -> {becomes or 'none'}"
    return f"{was or NONE[what]} -> {becomes or NONE[what]}"


def effect_notes(effect: Effect) -> Iterator[str]:
    """Yield what the tables do not say."""
    was, becomes = effect.hours
    if was != becomes:
        yield f"Hours of all proposed actions: {was:,.1f} -> {becomes:,.1f}, {becomes - was:+,.1f}"
    if effect.reordered:
        yield (
            f"For {counted(effect.reordered, 'other account')} the same actions are proposed, and other ones "
            f"are the best {effect.top}, or in another order"
        )
    if effect.apart is not Apart.EDIT:
        together = {Apart.RULE: "of a rule", Apart.TABLE: "of a table", Apart.NOT: "of everything"}
        yield (
            f"The edits {together[effect.apart]} were tried as one: to tell all apart takes more than {MOST} "
            "trials each way"
        )
    if not effect.memory:
        yield "Accounts are placed as if for the first time: --state tells what was decided before"


def hidden(effect: Effect) -> str | None:
    """Return how many changed accounts are not listed, None when all are."""
    rest = effect.changed + effect.reordered - len(effect.listed)
    return f"and {counted(rest, 'more account')}; --show lists more" if rest > 0 else None


def money(value: float, effect: Effect) -> str:
    """Return an amount in the book's currency."""
    return f"{value:,.0f}" + (f" {effect.currency}" if effect.currency else "")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def some(addresses: Iterable[str]) -> str:
    """Return addresses, or of many how many there are of each kind."""
    every = list(addresses)
    if len(every) <= NAMED:
        return ", ".join(every)
    kinds: dict[str, list[str]] = {}
    for each in every:
        kinds.setdefault(each.partition(".")[0], []).append(each)
    return ", ".join(
        named[0] if len(named) == 1 else f"{len(named):,} {PLURAL.get(kind, kind + 's')}"
        for kind, named in kinds.items()
    )
