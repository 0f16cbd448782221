"""Sensitivity: what each number of a ruleset does over its range, and which accounts are nearest a border."""

from kamrules.workbench.sensitivity.fragile import Fragile
from kamrules.workbench.sensitivity.measuring import Effect, Refused, Sensitivity, Step, sensitivity
from kamrules.workbench.sensitivity.tuned import Tuned

__all__ = ["Effect", "Fragile", "Refused", "Sensitivity", "Step", "Tuned", "sensitivity"]
