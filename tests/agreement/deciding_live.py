"""The live engine beside the row engine: every account of a case, down to the last id and number."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kamrules.engines.live import LiveEngine, TooLargeError
from kamrules.engines.live.presence import what_is_wrong
from kamrules.engines.row import engine_of
from tests.agreement.comparing import Disagreement
from tests.agreement.engines import compiled, cutoffs_by_row
from tests.strategies import facts_of

if TYPE_CHECKING:
    from kamrules.compiler.program import Program
    from tests.strategies import Case

PRESENT = what_is_wrong() is None
"""Whether durable-rules can be used here; on Python 3.13 it is installed by hand."""


def agree_live(
    case: Case, counts: Counter[str] | None = None, program: Program | None = None
) -> None:
    """Raise Disagreement unless the live engine decides every account as the row engine does."""
    counted: Counter[str] = Counter() if counts is None else counts
    program = compiled(case.ruleset) if program is None else program
    row = engine_of(program)
    live = LiveEngine(program)
    cutoffs = cutoffs_by_row(program, case) if program.book_steps else None
    counted["cases"] += 1
    try:
        for account_id, facts in facts_of(case.tables).items():
            earlier = case.past.of(account_id) if case.past is not None else None
            prepared = row.prepare(facts, strict=False)
            ours = row.compact(prepared, case.as_of, earlier, cutoffs)
            try:
                theirs = live.compact(prepared, case.as_of, earlier, cutoffs)
            except TooLargeError:
                counted["too large"] += 1
                return
            counted["accounts"] += 1
            _count(ours, counted)
            counted["signals true"] += sum(
                each.address.startswith("signal.") and value is True
                for each, value in zip(program.facts, ours.facts, strict=True)
            )
            found = [
                f"{name}: {one!r} and {two!r}"
                for name, one, two in zip(ours._fields, ours, theirs, strict=True)
                if one != two
            ]
            if found:
                text = "\n".join(found)
                raise Disagreement(case, f"row and live differ about {account_id!r}\n{text}")
    finally:
        live.close()


def _count(compact: object, counted: Counter[str]) -> None:
    """Count what the cases bring about, so that a run that decides nothing does not pass for one."""
    for name in ("class_", "tier", "phase", "strategy", "fault", "chosen", "held"):
        if getattr(compact, name) not in (None, [], ()):
            counted[name] += 1
    counted["down"] += getattr(compact, "class_move", None) == "down"
    counted["up"] += getattr(compact, "class_move", None) == "up"
