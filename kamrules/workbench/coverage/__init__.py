"""Coverage: which clauses have rules, and which rules have been seen at work by the ruleset's tests."""

from kamrules.workbench.coverage.clauses import Clause, ClauseCoverage, clause_coverage
from kamrules.workbench.coverage.rules import Covered, RuleCoverage, rule_coverage

__all__ = [
    "Clause",
    "ClauseCoverage",
    "Covered",
    "RuleCoverage",
    "clause_coverage",
    "rule_coverage",
]
