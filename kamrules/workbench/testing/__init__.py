"""Tests of rulesets: the ruleset's own example accounts decided, and held against what it expects."""

from kamrules.workbench.testing.report import Failure, Outcome, Report, TestResult, Why
from kamrules.workbench.testing.running import Tried, run_tests, tried

__all__ = ["Failure", "Outcome", "Report", "TestResult", "Tried", "Why", "run_tests", "tried"]
