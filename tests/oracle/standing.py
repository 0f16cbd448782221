"""The program as it stands on one day: rules outside their dates are as if they were not written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime

    from kamrules.compiler.program import Program


def standing(program: Program, as_of: datetime.date) -> Program:
    """Return the program without the rules that are not in force, and without mention of them."""

    def kept(rules: Any) -> Any:
        return tuple(
            each
            for each in rules
            if (each.validity.start is None or each.validity.start <= as_of)
            and (each.validity.end is None or each.validity.end >= as_of)
        )

    classes = kept(program.classes)
    ids = [each.id for each in classes]
    paths = [each for each in kept(program.paths) if each.origin in ids and each.target in ids]
    actions = kept(program.actions)
    acting = [each.id for each in actions]
    return replace(
        program,
        scores=tuple(replace(each, criteria=kept(each.criteria)) for each in program.scores),
        classes=classes,
        paths=tuple(replace(each, gates=kept(each.gates)) for each in paths),
        tiers=tuple(replace(each, gates=kept(each.gates)) for each in kept(program.tiers)),
        phases=kept(program.phases),
        strategies=kept(program.strategies),
        actions=tuple(
            replace(each, excluded_by=tuple(one for one in each.excluded_by if one in acting))
            for each in actions
        ),
    )
