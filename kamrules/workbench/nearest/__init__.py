"""Nearest change: the least that would have to change for another decision, proved by the engine."""

from kamrules.workbench.nearest.advice import advised
from kamrules.workbench.nearest.asking import Nearest, nearest, with_ways
from kamrules.workbench.nearest.knowing import with_values
from kamrules.workbench.nearest.outcome import outcome

__all__ = ["Nearest", "advised", "nearest", "outcome", "with_values", "with_ways"]
