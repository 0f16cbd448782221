"""Facts taken over from another ruleset that nothing here reads: left out of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.parts import needs
from kamrules.compiler.signals import rule_of

if TYPE_CHECKING:
    from kamrules.compiler.draft import Draft


def borrowed(draft: Draft) -> None:
    """Leave out the facts of extended rulesets that no rule reads, directly or through other facts.

    A shared vocabulary may thus offer more than any one ruleset needs, and costs only what is used.
    """
    readers = (
        *draft.scores, *draft.classes, *draft.paths, *draft.tiers, *draft.phases,
        *draft.strategies, *draft.actions,
    )  # fmt: skip
    facts = {each.address: each for each in draft.facts}
    own = {each.address for each in draft.facts if draft.is_own(*rule_of(each))}
    wanted = needs(readers) | own | draft.asked
    waiting = [address for address in wanted if address in facts]
    kept: set[str] = set()
    while waiting:
        address = waiting.pop()
        if address not in kept:
            kept.add(address)
            waiting += [each for each in needs(facts[address]) if each in facts]
    # a signal is kept with its date, by which it is told when it came about
    rules = {rule_of(facts[address]) for address in kept}
    draft.facts = [each for each in draft.facts if rule_of(each) in rules]
