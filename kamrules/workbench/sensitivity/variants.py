"""Variants of a ruleset: what places accounts, with another value of a parameter or weight."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.compiler import compile_ruleset
from kamrules.compiler.in_force import in_force
from kamrules.compiler.parts import changed
from kamrules.document.settings import settled
from kamrules.engines.sql.placing import for_placement
from kamrules.expression.nodes import Arithmetic, Constant
from kamrules.expression.walk import with_children
from kamrules.workbench.sensitivity.tuned import written

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from kamrules.compiler import Program
    from kamrules.document import Ruleset
    from kamrules.expression.nodes import Node
    from kamrules.workbench.sensitivity.tuned import Tuned

WORD = re.compile(r"[a-z][a-z0-9_]*")


class Variants:
    """A ruleset and what becomes of it when something in it is tuned.

    `program` is what it means on a date, `placement` the part of that which places accounts.
    """

    def __init__(self, ruleset: Ruleset, as_of: datetime.date, *, memory: bool = False) -> None:
        """Compile the ruleset. Raises RulesetError."""
        self.as_of = as_of
        self.memory = memory
        self.program = in_force(compile_ruleset(ruleset), as_of)
        self.placement = for_placement(self.program, memory=memory)
        # what actions do and messages tell places nobody
        lean = ruleset.model.model_copy(update={"action": {}, "message": {}, "test": {}})
        self._lean = replace(ruleset, model=lean)
        self._folded = _folded(ruleset)

    def at(self, tuned: Tuned, value: float) -> Program:
        """Return what places accounts with another value.

        Raises RulesetError when the ruleset does not compile with it.
        """
        if tuned.is_weight:
            return self._weighted(tuned.id.partition(".")[2], value)
        if tuned.id in self._folded:
            return self._compiled(tuned, value)
        return _substituted(self.placement, tuned.id, value)

    def _weighted(self, criterion: str, weight: float) -> Program:
        scores = tuple(
            replace(
                score,
                criteria=tuple(
                    replace(each, weight=weight) if each.id == criterion else each
                    for each in score.criteria
                ),
            )
            for score in self.placement.scores
        )
        return replace(self.placement, scores=scores)

    def _compiled(self, tuned: Tuned, value: float) -> Program:
        # a number written where none can be computed has become part of a scale, a curve or a weight
        varied = settled(self._lean, {tuned.id: written(value, tuned.type)})
        program = in_force(compile_ruleset(varied), self.as_of)
        return for_placement(program, memory=self.memory)


def _folded(ruleset: Ruleset) -> set[str]:
    """Return the parameters that may stand for a number where none can be computed.

    Those are weights, points, ends of intervals, levels, and what a signal counts: whatever names one there
    counts.
    """
    model = ruleset.model
    parts = [
        each.model_dump(
            mode="json",
            include={
                "weight",
                "scale",
                "curve",
                "unknown",
                "band",
                "level",
                "within_days",
                "at_least",
                "for_days",
            },
        )
        for rules in (model.criterion, model.score, model.tier, model.signal)
        for each in rules.values()
    ]
    return {word for text in _texts(parts) for word in WORD.findall(text)} & model.parameter.keys()


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for each in part.values():
            yield from _texts(each)
    elif isinstance(part, list):
        for each in part:
            yield from _texts(each)


def _substituted(program: Program, parameter: str, value: float) -> Program:
    """Return the program with another value wherever a parameter is computed with."""

    def change(node: Node) -> Node:
        copy = with_children(node, change)
        if isinstance(copy, Constant) and copy.parameter == parameter:
            return replace(copy, value=value)
        if isinstance(copy, Arithmetic):
            # that a result stays finite was proved for the value as written
            return replace(copy, may_overflow=True)
        return copy

    return changed(program, change)
