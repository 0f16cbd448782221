"""Facts taken over from another ruleset that nothing here reads: left out of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.parts import needs

if TYPE_CHECKING:
    from kamrules.compiler.draft import Draft


def borrowed(draft: Draft) -> None:
    """Leave out the facts of extended rulesets that no rule reads, directly or through other facts.

    A shared vocabulary may thus offer more than any one ruleset needs, and costs only what is used.
    """
    rules = (
        *draft.scores, *draft.classes, *draft.paths, *draft.tiers, *draft.phases,
        *draft.strategies, *draft.actions,
    )  # fmt: skip
    facts = {each.address: each for each in draft.facts}
    own = {each.address for each in draft.facts if draft.is_own("fact", each.id)}
    wanted = needs(rules) | own | draft.asked
    waiting = [address for address in wanted if address in facts]
    kept: set[str] = set()
    while waiting:
        address = waiting.pop()
        if address not in kept:
            kept.add(address)
            waiting += [each for each in needs(facts[address]) if each in facts]
    draft.facts = [each for each in draft.facts if each.address in kept]
