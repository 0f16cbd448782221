"""Advice: a decision with the ways to its next class and tier, and with what knowing each gap is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.workbench.nearest.asking import with_ways
from kamrules.workbench.nearest.knowing import with_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.compiler.program import Program
    from kamrules.decision import Decision, Earlier
    from kamrules.engines.cutoffs import Cutoffs


def advised(  # noqa: PLR0913  what one answer depends on
    program: Program,
    decision: Decision,
    facts: Mapping[str, Any],
    *,
    earlier: Earlier | None = None,
    cutoffs: Cutoffs | None = None,
    language: str | None = None,
    strict: bool = True,
    alternatives: int = 3,
) -> Decision:
    """Return a decision that also says what `decide`, in its microseconds, leaves out.

    Its next class and tier get their `ways`: up to `alternatives` sets of changes that would bring them
    about at the next run, the cheapest first. Its gaps get `may_change` and `narrows`, and come by what
    knowing them is worth. Takes tens of milliseconds. The other arguments are those that the decision was
    made with; raises DataError as `decide` does.
    """
    found = with_ways(
        program, decision, facts, cutoffs=cutoffs, language=language, strict=strict,
        alternatives=alternatives,
    )  # fmt: skip
    return with_values(program, found, facts, earlier=earlier, cutoffs=cutoffs, strict=strict)
