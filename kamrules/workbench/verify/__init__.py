"""Verify: what a ruleset claims, proved for every account there could be, or shown untrue by one."""

from kamrules.workbench.verify.verifying import Finding, Report, State, verify

__all__ = ["Finding", "Report", "State", "verify"]
