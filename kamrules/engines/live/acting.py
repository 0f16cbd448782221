"""Acting: which actions fire and which make way for others, as rules of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.engines.live.formula import Concluded, all_of
from kamrules.engines.live.network import none_of

if TYPE_CHECKING:
    from kamrules.compiler.program import Program
    from kamrules.engines.live.network import Network
    from kamrules.engines.live.truth import Truth


def live(action: str) -> str:
    """Return the conclusion that an action fires and nothing takes its place."""
    return f"action.{action}=live"


def fires(action: str) -> str:
    """Return the conclusion that an action fires, for actions whose place another may take."""
    return f"action.{action}=true"


def write_actions(program: Program, network: Network, truth: Truth) -> None:
    """Write for every action when it fires; cooldowns and ranks are the engine's, which knows the dates."""
    for each in program.actions:
        holds = truth.holds(each.when)
        if not each.excluded_by:
            network.conclude(live(each.id), holds)
            continue
        # one that fires and is not live is excluded, which needs no rule of its own
        network.conclude(fires(each.id), holds)
        others = none_of(tuple(live(one) for one in each.excluded_by))
        network.conclude(live(each.id), all_of((Concluded(fires(each.id)), others)))
