"""Checks everything that a difference tells against whole runs, and runs with edits undone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from kamrules import compare
from kamrules.compiler import compile_ruleset
from kamrules.engines.sql.placing import Meanings
from kamrules.plugins import open_source
from kamrules.workbench.difference.canon import Canon
from kamrules.workbench.difference.edits import What, edits
from kamrules.workbench.difference.undoing import done, program_of, ruleset_of, undone
from kamrules.workbench.difference.units import units
from tests.agreement.engines import memory_files
from tests.strategies.functions import plugged
from tests.workbench.difference import editing

MANY = 10_000


def check_pair(case, text):
    """Compare a case's ruleset with another text, check everything that is told, and return it."""
    (old, program), (new, _) = editing.canon_of(case.ruleset), editing.canon_of(text)
    found = compared(case, old.ruleset, new.ruleset)
    check_undoing(old, new, found)
    sides = editing.outcomes(program, case), editing.outcomes(found.new, case)
    check_runs(found, *sides)
    check_causes(case, old, new, found, *sides)
    return found


def compared(case, old, new, show=MANY):
    with tempfile.TemporaryDirectory() as folder:
        earlier = None if case.past is None else memory_files(case.past, Path(folder))
        return compare(
            old, new, editing.book_of(case), as_of=case.as_of, earlier=earlier,
            open_source=open_source, top=case.top, show=show,
        )  # fmt: skip


def check_undoing(old, new, found):
    meanings = Meanings()
    for data, wanted, program in (
        (undone(old, new, found.edits), old, found.old),
        (done(old, new, found.edits), new, found.new),
    ):
        ruleset = ruleset_of(data, plugged())
        assert ruleset is not None
        assert edits(Canon(ruleset), wanted) == ()
        again = meanings.of(compile_ruleset(ruleset))
        assert again.decided() == meanings.of(program).decided()
    if found.same and not any(each.what is What.MOVED for each in found.notes):
        assert not found.open


def check_runs(found, was, now):
    effect = found.effect
    assert effect.accounts == len(was)
    told = {each.account_id: each for each in effect.listed}
    assert told.keys() == {each for each in was if was[each] != now[each]}
    for account, one in told.items():
        assert changes_of(one) == differences(was[account], now[account])
    plain = {each for each in was if changed(was[each], now[each])}
    assert (effect.changed, effect.reordered) == (len(plain), len(told) - len(plain))
    for part, moves in (("class_", effect.class_moves), ("tier", effect.tier_moves)):
        for move in moves:
            assert move.accounts <= sum(
                (getattr(was[each], part), getattr(now[each], part)) == (move.was, move.becomes)
                for each in was
            )
        assert sum(each.accounts for each in moves) == sum(
            getattr(was[each], part) != getattr(now[each], part) for each in was
        )
    for action in effect.actions:
        counts = (sum(action.id in each.proposed for each in side.values()) for side in (was, now))
        assert (action.was, action.becomes) == tuple(counts)


def check_causes(case, old, new, found, was, now):
    """Check every cause against runs of the rulesets with that edit undone, or done alone."""
    if not found.effect.listed:
        return
    for unit in units(found.edits)[1]:
        without, alone = (
            None if program is None else editing.outcomes(program, case)
            for program in (
                program_of(undone(old, new, unit.edits), plugged()),
                program_of(done(old, new, unit.edits), plugged()),
            )
        )  # fmt: skip
        for one in found.effect.listed:
            account = one.account_id
            for each in one.changes:
                needed = without is not None and part(without[account], each.what) == part(
                    was[account], each.what
                )
                enough = alone is not None and part(alone[account], each.what) == part(
                    now[account], each.what
                )
                assert (unit.address in each.cause.needed) == needed
                assert (unit.address in each.cause.enough) == enough


def part(outcome, what):
    if what.startswith("action."):
        return what.partition(".")[2] in outcome.proposed
    return {"class": outcome.class_, "tier": outcome.tier, "best": outcome.best}[what]


def changed(was, now):
    return (was.class_, was.tier, was.proposed) != (now.class_, now.tier, now.proposed)


def differences(was, now):
    found = {}
    for what in ("class", "tier", "best"):
        if part(was, what) != part(now, what):
            found[what] = (part(was, what), part(now, what))
    for each in was.proposed ^ now.proposed:
        found[f"action.{each}"] = (each in was.proposed, each in now.proposed)
    return found


def changes_of(one):
    found = {}
    for each in one.changes:
        pair = (each.was, each.becomes)
        if each.what == "best":
            pair = tuple(tuple(side.split(", ")) if side else () for side in pair)
        elif each.what.startswith("action."):
            pair = tuple(side == "proposed" for side in pair)
        found[each.what] = pair
    return found
