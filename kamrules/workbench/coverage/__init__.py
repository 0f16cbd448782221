"""Coverage: which clauses have rules, and what of a ruleset its tests, or the accounts of a book, reach."""

from kamrules.workbench.coverage.clauses import Clause, ClauseCoverage, clause_coverage
from kamrules.workbench.coverage.counting import (
    Coverage,
    Covered,
    coverage_by_book,
    coverage_by_tests,
)
from kamrules.workbench.coverage.items import Part

__all__ = [
    "Clause",
    "ClauseCoverage",
    "Coverage",
    "Covered",
    "Part",
    "clause_coverage",
    "coverage_by_book",
    "coverage_by_tests",
]
