"""Verify: what a ruleset claims, proved for every account there could be, or shown untrue by one."""

from kamrules.workbench.verify import telling
from kamrules.workbench.verify.report import Finding, Report, State
from kamrules.workbench.verify.verifying import verify

__all__ = ["Finding", "Report", "State", "telling", "verify"]
