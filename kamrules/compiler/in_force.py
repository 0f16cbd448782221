"""Which rules hold on a date: a Program without the rules outside their valid_from .. valid_to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.compiler.validity import ALWAYS

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from kamrules.compiler.program import Program
    from kamrules.compiler.validity import Validity


def in_force(program: Program, as_of: datetime.date) -> Program:
    """Return the program as it stands on that date; itself when no rule of it has dates."""
    if all(each == ALWAYS for each in validities(program)):
        return program
    scores = tuple(
        replace(each, criteria=tuple(one for one in each.criteria if one.validity.holds(as_of)))
        for each in program.scores
    )
    classes = tuple(each for each in program.classes if each.validity.holds(as_of))
    known = {each.id for each in classes}
    paths = tuple(
        replace(each, gates=tuple(gate for gate in each.gates if gate.validity.holds(as_of)))
        for each in program.paths
        if each.validity.holds(as_of) and each.origin in known and each.target in known
    )
    tiers = tuple(
        replace(each, gates=tuple(gate for gate in each.gates if gate.validity.holds(as_of)))
        for each in program.tiers
        if each.validity.holds(as_of)
    )
    actions = tuple(each for each in program.actions if each.validity.holds(as_of))
    alive = {each.id for each in actions}
    dependents = {one.address for each in scores for one in each.criteria}
    owners = [each.gates for each in paths] + [each.gates for each in tiers]
    dependents |= {gate.address for gates in owners for gate in gates}
    return replace(
        program,
        scores=scores,
        classes=classes,
        paths=paths,
        tiers=tiers,
        phases=tuple(each for each in program.phases if each.validity.holds(as_of)),
        strategies=tuple(each for each in program.strategies if each.validity.holds(as_of)),
        actions=tuple(
            replace(each, excluded_by=tuple(one for one in each.excluded_by if one in alive))
            for each in actions
        ),
        gaps=tuple(
            replace(each, dependents=kept)
            for each in program.gaps
            if (kept := tuple(one for one in each.dependents if one in dependents))
        ),
    )


def validities(program: Program) -> Iterator[Validity]:
    """Yield the validity of every rule that can have one."""
    for score in program.scores:
        yield from (each.validity for each in score.criteria)
    for path in program.paths:
        yield path.validity
        yield from (each.validity for each in path.gates)
    for tier in program.tiers:
        yield tier.validity
        yield from (each.validity for each in tier.gates)
    for rules in (program.classes, program.phases, program.strategies, program.actions):
        yield from (each.validity for each in rules)
